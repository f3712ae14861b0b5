/*
 * SPDX-License-Identifier: GPL-2.0-only
 */
#include "cell-mac.h"

#include "ns3/boolean.h"
#include "ns3/double.h"
#include "ns3/log.h"
#include "ns3/pointer.h"
#include "ns3/simulator.h"
#include "ns3/uinteger.h"

#include <algorithm>
#include <cmath>

namespace ns3
{

NS_LOG_COMPONENT_DEFINE("CellMac");
NS_OBJECT_ENSURE_REGISTERED(CellMac);

namespace
{

constexpr double LARGEST_MARGIN_DB = 10;

std::size_t
Index(NrDirection direction)
{
    return static_cast<std::size_t>(direction);
}

} // namespace

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
            .AddAttribute("UplinkGrantDelay",
                          "Time from the first byte in an idle uplink queue to its grant's slot: "
                          "scheduling request, decoding, grant and K2; 0 for a free report.",
                          TimeValue(MicroSeconds(500)),
                          MakeTimeAccessor(&CellMac::m_uplinkGrantDelay),
                          MakeTimeChecker(Time(0)))
            .AddAttribute("DownlinkGrantDelay",
                          "Time from the first byte in an idle downlink queue to its slot "
                          "(layer 2 to layer 1 processing).",
                          TimeValue(MicroSeconds(125)),
                          MakeTimeAccessor(&CellMac::m_downlinkGrantDelay),
                          MakeTimeChecker(Time(0)))
            .AddAttribute("DecodeLatency",
                          "Time from the end of a slot to the SDUs that it completes.",
                          TimeValue(MicroSeconds(100)),
                          MakeTimeAccessor(&CellMac::m_decodeLatency),
                          MakeTimeChecker(Time(0)))
            .AddAttribute("ReportDelay",
                          "Time from a change of the channel to an MCS that follows it (CQI report "
                          "or sounding, and its processing).",
                          TimeValue(MilliSeconds(2)),
                          MakeTimeAccessor(&CellMac::m_reportDelay),
                          MakeTimeChecker(Time(0)))
            .AddAttribute("FeedbackDelay",
                          "Time from decoding a block to its earliest retransmission (K1 and the "
                          "next grant).",
                          TimeValue(MicroSeconds(500)),
                          MakeTimeAccessor(&CellMac::m_feedbackDelay),
                          MakeTimeChecker(Time(0)))
            .AddAttribute("StatusDelay",
                          "Time from HARQ giving a block up to RLC sending its data again "
                          "(status report of acknowledged mode).",
                          TimeValue(MilliSeconds(2)),
                          MakeTimeAccessor(&CellMac::m_statusDelay),
                          MakeTimeChecker(Time(0)))
            .AddAttribute("MaxTransmissions",
                          "Transmissions of a block before HARQ gives it up.",
                          UintegerValue(4),
                          MakeUintegerAccessor(&CellMac::m_maxTransmissions),
                          MakeUintegerChecker<uint8_t>(1, 16))
            .AddAttribute("AveragingWindow",
                          "Window of the exponential average of a channel's served rate, in slots.",
                          DoubleValue(100.0),
                          MakeDoubleAccessor(&CellMac::m_window),
                          MakeDoubleChecker<double>(1.0))
            .AddAttribute("MarginStep",
                          "By how many dB an error of a first transmission makes the choice of MCS "
                          "more careful; a success takes a ninth of it back, so that one block in "
                          "ten fails at most (outer-loop link adaptation).",
                          DoubleValue(0.5),
                          MakeDoubleAccessor(&CellMac::m_marginStepDb),
                          MakeDoubleChecker<double>(0.0))
            .AddAttribute("BlockErrors",
                          "Whether blocks can fail.",
                          BooleanValue(true),
                          MakeBooleanAccessor(&CellMac::m_blockErrors),
                          MakeBooleanChecker());
    return tid;
}

CellMac::CellMac()
    : m_scheduler(CreateObject<ProportionalFairScheduler>()),
      m_draw(CreateObject<UniformRandomVariable>())
{
}

void
CellMac::Configure(std::shared_ptr<const NrFrame> frame,
                   std::shared_ptr<const ResourceGrid> grid,
                   std::shared_ptr<InterferenceField> interference)
{
    m_frame = std::move(frame);
    m_grid = std::move(grid);
    m_interference = std::move(interference);
}

