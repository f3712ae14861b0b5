/*
 * SPDX-License-Identifier: GPL-2.0-only
 */
#ifndef SLOT_SCHEDULER_H
#define SLOT_SCHEDULER_H

#include "ns3/object.h"

#include <cstdint>
#include <vector>

namespace ns3
{

/**
 * An RLC channel that asks for symbols of a slot.
 */
struct SlotCandidate
{
    double weight;             //!< users that the channel carries
    double averageBitsPerSlot; //!< its served rate until now
    double bitsPerSymbol;      //!< what one OFDM symbol carries at its MCS
    uint32_t queuedBytes;      //!< its backlog
};

/**
 * Shares the symbols of a slot among channels: time division, as analog beams need.
 */
class SlotScheduler : public Object
{
  public:
    /**
     * @brief Get the type ID.
     * @return the object TypeId
     */
    static TypeId GetTypeId();

    /**
     * @param candidates channels with a backlog, in a fixed order
     * @param symbols OFDM symbols to share
     * @return symbols for each candidate
     */
    virtual std::vector<uint8_t> Share(const std::vector<SlotCandidate>& candidates,
                                       uint8_t symbols) const = 0;
};

} // namespace ns3

#endif // SLOT_SCHEDULER_H
