/*
 * SPDX-License-Identifier: GPL-2.0-only
 */
#include "iab-topology.h"

#include "ns3/assert.h"

#include <algorithm>
#include <stdexcept>

namespace ns3
{

NS_OBJECT_ENSURE_REGISTERED(IabTopology);

namespace
{
constexpr std::size_t PATH_IDS = 1024; // TS 38.340 6.2.2: 10 bits
} // namespace

TypeId
IabTopology::GetTypeId()
{
    static TypeId tid = TypeId("ns3::IabTopology")
                            .SetParent<Object>()
                            .SetGroupName("Iab")
                            .AddConstructor<IabTopology>();
    return tid;
}

void
IabTopology::Add(const Ptr<BapEntity>& bap)
{
    const auto address = static_cast<BapAddress>(m_members.size() + 1);
    bap->SetAddress(address);
    m_members[address].bap = bap;
}

void
IabTopology::Connect(const Ptr<BapEntity>& child,
                     const Ptr<BapEntity>& parent,
                     const Ptr<RadioLink>& link,
                     Ptr<CellMac> cell)
{
    auto& member = Of(child);
    auto* uplink = Find(member, link);
    if (!uplink)
    {
        uplink = &member.uplinks.emplace_back();
        uplink->link = link;
        m_hasChoice |= member.uplinks.size() > 1;
    }
    NS_ASSERT_MSG(!uplink->parent, "link " << link->Name() << " has a parent already");
    uplink->parent = parent->Address();
    link->SetReceiver(NrDirection::UPLINK, MakeCallback(&BapEntity::Receive, parent));
    link->SetReceiver(NrDirection::DOWNLINK, MakeCallback(&BapEntity::Receive, child));
    (cell ? cell : parent->Cell())->AddLink(link);
    Reroute(child->Address());
}

std::vector<RlcSdu>
IabTopology::Disconnect(const Ptr<BapEntity>& child, const Ptr<RadioLink>& link)
{
    auto* cell = link->ServingCell();
    cell->RemoveLink(link);
    link->ResetTransmissions();
    auto waiting = Take(link, NrDirection::DOWNLINK);
    Find(Of(child), link)->parent = 0;
    cell->RefreshFlow();
    Reroute(child->Address());
    return waiting;
}

void
IabTopology::Move(const Ptr<BapEntity>& child, const Ptr<BapEntity>& parent, bool forwarding)
{
    const auto link = Of(child).uplinks.front().link;
    const auto source = ParentOf(child);
    const auto waiting = Disconnect(child, link);
    Connect(child, parent, link);
    if (forwarding)
    {
        source->Receive(waiting);
    }
    else
    {
        for (const auto& sdu : waiting)
        {
            m_lostBytes += sdu.bytes;
        }
    }
    link->ServingCell()->Wake();
}

void
IabTopology::SetInService(const Ptr<BapEntity>& child, const Ptr<RadioLink>& link, bool inService)
{
    auto& uplink = *Find(Of(child), link);
    uplink.inService = inService;
    Reroute(child->Address());
    if (!inService && uplink.parent)
    {
        m_members.at(uplink.parent).bap->Receive(Take(link, NrDirection::DOWNLINK));
    }
}

void
IabTopology::SetPath(const Ptr<BapEntity>& node, const std::set<Ptr<RadioLink>>& links)
{
    const auto path =
        static_cast<BapPathId>(std::find(m_paths.begin(), m_paths.end(), links) - m_paths.begin());
    const bool isNew = path == m_paths.size();
    if (isNew)
    {
        if (m_paths.size() == PATH_IDS)
        {
            throw std::invalid_argument("more different paths than path IDs (TS 38.340 6.2.2)");
        }
        m_paths.push_back(links);
    }
    const auto reach = FindReachForChoice();
    if (isNew)
    {
        for (auto& [address, member] : m_members)
        {
            RefreshUpward(member, reach);
        }
    }
    auto& member = Of(node);
    Withdraw(member);
    member.path = path;
    node->SetPath(path);
    Advertise(member, reach);
}

void
IabTopology::CountUser(const Ptr<BapEntity>& user, Bearer bearer)
{
    auto& member = Of(user);
    ++member.users[Index(bearer)];
    Count(member, bearer, 1);
}

void
IabTopology::Refresh(const Ptr<BapEntity>& node)
{
    Reroute(node->Address());
}

Ptr<BapEntity>
IabTopology::ParentOf(const Ptr<BapEntity>& child) const
{
    const auto& member = Of(child);
    const auto* uplink = Egress(member, member.path, FindReachForChoice());
    return uplink ? m_members.at(uplink->parent).bap : nullptr;
}

Ptr<BapEntity>
IabTopology::ParentOver(const Ptr<BapEntity>& child, const Ptr<RadioLink>& link) const
{
    for (const auto& uplink : Of(child).uplinks)
    {
        if (uplink.link == link && uplink.parent)
        {
            return m_members.at(uplink.parent).bap;
        }
    }
    return nullptr;
}

bool
IabTopology::IsReachable(const Ptr<BapEntity>& bap) const
{
    return FindReach().contains(bap->Address());
}

std::vector<Ptr<BapEntity>>
IabTopology::Below(const Ptr<BapEntity>& bap) const
{
    std::vector<Ptr<BapEntity>> below;
    for (const auto address : Subtree(bap->Address()))
    {
        below.push_back(m_members.at(address).bap);
    }
    return below;
}

uint32_t
IabTopology::DepthOf(const Ptr<BapEntity>& bap) const
{
    const auto reach = FindReachForChoice();
    uint32_t depth = 0;
    for (const auto* uplink = Egress(Of(bap), 0, reach); uplink;
         uplink = Egress(m_members.at(uplink->parent), 0, reach))
    {
        ++depth;
    }
    return depth;
}

uint64_t
IabTopology::LostBytes() const
{
    return m_lostBytes;
}

void
IabTopology::DoDispose()
{
    m_members.clear();
    m_paths.clear();
    Object::DoDispose();
}

IabTopology::Member&
IabTopology::Of(const Ptr<BapEntity>& bap)
{
    return m_members.at(bap->Address());
}

const IabTopology::Member&
IabTopology::Of(const Ptr<BapEntity>& bap) const
{
    return m_members.at(bap->Address());
}

IabTopology::Uplink*
IabTopology::Find(Member& member, const Ptr<RadioLink>& link)
{
    const auto found = std::find_if(member.uplinks.begin(),
                                    member.uplinks.end(),
                                    [&link](const Uplink& uplink) { return uplink.link == link; });
    return found == member.uplinks.end() ? nullptr : &*found;
}

std::vector<BapAddress>
IabTopology::Subtree(BapAddress address) const
{
    std::vector<BapAddress> found{address};
    std::set<BapAddress> seen{address};
    for (std::size_t i = 0; i < found.size(); ++i)
    {
        for (const auto& [candidate, member] : m_members)
        {
            const bool isChild = std::any_of(
                member.uplinks.begin(),
                member.uplinks.end(),
                [parent = found[i]](const Uplink& uplink) { return uplink.parent == parent; });
            if (isChild && seen.insert(candidate).second)
            {
                found.push_back(candidate);
            }
        }
    }
    return found;
}

IabTopology::Reach
IabTopology::FindReach() const
{
    Reach reach;
    for (bool grown = true; grown;)
    {
        grown = false;
        for (const auto& [address, member] : m_members)
        {
            const auto& uplinks = member.uplinks;
            const bool found =
                member.bap->IsAwake() && !reach.contains(address) &&
                (uplinks.empty() ||
                 std::any_of(uplinks.begin(), uplinks.end(), [&reach](const Uplink& uplink) {
                     return LeadsUp(uplink, reach);
                 }));
            if (found)
            {
                reach.insert(address);
                grown = true;
            }
        }
    }
    return reach;
}

IabTopology::Reach
IabTopology::FindReachForChoice() const
{
    return m_hasChoice ? FindReach() : Reach();
}

bool
IabTopology::LeadsUp(const Uplink& uplink, const Reach& reach)
{
    return uplink.parent && uplink.inService && reach.contains(uplink.parent);
}

const IabTopology::Uplink*
IabTopology::Egress(const Member& member, BapPathId path, const Reach& reach) const
{
    const Uplink* best = nullptr;
    int bestMerit = -1;
    for (const auto& uplink : member.uplinks)
    {
        const bool preferred = m_paths[path].contains(uplink.link);
        const int merit = (LeadsUp(uplink, reach) ? 2 : 0) + (preferred ? 1 : 0);
        if (uplink.parent && merit > bestMerit)
        {
            best = &uplink;
            bestMerit = merit;
        }
    }
    return best;
}

void
IabTopology::Reroute(BapAddress address)
{
    const auto reach = FindReachForChoice();
    const auto below = Subtree(address);
    for (const auto node : below)
    {
        auto& member = m_members.at(node);
        RefreshUpward(member, reach);
        Withdraw(member);
        Advertise(member, reach);
    }
    if (m_hasChoice)
    {
        for (const auto node : below)
        {
            Rescue(node);
        }
    }
}

void
IabTopology::RefreshUpward(Member& member, const Reach& reach)
{
    std::vector<Ptr<RadioLink>> links;
    for (const auto& uplink : member.uplinks)
    {
        if (uplink.parent)
        {
            links.push_back(uplink.link);
        }
    }
    member.bap->SetMtLinks(links);
    if (links.size() > 1)
    {
        links.clear();
        for (BapPathId path = 0; path < m_paths.size(); ++path)
        {
            links.push_back(Egress(member, path, reach)->link);
        }
    }
    member.bap->SetUpwardRoutes(std::move(links));
}

void
IabTopology::Advertise(Member& member, const Reach& reach)
{
    const auto address = member.bap->Address();
    for (const auto* uplink = Egress(member, member.path, reach); uplink;
         uplink = Egress(m_members.at(uplink->parent), member.path, reach))
    {
        m_members.at(uplink->parent).bap->SetRoute(address, uplink->link);
        member.ancestors.push_back({uplink->parent, uplink->link});
    }
    for (const auto bearer : ALL_BEARERS)
    {
        Count(member, bearer, member.users[Index(bearer)]);
    }
}

void
IabTopology::Withdraw(Member& member)
{
    for (const auto bearer : ALL_BEARERS)
    {
        Count(member, bearer, -member.users[Index(bearer)]);
    }
    for (const auto& ancestor : member.ancestors)
    {
        m_members.at(ancestor.address).bap->RemoveRoute(member.bap->Address());
    }
    member.ancestors.clear();
}

void
IabTopology::Count(const Member& member, Bearer bearer, int32_t users)
{
    for (const auto& ancestor : member.ancestors)
    {
        ancestor.link->AddUsers(bearer, users);
    }
}

void
IabTopology::Rescue(BapAddress address)
{
    const auto reach = FindReach();
    const auto& member = m_members.at(address);
    if (member.uplinks.size() < 2 || !reach.contains(address))
    {
        return;
    }
    for (const auto& uplink : member.uplinks)
    {
        if (LeadsUp(uplink, reach))
        {
            continue;
        }
        member.bap->Receive(Take(uplink.link, NrDirection::UPLINK));
    }
}

std::vector<RlcSdu>
IabTopology::Take(const Ptr<RadioLink>& link, NrDirection direction)
{
    auto* cell = link->ServingCell();
    if (cell)
    {
        cell->RemoveLink(link);
        link->ResetTransmissions();
    }
    std::vector<RlcSdu> waiting;
    for (auto& channel : link->Channels(direction))
    {
        const auto flushed = channel.queue.Flush();
        waiting.insert(waiting.end(), flushed.begin(), flushed.end());
    }
    if (cell)
    {
        cell->AddLink(link);
        cell->RefreshFlow();
        if (link->ChildCell())
        {
            link->ChildCell()->RefreshFlow();
        }
        cell->Wake(); // for what waits in the other direction
    }
    return waiting;
}

} // namespace ns3
