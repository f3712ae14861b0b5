/*
 * SPDX-License-Identifier: GPL-2.0-only
 */
#ifndef COSIM_NETWORK_H
#define COSIM_NETWORK_H

#include "description.h"
#include "wired-link.h"

#include "ns3/iab-helper.h"
#include "ns3/ipv4-address.h"
#include "ns3/node.h"

#include <map>
#include <memory>
#include <string>
#include <vector>

namespace cosim
{

class Background;

/** A node of the built network. */
struct NetworkNode
{
    std::string name;                  //!< as in the description
    std::string kind;                  //!< as in the description
    ns3::Ptr<ns3::Node> node;          //!< with internet stack
    ns3::Ptr<ns3::IabNetDevice> radio; //!< or null
    ns3::Ipv4Address address;          //!< by which others reach it
};

/** A radio link of the built network; the parent of a UE changes. */
struct RadioHop
{
    std::string name;                   //!< of the link
    std::string child;                  //!< name of the lower node
    ns3::Ptr<ns3::RadioLink> link;      //!< queues and quality
    ns3::Ptr<ns3::IabNetDevice> device; //!< of the child
};

/**
 * The network that the handshake described, built of ns-3 objects.
 */
class Network
{
  public:
    /**
     * @param description of the network
     * @param fading record of its small-scale channels, or null
     * @throw std::exception, with what is wrong, on a network that cannot be built
     */
    explicit Network(const NetworkDescription& description,
                     std::shared_ptr<ns3::FadingRecord> fading = nullptr);

    ~Network();

    /** Start traffic, attach the UEs and schedule the blockages. */
    void Start();

    /** @return all nodes by name */
    const std::map<std::string, NetworkNode>& Nodes() const;

    /** @return wired links in the order of the description */
    const std::vector<Wire>& Wires() const;

    /** @return radio links: backhaul in the order of the description, then access */
    const std::vector<RadioHop>& RadioHops() const;

    /**
     * @param hop a radio link
     * @return name of the node that is its parent now, empty while there is none
     */
    std::string ParentOf(const RadioHop& hop) const;

    /**
     * @param bap of a radio node
     * @return its name
     */
    const std::string& NameOf(const ns3::Ptr<ns3::BapEntity>& bap) const;

    /**
     * @param ue name of a UE
     * @return what keeps it served
     */
    ns3::Ptr<ns3::AccessManager> Access(const std::string& ue) const;

    /** @return what runs the links between IAB nodes, or null without a radio network */
    ns3::Ptr<ns3::BackhaulManager> Backhaul() const;

    /** @return bytes of background load that reached their end */
    uint64_t BackgroundBytes() const;

    /** @return handovers of all UEs */
    uint32_t Handovers() const;

  private:
    /** Create all nodes with their mobility. */
    void CreateNodes();
    /** Install the IAB network on the radio nodes. */
    void InstallRadio();
    /** Install relays below a node by their first links, nearest first. @param parent its name */
    void InstallRelaysBelow(const std::string& parent);
    /** Give relays the parents of their further links. */
    void AddFurtherParents();
    /** Give nodes the paths that they ask for. */
    void AssignPaths();
    /** Lay the wires. */
    void LayWires();
    /** Give the radio nodes their addresses. */
    void AssignRadioAddresses();
    /** Put a node to sleep, wake it or give it another parent. @param change which */
    void ChangeTopology(const TopologyChangeDescription& change);
    /** Schedule one blockage. @param blockage to schedule */
    void ScheduleBlockage(const BlockageDescription& blockage);
    /** Change the extra loss of a radio link. @param link its name @param lossDb by how much */
    void AddBlockage(const std::string& link, double lossDb);

    NetworkDescription m_description;                  //!< as asked for
    std::shared_ptr<ns3::FadingRecord> m_fading;       //!< or null
    std::map<std::string, NetworkNode> m_nodes;        //!< by name
    std::vector<std::string> m_nodeOrder;              //!< names as described
    std::unique_ptr<ns3::IabHelper> m_iab;             //!< radio network, when there is one
    std::vector<Wire> m_wires;                         //!< wired links
    std::vector<RadioHop> m_hops;                      //!< radio links
    std::map<std::string, double> m_blockageDb;        //!< extra loss now, by radio link
    std::map<ns3::BapAddress, std::string> m_bapNames; //!< names of radio nodes
    std::unique_ptr<Background> m_background;          //!< traffic, when there is a radio network
};

} // namespace cosim

#endif // COSIM_NETWORK_H
