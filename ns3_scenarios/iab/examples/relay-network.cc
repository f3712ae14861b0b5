/*
 * SPDX-License-Identifier: GPL-2.0-only
 */
#include "relay-network.h"

#include "ns3/constant-velocity-mobility-model.h"
#include "ns3/data-rate.h"
#include "ns3/internet-stack-helper.h"
#include "ns3/ipv4-static-routing-helper.h"
#include "ns3/point-to-point-helper.h"
#include "ns3/string.h"

#include <cmath>
#include <numbers>

using namespace ns3;

namespace
{

constexpr double RELAY_SPACING_M = 150;
constexpr double CELL_HEIGHT_M = 10; // TR 38.901 Table 7.2-1, UMi street canyon
constexpr double UE_HEIGHT_M = 1.5;
constexpr uint32_t RADIO_NETWORK = 0x0a010001; // 10.1.0.1 is the donor
const Ipv4Mask RADIO_MASK("255.255.0.0");
const Ipv4Mask WIRE_MASK("255.255.255.252");

Ptr<Node>
MakeNode(const Vector& position, const Vector& velocity = Vector())
{
    auto mobility = CreateObject<ConstantVelocityMobilityModel>();
    mobility->SetPosition(position);
    mobility->SetVelocity(velocity);
    auto node = CreateObject<Node>();
    node->AggregateObject(mobility);
    return node;
}

Vector
RelayPosition(const RelayNetworkConfig& config, uint32_t relay)
{
    if (config.layout == RelayLayout::CHAIN)
    {
        return {relay * RELAY_SPACING_M, 0, CELL_HEIGHT_M};
    }
    const double angle = 2 * std::numbers::pi * relay / config.relays;
    return {RELAY_SPACING_M * std::cos(angle), RELAY_SPACING_M * std::sin(angle), CELL_HEIGHT_M};
}

void
GiveAddress(const Ptr<Node>& node, const Ptr<NetDevice>& device, Ipv4Address address, Ipv4Mask mask)
{
    auto ipv4 = node->GetObject<Ipv4>();
    const auto interface = ipv4->AddInterface(device);
    ipv4->AddAddress(interface, Ipv4InterfaceAddress(address, mask));
    ipv4->SetUp(interface);
}

void
SetDefaultRoute(const Ptr<Node>& node, Ipv4Address gateway)
{
    Ipv4StaticRoutingHelper()
        .GetStaticRouting(node->GetObject<Ipv4>())
        ->SetDefaultRoute(gateway, 1);
}

} // namespace

RelayNetwork::RelayNetwork(const RelayNetworkConfig& config)
    : m_iab(config.radio),
      m_server(CreateObject<Node>())
{
    PlaceNodes(config);
    Ipv4StaticRoutingHelper staticRouting;
    InternetStackHelper internet;
    internet.SetIpv6StackInstall(false);
    internet.SetRoutingHelper(staticRouting);
    for (const auto& node : m_nodes)
    {
        internet.Install(node);
    }
    internet.Install(m_server);
    InstallRadio(config);
    ConnectServer();
}

void
RelayNetwork::PlaceNodes(const RelayNetworkConfig& config)
{
    for (uint32_t cell = 0; cell <= config.relays; ++cell)
    {
        m_nodes.push_back(
            MakeNode(cell == 0 ? Vector(0, 0, CELL_HEIGHT_M) : RelayPosition(config, cell)));
    }
    auto draw = CreateObject<UniformRandomVariable>();
    draw->SetStream(1);
    const bool chain = config.layout == RelayLayout::CHAIN;
    for (uint32_t ue = 0; ue < config.ues; ++ue)
    {
        const auto cell = chain ? config.relays : ue % (config.relays + 1);
        const auto centre = m_nodes[cell]->GetObject<MobilityModel>()->GetPosition();
        const double distance = draw->GetValue(config.nearestM, config.farthestM);
        // Away from the donor, so that their own cell serves them.
        const double outward = cell > 0 ? std::atan2(centre.y, centre.x) : 0;
        const double angle = outward + draw->GetValue(-0.5, 0.5) * std::numbers::pi / 2;
        const Vector direction(std::cos(angle), std::sin(angle), 0);
        m_nodes.push_back(MakeNode(
            {centre.x + distance * direction.x, centre.y + distance * direction.y, UE_HEIGHT_M},
            {config.speedMps * direction.x, config.speedMps * direction.y, 0}));
    }
}

void
RelayNetwork::InstallRadio(const RelayNetworkConfig& config)
{
    std::vector<Ptr<IabNetDevice>> cells;
    for (uint32_t i = 0; i < m_nodes.size(); ++i)
    {
        const auto& node = m_nodes[i];
        Ptr<IabNetDevice> device;
        if (i == 0)
        {
            device = m_iab.InstallDonor(node);
        }
        else if (i <= config.relays)
        {
            const auto& parent = config.layout == RelayLayout::CHAIN ? cells.back() : cells.front();
            device = m_iab.InstallRelay(node, parent, "relay" + std::to_string(i));
        }
        else
        {
            device = m_iab.InstallUe(node, "ue" + std::to_string(i - config.relays));
            m_ues.push_back(device);
        }
        cells.push_back(device);
        const Ipv4Address address(RADIO_NETWORK + i);
        GiveAddress(node, device, address, RADIO_MASK);
        m_iab.SetIpv4Address(device, address);
        if (i > 0)
        {
            SetDefaultRoute(node, Ipv4Address(RADIO_NETWORK));
        }
    }
    for (const auto& ue : m_ues)
    {
        m_iab.Access(ue)->Start();
    }
}

void
RelayNetwork::ConnectServer()
{
    PointToPointHelper wire;
    wire.SetDeviceAttribute("DataRate", DataRateValue(DataRate("100Gbps")));
    wire.SetChannelAttribute("Delay", TimeValue(Time(0)));
    wire.SetQueue("ns3::DropTailQueue<Packet>", "MaxSize", StringValue("100MB"));
    wire.DisableFlowControl();
    const auto devices = wire.Install(m_server, m_nodes[0]);
    GiveAddress(m_server, devices.Get(0), Ipv4Address("10.2.0.1"), WIRE_MASK);
    GiveAddress(m_nodes[0], devices.Get(1), Ipv4Address("10.2.0.2"), WIRE_MASK);
    SetDefaultRoute(m_server, Ipv4Address("10.2.0.2"));
}

const IabHelper&
RelayNetwork::Iab() const
{
    return m_iab;
}

const std::vector<Ptr<IabNetDevice>>&
RelayNetwork::Ues() const
{
    return m_ues;
}

Ptr<Node>
RelayNetwork::Server() const
{
    return m_server;
}

Ipv4Address
RelayNetwork::AddressOf(const Ptr<Node>& node)
{
    return node->GetObject<Ipv4>()->GetAddress(1, 0).GetLocal();
}
