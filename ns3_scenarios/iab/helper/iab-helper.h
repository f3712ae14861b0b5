/*
 * SPDX-License-Identifier: GPL-2.0-only
 */
#ifndef IAB_HELPER_H
#define IAB_HELPER_H

#include "iab-radio-config.h"

#include "ns3/access-manager.h"
#include "ns3/background-user.h"
#include "ns3/backhaul-manager.h"
#include "ns3/iab-net-device.h"
#include "ns3/iab-topology.h"
#include "ns3/node.h"
#include "ns3/radio-channel.h"

#include <map>
#include <memory>
#include <string>
#include <vector>

namespace ns3
{

/**
 * Builds an IAB network on nodes that have a mobility model: donor first, then relays, then users.
 *
 * Addresses of the IP subnet are given by the caller through SetIpv4Address, once the internet
 * stack is installed.
 */
class IabHelper
{
  public:
    /**
     * @param config of the radio interface
     * @throw std::invalid_argument on a configuration that cannot be used
     */
    explicit IabHelper(const IabRadioConfig& config);

    /**
     * @param record of the small-scale channels of what is installed from now on; null: they are
     * drawn, and not kept
     */
    void SetFadingRecord(std::shared_ptr<FadingRecord> record);

    /**
     * @param node the donor; there is one
     * @return its device
     */
    Ptr<IabNetDevice> InstallDonor(Ptr<Node> node);

    /**
     * @param node an IAB node
     * @param parent its parent's device
     * @param linkName name of the link to the parent; its random draws follow from it
     * @return its device
     */
    Ptr<IabNetDevice> InstallRelay(Ptr<Node> node,
                                   Ptr<IabNetDevice> parent,
                                   const std::string& linkName);

    /**
     * Give a relay one more parent, see BackhaulManager::AddParent.
     *
     * @param relay its device
     * @param parent the parent's device
     * @param linkName name of the link to it; its random draws follow from it
     * @return the link
     * @throw std::invalid_argument on a parent that it cannot have
     */
    Ptr<RadioLink> AddParent(Ptr<IabNetDevice> relay,
                             Ptr<IabNetDevice> parent,
                             const std::string& linkName);

    /**
     * @param node a UE, which every donor and relay installed so far may serve
     * @param linkName name of its access link; its channel's random draws follow from it
     * @return its device; not attached before StartUe
     */
    Ptr<IabNetDevice> InstallUe(Ptr<Node> node, const std::string& linkName);

    /**
     * Add a background UE without an IP stack.
     *
     * @param serving device of its cell, or null for a UE that moves: that cell serves it which is
     * the best by event A3, as for other UEs, but without small-scale fading
     * @param node a node with a mobility model, for its position
     * @param user the traffic generator
     */
    void InstallBackgroundUser(Ptr<IabNetDevice> serving, Ptr<Node> node, Ptr<BackgroundUser> user);

    /**
     * Add a background UE whose traffic are packets of its own IP stack.
     *
     * @param serving see InstallBackgroundUser
     * @param node see InstallBackgroundUser
     * @param user the traffic generator
     * @return the UE's device
     */
    Ptr<IabNetDevice> InstallBackgroundDevice(Ptr<IabNetDevice> serving,
                                              Ptr<Node> node,
                                              Ptr<BackgroundUser> user);

    /** @return what keeps the background UEs that move served, in the order of their making */
    const std::vector<Ptr<AccessManager>>& BackgroundAccess() const;

    /**
     * @param device of a node
     * @param address that packets for it carry
     */
    void SetIpv4Address(Ptr<IabNetDevice> device, Ipv4Address address);

    /**
     * @param ue device of a UE
     * @return what keeps it served
     */
    Ptr<AccessManager> Access(Ptr<IabNetDevice> ue) const;

    /** @return device of the donor */
    Ptr<IabNetDevice> Donor() const;

    /** @return who is whose parent, and the routes */
    Ptr<IabTopology> Topology() const;

    /** @return what runs the links between IAB nodes, and their sleep */
    Ptr<BackhaulManager> Backhaul() const;

    /**
     * @param device of an IAB node
     * @return its link to its first parent
     */
    Ptr<RadioLink> BackhaulOf(Ptr<IabNetDevice> device) const;

    /**
     * @param ue device of a UE
     * @return its access link
     */
    Ptr<RadioLink> AccessLinkOf(Ptr<IabNetDevice> ue) const;

  private:
    /**
     * @param size of the panel
     * @return a panel of isotropic elements
     */
    static Ptr<PhasedArrayModel> CreateArray(const ArraySize& size);

    /**
     * @param powerDbm wanted transmit power
     * @param array that it is sent with
     * @return transmit power within the EIRP limit
     */
    double LimitedPowerDbm(double powerDbm, const ArraySize& array) const;

    /**
     * @param from what is transmitted
     * @param to what it disturbs
     * @return linear gain between the transmitter of one and the receiver of the other
     */
    double GainBetween(const Emission& from, const Emission& to) const;

