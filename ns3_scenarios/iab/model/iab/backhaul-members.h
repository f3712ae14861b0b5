/*
 * SPDX-License-Identifier: GPL-2.0-only
 */
#ifndef BACKHAUL_MEMBERS_H
#define BACKHAUL_MEMBERS_H

#include "iab-topology.h"

#include "ns3/event-id.h"
#include "ns3/radio-channel.h"

#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <string>
#include <vector>

namespace ns3
{

/** A relay's link to a parent. */
struct BackhaulUplink
{
    Ptr<RadioLink> link;       //!< to whoever it is
    Ptr<RadioChannel> channel; //!< to any parent
    Ptr<BapEntity> home;       //!< parent that it belongs to
    double blockageDb{0};      //!< extra loss to any parent
    bool inService{true};      //!< whether packets are sent over it
    EventId decision{};        //!< when that changes, unless the link does before
};

/** A donor or relay. */
struct BackhaulMember
{
    Ptr<BapEntity> node;                //!< itself
    Ptr<MobilityModel> mobility;        //!< where it is
    std::deque<BackhaulUplink> uplinks; //!< the first one first; none at the donor
};

/** The donor and the relays of a network, and who of them may be whose parent. */
class BackhaulMembers
{
  public:
    /** @param topology that the nodes are in */
    void SetTopology(Ptr<IabTopology> topology);

    /**
     * @param node a donor or relay
     * @param mobility where it is
     * @return its entry, which stays where it is
     */
    BackhaulMember& Add(Ptr<BapEntity> node, Ptr<MobilityModel> mobility);

    /** @return all of them, as they were added */
    std::deque<BackhaulMember>& All();

    /** @return entry of a node */
    const BackhaulMember& Of(const Ptr<BapEntity>& node) const;

    /** @return entry of a node @throw std::invalid_argument when it is no relay */
    BackhaulMember& RelayOf(const Ptr<BapEntity>& relay);

    /** @return backhaul links by name */
    std::map<std::string, Ptr<RadioLink>> Links() const;

    /**
     * @param relay a relay
     * @param parent a donor or relay
     * @param own the relay's link that it would be the parent over; null: a new one
     * @return whether it can be that now
     */
    bool MayBeParent(const Ptr<BapEntity>& relay,
                     const Ptr<BapEntity>& parent,
                     const BackhaulUplink* own) const;

    /**
     * @param relay a relay
     * @param uplink one of its links
     * @return the link's home when that is possible, else the parent with the best large-scale
     * gain; null only while the donor is a parent over another link
     */
    Ptr<BapEntity> ChooseParent(const Ptr<BapEntity>& relay, const BackhaulUplink& uplink) const;

    /**
     * Order the nodes whose cells may want the same slot of an MT, by the names of their first
     * links.
     *
     * @return their places
     */
    std::map<Ptr<BapEntity>, uint32_t> Ranks() const;

  private:
    /** @return whether a node is a relay's parent over another link than its own */
    bool IsParent(const BackhaulMember& relay,
                  const Ptr<BapEntity>& parent,
                  const BackhaulUplink* own) const;

    Ptr<IabTopology> m_topology;                    //!< that they are in
    std::deque<BackhaulMember> m_members;           //!< as they were added
    std::map<Ptr<BapEntity>, std::size_t> m_places; //!< in these
};

} // namespace ns3

#endif // BACKHAUL_MEMBERS_H
