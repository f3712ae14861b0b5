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
            .AddAttribute("FailureTime",
                          "How long a backhaul link must be unusable to be out of service for its "
                          "node's other parents to be used (radio link failure, timer T310 of "
                          "TS 38.331 5.3.10.3), and usable to be back.",
                          TimeValue(MilliSeconds(50)),
                          MakeTimeAccessor(&BackhaulManager::m_failureTime),
                          MakeTimeChecker(Time(0)))
            .AddTraceSource("Parent",
                            "A relay has another parent over a link, or none.",
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
    m_members.SetTopology(m_topology);
    m_createArray = std::move(createArray);
}

void
BackhaulManager::SetPhy(std::shared_ptr<const BlockErrorModel> errors,
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
    m_members.Add(std::move(donor), std::move(mobility));
}

void
BackhaulManager::AddRelay(Ptr<BapEntity> relay,
                          Ptr<MobilityModel> mobility,
                          Ptr<RadioLink> link,
                          Ptr<RadioChannel> channel,
                          Ptr<BapEntity> parent)
{
    auto& member = m_members.Add(relay, std::move(mobility));
    member.uplinks.push_back({std::move(link), std::move(channel), parent});
    Attach(relay, member.uplinks.back(), parent, nullptr);
}

void
BackhaulManager::AddParent(const Ptr<BapEntity>& relay,
                           Ptr<RadioLink> link,
                           Ptr<RadioChannel> channel,
                           const Ptr<BapEntity>& parent)
{
    auto& uplinks = m_members.RelayOf(relay).uplinks;
    if (!m_members.MayBeParent(relay, parent, nullptr))
    {
        throw std::invalid_argument("backhaul link '" + link->Name() +
                                    "' closes a cycle, or has the parent of another link");
    }
    uplinks.push_back({std::move(link), std::move(channel), parent});
    m_hasChoice = true;
    Attach(relay, uplinks.back(), parent, nullptr);
    for (auto& member : m_members.All())
    {
        for (auto& other : member.uplinks)
        {
            Watch(member.node, other);
        }
    }
}

void
BackhaulManager::SetPath(const Ptr<BapEntity>& node, const std::vector<std::string>& linkNames)
{
    const auto known = m_members.Links();
    std::set<Ptr<RadioLink>> links;
    for (const auto& name : linkNames)
    {
        if (!known.contains(name))
        {
            throw std::invalid_argument("no backhaul link '" + name + "' for a path");
        }
        links.insert(known.at(name));
    }
    m_topology->SetPath(node, links);
}

void
BackhaulManager::Reparent(const Ptr<BapEntity>& relay, const Ptr<BapEntity>& parent)
{
    auto& uplink = m_members.RelayOf(relay).uplinks.front();
    if (m_topology->ParentOver(relay, uplink.link) == parent)
    {
        return; // though it sleeps, or the parent does
    }
    if (!m_members.MayBeParent(relay, parent, &uplink))
    {
        throw std::invalid_argument(
            "a node cannot have a parent that sleeps, is below it or is its parent already");
    }
    Move(relay, uplink, parent);
}

void
BackhaulManager::Sleep(const Ptr<BapEntity>& relay)
{
    auto& uplinks = m_members.RelayOf(relay).uplinks;
    if (!relay->IsAwake())
    {
        return;
    }
    relay->SetAwake(false);
    m_awakeTrace(relay, false); // its UEs leave now, while there is a way to forward their data
    m_topology->Refresh(relay);
    for (auto& [node, mobility, links] : m_members.All())
    {
        for (auto& uplink : links)
        {
            if (m_topology->ParentOver(node, uplink.link) != relay)
            {
                continue;
            }
            const auto parent =
                m_topology->IsReachable(node) ? nullptr : m_members.ChooseParent(node, uplink);
            if (parent)
            {
                Move(node, uplink, parent);
            }
            else
            {
                Detach(node, uplink);
            }
        }
    }
    for (auto& uplink : uplinks)
    {
        Detach(relay, uplink);
    }
}

void
BackhaulManager::Wake(const Ptr<BapEntity>& relay)
{
    auto& uplinks = m_members.RelayOf(relay).uplinks;
    if (relay->IsAwake())
    {
        return;
    }
    relay->SetAwake(true);
    for (auto& uplink : uplinks)
    {
        const bool isFirst = &uplink == &uplinks.front();
        if (isFirst || m_members.MayBeParent(relay, uplink.home, &uplink))
        {
            Move(relay, uplink, isFirst ? m_members.ChooseParent(relay, uplink) : uplink.home);
        }
    }
    for (auto& [node, mobility, links] : m_members.All())
    {
        // One that its parent is below by now stays where it is.
        for (auto& uplink : links)
        {
            const bool wantsHome =
                uplink.home == relay || !m_topology->ParentOver(node, uplink.link);
            if (wantsHome && node->IsAwake() && m_members.MayBeParent(node, uplink.home, &uplink))
            {
                Move(node, uplink, uplink.home);
            }
        }
    }
    m_awakeTrace(relay, true);
}

void
BackhaulManager::SetBlockage(const std::string& linkName, double lossDb)
{
    for (auto& member : m_members.All())
    {
        for (auto& uplink : member.uplinks)
        {
            if (uplink.link->Name() == linkName)
            {
                uplink.blockageDb = lossDb;
                Adapt(member.node, uplink);
            }
        }
    }
}

