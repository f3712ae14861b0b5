/*
 * SPDX-License-Identifier: GPL-2.0-only
 */
#include "background.h"

#include "addressing.h"
#include "background-places.h"

#include "ns3/constant-position-mobility-model.h"
#include "ns3/double.h"
#include "ns3/log-normal-mixture.h"
#include "ns3/object-factory.h"
#include "ns3/pointer.h"
#include "ns3/random-waypoint-mobility-model.h"
#include "ns3/uinteger.h"

#include <algorithm>
#include <iterator>

namespace cosim
{

using namespace ns3;

namespace
{

constexpr int64_t POSITION_STREAM = 1;       // background UEs' first positions
constexpr int64_t TRANSIT_STREAM = 1 << 18;  // users on other carriers, above all other UEs'
constexpr int64_t WAYPOINT_STREAM = 1 << 19; // background UEs' later positions, below IabHelper's
constexpr int64_t STREAMS_PER_WALK = 8;      // speed, pause, and draws of the place

/** @return the nodes that serve, by name: who draws what does not hang on the order of a file */
std::vector<NodeDescription>
ServingNodes(const NetworkDescription& description)
{
    std::vector<NodeDescription> serving;
    std::copy_if(description.nodes.begin(),
                 description.nodes.end(),
                 std::back_inserter(serving),
                 [](const auto& node) { return node.kind == "donor" || node.kind == "iab"; });
    std::sort(serving.begin(), serving.end(), [](const auto& a, const auto& b) {
        return a.name < b.name;
    });
    return serving;
}

} // namespace

Background::Background(const NetworkDescription& description,
                       IabHelper& iab,
                       const std::map<std::string, NetworkNode>& nodes)
    : m_description(description),
      m_iab(iab),
      m_nodes(nodes)
{
    for (const auto& [name, node] : nodes)
    {
        m_hosts += node.radio ? 1 : 0;
        m_donor = node.kind == "donor" ? &node : m_donor;
    }
    m_donorSocket = OpenSocket(*m_donor);
    InstallUes();
    CreateTransit();
}

void
Background::InstallUes()
{
    const auto& background = m_description.background;
    const auto cells = ServingNodes(m_description);
    std::vector<Vector> centres;
    for (const auto& cell : cells)
    {
        centres.push_back(ToVector(*cell.positionM));
    }
    auto draw = CreateObject<UniformRandomVariable>();
    draw->SetStream(POSITION_STREAM);
    for (const auto& cell : cells)
    {
        for (uint32_t i = 0; i < cell.backgroundUes; ++i)
        {
            const auto start = PlaceAround(ToVector(*cell.positionM), background.radiusM, *draw);
            auto mobility = CreateMobility(centres);
            mobility->SetPosition(start);
            m_users.push_back(
                InstallUe(mobility, m_nodes.at(cell.name), CreateUser(background.demandBps)));
        }
    }
}

Ptr<MobilityModel>
Background::CreateMobility(const std::vector<Vector>& centres) const
{
    const auto& background = m_description.background;
    if (background.speedMps == 0)
    {
        return CreateObject<ConstantPositionMobilityModel>();
    }
    auto places = CreateObject<PlacesAroundCells>();
    places->Configure(centres, background.radiusM);
    auto speed =
        CreateObjectWithAttributes<ConstantRandomVariable>("Constant",
                                                           DoubleValue(background.speedMps));
    auto walk = CreateObjectWithAttributes<RandomWaypointMobilityModel>("Speed",
                                                                        PointerValue(speed),
                                                                        "PositionAllocator",
                                                                        PointerValue(places));
    const auto number = static_cast<int64_t>(m_users.size());
    walk->AssignStreams(WAYPOINT_STREAM + STREAMS_PER_WALK * number);
    return walk;
}

Ptr<BackgroundUser>
Background::CreateUser(const std::vector<LogNormalDescription>& demandBps) const
{
    auto demand = CreateObject<LogNormalMixtureVariable>();
    for (const auto& part : demandBps)
    {
        demand->Add(part.weight, part.median, part.sigma);
    }
    return CreateObjectWithAttributes<BackgroundUser>(
        "PacketBytes",
        UintegerValue(m_description.background.packetBytes),
        "PacketsPerBurst",
        UintegerValue(m_description.background.burstPackets),
        "Demand",
        PointerValue(demand),
        "DownlinkShare",
        DoubleValue(m_description.background.downlinkShare),
        "Coherence",
        TimeValue(NanoSeconds(m_description.background.coherenceNs)));
}

Background::Source
Background::InstallUe(const Ptr<MobilityModel>& mobility,
                      const NetworkNode& cell,
                      const Ptr<BackgroundUser>& user)
{
    auto node = CreateObject<Node>();
    node->AggregateObject(mobility);
    const auto serving = m_description.background.speedMps > 0 ? nullptr : cell.radio;
    if (m_description.background.traffic == BackgroundTraffic::BACKLOG)
    {
        m_iab.InstallBackgroundUser(serving, node, user);
        return {user, user->Bap(), nullptr};
    }
    InstallInternet(node);
    NetworkNode ue{"", "ue", node, m_iab.InstallBackgroundDevice(serving, node, user), {}};
    m_iab.SetIpv4Address(ue.radio, AssignRadioAddress(ue, ++m_hosts));
    RouteToDonor(ue, *m_donor);
    return {user, ue.radio->Bap(), OpenSocket(ue)};
}

Ptr<BackgroundSocket>
Background::OpenSocket(const NetworkNode& node) const
{
    if (m_description.background.traffic == BackgroundTraffic::BACKLOG)
    {
        return nullptr;
    }
    auto socket = CreateObject<BackgroundSocket>();
    socket->Open(node.node, node.address);
    return socket;
}

void
Background::CreateTransit()
{
    int64_t stream = TRANSIT_STREAM;
    for (const auto& description : ServingNodes(m_description))
    {
        if (!description.transit)
        {
            continue;
        }
        const auto& transit = *description.transit;
        const auto& node = m_nodes.at(description.name);
        const auto socket = OpenSocket(node);
        for (uint32_t i = 0; i < transit.ues; ++i)
        {
            auto user = CreateUser(transit.demandBps);
            stream += user->AssignStreams(stream);
            user->SetServing(node.radio->Bap());
            m_iab.Topology()->CountUser(node.radio->Bap(), Bearer::BACKGROUND);
            m_transit.push_back({user, node.radio->Bap(), socket});
        }
    }
}

void
Background::Start()
{
    for (const auto& access : m_iab.BackgroundAccess())
    {
        access->Start();
    }
    for (const auto* sources : {&m_users, &m_transit})
    {
        for (const auto& source : *sources)
        {
            StartSource(source);
        }
    }
}

void
Background::StartSource(const Source& source) const
{
    if (source.socket)
    {
        source.user->StartPackets(source.socket, m_donorSocket);
    }
    else
    {
        source.user->StartAt(source.node, m_iab.Donor()->Bap());
    }
}

uint64_t
Background::ReceivedBytes() const
{
    uint64_t bytes =
        m_donorSocket ? m_donorSocket->ReceivedBytes() : m_iab.Donor()->BackgroundBytes();
    for (const auto& source : m_users)
    {
        bytes += source.user->ReceivedBytes();
    }
    return bytes;
}

} // namespace cosim
