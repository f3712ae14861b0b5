/*
 * SPDX-License-Identifier: GPL-2.0-only
 */
#ifndef CELL_MAC_H
#define CELL_MAC_H

#include "flow-control.h"
#include "harq-entity.h"
#include "interference.h"
#include "link-adaptation.h"
#include "mac-timing.h"
#include "radio-link.h"
#include "resource-grid.h"
#include "slot-scheduler.h"

#include "ns3/event-id.h"
#include "ns3/nr-frame.h"
#include "ns3/object.h"
#include "ns3/traced-callback.h"

#include <array>
#include <deque>
#include <memory>
#include <optional>
#include <vector>

namespace ns3
{

/** How the MT and the DU of an IAB node keep out of each other's way. */
enum class HalfDuplex : uint8_t
{
    NONE = 0,     //!< they do not: a node transmits and receives at once
    BY_DEPTH = 1, //!< cells at even and at odd depth take turns, a TDD pattern each
    DYNAMIC = 2   //!< they take turns at choosing first; what one leaves free, the other may use
};

/**
 * The MAC of a DU: shares the slots of its cell among the links below it, in both directions.
 *
 * It is driven by backlog: a slot event exists only while some channel waits, so that an idle cell
 * costs nothing. A channel that was idle becomes eligible after the delays of MacTiming.
 */
class CellMac : public Object
{
  public:
    /**
     * @brief Get the type ID.
     * @return the object TypeId
     */
    static TypeId GetTypeId();

    /** Signature of the trace of slots: number, direction, units used, units there are. */
    using SlotCallback = void (*)(uint64_t, NrDirection, uint8_t, uint8_t);

    /** Signature of the trace of blocks. */
    using BlockCallback = void (*)(const RadioLink&,
                                   NrDirection,
                                   const TransportBlock&,
                                   HarqOutcome);

    /** Signature of the trace of SDUs that found a full queue. */
    using DropCallback = void (*)(const RadioLink&, NrDirection, const RlcSdu&);

    CellMac();

    /**
     * @param frame the carrier's slots
     * @param halfDuplex of IAB nodes
     * @param grid what an allocation carries
     * @param interference of all cells, or null for none
     */
    void Configure(const NrFrame& frame,
                   HalfDuplex halfDuplex,
                   std::shared_ptr<const ResourceGrid> grid,
                   std::shared_ptr<InterferenceField> interference);

    /**
     * @param depth of the cell below the donor, which decides when it has its turn
     */
    void SetDepth(uint32_t depth);

    /**
     * Be another cell of the same node: a node is half duplex, and controls its flow, as a whole.
     *
     * @param first the node's first cell
     */
    void Join(const CellMac& first);

    /**
     * Set the cell's place among those that may want the same slot of an MT with several parents:
     * they decide in this order, and in its reverse, by turns.
     *
     * @param rank of the cell, below ranks
     * @param ranks that there are in the network, at least 1
     */
    void SetRank(uint32_t rank, uint32_t ranks);

    /**
     * @param links of the same node's MT, one for each parent; none at a donor
     */
    void SetMtLinks(std::vector<Ptr<RadioLink>> links);

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

    /** What waits at the node has changed in other ways than by sending: its flow control too. */
    void RefreshFlow();

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
     * @return resource units that the cell used since construction, and those that it could not
     * because its node's MT was active or the other direction had a flexible slot
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
        uint16_t number;     //!< of the channel in it
    };

    /** What the cells of a node have in common. */
    struct NodeState
    {
        std::vector<CellMac*> cells; //!< all of them, the first one first
        uint64_t duSlot{UINT64_MAX}; //!< the last slot in which one of them was active
        uint64_t mtSlot{UINT64_MAX}; //!< the last slot in which the node's MT was
        const CellMac* mtCell{};     //!< the parent's cell that it was active in
    };

    /** The slot at hand, while it is filled and until its blocks are received. */
    struct OpenSlot
    {
        uint64_t number{};            //!< of the slot
        NrDirection direction{};      //!< of the data
        uint8_t dataSymbols{};        //!< that it has
        uint8_t units{};              //!< that it has
        uint8_t used{};               //!< units that are given away
        std::vector<Airborne> blocks; //!< in it
    };

    /** Put a channel on the list of backlogs. */
    void List(const Ptr<RadioLink>& link, NrDirection direction, uint16_t number);

    /** Forget the next slot event of a direction. */
    void CancelSlot(NrDirection direction);

    /** @return the next slot in the air, empty, of a slot that begins now */
    OpenSlot Open(uint64_t slot, NrDirection direction);

    /** Make sure that a slot event comes no later than a channel can use it. */
    void ScheduleSlot(NrDirection direction, Time eligible);

    /** Schedule the next slot event for what still waits in a direction, if anything does. */
    void ScheduleNextBacklog(NrDirection direction);

    /** @return when a slot is filled: a bit later where others may choose first */
    Time DecisionTime(uint64_t slot, NrDirection direction) const;

    /** Run one slot: retransmissions, then new data. */
    void RunSlot(uint64_t slot, NrDirection direction);

    /** Give units to the retransmissions that are due. */
    void ScheduleRetransmissions(OpenSlot& slot);

    /** Share what is left among the channels with a backlog. */
    void ScheduleNewData(OpenSlot& slot);

