/*
 * SPDX-License-Identifier: GPL-2.0-only
 */
/*
 * What a cell does in a slot: see CellMac.
 */
#include "cell-mac.h"

#include "ns3/simulator.h"

#include <algorithm>
#include <cmath>

namespace ns3
{

Time
CellMac::DecisionTime(uint64_t slot, NrDirection direction) const
{
    // Turns by depth, by direction and by rank, each slower than the one before, so that no two of
    // them go together.
    const bool isDynamic = m_halfDuplex == HalfDuplex::DYNAMIC;
    const auto frame = slot / m_frame->PatternSlots();
    const bool ourTurn = !isDynamic || (frame + m_depth) % 2 == 0;
    const auto turnOfDirections = (isDynamic ? frame / 2 : frame) + slot % m_frame->PatternSlots();
    const auto rank = frame / 4 % 2 == 0 ? m_rank : m_ranks - 1 - m_rank;
    const int64_t afterRanks = 2 * int64_t{rank};
    const int64_t afterOthers = ourTurn ? 0 : 2 * int64_t{m_ranks};
    const bool directionsTurn = turnOfDirections % 2 == Index(direction);
    const int64_t afterOther = m_frame->IsFlexible(slot) && !directionsTurn ? 1 : 0;
    return m_frame->StartOf(slot) + TimeStep(afterOthers + afterRanks + afterOther);
}

void
CellMac::ScheduleSlot(NrDirection direction, Time eligible)
{
    auto& pending = m_slotTimes[Index(direction)];
    if (pending <= eligible)
    {
        return;
    }
    const auto now = Simulator::Now();
    // A slot is filled once, also when something comes at the very time after that.
    const auto earliest =
        std::max(m_frame->SlotAtOrAfter(std::max(eligible, now)), m_unfilled[Index(direction)]);
    const auto slot = m_frame->NextSlotWith(earliest, direction);
    const auto start = DecisionTime(slot, direction);
    if (pending <= start)
    {
        return;
    }
    CancelSlot(direction);
    pending = start;
    m_slotEvents[Index(direction)] =
        Simulator::Schedule(start - now, &CellMac::RunSlot, this, slot, direction);
}

void
CellMac::CancelSlot(NrDirection direction)
{
    m_slotEvents[Index(direction)].Cancel();
    m_slotTimes[Index(direction)] = Time::Max();
}

CellMac::OpenSlot
CellMac::Open(uint64_t slot, NrDirection direction)
{
    const auto symbols = m_frame->DataSymbols(slot, direction);
    OpenSlot open{slot, direction, symbols, m_grid->Units(symbols), 0, {}};
    if (!m_spareBlocks.empty())
    {
        open.blocks = std::move(m_spareBlocks.back());
        m_spareBlocks.pop_back();
    }
    return open;
}

void
CellMac::ScheduleNextBacklog(NrDirection direction)
{
    auto earliest = m_harq->EarliestDue(direction);
    for (const auto& channel : m_backlogs[Index(direction)])
    {
        if (channel.link->Channels(direction)[channel.number].queue.QueuedBytes() > 0)
        {
            earliest = std::min(earliest, UsableFrom(channel, direction));
        }
    }
    if (earliest != Time::Max())
    {
        // The slot at hand is spent: the next one starts after now.
        ScheduleSlot(direction, std::max(earliest, Simulator::Now() + TimeStep(1)));
    }
}

Time
CellMac::UsableFrom(const Backlogged& channel, NrDirection direction)
{
    auto& link = *channel.link;
    const auto& state = link.Channels(direction)[channel.number];
    if (link.Mcs(direction, Time::Max()) < 0 || IsHeldBack(link, direction, state.bearer))
    {
        return Time::Max(); // whoever changes that calls Wake
    }
    auto from = std::max(state.queue.EligibleFrom(), link.SuspendedUntil());
    const auto& processes = link.Processes(direction);
    if (processes.size() == m_harq->Processes())
    {
        // All were used: Time::Max() while all are busy, until one is concluded.
        from = std::max(from, *std::min_element(processes.begin(), processes.end()));
    }
    return from;
}

void
CellMac::RunSlot(uint64_t slot, NrDirection direction)
{
    m_slotTimes[Index(direction)] = Time::Max();
    m_unfilled[Index(direction)] = slot + 1;
    auto open = Open(slot, direction);
    if (m_flexibleSlot == slot)
    {
        // The other direction has it, which is counted.
    }
    else if (m_node->mtSlot == slot)
    {
        m_usedUnits[Index(direction)] += open.units; // the node's MT is active: half duplex
    }
    else
    {
        ScheduleRetransmissions(open);
        ScheduleNewData(open);
    }
    if (!open.blocks.empty())
    {
        m_node->duSlot = slot;
        if (m_frame->IsFlexible(slot))
        {
            m_flexibleSlot = slot;
            m_usedUnits[1 - Index(direction)] += open.units;
        }
        m_slotTrace(slot, direction, open.used, open.units);
        const auto end =
            m_frame->StartOf(slot) + m_frame->SlotDuration() + m_timing->DecodeLatency();
        m_inAir.push_back(std::move(open));
        Simulator::Schedule(end - Simulator::Now(), &CellMac::FinishSlot, Ptr<CellMac>(this));
    }
    else
    {
        m_spareBlocks.push_back(std::move(open.blocks));
    }
    ScheduleNextBacklog(direction);
}

bool
CellMac::IsBusyBelow(const RadioLink& link, uint64_t slot) const
{
    if (!link.ChildCell())
    {
        return false;
    }
    const auto& child = *link.ChildCell()->m_node;
    return child.duSlot == slot || (child.mtSlot == slot && child.mtCell != this);
}

void
CellMac::ScheduleRetransmissions(OpenSlot& slot)
{
    uint8_t left = slot.units;
    const auto fits = [this, &slot, &left](const Airborne& waiting) {
        if (waiting.block.units > left || waiting.block.dataSymbols > slot.dataSymbols ||
            IsBusyBelow(*waiting.link, slot.number))
        {
            return false;
        }
        left = static_cast<uint8_t>(left - waiting.block.units);
        return true;
    };
    for (auto& again : m_harq->Take(slot.direction, fits))
    {
        Transmit(slot, again.link, std::move(again.block));
    }
}

std::vector<CellMac::Backlogged>
CellMac::EligibleChannels(const OpenSlot& slot)
{
    const auto now = Simulator::Now();
    const auto direction = slot.direction;
    auto& listed = m_backlogs[Index(direction)];
    std::erase_if(listed, [direction](const Backlogged& channel) {
        auto& state = channel.link->Channels(direction)[channel.number];
        state.waiting = state.queue.QueuedBytes() > 0;
        return !state.waiting;
    });
    std::vector<Backlogged> channels;
    for (const auto& channel : listed)
    {
        if (channel.link->Mcs(direction, now) >= 0 && UsableFrom(channel, direction) <= now &&
            !IsBusyBelow(*channel.link, slot.number))
        {
            channels.push_back(channel);
        }
    }
    return channels;
}

SlotCandidate
CellMac::Describe(const Backlogged& channel, const OpenSlot& slot)
{
    auto& state = channel.link->Channels(slot.direction)[channel.number];
    // The average of a channel that was not served decays once a slot; caught up lazily here.
    state.averageBitsPerSlot *=
        std::pow(1 - 1 / m_window, static_cast<double>(slot.number - state.averagedUntil));
    state.averagedUntil = slot.number;
    const auto now = Simulator::Now();
    const auto mcs = channel.link->Mcs(slot.direction, now);
    const double full = m_grid->BlockBits(mcs, slot.units, slot.dataSymbols);
    return {channel.link->WeightOf(state),
            state.averageBitsPerSlot,
            m_window,
            full / slot.units,
            m_grid->UnitsFor(mcs, state.queue.EligibleBytes(now), slot.dataSymbols),
            state.lastServed};
}

void
CellMac::ScheduleNewData(OpenSlot& slot)
{
    const auto channels = EligibleChannels(slot);
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
        if (share[i] > 0)
        {
            SendNewBlock(slot, channels[i], share[i]);
        }
    }
}

