/*
 * SPDX-License-Identifier: GPL-2.0-only
 */
#ifndef IAB_TOPOLOGY_H
#define IAB_TOPOLOGY_H

#include "bap-entity.h"

#include "ns3/object.h"
#include "ns3/traced-callback.h"

#include <map>
#include <set>
#include <string>

namespace ns3
{

/**
 * The directed acyclic graph of an IAB network and its routes, as the donor's CU configures them
 * (TR 38.874 9.7, TS 38.340 5.2.1.3): who is whose parent, and what each BAP entity must know of
 * it.
 *
 * A path is a set of backhaul links that are preferred where a node has several parents; elsewhere
 * it takes a node's first link. At every moment each path is a tree: a link that is out of service,
 * or leads nowhere, is left out as long as there is another.
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
     * Connect a node, with all that is below it, to a parent, or to one more of them. A link that
     * was there before takes its old place among the node's links.
     *
     * @param child the node
     * @param parent a node with a cell, not below the child
     * @param link between them
     * @param cell of the parent, or null for its first
     */
    void Connect(const Ptr<BapEntity>& child,
                 const Ptr<BapEntity>& parent,
                 const Ptr<RadioLink>& link,
                 Ptr<CellMac> cell = nullptr);

    /**
     * Take a node, with all that is below it, away from a parent.
     *
     * @param child a node
     * @param link to one of its parents
     * @return what waited downward in the link, in order
     */
    std::vector<RlcSdu> Disconnect(const Ptr<BapEntity>& child, const Ptr<RadioLink>& link);

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
     * A backhaul link fails, or is back. Where there is another way, nothing more is sent over one
     * that has failed, and what waits for it, or is under way, is routed again.
     *
     * @param child lower end of the link
     * @param link that changed
     * @param inService whether it works
     */
    void SetInService(const Ptr<BapEntity>& child, const Ptr<RadioLink>& link, bool inService);

    /**
     * Give what enters and leaves the network at a node a path.
     *
     * @param node a UE or an IAB node
     * @param links backhaul links that it takes where there is a choice
     * @throw std::invalid_argument when there are more paths than the path ID has values for
     */
    void SetPath(const Ptr<BapEntity>& node, const std::set<Ptr<RadioLink>>& links);

    /**
     * Count a user's traffic in the proportional-fair weights of all links above it.
     *
     * @param user a node
     * @param bearer that carries its traffic
     */
    void CountUser(const Ptr<BapEntity>& user, Bearer bearer);

    /**
     * Find the ways again after a node has fallen asleep or woken up.
     *
     * @param node that has
     */
    void Refresh(const Ptr<BapEntity>& node);

    /**
     * @param child a node
     * @return the parent that its own packets go to now, or null
     */
    Ptr<BapEntity> ParentOf(const Ptr<BapEntity>& child) const;

    /**
     * @param child a node
     * @param link of it
     * @return the parent at its other end, or null while there is none
     */
    Ptr<BapEntity> ParentOver(const Ptr<BapEntity>& child, const Ptr<RadioLink>& link) const;

    /**
     * @param bap a node
     * @return whether a way leads from it to the donor, over nodes that are awake
     */
    bool IsReachable(const Ptr<BapEntity>& bap) const;

    /**
     * @param bap a node
     * @return it and all nodes below it, over any link
     */
    std::vector<Ptr<BapEntity>> Below(const Ptr<BapEntity>& bap) const;

    /**
     * @param bap a node
     * @return links between it and the root, on path 0
     */
    uint32_t DepthOf(const Ptr<BapEntity>& bap) const;

    /** @return bytes lost at handovers without data forwarding */
    uint64_t LostBytes() const;

  protected:
    void DoDispose() override;

  private:
    /** A link to a parent. */
    struct Uplink
    {
        Ptr<RadioLink> link;  //!< the link
        BapAddress parent{0}; //!< at its other end, 0 while there is none
        bool inService{true}; //!< whether it works
    };

    /** A node whose packets go down over a link. */
    struct Ancestor
    {
        BapAddress address;  //!< of the node
        Ptr<RadioLink> link; //!< the way down
    };

    /** A node and its place in the network. */
    struct Member
    {
        Ptr<BapEntity> bap;              //!< the node
        std::vector<Uplink> uplinks;     //!< the first one first
        BapPathId path{0};               //!< of its packets
        std::vector<Ancestor> ancestors; //!< on its path, to which its routes are known
        std::array<int32_t, 2> users{};  //!< at it, by bearer
    };

    /** Nodes from which a way leads to the donor. */
    using Reach = std::set<BapAddress>;

    /** @return entry of a node that was added */
    Member& Of(const Ptr<BapEntity>& bap);

    /** @copydoc Of */
    const Member& Of(const Ptr<BapEntity>& bap) const;

    /** @return a node's entry for a link, or null */
    static Uplink* Find(Member& member, const Ptr<RadioLink>& link);

    /** @return addresses of a node and all nodes below it */
    std::vector<BapAddress> Subtree(BapAddress address) const;

    /** @return nodes from which a way leads to the donor */
    Reach FindReach() const;

    /** @return the same where a node has a choice; without, nobody asks */
    Reach FindReachForChoice() const;

    /** @return whether a link leads to the donor */
    static bool LeadsUp(const Uplink& uplink, const Reach& reach);

    /** @return the link that a node's packets of a path leave by, or null at the end of the way */
    const Uplink* Egress(const Member& member, BapPathId path, const Reach& reach) const;

    /** Route everything from and to a node and those below it anew. */
    void Reroute(BapAddress address);

    /** Tell a node its links and routes up. */
    void RefreshUpward(Member& member, const Reach& reach);

    /** Tell the nodes on its path the way down to a node, and count its users on the links. */
    void Advertise(Member& member, const Reach& reach);

    /** Undo Advertise. */
    void Withdraw(Member& member);

    /** Count users in the weights of all links on a node's path. @param users may be negative */
    static void Count(const Member& member, Bearer bearer, int32_t users);

    /** Route again what a node cannot send up over a link that leads nowhere, over another one. */
    void Rescue(BapAddress address);

    /** @return all that waits in a direction of a link, blocks in the air being void */
    static std::vector<RlcSdu> Take(const Ptr<RadioLink>& link, NrDirection direction);

    std::map<BapAddress, Member> m_members;            //!< all nodes by address
    std::vector<std::set<Ptr<RadioLink>>> m_paths{{}}; //!< preferred links by path ID
    bool m_hasChoice{false};                           //!< whether a node has several links
    uint64_t m_lostBytes{0};                           //!< counter
};

} // namespace ns3

#endif // IAB_TOPOLOGY_H
