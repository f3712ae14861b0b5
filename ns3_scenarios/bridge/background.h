/*
 * SPDX-License-Identifier: GPL-2.0-only
 */
#ifndef COSIM_BACKGROUND_H
#define COSIM_BACKGROUND_H

#include "network.h"

#include <map>
#include <string>
#include <utility>
#include <vector>

namespace cosim
{

/** Other people's traffic in the radio network: background UEs, and IAB nodes' other carriers. */
class Background
{
  public:
    /**
     * @param description of the network
     * @param iab the radio network, whose nodes have their addresses
     * @param nodes all nodes by name
     */
    Background(const NetworkDescription& description,
               ns3::IabHelper& iab,
               const std::map<std::string, NetworkNode>& nodes);

    /** Attach the UEs that move, and start the traffic. */
    void Start();

    /** @return bytes that reached the donor or a background UE */
    uint64_t ReceivedBytes() const;

  private:
    /** A source of traffic, and where it is. */
    struct Source
    {
        ns3::Ptr<ns3::BackgroundUser> user;     //!< the demand
        ns3::Ptr<ns3::BapEntity> node;          //!< where it enters the radio network
        ns3::Ptr<ns3::BackgroundSocket> socket; //!< of its packets, or null
    };

    /** Put UEs around every cell. */
    void InstallUes();
    /** @param centres of the cells @return mobility of the next UE */
    ns3::Ptr<ns3::MobilityModel> CreateMobility(const std::vector<ns3::Vector>& centres) const;
    /** Create the traffic of the IAB nodes' other carriers. */
    void CreateTransit();
    /** @param demandBps uplink @return a source of it */
    ns3::Ptr<ns3::BackgroundUser> CreateUser(
        const std::vector<LogNormalDescription>& demandBps) const;
    /** Install a UE. @param mobility of it @param cell that it is near to @param user its demand */
    Source InstallUe(const ns3::Ptr<ns3::MobilityModel>& mobility,
                     const NetworkNode& cell,
                     const ns3::Ptr<ns3::BackgroundUser>& user);
    /** @param node with an address @return a socket on it, or null when there are no packets */
    ns3::Ptr<ns3::BackgroundSocket> OpenSocket(const NetworkNode& node) const;
    /** @param source to start */
    void StartSource(const Source& source) const;

    const NetworkDescription& m_description;           //!< of the network
    ns3::IabHelper& m_iab;                             //!< radio network
    const std::map<std::string, NetworkNode>& m_nodes; //!< by name
    const NetworkNode* m_donor{nullptr};               //!< the other end of all traffic
    uint32_t m_hosts{0};                               //!< radio nodes with an address
    ns3::Ptr<ns3::BackgroundSocket> m_donorSocket;     //!< the donor's, or null
    std::vector<Source> m_users;                       //!< background UEs
    std::vector<Source> m_transit;                     //!< other carriers
};

} // namespace cosim

#endif // COSIM_BACKGROUND_H
