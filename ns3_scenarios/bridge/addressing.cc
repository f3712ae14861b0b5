/*
 * SPDX-License-Identifier: GPL-2.0-only
 */
#include "addressing.h"

#include "ns3/internet-stack-helper.h"
#include "ns3/ipv4-static-routing-helper.h"
#include "ns3/ipv4.h"

#include <algorithm>

namespace cosim
{

using namespace ns3;

namespace
{

constexpr uint32_t RADIO_NETWORK = 0x0a010000; // 10.1.0.0/16
constexpr uint32_t WIRE_NETWORK = 0x0a020000;  // 10.2.0.0, a /30 for each wire
const Ipv4Mask RADIO_MASK("255.255.0.0");
const Ipv4Mask WIRE_MASK("255.255.255.252");

Ptr<Ipv4StaticRouting>
RoutingOf(const NetworkNode& node)
{
    return Ipv4StaticRoutingHelper().GetStaticRouting(node.node->GetObject<Ipv4>());
}

uint32_t
InterfaceOf(const NetworkNode& node, const Ptr<NetDevice>& device)
{
    return node.node->GetObject<Ipv4>()->GetInterfaceForDevice(device);
}

Ipv4Address
AddressOf(const NetworkNode& node, const Ptr<NetDevice>& device)
{
    return node.node->GetObject<Ipv4>()->GetAddress(InterfaceOf(node, device), 0).GetLocal();
}

void
Assign(NetworkNode& node, const Ptr<NetDevice>& device, Ipv4Address address, Ipv4Mask mask)
{
    auto ipv4 = node.node->GetObject<Ipv4>();
    const auto interface = ipv4->AddInterface(device);
    ipv4->AddAddress(interface, Ipv4InterfaceAddress(address, mask));
    ipv4->SetUp(interface);
    if (!node.address.IsInitialized())
    {
        node.address = address;
    }
}

/** @return names of all nodes below one, itself included */
std::vector<std::string>
Below(const std::string& name, const std::vector<LinkDescription>& links)
{
    std::vector<std::string> found{name};
    for (std::size_t i = 0; i < found.size(); ++i)
    {
        for (const auto& link : links)
        {
            const bool isNew = std::find(found.begin(), found.end(), link.child) == found.end();
            if (link.parent == found[i] && isNew)
            {
                found.push_back(link.child);
            }
        }
    }
    return found;
}

/** Route from a node down one of its wires: to the radio network and to the wires below. */
void
RouteDown(const Wire& wire,
          const std::map<std::string, NetworkNode>& nodes,
          const std::vector<Wire>& wires,
          const std::vector<LinkDescription>& links)
{
    const auto& child = nodes.at(wire.description.child);
    const auto& parent = nodes.at(wire.description.parent);
    const auto gateway = AddressOf(child, wire.up.device);
    const auto interface = InterfaceOf(parent, wire.down.device);
    const auto route = [&](Ipv4Address network, Ipv4Mask mask) {
        RoutingOf(parent)->AddNetworkRouteTo(network, mask, gateway, interface);
    };
    for (const auto& name : Below(wire.description.child, links))
    {
        if (nodes.at(name).kind == "donor")
        {
            route(Ipv4Address(RADIO_NETWORK), RADIO_MASK);
        }
        for (const auto& below : wires)
        {
            if (below.description.parent == name)
            {
                // All of it: a sender's address is that of the wire it sends into.
                const auto address = AddressOf(nodes.at(name), below.down.device);
                route(address.CombineMask(WIRE_MASK), WIRE_MASK);
            }
        }
    }
}

} // namespace

void
InstallInternet(const Ptr<Node>& node)
{
    // Static routing alone: global and list routing would search a tree that we know.
    Ipv4StaticRoutingHelper staticRouting;
    InternetStackHelper internet;
    internet.SetIpv6StackInstall(false);
    internet.SetRoutingHelper(staticRouting);
    internet.Install(node);
}

Ipv4Address
AssignRadioAddress(NetworkNode& node, uint32_t host)
{
    const Ipv4Address address(RADIO_NETWORK + host);
    Assign(node, node.radio, address, RADIO_MASK);
    return address;
}

void
RouteToDonor(const NetworkNode& node, const NetworkNode& donor)
{
    RoutingOf(node)->SetDefaultRoute(donor.address, InterfaceOf(node, node.radio));
}

void
AssignWireAddresses(NetworkNode& child, NetworkNode& parent, const Wire& wire, uint32_t number)
{
    const auto base = WIRE_NETWORK + 4 * number;
    Assign(child, wire.up.device, Ipv4Address(base + 1), WIRE_MASK);
    Assign(parent, wire.down.device, Ipv4Address(base + 2), WIRE_MASK);
}

void
FillRoutes(const std::map<std::string, NetworkNode>& nodes,
           const std::vector<Wire>& wires,
           const std::vector<LinkDescription>& links)
{
    const NetworkNode* donor = nullptr;
    for (const auto& [name, node] : nodes)
    {
        donor = node.kind == "donor" ? &node : donor;
    }
    for (const auto& [name, node] : nodes)
    {
        if (node.radio && &node != donor)
        {
            RouteToDonor(node, *donor);
        }
    }
    for (const auto& wire : wires)
    {
        const auto& child = nodes.at(wire.description.child);
        const auto& parent = nodes.at(wire.description.parent);
        RoutingOf(child)->SetDefaultRoute(AddressOf(parent, wire.down.device),
                                          InterfaceOf(child, wire.up.device));
        RouteDown(wire, nodes, wires, links);
    }
}

} // namespace cosim
