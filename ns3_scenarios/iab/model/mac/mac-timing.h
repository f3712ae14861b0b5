/*
 * SPDX-License-Identifier: GPL-2.0-only
 */
#ifndef MAC_TIMING_H
#define MAC_TIMING_H

#include "ns3/nr-frame.h"
#include "ns3/object.h"

namespace ns3
{

/**
 * The delays between a MAC's decisions and what they act on, in the slots of a frame.
 *
 * A slot begins with downlink control, where grants and assignments are sent, and ends with uplink
 * control, where scheduling requests and HARQ feedback are (see NrFrame).
 */
class MacTiming : public Object
{
  public:
    /**
     * @brief Get the type ID.
     * @return the object TypeId
     */
    static TypeId GetTypeId();

    /** @return time from the end of a slot to its contents */
    Time DecodeLatency() const;

    /**
     * @param frame the slots
     * @param direction of the data
     * @param now when an SDU came into a queue
     * @param isFirst whether nothing waited there: no block is due that could carry a report
     * @return when the first slot that may carry it can start
     */
    Time EligibleFrom(const NrFrame& frame, NrDirection direction, Time now, bool isFirst) const;

    /**
     * @param frame the slots
     * @param direction of the data
     * @param now when the receiver found that it cannot decode a block
     * @return when its retransmission can start
     */
    Time RetransmissionFrom(const NrFrame& frame, NrDirection direction, Time now) const;

    /**
     * @param frame the slots
     * @param direction of the data
     * @return mean delay of a small packet that comes at any time into an idle cell
     */
    Time MeanIdleLatency(const NrFrame& frame, NrDirection direction) const;

  private:
    /** @return when what is sent in uplink control next is known, and an answer can be sent */
    Time AfterControl(const NrFrame& frame, Time now) const;

    bool m_schedulingRequest; //!< an idle uplink must ask first; else its need is known at once
    bool m_bufferReport;      //!< the first grant carries a buffer status report and no data
    uint8_t m_k1;             //!< slots from a downlink block to its feedback
    uint8_t m_k2;             //!< slots from an uplink grant to its transmission
    uint8_t m_l1l2;           //!< slots from layer 2 to layer 1, for downlink data
    Time m_decode;            //!< from the end of a slot to its contents
};

} // namespace ns3

#endif // MAC_TIMING_H
