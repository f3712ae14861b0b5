/*
 * SPDX-License-Identifier: GPL-2.0-only
 */
#include "cell-mac.h"

#include "proportional-fair-scheduler.h"

#include "iab/model/phy/nr-tables.h"

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
constexpr uint8_t SYMBOLS_PER_SLOT = 14;
}

TypeId
CellMac::GetTypeId()
{
    static TypeId tid =
        TypeId("ns3::CellMac")
            .SetParent<Object>()
            .SetGroupName("Iab")
            .AddConstructor<CellMac>()
            .AddAttribute("Scheduler",
                          "Shares the symbols of a slot among the channels with a backlog.",
                          PointerValue(),
                          MakePointerAccessor(&CellMac::m_scheduler),
                          MakePointerChecker<SlotScheduler>())
            .AddAttribute("UplinkGrantDelay",
                          "Time from the first byte in an idle uplink queue to its grant's slot: "
                          "scheduling request, decoding, grant and K2.",
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
            .AddAttribute("AveragingWindow",
                          "Window of the exponential average of a channel's served rate, in slots.",
                          DoubleValue(100.0),
                          MakeDoubleAccessor(&CellMac::m_window),
                          MakeDoubleChecker<double>(1.0))
            .AddAttribute("DmrsResourceElements",
                          "DM-RS overhead in resource elements per resource block "
                          "(TS 38.211 7.4.1.1, type 1, one symbol with data beside it).",
                          UintegerValue(6),
                          MakeUintegerAccessor(&CellMac::m_dmrsResourceElements),
                          MakeUintegerChecker<uint8_t>(0, 24));
    return tid;
}

CellMac::CellMac()
    : m_scheduler(CreateObject<ProportionalFairScheduler>())
{
}

void
CellMac::SetFrame(std::shared_ptr<const NrFrame> frame)
{
    m_frame = std::move(frame);
    m_blockBits.assign(NR_MCS_COUNT * (SYMBOLS_PER_SLOT + 1), 0);
    for (uint8_t mcs = 0; mcs < NR_MCS_COUNT; ++mcs)
    {
        for (uint8_t symbols = 1; symbols <= SYMBOLS_PER_SLOT; ++symbols)
        {
            m_blockBits[mcs * (SYMBOLS_PER_SLOT + 1) + symbols] =
                NrTransportBlockBits(mcs,
                                     m_frame->ResourceBlocks(),
                                     symbols,
                                     m_dmrsResourceElements);
        }
    }
}

void
CellMac::AddLink(Ptr<RadioLink> link)
{
    m_links.push_back(std::move(link));
}

void
CellMac::RemoveLink(Ptr<RadioLink> link)
{
    m_links.erase(std::remove(m_links.begin(), m_links.end(), link), m_links.end());
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
    ScheduleSlot(direction, std::max(queue.EligibleFrom(), link->SuspendedUntil()));
    return true;
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
CellMac::UsedSymbols(NrDirection direction) const
{
    return m_usedSymbols[static_cast<std::size_t>(direction)];
}

double
CellMac::FullRateBps(const RadioLink& link, NrDirection direction) const
{
    const auto mcs = link.Mcs(direction);
    if (mcs < 0)
    {
        return 0;
    }
    // A full slot is the usual allocation under load, so its symbols set the rate per symbol.
    const auto slot = m_frame->NextSlotWith(0, direction);
    const auto symbols = m_frame->DataSymbols(slot, direction);
    return BlockBits(mcs, symbols) / static_cast<double>(symbols) *
           m_frame->DataSymbolsPerSecond(direction);
}

double
CellMac::SymbolsPerSecond(NrDirection direction) const
{
    return m_frame->DataSymbolsPerSecond(direction);
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
    auto& event = m_slotEvents[static_cast<std::size_t>(direction)];
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
    auto earliest = Time::Max();
    for (const auto& link : m_links)
    {
        if (link->Mcs(direction) < 0)
        {
            continue;
        }
        for (const auto bearer : ALL_BEARERS)
        {
            const auto& queue = link->Queue(direction, bearer);
            if (queue.QueuedBytes() > 0)
            {
                earliest =
                    std::min(earliest, std::max(queue.EligibleFrom(), link->SuspendedUntil()));
            }
        }
    }
    if (earliest != Time::Max())
    {
        // The slot at hand is spent: the next one starts after now.
        ScheduleSlot(direction, std::max(earliest, Simulator::Now() + TimeStep(1)));
    }
}

std::vector<CellMac::Backlogged>
CellMac::EligibleChannels(NrDirection direction) const
{
    const auto now = Simulator::Now();
    std::vector<Backlogged> channels;
    for (const auto& link : m_links)
    {
        if (link->Mcs(direction) < 0 || link->SuspendedUntil() > now)
        {
            continue;
        }
        for (const auto bearer : ALL_BEARERS)
        {
            const auto& queue = link->Queue(direction, bearer);
            if (queue.QueuedBytes() > 0 && queue.EligibleFrom() <= now)
            {
                channels.push_back({link, bearer});
            }
        }
    }
    return channels;
}

void
CellMac::RunSlot(uint64_t slot, NrDirection direction)
{
    const auto channels = EligibleChannels(direction);
    std::vector<SlotCandidate> candidates;
    candidates.reserve(channels.size());
    for (const auto& channel : channels)
    {
        auto& use = channel.link->Use(direction, channel.bearer);
        // The average of a channel that was not served decays once a slot; caught up lazily here.
        use.averageBitsPerSlot *=
            std::pow(1 - 1 / m_window, static_cast<double>(slot - use.averagedUntil));
        use.averagedUntil = slot;
        const auto symbols = m_frame->DataSymbols(slot, direction);
        const auto bits = BlockBits(channel.link->Mcs(direction), symbols);
        candidates.push_back({use.weight,
                              use.averageBitsPerSlot,
                              bits / static_cast<double>(symbols),
                              channel.link->Queue(direction, channel.bearer).QueuedBytes()});
    }
    const auto share = m_scheduler->Share(candidates, m_frame->DataSymbols(slot, direction));
    for (std::size_t i = 0; i < channels.size(); ++i)
    {
        if (share[i] > 0)
        {
            Transmit(channels[i], direction, share[i], slot);
        }
    }
    ScheduleNextBacklog(direction);
}

void
CellMac::Transmit(const Backlogged& channel,
                  NrDirection direction,
                  uint8_t symbols,
                  uint64_t slot)
{
    const auto bytes = BlockBits(channel.link->Mcs(direction), symbols) / 8;
    auto& queue = channel.link->Queue(direction, channel.bearer);
    auto& use = channel.link->Use(direction, channel.bearer);
    const auto before = queue.QueuedBytes();
    auto complete = queue.Dequeue(bytes);
    const auto served = before - queue.QueuedBytes();
    use.averageBitsPerSlot += 8.0 * served / m_window;
    use.symbols += symbols;
    use.servedBytes += served;
    m_usedSymbols[static_cast<std::size_t>(direction)] += symbols;
    if (!complete.empty())
    {
        const auto arrival = m_frame->StartOf(slot) + m_frame->SlotDuration() + m_decodeLatency;
        Simulator::Schedule(
            arrival - Simulator::Now(),
            [link = channel.link, direction, sdus = std::move(complete)]() {
                link->Deliver(direction, sdus);
            });
    }
}

uint32_t
CellMac::BlockBits(int8_t mcs, uint8_t symbols) const
{
    return m_blockBits[mcs * (SYMBOLS_PER_SLOT + 1) + symbols];
}

} // namespace ns3
