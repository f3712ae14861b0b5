/*
 * SPDX-License-Identifier: GPL-2.0-only
 */
#include "backhaul-manager.h"

#include "ns3/simulator.h"
#include "ns3/trace-source-accessor.h"

#include <algorithm>
#include <stdexcept>

namespace ns3
{

NS_OBJECT_ENSURE_REGISTERED(BackhaulManager);

TypeId
BackhaulManager::GetTypeId()
{
    static TypeId tid =
        TypeId("ns3::BackhaulManager")
            .SetParent<Object>()
            .SetGroupName("Iab")
            .AddConstructor<BackhaulManager>()
            .AddAttribute("Interruption",
                          "Time without service on a backhaul link that gets another parent.",
                          TimeValue(MilliSeconds(20)),
                          MakeTimeAccessor(&BackhaulManager::m_interruption),
                          MakeTimeChecker(Time(0)))
            .AddTraceSource("Parent",
                            "A relay has another parent, or none.",
                            MakeTraceSourceAccessor(&BackhaulManager::m_parentTrace),
                            "ns3::BackhaulManager::ParentCallback")
            .AddTraceSource("Awake",
                            "A relay goes to sleep, or has woken up.",
                            MakeTraceSourceAccessor(&BackhaulManager::m_awakeTrace),
                            "ns3::BackhaulManager::AwakeCallback");
    return tid;
}

void
BackhaulManager::SetNetwork(Ptr<IabTopology> topology, ArrayFactory createArray)
{
    m_topology = std::move(topology);
    m_createArray = std::move(createArray);
}

void
BackhaulManager::SetPhy(std::shared_ptr<const ErrorModel> errors,
                        std::shared_ptr<InterferenceField> interference,
                        double powerDbm)
{
    m_errors = std::move(errors);
    m_interference = std::move(interference);
    m_powerDbm = powerDbm;
}

void
BackhaulManager::AddDonor(Ptr<BapEntity> donor, Ptr<MobilityModel> mobility)
{
    m_members[donor] = {std::move(mobility), nullptr, nullptr, nullptr};
    m_order.push_back(donor);
}

void
BackhaulManager::AddRelay(Ptr<BapEntity> relay,
                          Ptr<MobilityModel> mobility,
                          Ptr<RadioLink> link,
                          Ptr<RadioChannel> channel,
                          Ptr<BapEntity> parent)
{
    m_members[relay] = {std::move(mobility), std::move(link), std::move(channel), parent};
    m_order.push_back(relay);
    Attach(relay, parent, nullptr);
}

void
BackhaulManager::Reparent(const Ptr<BapEntity>& relay, const Ptr<BapEntity>& parent)
{
    auto& member = RelayOf(relay);
    const auto previous = m_topology->ParentOf(relay);
    if (previous == parent)
    {
        return;
    }
    if (!MayBeParent(relay, parent))
    {
        throw std::invalid_argument("a node cannot have a parent that sleeps or is below it");
    }
    member.link->SuspendUntil(Simulator::Now() + m_interruption);
    std::vector<RlcSdu> waiting;
    if (previous)
    {
        waiting = m_topology->Disconnect(relay);
    }
    Attach(relay, parent, previous);
    if (previous)
    {
        previous->Receive(waiting); // forwarded, as at a handover
    }
    member.link->ServingCell()->Wake();
}

void
BackhaulManager::Sleep(const Ptr<BapEntity>& relay)
{
    RelayOf(relay);
    if (!relay->IsAwake())
    {
        return;
    }
    relay->SetAwake(false);
    m_awakeTrace(relay, false); // its UEs leave now, while there is a way to forward their data
    for (const auto& child : ChildrenOf(relay))
    {
        Reparent(child, ChooseParent(child));
    }
    const auto previous = m_topology->ParentOf(relay);
    previous->Receive(m_topology->Disconnect(relay));
    m_parentTrace(relay, nullptr, previous);
}

void
BackhaulManager::Wake(const Ptr<BapEntity>& relay)
{
    RelayOf(relay);
    if (relay->IsAwake())
    {
        return;
    }
    relay->SetAwake(true);
    Reparent(relay, ChooseParent(relay));
    for (const auto& node : m_order)
    {
        // One that its first parent is below by now stays where it is.
        if (m_members.at(node).home == relay && node->IsAwake() && MayBeParent(node, relay))
        {
            Reparent(node, relay);
        }
    }
    m_awakeTrace(relay, true);
}

void
BackhaulManager::SetBlockage(const std::string& linkName, double lossDb)
{
    for (auto& [relay, member] : m_members)
    {
        if (member.link && member.link->Name() == linkName)
        {
            member.blockageDb = lossDb;
            Adapt(relay);
        }
    }
}

void
BackhaulManager::DoDispose()
{
    m_members.clear();
    m_order.clear();
    m_panels.clear();
    m_topology = nullptr;
    m_createArray = nullptr;
    m_interference = nullptr;
    Object::DoDispose();
}

BackhaulManager::Member&
BackhaulManager::RelayOf(const Ptr<BapEntity>& relay)
{
    const auto found = m_members.find(relay);
    if (found == m_members.end() || !found->second.link)
    {
        throw std::invalid_argument("only a relay has a parent, and may sleep");
    }
    return found->second;
}

bool
BackhaulManager::MayBeParent(const Ptr<BapEntity>& relay, const Ptr<BapEntity>& parent) const
{
    // All the way up to the donor, who is nobody's child, everyone must be awake and not the relay.
    auto node = parent;
    while (m_members.at(node).link)
    {
        if (node == relay || !node->IsAwake())
        {
            return false;
        }
        node = m_topology->ParentOf(node);
        if (!node)
        {
            return false;
        }
    }
    return true;
}

Ptr<BapEntity>
BackhaulManager::ChooseParent(const Ptr<BapEntity>& relay) const
{
    const auto& member = m_members.at(relay);
    if (MayBeParent(relay, member.home))
    {
        return member.home;
    }
    Ptr<BapEntity> best;
    double bestDb = 0;
    for (const auto& node : m_order)
    {
        if (!MayBeParent(relay, node))
        {
            continue;
        }
        const double gainDb =
            member.channel->LargeScaleGainDb(member.mobility, m_members.at(node).mobility);
        if (!best || gainDb > bestDb)
        {
            best = node;
            bestDb = gainDb;
        }
    }
    return best; // the donor never sleeps and is below nobody
}

void
BackhaulManager::Attach(const Ptr<BapEntity>& relay,
                        const Ptr<BapEntity>& parent,
                        const Ptr<BapEntity>& previous)
{
    const auto& member = m_members.at(relay);
    const auto offset =
        member.mobility->GetPosition() - m_members.at(parent).mobility->GetPosition();
    m_topology->Connect(relay, parent, member.link, parent->CellTowards(offset));
    for (const auto& node : m_topology->Below(relay))
    {
        for (const auto& cell : node->Cells())
        {
            cell->SetDepth(m_topology->DepthOf(node));
        }
    }
    Adapt(relay);
    m_parentTrace(relay, parent, previous);
}

void
BackhaulManager::Adapt(const Ptr<BapEntity>& relay)
{
    const auto& member = m_members.at(relay);
    const auto parent = m_topology->ParentOf(relay);
    if (!parent)
    {
        return;
    }
    auto& panels = m_panels[{relay->Address(), parent->Address()}];
    if (!panels.first)
    {
        panels = {m_createArray(), m_createArray()};
    }
    const RadioEnd child{member.mobility, panels.first};
    const RadioEnd above{m_members.at(parent).mobility, panels.second};
    const auto gains = member.channel->BeamformedGains(child, above);
    member.link->SetEnds({child, above, m_powerDbm, m_powerDbm});
    if (m_interference)
    {
        m_interference->Moved(PeekPointer(member.link));
    }
    const auto quality = member.channel->Quality(gains, m_powerDbm, member.blockageDb, *m_errors);
    for (const auto direction : NR_DIRECTIONS)
    {
        member.link->ServingCell()->UpdateQuality(member.link, direction, quality);
    }
}

std::vector<Ptr<BapEntity>>
BackhaulManager::ChildrenOf(const Ptr<BapEntity>& parent) const
{
    std::vector<Ptr<BapEntity>> children;
    for (const auto& node : m_order)
    {
        if (m_members.at(node).link && m_topology->ParentOf(node) == parent)
        {
            children.push_back(node);
        }
    }
    return children;
}

} // namespace ns3
