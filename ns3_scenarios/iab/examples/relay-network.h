/*
 * SPDX-License-Identifier: GPL-2.0-only
 */
#ifndef RELAY_NETWORK_H
#define RELAY_NETWORK_H

#include "ns3/iab-helper.h"
#include "ns3/ipv4-address.h"
#include "ns3/node.h"

#include <cstdint>
#include <string>
#include <vector>

/** Where the relays are. */
enum class RelayLayout
{
    CHAIN, //!< one behind the other, all UEs behind the last
    STAR   //!< all around the donor, each cell with its share of the UEs
};

/** What is built. */
struct RelayNetworkConfig
{
    uint32_t ues;              //!< number of UEs
    uint32_t relays;           //!< beside the donor
    RelayLayout layout;        //!< of the relays
    double nearestM;           //!< least distance of a UE from its cell
    double farthestM;          //!< greatest
    double speedMps;           //!< of the UEs, away from the donor
    ns3::IabRadioConfig radio; //!< radio interface
};

/**
 * A server behind a donor, relays, and UEs; built and addressed.
 *
 *   server ---- donor ~~~~ relay 1 ~~~~ ... ~~~~ relay R ~~~~ UE 1 .. UE N
 */
class RelayNetwork
{
  public:
    /**
     * @param config what is built
     * @throw std::invalid_argument on a radio interface that cannot be used
     */
    explicit RelayNetwork(const RelayNetworkConfig& config);

    /** @return the radio network */
    const ns3::IabHelper& Iab() const;

    /** @return devices of the UEs */
    const std::vector<ns3::Ptr<ns3::IabNetDevice>>& Ues() const;

    /** @return the host behind the donor */
    ns3::Ptr<ns3::Node> Server() const;

    /**
     * @param node one with an address
     * @return its first address
     */
    static ns3::Ipv4Address AddressOf(const ns3::Ptr<ns3::Node>& node);

  private:
    /** Place donor, relays and UEs. @param config what is built */
    void PlaceNodes(const RelayNetworkConfig& config);
    /** Install the devices, donor first. @param config what is built */
    void InstallRadio(const RelayNetworkConfig& config);
    /** Wire the server to the donor. */
    void ConnectServer();

    ns3::IabHelper m_iab;                           //!< radio network
    ns3::Ptr<ns3::Node> m_server;                   //!< behind the donor
    std::vector<ns3::Ptr<ns3::Node>> m_nodes;       //!< donor, relays, UEs
    std::vector<ns3::Ptr<ns3::IabNetDevice>> m_ues; //!< devices of the UEs
};

#endif // RELAY_NETWORK_H
