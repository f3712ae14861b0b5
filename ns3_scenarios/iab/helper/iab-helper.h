/*
 * SPDX-License-Identifier: GPL-2.0-only
 */
#ifndef IAB_HELPER_H
#define IAB_HELPER_H

#include "iab/model/iab/access-manager.h"
#include "iab/model/iab/background-user.h"
#include "iab/model/iab/iab-net-device.h"
#include "iab/model/iab/iab-topology.h"
#include "iab/model/phy/radio-channel.h"

#include "ns3/node.h"

#include <memory>
#include <string>
#include <vector>

namespace ns3
{

/** Size of a planar array. */
struct ArraySize
{
    uint32_t rows;    //!< elements in a column
    uint32_t columns; //!< elements in a row
};

/** How the MT and the DU of an IAB node keep out of each other's way. */
enum class HalfDuplex : uint8_t
{
    NONE = 0,    //!< they do not: a node transmits and receives at once
    BY_DEPTH = 1 //!< cells at even and at odd depth take turns, a TDD pattern each
};

/** The radio interface of an IAB network. */
struct IabRadioConfig
{
    double carrierHz{28e9};                                  //!< carrier frequency
    uint64_t bandwidthHz{100000000};                         //!< channel bandwidth
    uint8_t numerology{3};                                   //!< mu of TS 38.211 4.2
    std::string tddPattern{"DSUU"};                          //!< see NrFrame
    ResourceGridConfig grid;                                 //!< tables, sharing of a slot, DM-RS
    RlcMode rlcMode{RlcMode::ACKNOWLEDGED};                  //!< of all links
    HalfDuplex halfDuplex{HalfDuplex::BY_DEPTH};             //!< of IAB nodes
    bool interference{true};                                 //!< between the links
    std::string scheduler{"ns3::ProportionalFairScheduler"}; //!< type name
    std::string environment{"UMi-StreetCanyon"};             //!< TR 38.901 environment
    LosPolicy accessLos{LosPolicy::RANDOM};                  //!< line of sight of access links
    LosPolicy backhaulLos{LosPolicy::ALWAYS};                //!< line of sight of backhaul links
    bool shadowing{true};                                    //!< TR 38.901 7.4.1
    double noiseFigureDb{5};                                 //!< of every receiver
    double uePowerDbm{23};                                   //!< transmit power of a UE
    double iabPowerDbm{30};                //!< transmit power of an IAB node, MT and DU
    ArraySize ueArray{2, 2};               //!< panel of a UE
    ArraySize iabArray{8, 8};              //!< panel of an IAB node
    uint32_t queueBytes{2000000};          //!< limit of each RLC channel's queue
    Time channelUpdate{MilliSeconds(20)};  //!< measurement and adaptation of access links
    Time channelRedraw{MilliSeconds(200)}; //!< new small-scale channel of access links
    Time losUpdate;                        //!< new line-of-sight state of access links
    double hysteresisDb{3};                //!< A3
    Time timeToTrigger{MilliSeconds(100)}; //!< A3
    Time interruption{MilliSeconds(20)};   //!< of a handover
    int64_t firstStream{1000};             //!< random streams are numbered from here
};

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
     * @param node the donor; there is one
     * @return its device
     */
    Ptr<IabNetDevice> InstallDonor(Ptr<Node> node);

    /**
     * @param node an IAB node
     * @param parent its parent's device
     * @param linkName name of the link to the parent
     * @return its device
     */
    Ptr<IabNetDevice> InstallRelay(Ptr<Node> node,
                                   Ptr<IabNetDevice> parent,
                                   const std::string& linkName);

    /**
     * @param node a UE, which every donor and relay installed so far may serve
     * @param linkName name of its access link
     * @return its device; not attached before StartUe
     */
    Ptr<IabNetDevice> InstallUe(Ptr<Node> node, const std::string& linkName);

    /**
     * Add a background UE at a fixed position.
     *
     * @param serving device of its cell
     * @param node a node with a mobility model, for its position
     * @param user the traffic generator
     */
    void InstallBackgroundUser(Ptr<IabNetDevice> serving, Ptr<Node> node, Ptr<BackgroundUser> user);

