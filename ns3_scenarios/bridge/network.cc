/*
 * SPDX-License-Identifier: GPL-2.0-only
 */
#include "network.h"

#include "addressing.h"
#include "iab/model/iab/trajectory-mobility-model.h"

#include "ns3/constant-position-mobility-model.h"
#include "ns3/double.h"
#include "ns3/internet-stack-helper.h"
#include "ns3/ipv4-static-routing-helper.h"
#include "ns3/simulator.h"

#include <algorithm>
#include <cmath>
#include <numbers>
#include <stdexcept>
#include <utility>

namespace cosim
{

using namespace ns3;

namespace
{

constexpr int64_t POSITION_STREAM = 1;        // background UEs' positions
constexpr int64_t TRANSIT_STREAM = 500;       // two streams for each IAB node with transit
constexpr int64_t CROSS_TRAFFIC_STREAM = 100; // two streams for each direction of each wire

Vector
ToVector(const std::array<double, 3>& position)
{
    return {position[0], position[1], position[2]};
}

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

void
Network::CreateNodes()
{
    // Static routing alone: global and list routing would search a tree that we know.
    Ipv4StaticRoutingHelper staticRouting;
    InternetStackHelper internet;
    internet.SetIpv6StackInstall(false);
    internet.SetRoutingHelper(staticRouting);
    for (const auto& description : m_description.nodes)
    {
        auto node = CreateObject<Node>();
        if (description.IsRadio())
        {
            node->AggregateObject(CreateMobility(description));
        }
        internet.Install(node);
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
        InstallBackground();
        CreateTransit();
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
Network::InstallBackground()
{
    const auto& background = m_description.background;
    auto draw = CreateObject<UniformRandomVariable>();
    draw->SetStream(POSITION_STREAM);
    for (const auto& name : m_nodeOrder)
    {
        const auto& cell = m_nodes.at(name);
        if (!cell.radio || cell.kind == "ue")
        {
            continue;
        }
        const auto centre = cell.node->GetObject<MobilityModel>()->GetPosition();
        for (uint32_t i = 0; i < background.uesPerCell; ++i)
        {
            const double radius = background.radiusM * std::sqrt(draw->GetValue(0.01, 1));
            const double angle = draw->GetValue(0, 2 * std::numbers::pi);
            auto mobility = CreateObject<ConstantPositionMobilityModel>();
            mobility->SetPosition({centre.x + radius * std::cos(angle),
                                   centre.y + radius * std::sin(angle),
                                   1.5}); // UE height of TR 38.901 Table 7.2-1
            auto node = CreateObject<Node>();
            node->AggregateObject(mobility);
            auto user = CreateObjectWithAttributes<BackgroundUser>(
                "MeanRate",
                DoubleValue(background.rateBps),
                "Sigma",
                DoubleValue(background.sigma),
                "DownlinkShare",
                DoubleValue(background.downlinkShare),
                "Coherence",
                TimeValue(NanoSeconds(background.coherenceNs)));
            m_iab->InstallBackgroundUser(cell.radio, node, user);
            m_backgroundUsers.push_back(user);
        }
    }
}

void
Network::CreateTransit()
{
    int64_t stream = TRANSIT_STREAM;
    for (const auto& description : m_description.nodes)
    {
        if (!description.transit)
        {
            continue;
        }
        auto user = CreateObjectWithAttributes<BackgroundUser>(
            "MeanRate",
            DoubleValue(description.transit->rateBps),
            "Sigma",
            DoubleValue(description.transit->sigma),
            "DownlinkShare",
            DoubleValue(m_description.background.downlinkShare),
            "Coherence",
            TimeValue(NanoSeconds(description.transit->coherenceNs)));
        stream += user->AssignStreams(stream);
        m_iab->Topology()->CountUser(m_nodes.at(description.name).radio->Bap(), Bearer::BACKGROUND);
        m_transit.emplace_back(description.name, user);
    }
}

void
Network::LayWires()
{
    int64_t stream = CROSS_TRAFFIC_STREAM;
    for (const auto& description : m_description.links)
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
    for (const auto& user : m_backgroundUsers)
    {
        user->Start(m_iab->Donor()->Bap());
    }
    for (const auto& [name, user] : m_transit)
    {
        user->StartAt(m_nodes.at(name).radio->Bap(), m_iab->Donor()->Bap());
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
    uint64_t bytes = m_iab ? m_iab->Donor()->BackgroundBytes() : 0;
    for (const auto& user : m_backgroundUsers)
    {
        bytes += user->ReceivedBytes();
    }
    return bytes;
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