    /**
     * @param los line of sight
     * @param shadowing whether there is any
     * @param losUpdate how long a drawn state lasts
     * @param redraw how long a drawn small-scale channel lasts
     * @return a channel, without random streams
     */
    Ptr<RadioChannel> CreateChannel(LosPolicy los, bool shadowing, Time losUpdate, Time redraw);

    /**
     * @param linkName name of a link
     * @param los line of sight
     * @param losUpdate how long a drawn state lasts
     * @param redraw how long a drawn small-scale channel lasts
     * @return its channel, whose random streams follow from the name
     */
    Ptr<RadioChannel> CreateLinkChannel(const std::string& linkName,
                                        LosPolicy los,
                                        Time losUpdate,
                                        Time redraw);

    /**
     * @param node to install on
     * @return the device
     */
    Ptr<IabNetDevice> CreateDevice(Ptr<Node> node);

    /**
     * @param name of the cell, which its random draws follow from
     * @return a cell, configured
     */
    Ptr<CellMac> CreateCell(const std::string& name);

    /**
     * Make a link for a relay's MT, and with sectors a cell for it at the parent.
     *
     * @param relay its device
     * @param parent the parent's device
     * @param name of the link
     * @return the link
     */
    Ptr<RadioLink> CreateBackhaul(const Ptr<IabNetDevice>& relay,
                                  const Ptr<IabNetDevice>& parent,
                                  const std::string& name);

    /**
     * @param linkName name of a backhaul link, which its random draws follow from
     * @return its channel
     */
    Ptr<RadioChannel> CreateBackhaulChannel(const std::string& linkName);

    /**
     * Give a device a DU.
     *
     * @param device of a donor or relay
     * @param name of its cell
     */
    void InstallCell(const Ptr<IabNetDevice>& device, const std::string& name);

    /**
     * @param bap of a UE
     * @param node of the UE
     * @param link its radio link
     * @param channel of the link
     * @return what keeps it served
     */
    Ptr<AccessManager> CreateAccess(const Ptr<BapEntity>& bap,
                                    const Ptr<Node>& node,
                                    const Ptr<RadioLink>& link,
                                    const Ptr<RadioChannel>& channel);

    /**
     * Let a background UE be served.
     *
     * @param bap of the UE
     * @param node of the UE
     * @param serving device of its cell, or null if it moves
     * @param user the traffic generator
     */
    void Attach(const Ptr<BapEntity>& bap,
                const Ptr<Node>& node,
                const Ptr<IabNetDevice>& serving,
                const Ptr<BackgroundUser>& user);

    /**
     * Connect a UE that stays where it is to the cell that it stays with.
     *
     * @param bap of the UE
     * @param node of the UE
     * @param serving device of its cell
     * @param link between them
     */
    void ConnectFixed(const Ptr<BapEntity>& bap,
                      const Ptr<Node>& node,
                      const Ptr<IabNetDevice>& serving,
                      const Ptr<RadioLink>& link);

    IabRadioConfig m_config;                           //!< radio interface
    std::shared_ptr<const NrFrame> m_frame;            //!< slots without half duplex
    std::shared_ptr<const BlockErrorModel> m_errors;   //!< block errors
    std::shared_ptr<const ResourceGrid> m_grid;        //!< what an allocation carries
    std::shared_ptr<InterferenceField> m_interference; //!< or null
    std::shared_ptr<FadingRecord> m_fadingRecord;      //!< or null
    Ptr<RadioChannel> m_backgroundChannel;             //!< of background UEs that stay
    Ptr<RadioChannel> m_movingChannel;                 //!< of those that move, if any
    Ptr<RadioChannel> m_accessLeakage;                 //!< of interference from and to UEs
    Ptr<RadioChannel> m_backhaulLeakage;               //!< of interference between IAB nodes
    Ptr<IabTopology> m_topology;                       //!< parents and routes
    std::shared_ptr<IabAddressBook> m_book;            //!< IP to BAP
    Ptr<IabNetDevice> m_donor;                         //!< the root
    std::map<std::string, ServingCandidate> m_cells;   //!< donor and relays, by name
    Ptr<BackhaulManager> m_backhaul;                   //!< links between IAB nodes
    std::map<Ptr<IabNetDevice>, Ptr<RadioLink>> m_backhaulLinks; //!< the first ones, by child
    std::vector<Ptr<IabNetDevice>> m_ues;                        //!< as they were installed
    std::map<Ptr<IabNetDevice>, Ptr<AccessManager>> m_access;    //!< by UE
    std::map<Ptr<IabNetDevice>, Ptr<RadioLink>> m_accessLinks;   //!< by UE
    std::vector<Ptr<AccessManager>> m_backgroundAccess;          //!< of those that move
    int64_t m_nextStream;                                        //!< first unused random stream
};

} // namespace ns3

#endif // IAB_HELPER_H
