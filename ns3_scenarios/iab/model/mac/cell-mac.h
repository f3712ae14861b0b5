/*
 * SPDX-License-Identifier: GPL-2.0-only
 */
#ifndef CELL_MAC_H
#define CELL_MAC_H

#include "radio-link.h"
#include "slot-scheduler.h"

#include "iab/model/phy/nr-frame.h"

#include "ns3/event-id.h"
#include "ns3/object.h"

#include <array>
#include <memory>
#include <vector>

namespace ns3
{

/**
 * The MAC of a DU: shares the slots of its cell among the links below it, in both directions.
 *
 * It is driven by backlog: a slot event exists only while some channel waits, so that an idle cell
 * costs nothing. A channel that was idle becomes eligible after the grant delay (uplink: scheduling
 * request, grant and K2 of TS 38.214 6.1.2.1; downlink: layer processing).
 */
class CellMac : public Object
{
  public:
    /**
     * @brief Get the type ID.
     * @return the object TypeId
     */
    static TypeId GetTypeId();

    CellMac();

    /**
     * @param frame the carrier's grid
     */
    void SetFrame(std::shared_ptr<const NrFrame> frame);

    /**
     * @param link a link of this cell from now on
     */
    void AddLink(Ptr<RadioLink> link);

    /**
     * @param link no longer a link of this cell; its queues are left alone
     */
    void RemoveLink(Ptr<RadioLink> link);

    /**
     * Queue an SDU for transmission.
     *
     * @param link over which
     * @param direction in which
     * @param sdu what
     * @return false when it was dropped
     */
    bool Enqueue(const Ptr<RadioLink>& link, NrDirection direction, const RlcSdu& sdu);

    /** Look for channels with a backlog again, after one became usable. */
    void Wake();

    /**
     * @param direction of the data
     * @return OFDM data symbols that the cell used since construction
     */
    uint64_t UsedSymbols(NrDirection direction) const;

    /**
     * @param link a link of this cell
     * @param direction of the data
     * @return bit/s that the whole cell would give it at its present MCS
     */
    double FullRateBps(const RadioLink& link, NrDirection direction) const;

    /**
     * @param direction of the data
     * @return OFDM data symbols per second that the cell has
     */
    double SymbolsPerSecond(NrDirection direction) const;

    /**
     * @param direction of the data
     * @return mean one-way delay of a small packet in an idle cell
     */
    Time IdleLatency(NrDirection direction) const;

    /** @return the links of this cell, in the order in which they were added */
    const std::vector<Ptr<RadioLink>>& Links() const;

  protected:
    void DoDispose() override;

  private:
    /** A channel with a backlog in the slot at hand. */
    struct Backlogged
    {
        Ptr<RadioLink> link; //!< its link
        Bearer bearer;       //!< its bearer
    };

    /**
     * @param direction of the data
     * @return delay until an idle channel's first byte can be scheduled
     */
    Time GrantDelay(NrDirection direction) const;

    /**
     * Make sure that a slot event comes no later than a channel can use it.
     *
     * @param direction of the data
     * @param eligible when the channel can first be scheduled
     */
    void ScheduleSlot(NrDirection direction, Time eligible);

    /**
     * Schedule the next slot event for what still waits in a direction, if anything does.
     *
     * @param direction of the data
     */
    void ScheduleNextBacklog(NrDirection direction);

    /**
     * Run one slot.
     *
     * @param slot its number
     * @param direction of the data
     */
    void RunSlot(uint64_t slot, NrDirection direction);

    /**
     * @param direction of the data
     * @return channels that can use a slot that starts now
     */
    std::vector<Backlogged> EligibleChannels(NrDirection direction) const;

    /**
     * Send one transport block.
     *
     * @param channel whose data
     * @param direction of the data
     * @param symbols OFDM symbols of the allocation
     * @param slot number of the slot
     */
    void Transmit(const Backlogged& channel, NrDirection direction, uint8_t symbols, uint64_t slot);

    /**
     * @param mcs MCS index
     * @param symbols OFDM symbols of the allocation
     * @return transport block size in bits for the whole band
     */
    uint32_t BlockBits(int8_t mcs, uint8_t symbols) const;

    std::shared_ptr<const NrFrame> m_frame;         //!< the carrier's grid
    Ptr<SlotScheduler> m_scheduler;                 //!< shares a slot
    std::vector<Ptr<RadioLink>> m_links;            //!< links of the cell
    std::array<EventId, 2> m_slotEvents;            //!< next slot event, by direction
    std::array<uint64_t, 2> m_usedSymbols{};        //!< counters, by direction
    std::vector<uint32_t> m_blockBits;              //!< transport block sizes, by MCS and symbols
    Time m_uplinkGrantDelay;                        //!< scheduling request to grant
    Time m_downlinkGrantDelay;                      //!< layer 2 to layer 1
    Time m_decodeLatency;                           //!< end of slot to SDU
    double m_window;                                //!< averaging window in slots
    uint8_t m_dmrsResourceElements;                 //!< DM-RS overhead per resource block
};

} // namespace ns3

#endif // CELL_MAC_H