int64_t
CellMac::AssignStreams(int64_t stream)
{
    m_draw->SetStream(stream);
    return 1;
}

void
CellMac::AddLink(Ptr<RadioLink> link)
{
    m_links.push_back(link);
    for (const auto direction : NR_DIRECTIONS)
    {
        for (const auto bearer : ALL_BEARERS)
        {
            if (link->Queue(direction, bearer).QueuedBytes() > 0)
            {
                List(link, direction, bearer);
            }
        }
    }
}

void
CellMac::RemoveLink(Ptr<RadioLink> link)
{
    m_links.erase(std::remove(m_links.begin(), m_links.end(), link), m_links.end());
    for (const auto direction : NR_DIRECTIONS)
    {
        std::erase_if(m_backlogs[Index(direction)],
                      [&link](const Backlogged& channel) { return channel.link == link; });
        std::erase_if(m_retransmissions[Index(direction)],
                      [&link](const Airborne& waiting) { return waiting.link == link; });
        for (const auto bearer : ALL_BEARERS)
        {
            link->Use(direction, bearer).waiting = false;
        }
    }
}

bool
CellMac::Enqueue(const Ptr<RadioLink>& link, NrDirection direction, const RlcSdu& sdu)
{
    auto& queue = link->Queue(direction, sdu.bearer);
    if (!queue.Enqueue(sdu, Simulator::Now(), GrantDelay(direction)))
    {
        NS_LOG_DEBUG("queue of " << link->Name() << " full, " << sdu.bytes << " bytes dropped");
        return false;
    }
    List(link, direction, sdu.bearer);
    ScheduleSlot(direction, std::max(queue.EligibleFrom(), link->SuspendedUntil()));
    return true;
}

void
CellMac::List(const Ptr<RadioLink>& link, NrDirection direction, Bearer bearer)
{
    auto& use = link->Use(direction, bearer);
    if (!use.waiting)
    {
        use.waiting = true;
        m_backlogs[Index(direction)].push_back({link, bearer});
    }
}

void
CellMac::UpdateQuality(const Ptr<RadioLink>& link,
                       NrDirection direction,
                       const LinkQuality& quality)
{
    const bool first = link->Mcs(direction, Simulator::Now()) < 0;
    link->SetQuality(direction, quality);
    AdaptMcs(link, direction, Simulator::Now() + (first ? Time(0) : m_reportDelay));
    ScheduleNextBacklog(direction);
}

void
CellMac::AdaptMcs(const Ptr<RadioLink>& link, NrDirection direction, Time from)
{
    auto sinr = link->Quality(direction).effectiveSinr;
    const double margin = std::pow(10, -link->MarginDb(direction) / 10);
    for (auto& value : sinr)
    {
        value *= margin;
    }
    const auto mcs = NrMcsFromCqi(m_grid->Table(), m_grid->Cqi(sinr));
    link->SetMcs(direction, mcs, from, Simulator::Now());
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
    return GrantDelay(direction) + m_frame->MeanAlignment(direction) + m_decodeLatency;
}

const std::vector<Ptr<RadioLink>>&
CellMac::Links() const
{
    return m_links;
}

void
CellMac::DoDispose()
{
    for (auto& event : m_slotEvents)
    {
        event.Cancel();
    }
    m_links.clear();
    for (const auto direction : NR_DIRECTIONS)
    {
        m_backlogs[Index(direction)].clear();
        m_retransmissions[Index(direction)].clear();
    }
    m_interference = nullptr;
    m_scheduler = nullptr;
    Object::DoDispose();
}

Time
CellMac::GrantDelay(NrDirection direction) const
{
    return direction == NrDirection::UPLINK ? m_uplinkGrantDelay : m_downlinkGrantDelay;
}

void
CellMac::ScheduleSlot(NrDirection direction, Time eligible)
{
    const auto earliest = m_frame->SlotAtOrAfter(std::max(eligible, Simulator::Now()));
    const auto slot = m_frame->NextSlotWith(earliest, direction);
    const auto start = m_frame->StartOf(slot);
    auto& event = m_slotEvents[Index(direction)];
    if (event.IsPending())
    {
        if (event.GetTs() <= static_cast<uint64_t>(start.GetTimeStep()))
        {
            return;
        }
        event.Cancel();
    }
    event = Simulator::Schedule(start - Simulator::Now(), &CellMac::RunSlot, this, slot, direction);
}

