/*
 * SPDX-License-Identifier: GPL-2.0-only
 */
#include "network.h"

#include "addressing.h"
#include "background.h"

#include "ns3/constant-position-mobility-model.h"
#include "ns3/simulator.h"
#include "ns3/trajectory-mobility-model.h"

#include <algorithm>
#include <stdexcept>
#include <utility>

namespace cosim
{

using namespace ns3;

namespace
{

constexpr int64_t CROSS_TRAFFIC_STREAM = 100; // two streams for each direction of each wire

Ptr<MobilityModel>
CreateMobility(const NodeDescription& description)
{
    if (description.waypoints.empty())
    {
        auto fixed = CreateObject<ConstantPositionMobilityModel>();
        fixed->SetPosition(ToVector(*description.positionM));
        return fixed;
    }
    std::vector<Waypoint> waypoints;
    for (const auto& waypoint : description.waypoints)
    {
        waypoints.emplace_back(NanoSeconds(waypoint.timeNs), ToVector(waypoint.positionM));
    }
    auto moving = CreateObject<TrajectoryMobilityModel>();
    moving->SetWaypoints(waypoints);
    return moving;
}

/** @return whether a link, one of the links, is the first one up from its child */
bool
IsFirst(const LinkDescription& link, const std::vector<LinkDescription>& links)
{
    const auto first = std::find_if(links.begin(), links.end(), [&](const LinkDescription& other) {
        return other.child == link.child;
    });
    return &*first == &link;
}

} // namespace

Network::Network(const NetworkDescription& description, std::shared_ptr<FadingRecord> fading)
    : m_description(description),
      m_fading(std::move(fading))
{
    CreateNodes();
    InstallRadio();
    LayWires();
    FillRoutes(m_nodes, m_wires, m_description.links);
}

Network::~Network() = default;

void
Network::CreateNodes()
{
    for (const auto& description : m_description.nodes)
    {
        auto node = CreateObject<Node>();
        if (description.IsRadio())
        {
            node->AggregateObject(CreateMobility(description));
        }
        InstallInternet(node);
        const bool fresh =
            m_nodes
                .emplace(description.name,
                         NetworkNode{description.name, description.kind, node, nullptr, {}})
                .second;
        if (!fresh)
        {
            throw std::invalid_argument("two nodes are called '" + description.name + "'");
        }
        m_nodeOrder.push_back(description.name);
    }
}

void
Network::InstallRadio()
{
    for (const auto& name : m_nodeOrder)
    {
        auto& node = m_nodes.at(name);
        if (node.kind != "donor")
        {
            continue;
        }
        if (m_iab)
        {
            throw std::invalid_argument("'" + name + "' is a second donor; there can be one");
        }
        m_iab = std::make_unique<IabHelper>(m_description.radio);
        m_iab->SetFadingRecord(m_fading);
        node.radio = m_iab->InstallDonor(node.node);
        InstallRelaysBelow(name);
    }
    AddFurtherParents();
    for (const auto& name : m_nodeOrder)
    {
        auto& node = m_nodes.at(name);
        if (node.kind == "ue")
        {
            if (!m_iab)
            {
                throw std::invalid_argument("UE '" + name + "' has no donor to attach to");
            }
            node.radio = m_iab->InstallUe(node.node, AccessLinkName(name));
            m_hops.push_back(
                {AccessLinkName(name), name, m_iab->AccessLinkOf(node.radio), node.radio});
        }
    }
    if (m_iab)
    {
        AssignRadioAddresses();
        AssignPaths();
        m_background = std::make_unique<Background>(m_description, *m_iab, m_nodes);
    }
}

void
Network::InstallRelaysBelow(const std::string& parent)
{
    for (const auto& link : m_description.links)
    {
        if (!link.wireless || link.parent != parent || !IsFirst(link, m_description.links))
        {
            continue;
        }
        auto& child = m_nodes.at(link.child);
        child.radio = m_iab->InstallRelay(child.node, m_nodes.at(parent).radio, link.name);
        m_hops.push_back({link.name, link.child, m_iab->BackhaulOf(child.radio), child.radio});
        InstallRelaysBelow(link.child);
    }
}

void
Network::AddFurtherParents()
{
    for (const auto& link : m_description.links)
    {
        const auto& child = m_nodes.at(link.child);
        const auto& parent = m_nodes.at(link.parent);
        if (!link.wireless || IsFirst(link, m_description.links))
        {
            continue;
        }
        if (!child.radio || !parent.radio)
        {
            throw std::invalid_argument("backhaul link '" + link.name +
                                        "' has an end that is not connected to the donor");
        }
        const auto radioLink = m_iab->AddParent(child.radio, parent.radio, link.name);
        m_hops.push_back({link.name, link.child, radioLink, child.radio});
    }
}

void
Network::AssignPaths()
{
    for (const auto& description : m_description.nodes)
    {
        const auto& node = m_nodes.at(description.name);
        if (node.radio && !description.path.empty())
        {
            m_iab->Backhaul()->SetPath(node.radio->Bap(), description.path);
        }
    }
}

void
Network::AssignRadioAddresses()
{
    uint32_t host = 0;
    for (const auto& name : m_nodeOrder)
    {
        auto& node = m_nodes.at(name);
        if (node.radio)
        {
            m_iab->SetIpv4Address(node.radio, AssignRadioAddress(node, ++host));
            m_bapNames[node.radio->Bap()->Address()] = name;
        }
        else if (node.kind == "iab")
        {
            throw std::invalid_argument("IAB node '" + name + "' is not connected to the donor");
        }
    }
}

void
Network::LayWires()
{
    // By name: which wire draws what does not hang on the order of a file.
    auto links = m_description.links;
    std::sort(links.begin(), links.end(), [](const auto& a, const auto& b) {
        return a.name < b.name;
    });
    int64_t stream = CROSS_TRAFFIC_STREAM;
    for (const auto& description : links)
    {
        if (description.wireless)
        {
            continue;
        }
        auto& child = m_nodes.at(description.child);
        auto& parent = m_nodes.at(description.parent);
        const auto number = static_cast<uint32_t>(m_wires.size());
        m_wires.push_back(LayWire(description, child.node, parent.node, stream));
        AssignWireAddresses(child, parent, m_wires.back(), number);
    }
}

void
Network::Start()
{
    for (const auto& wire : m_wires)
    {
        for (const auto* end : {&wire.up, &wire.down})
        {
            if (end->crossTraffic)
            {
                end->crossTraffic->Start();
            }
        }
    }
    if (m_background)
    {
        m_background->Start();
    }
    for (const auto& name : m_nodeOrder)
    {
        if (m_nodes.at(name).kind == "ue")
        {
            Access(name)->Start();
        }
    }
    for (const auto& blockage : m_description.blockages)
    {
        ScheduleBlockage(blockage);
    }
    for (const auto& change : m_description.topologyChanges)
    {
        Simulator::Schedule(NanoSeconds(change.timeNs), &Network::ChangeTopology, this, change);
    }
}

void
Network::ChangeTopology(const TopologyChangeDescription& change)
{
    const auto node = m_nodes.at(change.node).radio->Bap();
    switch (change.action)
    {
    case TopologyAction::SLEEP:
        return m_iab->Backhaul()->Sleep(node);
    case TopologyAction::WAKE:
        return m_iab->Backhaul()->Wake(node);
    case TopologyAction::PARENT:
        return m_iab->Backhaul()->Reparent(node, m_nodes.at(change.parent).radio->Bap());
    }
}

void
Network::ScheduleBlockage(const BlockageDescription& blockage)
{
    Simulator::Schedule(NanoSeconds(blockage.startNs),
                        &Network::AddBlockage,
                        this,
                        blockage.link,
                        blockage.lossDb);
    Simulator::Schedule(NanoSeconds(blockage.endNs),
                        &Network::AddBlockage,
                        this,
                        blockage.link,
                        -blockage.lossDb);
}

void
Network::AddBlockage(const std::string& link, double lossDb)
{
    const double total = m_blockageDb[link] += lossDb; // obstacles one behind the other
    for (const auto& hop : m_hops)
    {
        if (hop.name != link)
        {
            continue;
        }
        if (m_nodes.at(hop.child).kind == "ue")
        {
            Access(hop.child)->SetBlockage(total);
        }
        else
        {
            m_iab->Backhaul()->SetBlockage(link, total);
        }
        return;
    }
    throw std::invalid_argument("no radio link '" + link + "' to block");
}

Ptr<BackhaulManager>
Network::Backhaul() const
{
    return m_iab ? m_iab->Backhaul() : nullptr;
}

const std::map<std::string, NetworkNode>&
Network::Nodes() const
{
    return m_nodes;
}

const std::vector<Wire>&
Network::Wires() const
{
    return m_wires;
}

const std::vector<RadioHop>&
Network::RadioHops() const
{
    return m_hops;
}

std::string
Network::ParentOf(const RadioHop& hop) const
{
    const auto parent = m_iab->Topology()->ParentOver(hop.device->Bap(), hop.link);
    return parent ? NameOf(parent) : "";
}

const std::string&
Network::NameOf(const Ptr<BapEntity>& bap) const
{
    return m_bapNames.at(bap->Address());
}

Ptr<AccessManager>
Network::Access(const std::string& ue) const
{
    return m_iab->Access(m_nodes.at(ue).radio);
}

uint64_t
Network::BackgroundBytes() const
{
    return m_background ? m_background->ReceivedBytes() : 0;
}

uint32_t
Network::Handovers() const
{
    uint32_t handovers = 0;
    for (const auto& [name, node] : m_nodes)
    {
        if (node.kind == "ue")
        {
            handovers += Access(name)->Handovers();
        }
    }
    return handovers;
}

} // namespace cosim