void
BackhaulManager::DoDispose()
{
    for (auto& member : m_members.All())
    {
        for (auto& uplink : member.uplinks)
        {
            uplink.decision.Cancel();
        }
    }
    m_members = {};
    m_panels.clear();
    m_topology = nullptr;
    m_createArray = nullptr;
    m_interference = nullptr;
    Object::DoDispose();
}

void
BackhaulManager::Move(const Ptr<BapEntity>& relay,
                      BackhaulUplink& uplink,
                      const Ptr<BapEntity>& parent)
{
    const auto previous = m_topology->ParentOver(relay, uplink.link);
    if (previous == parent)
    {
        return;
    }
    uplink.link->SuspendUntil(Simulator::Now() + m_interruption);
    std::vector<RlcSdu> waiting;
    if (previous)
    {
        waiting = m_topology->Disconnect(relay, uplink.link);
    }
    Attach(relay, uplink, parent, previous);
    if (previous)
    {
        previous->Receive(waiting); // forwarded, as at a handover
    }
    uplink.link->ServingCell()->Wake();
}

void
BackhaulManager::Detach(const Ptr<BapEntity>& relay, BackhaulUplink& uplink)
{
    const auto previous = m_topology->ParentOver(relay, uplink.link);
    if (!previous)
    {
        return;
    }
    uplink.decision.Cancel();
    previous->Receive(m_topology->Disconnect(relay, uplink.link));
    if (m_topology->IsReachable(relay))
    {
        RefreshDepths(relay);
    }
    RefreshRanks();
    m_parentTrace(relay, uplink.link->Name(), nullptr, previous);
}

void
BackhaulManager::Attach(const Ptr<BapEntity>& relay,
                        BackhaulUplink& uplink,
                        const Ptr<BapEntity>& parent,
                        const Ptr<BapEntity>& previous)
{
    const auto offset =
        m_members.Of(relay).mobility->GetPosition() - m_members.Of(parent).mobility->GetPosition();
    m_topology->Connect(relay, parent, uplink.link, parent->CellTowards(offset));
    if (!uplink.inService)
    {
        uplink.inService = true; // until it is known to fail at this parent, too
        m_topology->SetInService(relay, uplink.link, true);
    }
    RefreshDepths(relay);
    RefreshRanks();
    Adapt(relay, uplink);
    m_parentTrace(relay, uplink.link->Name(), parent, previous);
}

void
BackhaulManager::Adapt(const Ptr<BapEntity>& relay, BackhaulUplink& uplink)
{
    const auto parent = m_topology->ParentOver(relay, uplink.link);
    if (!parent)
    {
        return;
    }
    auto& panels = m_panels[{relay->Address(), parent->Address()}];
    if (!panels.first)
    {
        panels = {m_createArray(), m_createArray()};
    }
    const RadioEnd child{m_members.Of(relay).mobility, panels.first};
    const RadioEnd above{m_members.Of(parent).mobility, panels.second};
    const auto gains = uplink.channel->BeamformedGains(child, above);
    uplink.link->SetEnds({child, above, m_powerDbm, m_powerDbm});
    if (m_interference)
    {
        m_interference->Moved(PeekPointer(uplink.link));
    }
    const auto quality = uplink.channel->Quality(gains, m_powerDbm, uplink.blockageDb, *m_errors);
    for (const auto direction : NR_DIRECTIONS)
    {
        uplink.link->ServingCell()->UpdateQuality(uplink.link, direction, quality);
    }
    Watch(relay, uplink);
}

void
BackhaulManager::Watch(const Ptr<BapEntity>& relay, BackhaulUplink& uplink)
{
    uplink.decision.Cancel();
    const bool usable = uplink.link->Mcs(NrDirection::UPLINK, Time::Max()) >= 0 &&
                        uplink.link->Mcs(NrDirection::DOWNLINK, Time::Max()) >= 0;
    if (m_hasChoice && usable != uplink.inService)
    {
        uplink.decision = Simulator::Schedule(m_failureTime, [this, relay, &uplink, usable]() {
            SetInService(relay, uplink, usable);
        });
    }
}

void
BackhaulManager::SetInService(const Ptr<BapEntity>& relay, BackhaulUplink& uplink, bool inService)
{
    const auto parent = m_topology->ParentOver(relay, uplink.link);
    uplink.inService = inService;
    m_topology->SetInService(relay, uplink.link, inService);
    RefreshDepths(relay);
    m_parentTrace(relay,
                  uplink.link->Name(),
                  inService ? parent : nullptr,
                  inService ? nullptr : parent);
}

void
BackhaulManager::RefreshDepths(const Ptr<BapEntity>& top)
{
    for (const auto& node : m_topology->Below(top))
    {
        for (const auto& cell : node->Cells())
        {
            cell->SetDepth(m_topology->DepthOf(node));
        }
    }
}

void
BackhaulManager::RefreshRanks()
{
    const auto ranks = m_members.Ranks();
    const auto count = std::max<uint32_t>(ranks.size(), 1);
    for (const auto& member : m_members.All())
    {
        const auto rank = ranks.find(member.node);
        for (const auto& cell : member.node->Cells())
        {
            cell->SetRank(rank == ranks.end() ? 0 : rank->second, count);
        }
    }
}

} // namespace ns3
