/*
 * SPDX-License-Identifier: GPL-2.0-only
 */
#ifndef BAP_ENTITY_H
#define BAP_ENTITY_H

#include "iab/model/mac/cell-mac.h"

#include "ns3/object.h"

#include <map>

namespace ns3
{

/**
 * The backhaul adaptation protocol of one node (TS 38.340): forwards SDUs by BAP address, down to
 * the child whose subtree holds the destination, else up to the parent.
 */
class BapEntity : public Object
{
  public:
    /** Called with an SDU that has reached its destination. */
    using UpperLayer = Callback<void, RlcSdu>;

    /**
     * @brief Get the type ID.
     * @return the object TypeId
     */
    static TypeId GetTypeId();

    /**
     * @param address of this node
     */
    void SetAddress(BapAddress address);

    /** @return address of this node */
    BapAddress Address() const;

    /**
     * @param upper takes what is addressed to this node
     */
    void SetUpperLayer(UpperLayer upper);

    /**
     * @param cell the DU part of this node
     */
    void SetCell(Ptr<CellMac> cell);

    /** @return the DU part, or null at a UE */
    Ptr<CellMac> Cell() const;

    /**
     * Set the MT part: the link to the parent and the cell that schedules it.
     *
     * @param cell of the parent
     * @param link to the parent
     */
    void SetParent(Ptr<CellMac> cell, Ptr<RadioLink> link);

    /**
     * @param destination an address in the subtree of a child
     * @param link to that child
     */
    void SetRoute(BapAddress destination, Ptr<RadioLink> link);

    /**
     * @param destination an address that is no longer below this node
     */
    void RemoveRoute(BapAddress destination);

    /**
     * Send an SDU on its next hop, or up when it is here.
     *
     * @param sdu the SDU
     * @return false when it was dropped
     */
    bool Forward(const RlcSdu& sdu);

    /**
     * Receiving end of a link.
     *
     * @param sdus what a slot completed
     */
    void Receive(std::vector<RlcSdu> sdus);

  protected:
    void DoDispose() override;

  private:
    BapAddress m_address{0};                       //!< of this node
    UpperLayer m_upper;                            //!< takes what is for this node
    Ptr<CellMac> m_cell;                           //!< DU part
    Ptr<CellMac> m_parentCell;                     //!< cell of the parent
    Ptr<RadioLink> m_parentLink;                   //!< MT part
    std::map<BapAddress, Ptr<RadioLink>> m_routes; //!< downward routes
};

} // namespace ns3

#endif // BAP_ENTITY_H
