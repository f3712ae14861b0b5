/*
 * SPDX-License-Identifier: GPL-2.0-only
 */
#include "backhaul-members.h"

#include <algorithm>
#include <stdexcept>
#include <utility>

namespace ns3
{

namespace
{

/** @return name of a node's first link; the donor, without one, comes first */
std::string
NameOf(const BackhaulMember& member)
{
    return member.uplinks.empty() ? std::string() : member.uplinks.front().link->Name();
}

} // namespace

void
BackhaulMembers::SetTopology(Ptr<IabTopology> topology)
{
    m_topology = std::move(topology);
}

BackhaulMember&
BackhaulMembers::Add(Ptr<BapEntity> node, Ptr<MobilityModel> mobility)
{
    m_places[node] = m_members.size();
    m_members.push_back({std::move(node), std::move(mobility), {}});
    return m_members.back();
}

std::deque<BackhaulMember>&
BackhaulMembers::All()
{
    return m_members;
}

const BackhaulMember&
BackhaulMembers::Of(const Ptr<BapEntity>& node) const
{
    return m_members[m_places.at(node)];
}

BackhaulMember&
BackhaulMembers::RelayOf(const Ptr<BapEntity>& relay)
{
    const auto place = m_places.find(relay);
    if (place == m_places.end() || m_members[place->second].uplinks.empty())
    {
        throw std::invalid_argument("only a relay has a parent, and may sleep");
    }
    return m_members[place->second];
}

std::map<std::string, Ptr<RadioLink>>
BackhaulMembers::Links() const
{
    std::map<std::string, Ptr<RadioLink>> links;
    for (const auto& member : m_members)
    {
        for (const auto& uplink : member.uplinks)
        {
            links[uplink.link->Name()] = uplink.link;
        }
    }
    return links;
}

bool
BackhaulMembers::MayBeParent(const Ptr<BapEntity>& relay,
                             const Ptr<BapEntity>& parent,
                             const BackhaulUplink* own) const
{
    const auto below = m_topology->Below(relay);
    return m_topology->IsReachable(parent) && !IsParent(Of(relay), parent, own) &&
           std::find(below.begin(), below.end(), parent) == below.end();
}

bool
BackhaulMembers::IsParent(const BackhaulMember& relay,
                          const Ptr<BapEntity>& parent,
                          const BackhaulUplink* own) const
{
    return std::any_of(relay.uplinks.begin(),
                       relay.uplinks.end(),
                       [&](const BackhaulUplink& uplink) {
                           return &uplink != own &&
                                  m_topology->ParentOver(relay.node, uplink.link) == parent;
                       });
}

Ptr<BapEntity>
BackhaulMembers::ChooseParent(const Ptr<BapEntity>& relay, const BackhaulUplink& uplink) const
{
    if (MayBeParent(relay, uplink.home, &uplink))
    {
        return uplink.home;
    }
    Ptr<BapEntity> best;
    double bestDb = 0;
    for (const auto& member : m_members)
    {
        if (!MayBeParent(relay, member.node, &uplink))
        {
            continue;
        }
        const double gainDb = uplink.channel->LargeScaleGainDb(Of(relay).mobility, member.mobility);
        if (!best || gainDb > bestDb)
        {
            best = member.node;
            bestDb = gainDb;
        }
    }
    return best;
}

std::map<Ptr<BapEntity>, uint32_t>
BackhaulMembers::Ranks() const
{
    std::map<std::string, Ptr<BapEntity>> ordered;
    for (const auto& member : m_members)
    {
        for (const auto& uplink : member.uplinks)
        {
            const auto parent = m_topology->ParentOver(member.node, uplink.link);
            if (member.uplinks.size() > 1 && parent)
            {
                ordered[NameOf(member)] = member.node;
                ordered[NameOf(Of(parent))] = parent;
            }
        }
    }
    std::map<Ptr<BapEntity>, uint32_t> ranks;
    uint32_t next = 0;
    for (const auto& [name, node] : ordered)
    {
        ranks[node] = next++;
    }
    return ranks;
}

} // namespace ns3
