/*
 * SPDX-License-Identifier: GPL-2.0-only
 */
#include "iab-topology.h"

#include "ns3/assert.h"

#include <algorithm>

namespace ns3
{

NS_OBJECT_ENSURE_REGISTERED(IabTopology);

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
    NS_ASSERT_MSG(!member.link, "node " << child->Address() << " has a parent already");
    member.link = link;
    member.parent = parent->Address();
    link->SetReceiver(NrDirection::UPLINK, MakeCallback(&BapEntity::Receive, parent));
    link->SetReceiver(NrDirection::DOWNLINK, MakeCallback(&BapEntity::Receive, child));
    (cell ? cell : parent->Cell())->AddLink(link);
    child->SetParentLink(link);
    RefreshWeights(member);
    RefreshAncestors(member, true);
}

std::vector<RlcSdu>
IabTopology::Disconnect(const Ptr<BapEntity>& child)
{
    auto& member = Of(child);
    const auto link = member.link;
    RefreshAncestors(member, false);
    link->ServingCell()->RemoveLink(link);
    link->ResetTransmissions();
    std::vector<RlcSdu> waiting;
    for (auto& channel : link->Channels(NrDirection::DOWNLINK))
    {
        const auto flushed = channel.queue.Flush();
        waiting.insert(waiting.end(), flushed.begin(), flushed.end());
    }
    member.link = nullptr;
    child->SetParentLink(nullptr);
    return waiting;
}

void
IabTopology::Move(const Ptr<BapEntity>& child, const Ptr<BapEntity>& parent, bool forwarding)
{
    const auto link = Of(child).link;
    const auto source = ParentOf(child);
    const auto waiting = Disconnect(child);
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
IabTopology::CountUser(const Ptr<BapEntity>& user, Bearer bearer)
{
    auto* member = &Of(user);
    while (true)
    {
        ++member->users[Index(bearer)];
        RefreshWeights(*member);
        if (!member->link)
        {
            return;
        }
        member = &m_members.at(member->parent);
    }
}

Ptr<BapEntity>
IabTopology::ParentOf(const Ptr<BapEntity>& child) const
{
    const auto& member = m_members.at(child->Address());
    return member.link ? m_members.at(member.parent).bap : nullptr;
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
    uint32_t depth = 0;
    const auto* member = &m_members.at(bap->Address());
    for (; member->link; member = &m_members.at(member->parent))
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
    Object::DoDispose();
}

IabTopology::Member&
IabTopology::Of(const Ptr<BapEntity>& bap)
{
    return m_members.at(bap->Address());
}

std::vector<BapAddress>
IabTopology::Subtree(BapAddress address) const
{
    std::vector<BapAddress> found{address};
    for (std::size_t i = 0; i < found.size(); ++i)
    {
        for (const auto& [candidate, member] : m_members)
        {
            if (member.link && member.parent == found[i])
            {
                found.push_back(candidate);
            }
        }
    }
    return found;
}

void
IabTopology::RefreshAncestors(const Member& child, bool present)
{
    const auto subtree = Subtree(child.bap->Address());
    auto link = child.link;
    auto address = child.parent;
    while (true)
    {
        auto& ancestor = m_members.at(address);
        for (const auto destination : subtree)
        {
            if (present)
            {
                ancestor.bap->SetRoute(destination, link);
            }
            else
            {
                ancestor.bap->RemoveRoute(destination);
            }
        }
        for (std::size_t bearer = 0; bearer < child.users.size(); ++bearer)
        {
            // Unsigned wrap-around makes the subtraction exact.
            ancestor.users[bearer] += present ? child.users[bearer] : -child.users[bearer];
        }
        RefreshWeights(ancestor);
        if (!ancestor.link)
        {
            return;
        }
        link = ancestor.link;
        address = ancestor.parent;
    }
}

void
IabTopology::RefreshWeights(Member& member)
{
    if (!member.link)
    {
        return;
    }
    for (const auto bearer : ALL_BEARERS)
    {
        member.link->SetUsers(bearer, member.users[Index(bearer)]);
    }
}

} // namespace ns3