void
CellMac::ScheduleNextBacklog(NrDirection direction)
{
    const auto now = Simulator::Now();
    auto earliest = Time::Max();
    for (const auto& [link, bearer] : m_backlogs[Index(direction)])
    {
        const auto& queue = link->Queue(direction, bearer);
        if (queue.QueuedBytes() > 0 && link->Mcs(direction, Time::Max()) >= 0)
        {
            earliest = std::min(earliest, std::max(queue.EligibleFrom(), link->SuspendedUntil()));
        }
    }
    for (const auto& waiting : m_retransmissions[Index(direction)])
    {
        earliest = std::min(earliest, waiting.block.due);
    }
    if (earliest != Time::Max())
    {
        // The slot at hand is spent: the next one starts after now.
        ScheduleSlot(direction, std::max(earliest, now + TimeStep(1)));
    }
}

void
CellMac::RunSlot(uint64_t slot, NrDirection direction)
{
    const auto symbols = m_frame->DataSymbols(slot, direction);
    OpenSlot open{slot, direction, symbols, m_grid->Units(symbols), 0, {}};
    ScheduleRetransmissions(open);
    ScheduleNewData(open);
    if (!open.blocks.empty())
    {
        const auto end = m_frame->StartOf(slot) + m_frame->SlotDuration() + m_decodeLatency;
        Simulator::Schedule(end - Simulator::Now(),
                            [cell = Ptr<CellMac>(this),
                             slot,
                             direction,
                             blocks = std::move(open.blocks)]() mutable {
                                cell->FinishSlot(slot, direction, blocks);
                            });
    }
    ScheduleNextBacklog(direction);
}

void
CellMac::ScheduleRetransmissions(OpenSlot& slot)
{
    auto& waiting = m_retransmissions[Index(slot.direction)];
    for (auto entry = waiting.begin(); entry != waiting.end();)
    {
        const bool fits = slot.used + entry->block.units <= slot.units &&
                          slot.dataSymbols >= entry->block.dataSymbols;
        if (entry->block.due > Simulator::Now() || !fits)
        {
            ++entry;
            continue;
        }
        auto again = std::move(*entry);
        entry = waiting.erase(entry);
        Transmit(slot, again.link, std::move(again.block));
    }
}

std::vector<CellMac::Backlogged>
CellMac::EligibleChannels(NrDirection direction)
{
    const auto now = Simulator::Now();
    auto& listed = m_backlogs[Index(direction)];
    std::erase_if(listed, [direction](const Backlogged& channel) {
        const bool empty = channel.link->Queue(direction, channel.bearer).QueuedBytes() == 0;
        channel.link->Use(direction, channel.bearer).waiting = !empty;
        return empty;
    });
    std::vector<Backlogged> channels;
    for (const auto& channel : listed)
    {
        if (channel.link->Mcs(direction, now) >= 0 && channel.link->SuspendedUntil() <= now &&
            channel.link->Queue(direction, channel.bearer).EligibleFrom() <= now)
        {
            channels.push_back(channel);
        }
    }
    return channels;
}

SlotCandidate
CellMac::Describe(const Backlogged& channel, const OpenSlot& slot)
{
    auto& use = channel.link->Use(slot.direction, channel.bearer);
    // The average of a channel that was not served decays once a slot; caught up lazily here.
    use.averageBitsPerSlot *=
        std::pow(1 - 1 / m_window, static_cast<double>(slot.number - use.averagedUntil));
    use.averagedUntil = slot.number;
    const auto mcs = channel.link->Mcs(slot.direction, Simulator::Now());
    const auto queued = channel.link->Queue(slot.direction, channel.bearer).QueuedBytes();
    const double full = m_grid->BlockBits(mcs, slot.units, slot.dataSymbols);
    return {use.weight,
            use.averageBitsPerSlot,
            full / slot.units,
            m_grid->UnitsFor(mcs, queued, slot.dataSymbols),
            use.lastServed};
}

