/*
 * SPDX-License-Identifier: GPL-2.0-only
 */
#ifndef BAP_ENTITY_H
#define BAP_ENTITY_H

#include "ns3/cell-mac.h"
#include "ns3/object.h"
#include "ns3/vector.h"

#include <unordered_map>
#include <vector>

namespace ns3
{

/**
 * The backhaul adaptation protocol of one node (TS 38.340): forwards SDUs by BAP address down to
 * the child on the destination's path, else up, to the parent that the SDU's path ID names.
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
     * Give the node a DU, or its DU another sector: for UEs at first, then for child nodes.
     *
     * @param cell of the sector
     * @param azimuth of its middle, in rad
     */
    void AddCell(Ptr<CellMac> cell, double azimuth = 0);

    /** @return the cells of the DU, one a sector; none at a UE */
    std::vector<Ptr<CellMac>> Cells() const;

    /** @return the cell that serves UEs, or null at a UE */
    Ptr<CellMac> Cell() const;

    /**
     * @param offset from this node to another
     * @return the cell for a child node there: of the nearest sector for them, or the only one
     */
    Ptr<CellMac> CellTowards(const Vector& offset) const;

    /**
     * @param awake whether the node's DU serves anybody
     */
    void SetAwake(bool awake);

    /** @return whether the node's DU serves anybody */
    bool IsAwake() const;

    /**
     * @param links of the MT part, one for each parent; none while there is no parent
     */
    void SetMtLinks(const std::vector<Ptr<RadioLink>>& links);

    /**
     * @param links up by path ID, for path IDs that are not there the first; none without a parent
     */
    void SetUpwardRoutes(std::vector<Ptr<RadioLink>> links);

    /**
     * @param path that SDUs which enter the network here take upward
     */
    void SetPath(BapPathId path);

    /**
     * @param destination an address that is reached over a child
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
    void Receive(const std::vector<RlcSdu>& sdus);

  protected:
    void DoDispose() override;

  private:
    /** A cell and where it looks. */
    struct Sector
    {
        Ptr<CellMac> cell; //!< the cell
        double azimuth{0}; //!< of its middle, in rad
    };

    BapAddress m_address{0};                                 //!< of this node
    UpperLayer m_upper;                                      //!< takes what is for this node
    std::vector<Sector> m_sectors;                           //!< DU part
    bool m_awake{true};                                      //!< whether the DU serves anybody
    std::vector<Ptr<RadioLink>> m_upward;                    //!< upward routes by path ID
    BapPathId m_path{0};                                     //!< of what enters here
    std::unordered_map<BapAddress, Ptr<RadioLink>> m_routes; //!< downward routes
};

} // namespace ns3

#endif // BAP_ENTITY_H