void
CellMac::SendNewBlock(OpenSlot& slot, const Backlogged& channel, uint8_t units)
{
    const auto& link = channel.link;
    const auto process = FreeProcess(*link, slot.direction);
    if (!process)
    {
        return; // another channel of the link has taken the last one in this slot
    }
    const auto now = Simulator::Now();
    const auto mcs = link->Mcs(slot.direction, now);
    const auto bits = m_grid->BlockBits(mcs, units, slot.dataSymbols);
    auto& state = link->Channels(slot.direction)[channel.number];
    const auto before = state.queue.QueuedBytes();
    // A UE fills what its grant leaves with what its reports have not told yet.
    const auto bytes =
        slot.direction == NrDirection::UPLINK ? before : state.queue.EligibleBytes(now);
    auto pdu = state.queue.Dequeue(std::min(bits / 8, bytes));
    const auto served = before - state.queue.QueuedBytes();
    state.averageBitsPerSlot += 8.0 * served / m_window;
    state.lastServed = slot.number;
    RefreshFlow(*link, slot.direction, state.bearer);
    ++link->Blocks(slot.direction).blocks;
    link->Processes(slot.direction)[*process] = Time::Max();
    TransportBlock block{channel.number,
                         *process,
                         std::move(pdu),
                         mcs,
                         units,
                         slot.dataSymbols,
                         bits,
                         link->Epoch()};
    Transmit(slot, link, std::move(block));
}

