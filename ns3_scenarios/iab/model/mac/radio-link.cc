/*
 * SPDX-License-Identifier: GPL-2.0-only
 */
#include "radio-link.h"

#include <utility>

namespace ns3
{

RadioLink::RadioLink(std::string name, uint32_t queueBytes, RlcMode mode)
    : m_name(std::move(name)),
      m_ways{MakeWay(queueBytes, mode), MakeWay(queueBytes, mode)}
{
}

RadioLink::Way
RadioLink::MakeWay(uint32_t queueBytes, RlcMode mode)
{
    return Way{{RlcChannel(queueBytes, mode), RlcChannel(queueBytes, mode)},
               {},
               {},
               {},
               {},
               -1,
               -1,
               Time(0),
               0};
}

const std::string&
RadioLink::Name() const
{
    return m_name;
}

const RadioLink::Way&
RadioLink::At(NrDirection direction) const
{
    return m_ways[static_cast<std::size_t>(direction)];
}

RadioLink::Way&
RadioLink::At(NrDirection direction)
{
    return m_ways[static_cast<std::size_t>(direction)];
}

RlcChannel&
RadioLink::Queue(NrDirection direction, Bearer bearer)
{
    return At(direction).queues[static_cast<std::size_t>(bearer)];
}

const RlcChannel&
RadioLink::Queue(NrDirection direction, Bearer bearer) const
{
    return At(direction).queues[static_cast<std::size_t>(bearer)];
}

ChannelUse&
RadioLink::Use(NrDirection direction, Bearer bearer)
{
    return At(direction).use[static_cast<std::size_t>(bearer)];
}

const ChannelUse&
RadioLink::Use(NrDirection direction, Bearer bearer) const
{
    return At(direction).use[static_cast<std::size_t>(bearer)];
}

BlockCount&
RadioLink::Blocks(NrDirection direction)
{
    return At(direction).blocks;
}

const BlockCount&
RadioLink::Blocks(NrDirection direction) const
{
    return At(direction).blocks;
}

void
RadioLink::SetReceiver(NrDirection direction, DeliverCallback deliver)
{
    At(direction).deliver = deliver;
}

void
RadioLink::Deliver(NrDirection direction, const std::vector<RlcSdu>& sdus) const
{
    At(direction).deliver(sdus);
}

void
RadioLink::SetEnds(const LinkEnds& ends)
{
    m_ends = ends;
}

const LinkEnds&
RadioLink::Ends() const
{
    return m_ends;
}

void
RadioLink::SetChildCell(CellMac* cell)
{
    m_childCell = cell;
}

CellMac*
RadioLink::ChildCell() const
{
    return m_childCell;
}

void
RadioLink::SetQuality(NrDirection direction, const LinkQuality& quality)
{
    At(direction).quality = quality;
}

const LinkQuality&
RadioLink::Quality(NrDirection direction) const
{
    return At(direction).quality;
}

void
RadioLink::SetMcs(NrDirection direction, int8_t mcs, Time from, Time now)
{
    auto& way = At(direction);
    way.mcsBefore = Mcs(direction, now);
    way.mcs = mcs;
    way.mcsFrom = from;
}

int8_t
RadioLink::Mcs(NrDirection direction, Time now) const
{
    const auto& way = At(direction);
    return now >= way.mcsFrom ? way.mcs : way.mcsBefore;
}

double&
RadioLink::MarginDb(NrDirection direction)
{
    return At(direction).marginDb;
}

void
RadioLink::SuspendUntil(Time until)
{
    m_suspendedUntil = until;
}

Time
RadioLink::SuspendedUntil() const
{
    return m_suspendedUntil;
}

void
RadioLink::ResetTransmissions()
{
    ++m_epoch;
    for (auto& way : m_ways)
    {
        for (auto& queue : way.queues)
        {
            queue.Reestablish();
        }
    }
}

uint64_t
RadioLink::Epoch() const
{
    return m_epoch;
}

} // namespace ns3
