/*
 * SPDX-License-Identifier: GPL-2.0-only
 */
#ifndef IAB_TOPOLOGY_H
#define IAB_TOPOLOGY_H

#include "bap-entity.h"

#include "ns3/object.h"
#include "ns3/traced-callback.h"

#include <map>
#include <string>

namespace ns3
{

/**
 * The tree of an IAB network and its routes, as the donor's CU configures them (TR 38.874 9.7):
 * who is whose parent, and what each BAP entity must know of it.
 */
class IabTopology : public Object
{
  public:
    /**
     * @brief Get the type ID.
     * @return the object TypeId
     */
    static TypeId GetTypeId();

    /**
     * Add a node; it is on its own until it is connected.
     *
     * @param bap its BAP entity, which gets its address here
     */
    void Add(const Ptr<BapEntity>& bap);

    /**
     * Connect a node that has no parent yet, with all that is below it.
     *
     * @param child the node
     * @param parent a node with a cell
     * @param link between them
     * @param cell of the parent, or null for its first
     */
    void Connect(const Ptr<BapEntity>& child,
                 const Ptr<BapEntity>& parent,
                 const Ptr<RadioLink>& link,
                 Ptr<CellMac> cell = nullptr);

    /**
     * Take a node, with all that is below it, away from its parent.
     *
     * @param child a node that has a parent
     * @return what waited downward in its link, in order
     */
    std::vector<RlcSdu> Disconnect(const Ptr<BapEntity>& child);

    /**
     * Hand a UE over to another parent over the same link object; what waits upward stays.
     *
     * @param child the UE
     * @param parent its new parent
     * @param forwarding whether what waits downward at the old parent is forwarded (Xn data
     * forwarding, TS 38.300 9.2.3.2) or lost
     */
    void Move(const Ptr<BapEntity>& child, const Ptr<BapEntity>& parent, bool forwarding = true);

    /**
     * Count a user's traffic in the proportional-fair weights of all links above it.
     *
     * @param user a node without a cell
     * @param bearer that carries its traffic
     */
    void CountUser(const Ptr<BapEntity>& user, Bearer bearer);

    /**
     * @param child a node
     * @return its parent, or null
     */
    Ptr<BapEntity> ParentOf(const Ptr<BapEntity>& child) const;

    /**
     * @param bap a node
     * @return it and all nodes below it
     */
    std::vector<Ptr<BapEntity>> Below(const Ptr<BapEntity>& bap) const;

    /**
     * @param bap a node
     * @return links between it and the root of its tree
     */
    uint32_t DepthOf(const Ptr<BapEntity>& bap) const;

    /** @return bytes lost at handovers without data forwarding */
    uint64_t LostBytes() const;

  protected:
    void DoDispose() override;

  private:
    /** A node and its place in the tree. */
    struct Member
    {
        Ptr<BapEntity> bap;              //!< the node
        Ptr<RadioLink> link;             //!< to its parent, or null
        BapAddress parent{0};            //!< its parent, when there is a link
        std::array<uint32_t, 2> users{}; //!< users at or below it, by bearer
    };

    /**
     * @param bap a node that was added
     * @return its entry
     */
    Member& Of(const Ptr<BapEntity>& bap);

    /**
     * @param address of a node
     * @return addresses of it and all nodes below it
     */
    std::vector<BapAddress> Subtree(BapAddress address) const;

    /**
     * Set or remove the routes to a subtree in all nodes above it, and its users in their weights.
     *
     * @param child root of the subtree
     * @param present whether it is there
     */
    void RefreshAncestors(const Member& child, bool present);

    /**
     * Write a node's user counts into the weights of the link above it.
     *
     * @param member the node
     */
    void RefreshWeights(Member& member);

    std::map<BapAddress, Member> m_members; //!< all nodes by address
    uint64_t m_lostBytes{0};                //!< counter
};

} // namespace ns3

#endif // IAB_TOPOLOGY_H