std::optional<uint8_t>
CellMac::FreeProcess(RadioLink& link, NrDirection direction) const
{
    auto& processes = link.Processes(direction);
    const auto now = Simulator::Now();
    const auto free =
        std::find_if(processes.begin(), processes.end(), [now](Time from) { return from <= now; });
    const auto number = static_cast<uint8_t>(free - processes.begin());
    if (free == processes.end())
    {
        if (processes.size() >= m_harq->Processes())
        {
            return std::nullopt;
        }
        processes.push_back(now);
    }
    return number;
}

void
CellMac::Transmit(OpenSlot& slot, const Ptr<RadioLink>& link, TransportBlock block)
{
    const auto emission = Place(slot, *link, block.units);
    slot.used = static_cast<uint8_t>(slot.used + block.units);
    link->Channels(slot.direction)[block.channel].units += block.units;
    m_usedUnits[Index(slot.direction)] += block.units;
    if (m_interference)
    {
        m_interference->Add(slot.number, emission);
    }
    if (m_halfDuplex != HalfDuplex::NONE && link->ChildCell())
    {
        auto& child = *link->ChildCell()->m_node;
        child.mtSlot = slot.number;
        child.mtCell = this;
    }
    slot.blocks.push_back({link, emission, std::move(block)});
}

Emission
CellMac::Place(const OpenSlot& slot, const RadioLink& link, uint8_t units) const
{
    const double used = slot.used;
    if (m_grid->Sharing() == SlotSharing::TIME)
    {
        return {&link, slot.direction, used / slot.units, (used + units) / slot.units};
    }
    // From the lowest resource block up. Groups need not be of one size: an allocation ends where
    // the next one begins, or one resource block before.
    const double first = m_grid->ResourceBlocks(slot.used);
    return {&link, slot.direction, first, first + m_grid->ResourceBlocks(units)};
}

void
CellMac::FinishSlot()
{
    auto slot = std::move(m_inAir.front());
    m_inAir.pop_front();
    for (auto& airborne : slot.blocks)
    {
        if (airborne.block.epoch != airborne.link->Epoch())
        {
            continue; // a handover has made it void
        }
        const auto outcome = m_harq->Receive(slot.number, airborne);
        m_blockTrace(*airborne.link, slot.direction, airborne.block, outcome);
        Conclude(airborne, slot.direction, outcome);
    }
    slot.blocks.clear();
    m_spareBlocks.push_back(std::move(slot.blocks));
}

void
CellMac::Conclude(Airborne& airborne, NrDirection direction, HarqOutcome outcome)
{
    const auto link = airborne.link;
    const auto now = Simulator::Now();
    if (airborne.block.transmissions <= 1)
    {
        m_adaptation->Correct(*link, direction, outcome == HarqOutcome::DECODED);
    }
    // The receiver of an uplink block is the scheduler itself.
    const bool isKnownNow = direction == NrDirection::UPLINK && outcome != HarqOutcome::AGAIN;
    const auto known = isKnownNow ? now : m_timing->RetransmissionFrom(*m_frame, direction, now);
    if (outcome == HarqOutcome::AGAIN)
    {
        airborne.block.due = known;
        m_harq->Keep(std::move(airborne));
        ScheduleSlot(direction, known);
        return;
    }
    auto& processes = link->Processes(direction);
    const bool allBusy =
        std::all_of(processes.begin(), processes.end(), [now](Time from) { return from > now; });
    processes[airborne.block.process] = known;
    if (allBusy && processes.size() == m_harq->Processes())
    {
        ScheduleNextBacklog(direction);
    }
    if (outcome == HarqOutcome::LOST)
    {
        GiveUp(airborne, direction);
        return;
    }
    auto& queue = link->Channels(direction)[airborne.block.channel].queue;
    if (const auto sdus = queue.Received(airborne.block.pdu); !sdus.empty())
    {
        link->Deliver(direction, sdus);
    }
}

void
CellMac::GiveUp(Airborne& airborne, NrDirection direction)
{
    const auto& link = airborne.link;
    const auto number = airborne.block.channel;
    auto& queue = link->Channels(direction)[number].queue;
    if (queue.Mode() == RlcMode::ACKNOWLEDGED)
    {
        Simulator::Schedule(
            m_statusDelay,
            [cell = Ptr<CellMac>(this), link, direction, number, epoch = link->Epoch()]() {
                if (epoch == link->Epoch()) // else all that was under way waits again already
                {
                    cell->SendAgain(link, direction, number);
                }
            });
    }
    if (const auto sdus = queue.Lost(airborne.block.pdu); !sdus.empty())
    {
        link->Deliver(direction, sdus);
    }
}

void
CellMac::SendAgain(const Ptr<RadioLink>& link, NrDirection direction, uint16_t number)
{
    const auto now = Simulator::Now();
    auto& queue = link->Channels(direction)[number].queue;
    queue.ReportLost();
    List(link, direction, number);
    ScheduleSlot(direction, std::max(now, link->SuspendedUntil()));
    RefreshFlow(*link, direction, link->Channels(direction)[number].bearer);
}

} // namespace ns3
