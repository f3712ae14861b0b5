/*
 * SPDX-License-Identifier: GPL-2.0-only
 */
#ifndef BACKHAUL_MANAGER_H
#define BACKHAUL_MANAGER_H

#include "iab-topology.h"
#include "iab/model/phy/radio-channel.h"

#include "ns3/object.h"
#include "ns3/traced-callback.h"

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <utility>

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

    /** Signature of the trace of parents: node, parent or null, parent before or null. */
    using ParentCallback = void (*)(Ptr<BapEntity>, Ptr<BapEntity>, Ptr<BapEntity>);

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
    void SetPhy(std::shared_ptr<const ErrorModel> errors,
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
     * @param channel from it to any parent
     * @param parent at first, and whenever there is no reason for another
     */
    void AddRelay(Ptr<BapEntity> relay,
                  Ptr<MobilityModel> mobility,
                  Ptr<RadioLink> link,
                  Ptr<RadioChannel> channel,
                  Ptr<BapEntity> parent);

    /**
     * Give a relay, with all that is below it, another parent.
     *
     * @param relay the relay
     * @param parent awake and not below it
     * @throw std::invalid_argument on a parent that it cannot have
     */
    void Reparent(const Ptr<BapEntity>& relay, const Ptr<BapEntity>& parent);

    /**
     * Put a relay to sleep: its UEs go elsewhere, its child nodes to the best parents that are
     * left.
     *
     * @param relay the relay
     */
    void Sleep(const Ptr<BapEntity>& relay);

    /**
     * Wake a relay: it goes to its first parent, or the best one, and its child nodes come back,
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
    /** A donor or relay. */
    struct Member
    {
        Ptr<MobilityModel> mobility; //!< where it is
        Ptr<RadioLink> link;         //!< to its parent, or null at the donor
        Ptr<RadioChannel> channel;   //!< to any parent
        Ptr<BapEntity> home;         //!< parent that it belongs to, or null at the donor
        double blockageDb{0};        //!< extra loss to any parent
    };

    /** Panels of the two ends of a link, kept: ns-3 keeps a channel by its two arrays. */
    using Panels = std::pair<Ptr<PhasedArrayModel>, Ptr<PhasedArrayModel>>;

    /** @return entry of a node @throw std::invalid_argument when it is no relay */
    Member& RelayOf(const Ptr<BapEntity>& relay);

    /** @return whether a node may be a relay's parent now */
    bool MayBeParent(const Ptr<BapEntity>& relay, const Ptr<BapEntity>& parent) const;

    /** @return the parent with the best large-scale gain, its home when that is possible */
    Ptr<BapEntity> ChooseParent(const Ptr<BapEntity>& relay) const;

    /** Connect a relay that has no parent, and tell everybody. */
    void Attach(const Ptr<BapEntity>& relay,
                const Ptr<BapEntity>& parent,
                const Ptr<BapEntity>& previous);

    /** Evaluate the channel of a relay's link. */
    void Adapt(const Ptr<BapEntity>& relay);

    /** @return relays whose parent a node is */
    std::vector<Ptr<BapEntity>> ChildrenOf(const Ptr<BapEntity>& parent) const;

    Ptr<IabTopology> m_topology;                       //!< the tree
    ArrayFactory m_createArray;                        //!< makes a panel
    std::shared_ptr<const ErrorModel> m_errors;        //!< for link adaptation
    std::shared_ptr<InterferenceField> m_interference; //!< of all cells
    double m_powerDbm{0};                              //!< of both ends
    Time m_interruption;                               //!< of service at a change of the parent
    std::map<Ptr<BapEntity>, Member> m_members;        //!< donor and relays
    std::vector<Ptr<BapEntity>> m_order;               //!< donor and relays as they were added
    std::map<std::pair<BapAddress, BapAddress>, Panels> m_panels; //!< by relay and parent
    TracedCallback<Ptr<BapEntity>, Ptr<BapEntity>, Ptr<BapEntity>> m_parentTrace; //!< parents
    TracedCallback<Ptr<BapEntity>, bool> m_awakeTrace;                            //!< sleep
};

} // namespace ns3

#endif // BACKHAUL_MANAGER_H