void
CellMac::ScheduleNewData(OpenSlot& slot)
{
    const auto channels = EligibleChannels(slot.direction);
    if (channels.empty() || slot.used >= slot.units)
    {
        return;
    }
    std::vector<SlotCandidate> candidates;
    candidates.reserve(channels.size());
    for (const auto& channel : channels)
    {
        candidates.push_back(Describe(channel, slot));
    }
    const auto share = m_scheduler->Share(candidates, static_cast<uint8_t>(slot.units - slot.used));
    for (std::size_t i = 0; i < channels.size(); ++i)
    {
        if (share[i] == 0)
        {
            continue;
        }
        const auto& [link, bearer] = channels[i];
        const auto mcs = link->Mcs(slot.direction, Simulator::Now());
        const auto bits = m_grid->BlockBits(mcs, share[i], slot.dataSymbols);
        auto& queue = link->Queue(slot.direction, bearer);
        auto& use = link->Use(slot.direction, bearer);
        const auto before = queue.QueuedBytes();
        auto pdu = queue.Dequeue(bits / 8);
        const auto served = before - queue.QueuedBytes();
        use.averageBitsPerSlot += 8.0 * served / m_window;
        use.servedBytes += served;
        use.lastServed = slot.number;
        ++link->Blocks(slot.direction).blocks;
        TransportBlock
            block{bearer, std::move(pdu), mcs, share[i], slot.dataSymbols, bits, link->Epoch()};
        Transmit(slot, link, std::move(block));
    }
}

void
CellMac::Transmit(OpenSlot& slot, const Ptr<RadioLink>& link, TransportBlock block)
{
    const Emission emission{PeekPointer(link),
                            slot.direction,
                            static_cast<double>(slot.used) / slot.units,
                            static_cast<double>(slot.used + block.units) / slot.units};
    slot.used = static_cast<uint8_t>(slot.used + block.units);
    link->Use(slot.direction, block.bearer).units += block.units;
    m_usedUnits[Index(slot.direction)] += block.units;
    if (m_interference)
    {
        m_interference->Add(slot.number, emission);
    }
    slot.blocks.push_back({link, emission, std::move(block)});
}

void
CellMac::FinishSlot(uint64_t slot, NrDirection direction, std::vector<Airborne>& blocks)
{
    for (auto& airborne : blocks)
    {
        if (airborne.block.epoch == airborne.link->Epoch())
        {
            Conclude(airborne, direction, Decode(slot, airborne));
        }
    }
}

bool
CellMac::Decode(uint64_t slot, Airborne& airborne)
{
    if (!m_blockErrors)
    {
        return true;
    }
    auto& block = airborne.block;
    const auto order = GetNrMcs(m_grid->Table(), block.mcs).modulationOrder;
    const double interference =
        m_interference ? m_interference->OverNoise(slot, airborne.emission) : 0;
    const double sinr =
        airborne.link->Quality(airborne.emission.direction).effectiveSinr[order / 2 - 1] /
        (1 + interference);
    const auto information = m_grid->Errors().Information(order, sinr);
    const double failure =
        block.Combine(m_grid->ResourceElements(block.units, block.dataSymbols), information);
    // What is beyond one in a hundred million is not worth a draw.
    return failure < 1e-8 || m_draw->GetValue() >= failure;
}

void
CellMac::Conclude(Airborne& airborne, NrDirection direction, bool decoded)
{
    auto& link = airborne.link;
    auto& block = airborne.block;
    auto& margin = link->MarginDb(direction);
    const bool first = block.transmissions <= 1;
    if (first && (!decoded || margin > 0))
    {
        margin = decoded ? std::max(0.0, margin - m_marginStepDb / 9)
                         : std::min(LARGEST_MARGIN_DB, margin + m_marginStepDb);
        AdaptMcs(link, direction, Simulator::Now());
    }
    auto& queue = link->Queue(direction, block.bearer);
    if (decoded)
    {
        if (const auto sdus = queue.Received(block.pdu); !sdus.empty())
        {
            link->Deliver(direction, sdus);
        }
        return;
    }
    auto& count = link->Blocks(direction);
    count.firstErrors += first ? 1 : 0;
    if (block.transmissions < m_maxTransmissions)
    {
        block.due = Simulator::Now() + m_feedbackDelay;
        ScheduleSlot(direction, block.due);
        m_retransmissions[Index(direction)].push_back(std::move(airborne));
        return;
    }
    ++count.lost;
    const auto resendFrom = Simulator::Now() + m_statusDelay;
    const auto sdus = queue.Lost(block.pdu, resendFrom);
    if (queue.QueuedBytes() > 0)
    {
        List(link, direction, block.bearer);
        ScheduleSlot(direction, resendFrom);
    }
    if (!sdus.empty())
    {
        link->Deliver(direction, sdus);
    }
}

} // namespace ns3
