/*
 * SPDX-License-Identifier: GPL-2.0-only
 */
#ifndef CELL_MAC_H
#define CELL_MAC_H

#include "iab/model/phy/nr-frame.h"
#include "interference.h"
#include "radio-link.h"
#include "resource-grid.h"
#include "slot-scheduler.h"
#include "transport-block.h"

#include "ns3/event-id.h"
#include "ns3/object.h"
#include "ns3/random-variable-stream.h"

#include <array>
#include <deque>
#include <memory>
#include <vector>

namespace ns3
{

/**
 * The MAC of a DU: shares the slots of its cell among the links below it, in both directions, and
 * runs their HARQ.
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
     * @param frame the cell's slots
     * @param grid what an allocation carries
     * @param interference of all cells, or null for none
     */
    void Configure(std::shared_ptr<const NrFrame> frame,
                   std::shared_ptr<const ResourceGrid> grid,
                   std::shared_ptr<InterferenceField> interference);

    /**
     * @param stream random stream for block errors
     * @return number of streams used
     */
    int64_t AssignStreams(int64_t stream);

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

    /**
     * The channel of a link has changed: adapt its MCS, after the delay of the report.
     *
     * @param link the link
     * @param direction of the transmission
     * @param quality of its channel now
     */
    void UpdateQuality(const Ptr<RadioLink>& link,
                       NrDirection direction,
                       const LinkQuality& quality);

    /** Look for channels with a backlog again, after one became usable. */
    void Wake();

    /**
     * @param direction of the data
     * @return resource units that the cell used since construction
     */
    uint64_t UsedUnits(NrDirection direction) const;

    /**
     * @param direction of the data
     * @return resource units per second that the cell has
     */
    double UnitsPerSecond(NrDirection direction) const;

    /**
     * @param link a link of this cell
     * @param direction of the data
     * @return bit/s that the whole cell would give it at its present MCS
     */
    double FullRateBps(const RadioLink& link, NrDirection direction) const;

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
    /** A channel with a backlog. */
    struct Backlogged
    {
        Ptr<RadioLink> link; //!< its link
        Bearer bearer;       //!< its bearer
    };

    /** A block that is in the air, or waits for its retransmission. */
    struct Airborne
    {
        Ptr<RadioLink> link;  //!< its link
        Emission emission;    //!< where in the slot
        TransportBlock block; //!< what
    };

    /** The slot at hand, while it is filled. */
    struct OpenSlot
    {
        uint64_t number;              //!< of the slot
        NrDirection direction;        //!< of the data
        uint8_t dataSymbols;          //!< that it has
        uint8_t units;                //!< that it has
        uint8_t used{0};              //!< units that are given away
        std::vector<Airborne> blocks; //!< in it
    };

    /** @return delay until an idle channel's first byte can be scheduled */
    Time GrantDelay(NrDirection direction) const;

    /** Put a channel on the list of backlogs. */
    void List(const Ptr<RadioLink>& link, NrDirection direction, Bearer bearer);

    /** Make sure that a slot event comes no later than a channel can use it. */
    void ScheduleSlot(NrDirection direction, Time eligible);

    /** Schedule the next slot event for what still waits in a direction, if anything does. */
    void ScheduleNextBacklog(NrDirection direction);

    /** Run one slot: retransmissions, then new data. */
    void RunSlot(uint64_t slot, NrDirection direction);

    /** Give units to the retransmissions that are due. */
    void ScheduleRetransmissions(OpenSlot& slot);

    /** Share what is left among the channels with a backlog. */
    void ScheduleNewData(OpenSlot& slot);

    /** @return channels that can use a slot that starts now; forgets those that wait no longer */
    std::vector<Backlogged> EligibleChannels(NrDirection direction);

    /** @return what the scheduler must know of a channel */
    SlotCandidate Describe(const Backlogged& channel, const OpenSlot& slot);

    /** Put a block into the slot. */
    void Transmit(OpenSlot& slot, const Ptr<RadioLink>& link, TransportBlock block);

    /** End of a slot, after decoding: what was received, what was not. */
    void FinishSlot(uint64_t slot, NrDirection direction, std::vector<Airborne>& blocks);

    /** Decode a block. @return whether it could be decoded */
    bool Decode(uint64_t slot, Airborne& airborne);

    /** Hand on what a block completed, or arrange for its retransmission. */
    void Conclude(Airborne& airborne, NrDirection direction, bool decoded);

    /** Choose the MCS of a link from its quality and margin. */
    void AdaptMcs(const Ptr<RadioLink>& link, NrDirection direction, Time from);

    std::shared_ptr<const NrFrame> m_frame;                //!< the cell's slots
    std::shared_ptr<const ResourceGrid> m_grid;            //!< what an allocation carries
    std::shared_ptr<InterferenceField> m_interference;     //!< of all cells
    Ptr<SlotScheduler> m_scheduler;                        //!< shares a slot
    Ptr<UniformRandomVariable> m_draw;                     //!< of block errors
    std::vector<Ptr<RadioLink>> m_links;                   //!< links of the cell
    std::array<std::vector<Backlogged>, 2> m_backlogs;     //!< channels that wait, by direction
    std::array<std::deque<Airborne>, 2> m_retransmissions; //!< waiting, by direction
    std::array<EventId, 2> m_slotEvents;                   //!< next slot event, by direction
    std::array<uint64_t, 2> m_usedUnits{};                 //!< counters, by direction
    Time m_uplinkGrantDelay;                               //!< scheduling request to grant
    Time m_downlinkGrantDelay;                             //!< layer 2 to layer 1
    Time m_decodeLatency;                                  //!< end of slot to SDU
    Time m_reportDelay;                                    //!< channel to MCS
    Time m_feedbackDelay;                                  //!< decoding to retransmission
    Time m_statusDelay;                                    //!< HARQ failure to RLC retransmission
    uint8_t m_maxTransmissions;                            //!< of a block
    double m_window;                                       //!< averaging window in slots
    double m_marginStepDb;                                 //!< outer loop, up on an error
    bool m_blockErrors;                                    //!< whether there are any
};

} // namespace ns3

#endif // CELL_MAC_H
