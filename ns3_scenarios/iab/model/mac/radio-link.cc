/*
 * SPDX-License-Identifier: GPL-2.0-only
 */
#include "radio-link.h"

#include "iab/model/phy/nr-tables.h"

#include <utility>

namespace ns3
{

RadioLink::RadioLink(std::string name, uint32_t queueBytes)
    : m_name(std::move(name)),
      m_ways{Way{{RlcChannel(queueBytes), RlcChannel(queueBytes)}, {}, {}, -1, 0},
             Way{{RlcChannel(queueBytes), RlcChannel(queueBytes)}, {}, {}, -1, 0}}
{
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
RadioLink::SetQuality(NrDirection direction, double efficiency, double sinrDb)
{
    auto& way = At(direction);
    way.mcs = NrMcsFromCqi(NrCqiFromEfficiency(efficiency));
    way.sinrDb = sinrDb;
}

int8_t
RadioLink::Mcs(NrDirection direction) const
{
    return At(direction).mcs;
}

double
RadioLink::SinrDb(NrDirection direction) const
{
    return At(direction).sinrDb;
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

} // namespace ns3