    /** Take a block's worth of data from a channel and put it into the slot. */
    void SendNewBlock(OpenSlot& slot, const Backlogged& channel, uint8_t units);

    /** @return channels that can use a slot that starts now; forgets those that wait no longer */
    std::vector<Backlogged> EligibleChannels(const OpenSlot& slot);

    /** @return when a channel with a backlog can be served; Time::Max() while that is not known */
    Time UsableFrom(const Backlogged& channel, NrDirection direction);

    /** @return what the scheduler must know of a channel */
    SlotCandidate Describe(const Backlogged& channel, const OpenSlot& slot);

    /**
     * @param slot to be filled
     * @param link of the next allocation
     * @param units of it
     * @return where in the slot it is; sharing in frequency, a run of resource blocks (TS 38.214
     * 5.1.2.2.2 and 6.1.2.2.2, type 1)
     */
    Emission Place(const OpenSlot& slot, const RadioLink& link, uint8_t units) const;

    /** Put a block into the slot. */
    void Transmit(OpenSlot& slot, const Ptr<RadioLink>& link, TransportBlock block);

    /** End of the oldest slot in the air, after decoding: what was received, what was not. */
    void FinishSlot();

    /** Hand on what a block completed, or arrange for its retransmission. */
    void Conclude(Airborne& airborne, NrDirection direction, HarqOutcome outcome);

    /** RLC's part in a block that HARQ gave up. */
    void GiveUp(Airborne& airborne, NrDirection direction);

    /**
     * A status report has come: what a lost block carried waits again.
     *
     * @param link it was lost on
     * @param direction of the data
     * @param number of the RLC channel
     */
    void SendAgain(const Ptr<RadioLink>& link, NrDirection direction, uint16_t number);

    /** @return a process that can take a new block, if one is free; made when it is new */
    std::optional<uint8_t> FreeProcess(RadioLink& link, NrDirection direction) const;

    /** @return whether a link's child is busy in that slot, in its own cell or another parent's */
    bool IsBusyBelow(const RadioLink& link, uint64_t slot) const;

    /** @return bytes that wait at this node to go on in a direction */
    uint64_t BytesOnward(NrDirection direction, Bearer bearer) const;

    /** What waits in a link has changed: tell the flow control of the node where it waits. */
    void RefreshFlow(const RadioLink& link, NrDirection direction, Bearer bearer);

    /** What waits at this node, whose first cell this is, to go on in a direction has changed. */
    void RefreshFlowOnward(NrDirection direction, Bearer bearer);

    /** @return whether the receiving end of a link wants no more of a bearer now */
    bool IsHeldBack(const RadioLink& link, NrDirection direction, Bearer bearer) const;

    std::optional<NrFrame> m_base;                     //!< the carrier's slots
    std::optional<NrFrame> m_frame;                    //!< the cell's slots
    HalfDuplex m_halfDuplex{HalfDuplex::NONE};         //!< of IAB nodes
    uint32_t m_depth{0};                               //!< below the donor
    uint32_t m_rank{0};                                //!< among those that decide in an order
    uint32_t m_ranks{1};                               //!< that there are
    std::shared_ptr<const ResourceGrid> m_grid;        //!< what an allocation carries
    std::shared_ptr<InterferenceField> m_interference; //!< of all cells
    Ptr<SlotScheduler> m_scheduler;                    //!< shares a slot
    Ptr<MacTiming> m_timing;                           //!< its delays
    Ptr<LinkAdaptation> m_adaptation;                  //!< chooses MCS
    Ptr<FlowControl> m_flow;                           //!< of its node
    Ptr<HarqEntity> m_harq;                            //!< of all its links
    std::vector<Ptr<RadioLink>> m_mtLinks;             //!< of the same node, by parent
    std::vector<Ptr<RadioLink>> m_links;               //!< links of the cell
    std::array<std::vector<Backlogged>, 2> m_backlogs; //!< channels that wait, by direction
    std::array<EventId, 2> m_slotEvents;               //!< next slot event, by direction
    std::array<Time, 2> m_slotTimes{Time::Max(), Time::Max()}; //!< of these, or never
    std::array<uint64_t, 2> m_unfilled{};             //!< first slot yet to fill, by direction
    std::deque<OpenSlot> m_inAir;                     //!< slots whose blocks are not received
    std::vector<std::vector<Airborne>> m_spareBlocks; //!< empty, with room
    std::array<uint64_t, 2> m_usedUnits{};            //!< counters, by direction
    std::shared_ptr<NodeState> m_node;                //!< shared with the other cells
    uint64_t m_flexibleSlot{UINT64_MAX};              //!< the last flexible one that it used
    Time m_statusDelay;                               //!< HARQ failure to RLC retransmission
    double m_window;                                  //!< averaging window in slots
    TracedCallback<uint64_t, NrDirection, uint8_t, uint8_t> m_slotTrace; //!< slots
    TracedCallback<const RadioLink&, NrDirection, const TransportBlock&, HarqOutcome>
        m_blockTrace;                                                         //!< blocks
    TracedCallback<const RadioLink&, NrDirection, const RlcSdu&> m_dropTrace; //!< full queues
};

} // namespace ns3

#endif // CELL_MAC_H