    /**
     * @param device of a node
     * @param address that packets for it carry
     */
    void SetIpv4Address(Ptr<IabNetDevice> device, Ipv4Address address);

    /**
     * @param lossDb extra loss on a backhaul link
     * @param linkName its name
     */
    void SetBackhaulBlockage(const std::string& linkName, double lossDb);

    /**
     * @param ue device of a UE
     * @return what keeps it served
     */
    Ptr<AccessManager> Access(Ptr<IabNetDevice> ue) const;

    /** @return device of the donor */
    Ptr<IabNetDevice> Donor() const;

    /** @return the tree */
    Ptr<IabTopology> Topology() const;

    /**
     * @param device of an IAB node
     * @return its link to its parent
     */
    Ptr<RadioLink> BackhaulOf(Ptr<IabNetDevice> device) const;

    /**
     * @param ue device of a UE
     * @return its access link
     */
    Ptr<RadioLink> AccessLinkOf(Ptr<IabNetDevice> ue) const;

  private:
    /** A backhaul link and its channel. */
    struct Backhaul
    {
        Ptr<RadioLink> link;       //!< the link
        Ptr<CellMac> cell;         //!< cell that schedules it
        std::vector<double> gains; //!< linear, for each resource block; static
    };

    /**
     * @param size of the panel
     * @return a panel of isotropic elements
     */
    static Ptr<PhasedArrayModel> CreateArray(const ArraySize& size);

    /**
     * @param depth of the cell below the donor
     * @return the slots of cells at that depth
     */
    std::shared_ptr<const NrFrame> FrameAt(uint32_t depth) const;

    /**
     * @param from a link that transmits
     * @param to a link whose receiver is disturbed
     * @param direction of both
     * @return linear gain between them
     */
    double GainBetween(const RadioLink& from, const RadioLink& to, NrDirection direction) const;

    /**
     * @param los line of sight
     * @param shadowing whether there is any
     * @param losUpdate how long a drawn state lasts
     * @param redraw how long a drawn small-scale channel lasts
     * @return a channel for links of one kind, with random streams of its own
     */
    Ptr<RadioChannel> CreateChannel(LosPolicy los, bool shadowing, Time losUpdate, Time redraw);

    /**
     * @param node to install on
     * @return the device
     */
    Ptr<IabNetDevice> CreateDevice(Ptr<Node> node);

    /**
     * Give a device a DU.
     *
     * @param device of a donor or relay
     * @param depth below the donor
     */
    void InstallCell(const Ptr<IabNetDevice>& device, uint32_t depth);

    IabRadioConfig m_config;                                  //!< radio interface
    std::shared_ptr<const NrFrame> m_frame;                   //!< slots without half duplex
    std::shared_ptr<const ErrorModel> m_errors;               //!< block errors
    std::shared_ptr<const ResourceGrid> m_grid;               //!< what an allocation carries
    std::shared_ptr<InterferenceField> m_interference;        //!< or null
    std::map<Ptr<IabNetDevice>, uint32_t> m_depths;           //!< of donor and relays
    Ptr<RadioChannel> m_accessChannel;                        //!< of UEs
    Ptr<RadioChannel> m_backhaulChannel;                      //!< of IAB nodes
    Ptr<RadioChannel> m_backgroundChannel;                    //!< of background UEs
    Ptr<RadioChannel> m_accessLeakage;                        //!< of interference from and to UEs
    Ptr<RadioChannel> m_backhaulLeakage;                      //!< of interference between IAB nodes
    Ptr<IabTopology> m_topology;                              //!< the tree
    std::shared_ptr<IabAddressBook> m_book;                   //!< IP to BAP
    Ptr<IabNetDevice> m_donor;                                //!< the root
    std::vector<ServingCandidate> m_cells;                    //!< donor and relays
    std::map<Ptr<IabNetDevice>, Backhaul> m_backhauls;        //!< by child
    std::map<Ptr<IabNetDevice>, Ptr<AccessManager>> m_access; //!< by UE
    std::map<Ptr<IabNetDevice>, Ptr<RadioLink>> m_accessLinks; //!< by UE
    int64_t m_nextStream;                                      //!< first unused random stream
};

} // namespace ns3

#endif // IAB_HELPER_H
