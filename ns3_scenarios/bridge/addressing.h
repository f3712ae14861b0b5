/*
 * SPDX-License-Identifier: GPL-2.0-only
 */
#ifndef COSIM_ADDRESSING_H
#define COSIM_ADDRESSING_H

#include "network.h"

#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace cosim
{

/** @param node gets an internet stack with static routing alone */
void InstallInternet(const ns3::Ptr<ns3::Node>& node);

/**
 * Give a radio device its address.
 *
 * @param node whose radio it is
 * @param host its number in the radio network, from 1
 * @return the address
 */
ns3::Ipv4Address AssignRadioAddress(NetworkNode& node, uint32_t host);

/**
 * Route whatever is not for the radio network over the radio.
 *
 * @param node a radio node with an address
 * @param donor where that goes
 */
void RouteToDonor(const NetworkNode& node, const NetworkNode& donor);

/**
 * Give both ends of a wire their addresses.
 *
 * @param child one end
 * @param parent the other end
 * @param wire between them
 * @param number of the wire, from 0
 */
void AssignWireAddresses(NetworkNode& child,
                         NetworkNode& parent,
                         const Wire& wire,
                         uint32_t number);

/**
 * Fill the routing tables: up by default, down by the tree of wires. Inside the radio network BAP
 * routes, so that nothing here changes when it does.
 *
 * @param nodes all nodes by name
 * @param wires all wires
 * @param links all fixed links
 */
void FillRoutes(const std::map<std::string, NetworkNode>& nodes,
                const std::vector<Wire>& wires,
                const std::vector<LinkDescription>& links);

} // namespace cosim

#endif // COSIM_ADDRESSING_H
