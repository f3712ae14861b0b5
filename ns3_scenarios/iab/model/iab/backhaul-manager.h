/*
 * SPDX-License-Identifier: GPL-2.0-only
 */
#ifndef BACKHAUL_MANAGER_H
#define BACKHAUL_MANAGER_H

#include "backhaul-members.h"
#include "iab-topology.h"

#include "ns3/object.h"
#include "ns3/radio-channel.h"
#include "ns3/traced-callback.h"

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace ns3
{

/**
 * The backhaul of an IAB network, as its CU runs it: which node is whose parent, which nodes sleep
 * (TR 38.874 9.7.2), and the quality of the links between them.
 */
class BackhaulManager : public Object
{
  public:
    /**
     * @brief Get the type ID.
     * @return the object TypeId
     */
    static TypeId GetTypeId();

    /** Makes a panel for a link. */
    using ArrayFactory = std::function<Ptr<PhasedArrayModel>()>;

    /**
     * Signature of the trace of parents: node, its link, parent over that or null while packets can
     * take another, parent before or null.
     */
    using ParentCallback = void (*)(Ptr<BapEntity>,
                                    const std::string&,
                                    Ptr<BapEntity>,
                                    Ptr<BapEntity>);

    /** Signature of the trace of sleep: node, whether it is awake now. */
    using AwakeCallback = void (*)(Ptr<BapEntity>, bool);

    /**
     * @param topology that the nodes are in
     * @param createArray makes a panel of a node
     */
    void SetNetwork(Ptr<IabTopology> topology, ArrayFactory createArray);

    /**
     * @param errors model whose modulations the links are adapted for
     * @param interference told when the gains of a link change, or null
     * @param powerDbm transmit power of both ends
     */
    void SetPhy(std::shared_ptr<const BlockErrorModel> errors,
                std::shared_ptr<InterferenceField> interference,
                double powerDbm);

    /**
     * @param donor root of the tree
     * @param mobility where it is
     */
    void AddDonor(Ptr<BapEntity> donor, Ptr<MobilityModel> mobility);

    /**
     * Add a relay and connect it.
     *
     * @param relay the relay, which has its cell
     * @param mobility where it is
     * @param link to whoever is its parent
     * @param channel of the link, to any parent
     * @param parent at first, and whenever there is no reason for another
     */
    void AddRelay(Ptr<BapEntity> relay,
                  Ptr<MobilityModel> mobility,
                  Ptr<RadioLink> link,
                  Ptr<RadioChannel> channel,
                  Ptr<BapEntity> parent);

    /**
     * Give a relay one more parent (dual connectivity of its MT, TS 37.340): for the paths that
     * prefer the link, and for all packets while the links before it are out of service.
     *
     * @param relay the relay
     * @param link to the parent
     * @param channel of the link
     * @param parent not below it, nor its parent already
     * @throw std::invalid_argument on a parent that it cannot have
     */
    void AddParent(const Ptr<BapEntity>& relay,
                   Ptr<RadioLink> link,
                   Ptr<RadioChannel> channel,
                   const Ptr<BapEntity>& parent);

    /**
     * Give what enters and leaves the network at a node a path.
     *
     * @param node a UE or an IAB node
     * @param linkNames backhaul links that it takes where an IAB node has several parents;
     * elsewhere it takes the first one
     * @throw std::invalid_argument on a name that is no backhaul link's
     */
    void SetPath(const Ptr<BapEntity>& node, const std::vector<std::string>& linkNames);

    /**
     * Give a relay, with all that is below it, another parent over its first link.
     *
     * @param relay the relay
     * @param parent awake, not below it and not its parent over another link
     * @throw std::invalid_argument on a parent that it cannot have
     */
    void Reparent(const Ptr<BapEntity>& relay, const Ptr<BapEntity>& parent);

    /**
     * Put a relay to sleep: its UEs go elsewhere, its child nodes to their other parents, or to the
     * best ones that are left.
     *
     * @param relay the relay
     */
    void Sleep(const Ptr<BapEntity>& relay);

    /**
     * Wake a relay: it goes to its parents, or the best one, and its child nodes come back,
     * unless it is below them by now.
     *
     * @param relay the relay
     */
    void Wake(const Ptr<BapEntity>& relay);

    /**
     * @param linkName name of a backhaul link
     * @param lossDb extra loss on it
     */
    void SetBlockage(const std::string& linkName, double lossDb);

  protected:
    void DoDispose() override;

  private:
    /** Panels of the two ends of a link, kept: ns-3 keeps a channel by its two arrays. */
    using Panels = std::pair<Ptr<PhasedArrayModel>, Ptr<PhasedArrayModel>>;

    /** Give a link of a relay another parent, unless it is the one that it has. */
    void Move(const Ptr<BapEntity>& relay, BackhaulUplink& uplink, const Ptr<BapEntity>& parent);

    /** Take a link of a relay away from its parent, and tell everybody. */
    void Detach(const Ptr<BapEntity>& relay, BackhaulUplink& uplink);

    /** Connect a link of a relay that has no parent, and tell everybody. */
    void Attach(const Ptr<BapEntity>& relay,
                BackhaulUplink& uplink,
                const Ptr<BapEntity>& parent,
                const Ptr<BapEntity>& previous);

    /** Evaluate the channel of a relay's link. */
    void Adapt(const Ptr<BapEntity>& relay, BackhaulUplink& uplink);

    /** Where packets have a choice, decide in a while whether a link is out of service, or back. */
    void Watch(const Ptr<BapEntity>& relay, BackhaulUplink& uplink);

    /** A link is out of service, or back. */
    void SetInService(const Ptr<BapEntity>& relay, BackhaulUplink& uplink, bool inService);

    /** Tell the cells of a node and those below their depth, where it has changed. */
    void RefreshDepths(const Ptr<BapEntity>& top);

    /** Tell the cells that may want the same slot of an MT their order, by the names of links. */
    void RefreshRanks();

    Ptr<IabTopology> m_topology;                       //!< the tree
    ArrayFactory m_createArray;                        //!< makes a panel
    std::shared_ptr<const BlockErrorModel> m_errors;   //!< for link adaptation
    std::shared_ptr<InterferenceField> m_interference; //!< of all cells
    double m_powerDbm{0};                              //!< of both ends
    bool m_hasChoice{false};                           //!< whether a relay has several parents
    Time m_interruption;                               //!< of service at a change of the parent
    Time m_failureTime;                                //!< from a link's failure to its detection
    BackhaulMembers m_members;                         //!< donor and relays
    std::map<std::pair<BapAddress, BapAddress>, Panels> m_panels; //!< by relay and parent
    TracedCallback<Ptr<BapEntity>, const std::string&, Ptr<BapEntity>, Ptr<BapEntity>>
        m_parentTrace;                                 //!< parents
    TracedCallback<Ptr<BapEntity>, bool> m_awakeTrace; //!< sleep
};

} // namespace ns3

#endif // BACKHAUL_MANAGER_H
