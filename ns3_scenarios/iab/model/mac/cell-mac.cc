/*
 * SPDX-License-Identifier: GPL-2.0-only
 */
#include "cell-mac.h"

#include "ns3/double.h"
#include "ns3/log.h"
#include "ns3/pointer.h"
#include "ns3/simulator.h"
#include "ns3/trace-source-accessor.h"
#include "ns3/uinteger.h"

#include <algorithm>

namespace ns3
{

NS_LOG_COMPONENT_DEFINE("CellMac");
NS_OBJECT_ENSURE_REGISTERED(CellMac);

TypeId
CellMac::GetTypeId()
{
    static TypeId tid =
        TypeId("ns3::CellMac")
            .SetParent<Object>()
            .SetGroupName("Iab")
            .AddConstructor<CellMac>()
            .AddAttribute("Scheduler",
                          "Shares the units of a slot among the channels with a backlog.",
                          PointerValue(),
                          MakePointerAccessor(&CellMac::m_scheduler),
                          MakePointerChecker<SlotScheduler>())
            .AddAttribute("Timing",
                          "The delays between its decisions and what they act on.",
                          TypeId::ATTR_GET,
                          PointerValue(),
                          MakePointerAccessor(&CellMac::m_timing),
                          MakePointerChecker<MacTiming>())
            .AddAttribute("Harq",
                          "The HARQ of its links.",
                          TypeId::ATTR_GET,
                          PointerValue(),
                          MakePointerAccessor(&CellMac::m_harq),
                          MakePointerChecker<HarqEntity>())
            .AddAttribute("Adaptation",
                          "Chooses the MCS of its links.",
                          TypeId::ATTR_GET,
                          PointerValue(),
                          MakePointerAccessor(&CellMac::m_adaptation),
                          MakePointerChecker<LinkAdaptation>())
            .AddAttribute("FlowControl",
                          "Holds back what would not find room.",
                          TypeId::ATTR_GET,
                          PointerValue(),
                          MakePointerAccessor(&CellMac::m_flow),
                          MakePointerChecker<FlowControl>())
            .AddAttribute("StatusDelay",
                          "Time from HARQ giving a block up to RLC sending its data again "
                          "(status report of acknowledged mode).",
                          TimeValue(MilliSeconds(2)),
                          MakeTimeAccessor(&CellMac::m_statusDelay),
                          MakeTimeChecker(Time(0)))
            .AddAttribute("AveragingWindow",
                          "Window of the exponential average of a channel's served rate, in slots.",
                          DoubleValue(100.0),
                          MakeDoubleAccessor(&CellMac::m_window),
                          MakeDoubleChecker<double>(1.0))
            .AddTraceSource("Slot",
                            "A slot was filled: its number, the direction, units used, units.",
                            MakeTraceSourceAccessor(&CellMac::m_slotTrace),
                            "ns3::CellMac::SlotCallback")
            .AddTraceSource("Block",
                            "A transport block was received, or not.",
                            MakeTraceSourceAccessor(&CellMac::m_blockTrace),
                            "ns3::CellMac::BlockCallback")
            .AddTraceSource("Drop",
                            "An SDU found a full queue.",
                            MakeTraceSourceAccessor(&CellMac::m_dropTrace),
                            "ns3::CellMac::DropCallback");
    return tid;
}

CellMac::CellMac()
    : m_scheduler(CreateObject<ProportionalFairScheduler>()),
      m_timing(CreateObject<MacTiming>()),
      m_adaptation(CreateObject<LinkAdaptation>()),
      m_flow(CreateObject<FlowControl>()),
      m_harq(CreateObject<HarqEntity>()),
      m_node(std::make_shared<NodeState>())
{
    m_node->cells = {this};
}

void
CellMac::Configure(const NrFrame& frame,
                   HalfDuplex halfDuplex,
                   std::shared_ptr<const ResourceGrid> grid,
                   std::shared_ptr<InterferenceField> interference)
{
    m_base = frame;
    m_halfDuplex = halfDuplex;
    m_grid = std::move(grid);
    m_interference = std::move(interference);
    m_harq->Configure(m_grid, m_interference);
    m_adaptation->SetGrid(m_grid);
    SetDepth(0);
}

void
CellMac::SetDepth(uint32_t depth)
{
    m_depth = depth;
    const bool takesTurns = m_halfDuplex == HalfDuplex::BY_DEPTH;
    m_frame = takesTurns ? m_base->TakingTurns(depth % 2 == 0) : *m_base;
    for (const auto direction : NR_DIRECTIONS)
    {
        CancelSlot(direction); // which the cell may no longer have
    }
    Wake();
}

void
CellMac::Join(const CellMac& first)
{
    m_node = first.m_node;
    m_node->cells.push_back(this);
    m_mtLinks = first.m_mtLinks;
    SetDepth(first.m_depth);
}

void
CellMac::SetRank(uint32_t rank, uint32_t ranks)
{
    m_rank = rank;
    m_ranks = ranks;
}

void
CellMac::SetMtLinks(std::vector<Ptr<RadioLink>> links)
{
    m_mtLinks = std::move(links);
}

int64_t
CellMac::AssignStreams(int64_t stream)
{
    return m_harq->AssignStreams(stream);
}

void
CellMac::AddLink(Ptr<RadioLink> link)
{
    m_links.push_back(link);
    link->SetServingCell(this);
    for (const auto direction : NR_DIRECTIONS)
    {
        const auto& channels = link->Channels(direction);
        for (uint16_t number = 0; number < channels.size(); ++number)
        {
            if (channels[number].queue.QueuedBytes() > 0)
            {
                List(link, direction, number);
            }
        }
    }
}

void
CellMac::RemoveLink(Ptr<RadioLink> link)
{
    m_links.erase(std::remove(m_links.begin(), m_links.end(), link), m_links.end());
    link->SetServingCell(nullptr);
    m_harq->Forget(link);
    for (const auto direction : NR_DIRECTIONS)
    {
        std::erase_if(m_backlogs[Index(direction)],
                      [&link](const Backlogged& channel) { return channel.link == link; });
        for (auto& channel : link->Channels(direction))
        {
            channel.waiting = false;
        }
    }
}

bool
CellMac::Enqueue(const Ptr<RadioLink>& link, NrDirection direction, const RlcSdu& sdu)
{
    const auto number = link->ChannelFor(direction, sdu);
    auto& queue = link->Channels(direction)[number].queue;
    const auto now = Simulator::Now();
    const auto eligible =
        m_timing->EligibleFrom(*m_frame, direction, now, queue.QueuedBytes() == 0);
    if (!queue.Enqueue(sdu, now, eligible))
    {
        NS_LOG_DEBUG("queue of " << link->Name() << " full, " << sdu.bytes << " bytes dropped");
        m_dropTrace(*link, direction, sdu);
        return false;
    }
    List(link, direction, number);
    ScheduleSlot(direction, std::max(queue.EligibleFrom(), link->SuspendedUntil()));
    RefreshFlow(*link, direction, sdu.bearer);
    return true;
}

void
CellMac::List(const Ptr<RadioLink>& link, NrDirection direction, uint16_t number)
{
    auto& channel = link->Channels(direction)[number];
    if (!channel.waiting)
    {
        channel.waiting = true;
        m_backlogs[Index(direction)].push_back({link, number});
    }
}

void
CellMac::UpdateQuality(const Ptr<RadioLink>& link,
                       NrDirection direction,
                       const LinkQuality& quality)
{
    m_adaptation->Update(*link, direction, quality);
    ScheduleNextBacklog(direction);
}

void
CellMac::Wake()
{
    for (const auto direction : NR_DIRECTIONS)
    {
        ScheduleNextBacklog(direction);
    }
}

uint64_t
CellMac::UsedUnits(NrDirection direction) const
{
    return m_usedUnits[Index(direction)];
}

double
CellMac::UnitsPerSecond(NrDirection direction) const
{
    return m_frame->PerSecond(direction,
                              [this](uint8_t symbols) { return double(m_grid->Units(symbols)); });
}

double
CellMac::FullRateBps(const RadioLink& link, NrDirection direction) const
{
    const auto mcs = link.Mcs(direction, Simulator::Now());
    if (mcs < 0)
    {
        return 0;
    }
    return m_frame->PerSecond(direction, [this, mcs](uint8_t symbols) {
        return double(m_grid->BlockBits(mcs, m_grid->Units(symbols), symbols));
    });
}

Time
CellMac::IdleLatency(NrDirection direction) const
{
    return m_timing->MeanIdleLatency(*m_frame, direction);
}

const std::vector<Ptr<RadioLink>>&
CellMac::Links() const
{
    return m_links;
}

void
CellMac::DoDispose()
{
    for (const auto direction : NR_DIRECTIONS)
    {
        CancelSlot(direction);
    }
    for (const auto& link : m_links)
    {
        link->SetServingCell(nullptr);
    }
    m_links.clear();
    for (auto& backlog : m_backlogs)
    {
        backlog.clear();
    }
    m_inAir.clear();
    m_interference = nullptr;
    m_scheduler = nullptr;
    m_mtLinks.clear();
    std::erase(m_node->cells, this);
    m_harq->Dispose();
    m_harq = nullptr;
    Object::DoDispose();
}

bool
CellMac::IsHeldBack(const RadioLink& link, NrDirection direction, Bearer bearer) const
{
    const auto* receiver =
        direction == NrDirection::DOWNLINK ? link.ChildCell() : m_node->cells.front();
    return receiver && receiver->m_flow->HoldsBack(direction, bearer);
}

uint64_t
CellMac::BytesOnward(NrDirection direction, Bearer bearer) const
{
    uint64_t bytes = 0;
    if (direction == NrDirection::UPLINK)
    {
        for (const auto& link : m_mtLinks)
        {
            bytes += link->QueuedBytes(direction, bearer);
        }
        return bytes;
    }
    for (const auto* cell : m_node->cells)
    {
        for (const auto& link : cell->m_links)
        {
            bytes += link->QueuedBytes(direction, bearer);
        }
    }
    return bytes;
}

void
CellMac::RefreshFlow(const RadioLink& link, NrDirection direction, Bearer bearer)
{
    auto* first = direction == NrDirection::DOWNLINK ? m_node->cells.front() : link.ChildCell();
    if (first)
    {
        first->RefreshFlowOnward(direction, bearer);
    }
}

void
CellMac::RefreshFlow()
{
    for (const auto direction : NR_DIRECTIONS)
    {
        for (const auto bearer : ALL_BEARERS)
        {
            m_node->cells.front()->RefreshFlowOnward(direction, bearer);
        }
    }
}

void
CellMac::RefreshFlowOnward(NrDirection direction, Bearer bearer)
{
    if (!m_flow->IsOn() || !m_flow->Refresh(direction, bearer, BytesOnward(direction, bearer)))
    {
        return;
    }
    if (direction == NrDirection::UPLINK)
    {
        for (auto* cell : m_node->cells)
        {
            cell->ScheduleNextBacklog(direction);
        }
        return;
    }
    for (const auto& link : m_mtLinks)
    {
        if (auto* above = link->ServingCell())
        {
            above->ScheduleNextBacklog(direction);
        }
    }
}

} // namespace ns3
