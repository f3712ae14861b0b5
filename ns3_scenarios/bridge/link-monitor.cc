/*
 * SPDX-License-Identifier: GPL-2.0-only
 */
#include "link-monitor.h"

#include "ns3/simulator.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace cosim
{

using namespace ns3;

namespace
{

constexpr double TIME_CONSTANT_S = 0.1;   // of the averages, about a channel's coherence time
constexpr double LEAST_WIRE_SHARE = 0.01; // of the capacity: FIFO never starves anyone fully
constexpr double NS_PER_S = 1e9;

/**
 * Weight of the newest measurement: a plain mean at first, exponential later.
 *
 * @param seconds that it covers
 * @param elapsedS since the start, this measurement included
 */
double
WeightOfNewest(double seconds, double elapsedS)
{
    return std::max(1 - std::exp(-seconds / TIME_CONSTANT_S), seconds / elapsedS);
}

/** Time to send bytes at a rate, saturating where the rate is 0. */
int64_t
DrainNs(double bytes, double bps)
{
    if (bytes == 0)
    {
        return 0;
    }
    const double limit = 1e18;
    return static_cast<int64_t>(std::min(limit, bytes * 8 / std::max(bps, 1e-9) * NS_PER_S));
}

} // namespace

LinkMonitor::LinkMonitor(const Network& network)
    : m_network(network)
{
    for (const auto& wire : network.Wires())
    {
        for (const auto* end : {&wire.up, &wire.down})
        {
            auto* device = PeekPointer(end->device);
            m_sentBytes[device] = 0;
            device->TraceConnectWithoutContext(
                "PhyTxEnd",
                Callback<void, Ptr<const Packet>>([this, device](Ptr<const Packet> packet) {
                    m_sentBytes[device] += packet->GetSize();
                }));
        }
    }
}

std::vector<LinkReport>
LinkMonitor::Measure()
{
    const auto nowNs = Simulator::Now().GetNanoSeconds();
    const double seconds = (nowNs - m_lastNs) / NS_PER_S;
    m_lastNs = nowNs;
    std::vector<LinkReport> reports;
    for (const auto& hop : m_network.RadioHops())
    {
        for (const auto direction : NR_DIRECTIONS)
        {
            reports.push_back(MeasureRadio(hop, direction, seconds));
        }
    }
    for (const auto& wire : m_network.Wires())
    {
        for (const bool upward : {false, true})
        {
            reports.push_back(MeasureWire(wire, upward, seconds));
        }
    }
    return reports;
}

LinkReport
LinkMonitor::MeasureRadio(const RadioHop& hop, NrDirection direction, double seconds)
{
    const auto parent = m_network.ParentOf(hop);
    const bool up = direction == NrDirection::UPLINK;
    const auto* cell = hop.link->ServingCell();
    const auto& transmitter = up ? hop.child : parent;
    const auto& receiver = up ? parent : hop.child;
    const auto queued = hop.link->QueuedBytes(direction, Bearer::TASK);
    const auto waitedNs =
        hop.link->HeadOfLineDelay(direction, Bearer::TASK, Simulator::Now()).GetNanoSeconds();
    if (!cell)
    {
        // Its upper end is gone: nothing gets through.
        const double noSinr = std::numeric_limits<double>::quiet_NaN();
        return {hop.name,
                transmitter,
                receiver,
                0,
                0,
                queued,
                DrainNs(queued, 0),
                waitedNs,
                -1,
                noSinr,
                0};
    }
    auto& state = m_radio[{hop.name, direction}];
    if (state.cell != cell)
    {
        // A new serving cell: what was counted in the old one says nothing about it.
        state = RadioState();
        state.cell = cell;
        state.cellUnits = cell->UsedUnits(direction);
        state.ownUnits = hop.link->UsedUnits(direction, Bearer::TASK);
        seconds = 0;
    }
    const auto own = hop.link->UsedUnits(direction, Bearer::TASK);
    const auto cellUsed = static_cast<double>(cell->UsedUnits(direction) - state.cellUnits);
    const double available = seconds * cell->UnitsPerSecond(direction);
    const auto othersWeight = ActiveWeightOfOthers(hop, direction, state);
    const double othersUsed = cellUsed - static_cast<double>(own - state.ownUnits);
    if (available > 0)
    {
        const double measured = std::clamp(othersUsed / available, 0.0, 1.0);
        state.elapsedS += seconds;
        state.othersFraction +=
            WeightOfNewest(seconds, state.elapsedS) * (measured - state.othersFraction);
    }
    state.cellUnits = cell->UsedUnits(direction);
    state.ownUnits = own;
    const double weight = hop.link->Weight(Bearer::TASK);
    const double share = std::max(1 - state.othersFraction, weight / (weight + othersWeight));
    const double capacityBps = share * cell->FullRateBps(*hop.link, direction);
    return {hop.name,
            transmitter,
            receiver,
            static_cast<uint64_t>(capacityBps),
            cell->IdleLatency(direction).GetNanoSeconds(),
            queued,
            DrainNs(queued, capacityBps),
            waitedNs,
            hop.link->Mcs(direction, Simulator::Now()),
            hop.link->Quality(direction).sinrDb,
            available > 0 ? std::clamp(cellUsed / available, 0.0, 1.0) : 0.0};
}

double
LinkMonitor::ActiveWeightOfOthers(const RadioHop& hop,
                                  NrDirection direction,
                                  RadioState& state) const
{
    double weight = 0;
    for (const auto& link : hop.link->ServingCell()->Links())
    {
        for (const auto& channel : link->Channels(direction))
        {
            auto& unitsBefore = state.units[&channel];
            const bool active = channel.units != unitsBefore || channel.queue.QueuedBytes() > 0;
            unitsBefore = channel.units;
            const bool own = link == hop.link && channel.bearer == Bearer::TASK;
            if (!own && active)
            {
                weight += link->WeightOf(channel);
            }
        }
    }
    return weight;
}

LinkReport
LinkMonitor::MeasureWire(const Wire& wire, bool upward, double seconds)
{
    const auto& end = upward ? wire.up : wire.down;
    const auto& description = wire.description;
    auto& state = m_wires[{description.name, upward}];
    const double capacity = description.capacityBps;
    const auto cross = end.crossTraffic ? end.crossTraffic->OfferedBytes() : 0;
    const auto sent = m_sentBytes.at(PeekPointer(end.device));
    double used = 0;
    if (seconds > 0)
    {
        const double crossBps = (cross - state.crossBytes) * 8 / seconds;
        state.elapsedS += seconds;
        state.crossBps += WeightOfNewest(seconds, state.elapsedS) * (crossBps - state.crossBps);
        used = std::clamp((sent - state.sentBytes) * 8 / seconds / capacity, 0.0, 1.0);
    }
    state.crossBytes = cross;
    state.sentBytes = sent;
    const auto waiting = end.WaitingBytes();
    const auto delayNs = DrainNs(waiting, capacity);
    const double left = capacity - state.crossBps;
    return {description.name,
            upward ? description.child : description.parent,
            upward ? description.parent : description.child,
            static_cast<uint64_t>(std::max(left, LEAST_WIRE_SHARE * capacity)),
            description.delayNs,
            waiting,
            delayNs,
            delayNs,
            -1,
            std::numeric_limits<double>::quiet_NaN(),
            used};
}

} // namespace cosim
