/*
 * SPDX-License-Identifier: GPL-2.0-only
 */
#ifndef FLOW_CONTROL_H
#define FLOW_CONTROL_H

#include "radio-link.h"

#include "ns3/object.h"

#include <array>

namespace ns3
{

/**
 * Hop-by-hop flow control at one IAB node (TS 38.340 5.3.1): with more than a limit waiting in its
 * queues, it lets its parent send no more downlink data, or grants its children no more uplink,
 * until half of the limit is left. By bearer; the feedback takes no time.
 */
class FlowControl : public Object
{
  public:
    /**
     * @brief Get the type ID.
     * @return the object TypeId
     */
    static TypeId GetTypeId();

    /**
     * @param direction of the data
     * @param bearer of the data
     * @return whether the node wants no more of them now
     */
    bool HoldsBack(NrDirection direction, Bearer bearer) const;

    /** @return whether there is a limit at all */
    bool IsOn() const;

    /**
     * What waits at the node has changed.
     *
     * @param direction of the data
     * @param bearer of the data
     * @param bytes that wait now
     * @return whether the node has just begun to want more again
     */
    bool Refresh(NrDirection direction, Bearer bearer, uint64_t bytes);

  private:
    std::array<std::array<bool, 2>, 2> m_congested{}; //!< by direction and bearer
    uint32_t m_limitBytes;                            //!< 0: no flow control
};

} // namespace ns3

#endif // FLOW_CONTROL_H
