/*
 * SPDX-License-Identifier: GPL-2.0-only
 */
#include "radio-link.h"

#include <algorithm>
#include <utility>

namespace ns3
{

namespace
{
constexpr double INTERFERENCE_WEIGHT = 0.05; // of the newest block, in the average
} // namespace

RadioLink::RadioLink(std::string name, uint32_t queueBytes, RlcMode mode, ChannelMapping mapping)
    : m_name(std::move(name)),
      m_queueBytes(queueBytes),
      m_mode(mode),
      m_mapping(mapping)
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
    return m_ways[Index(direction)];
}

RadioLink::Way&
RadioLink::At(NrDirection direction)
{
    return m_ways[Index(direction)];
}

std::deque<LinkChannel>&
RadioLink::Channels(NrDirection direction)
{
    return At(direction).channels;
}

const std::deque<LinkChannel>&
RadioLink::Channels(NrDirection direction) const
{
    return At(direction).channels;
}

uint16_t
RadioLink::ChannelFor(NrDirection direction, const RlcSdu& sdu)
{
    const auto end = direction == NrDirection::UPLINK ? sdu.source : sdu.destination;
    const BapAddress user = m_mapping == ChannelMapping::PER_USER ? end : BapAddress{0};
    auto& channels = At(direction).channels;
    const auto found =
        std::find_if(channels.begin(), channels.end(), [&](const LinkChannel& channel) {
            return channel.bearer == sdu.bearer && channel.user == user;
        });
    const auto number = static_cast<uint16_t>(found - channels.begin());
    if (found == channels.end())
    {
        channels.push_back({sdu.bearer, user, RlcChannel(m_queueBytes, m_mode)});
    }
    return number;
}

uint64_t
RadioLink::QueuedBytes(NrDirection direction, Bearer bearer) const
{
    uint64_t bytes = 0;
    for (const auto& channel : At(direction).channels)
    {
        bytes += channel.bearer == bearer ? channel.queue.QueuedBytes() : 0;
    }
    return bytes;
}

uint64_t
RadioLink::UsedUnits(NrDirection direction, Bearer bearer) const
{
    uint64_t units = 0;
    for (const auto& channel : At(direction).channels)
    {
        units += channel.bearer == bearer ? channel.units : 0;
    }
    return units;
}

Time
RadioLink::HeadOfLineDelay(NrDirection direction, Bearer bearer, Time now) const
{
    Time longest(0);
    for (const auto& channel : At(direction).channels)
    {
        if (channel.bearer == bearer)
        {
            longest = std::max(longest, channel.queue.HeadOfLineDelay(now));
        }
    }
    return longest;
}

void
RadioLink::AddUsers(Bearer bearer, int32_t users)
{
    m_users[Index(bearer)] += users;
}

double
RadioLink::Weight(Bearer bearer) const
{
    return std::max(1, m_users[Index(bearer)]);
}

double
RadioLink::WeightOf(const LinkChannel& channel) const
{
    return m_mapping == ChannelMapping::PER_USER ? 1 : Weight(channel.bearer);
}

std::vector<Time>&
RadioLink::Processes(NrDirection direction)
{
    return At(direction).processes;
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
RadioLink::SetServingCell(CellMac* cell)
{
    m_servingCell = cell;
}

CellMac*
RadioLink::ServingCell() const
{
    return m_servingCell;
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
RadioLink::SetQuality(NrDirection direction, const LinkQuality& quality, Time now, Time reported)
{
    auto& way = At(direction);
    way.qualityBefore = ReportedQuality(direction, now);
    way.mcsBefore = Mcs(direction, now);
    way.quality = quality;
    way.reportFrom = reported;
}

const LinkQuality&
RadioLink::ReportedQuality(NrDirection direction, Time now) const
{
    const auto& way = At(direction);
    return now >= way.reportFrom ? way.quality : way.qualityBefore;
}

const LinkQuality&
RadioLink::Quality(NrDirection direction) const
{
    return At(direction).quality;
}

void
RadioLink::SetMcs(NrDirection direction, int8_t mcs, int8_t mcsReported)
{
    auto& way = At(direction);
    way.mcsBefore = mcs;
    way.mcs = mcsReported;
}

int8_t
RadioLink::Mcs(NrDirection direction, Time now) const
{
    const auto& way = At(direction);
    return now >= way.reportFrom ? way.mcs : way.mcsBefore;
}

double&
RadioLink::MarginDb(NrDirection direction)
{
    return At(direction).marginDb;
}

double
RadioLink::Interference(NrDirection direction) const
{
    return At(direction).interference;
}

void
RadioLink::MeasureInterference(NrDirection direction, double overNoise)
{
    auto& average = At(direction).interference;
    average += INTERFERENCE_WEIGHT * (overNoise - average);
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
        for (auto& channel : way.channels)
        {
            channel.queue.Reestablish();
        }
        way.processes.clear();
        way.interference = 0;
    }
}

uint64_t
RadioLink::Epoch() const
{
    return m_epoch;
}

} // namespace ns3
