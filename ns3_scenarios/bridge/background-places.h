/*
 * SPDX-License-Identifier: GPL-2.0-only
 */
#ifndef COSIM_BACKGROUND_PLACES_H
#define COSIM_BACKGROUND_PLACES_H

#include "ns3/position-allocator.h"
#include "ns3/random-variable-stream.h"

#include <vector>

namespace cosim
{

/**
 * Draw a place that is uniform in a disc, but for its very middle, at the height of a UE.
 *
 * @param centre of the disc
 * @param radiusM of the disc
 * @param draw two draws of it
 * @return the place
 */
ns3::Vector PlaceAround(const ns3::Vector& centre,
                        double radiusM,
                        ns3::UniformRandomVariable& draw);

/** Where background UEs go: places in the discs around the cells, which are all alike to them. */
class PlacesAroundCells : public ns3::PositionAllocator
{
  public:
    /**
     * @brief Get the type ID.
     * @return the object TypeId
     */
    static ns3::TypeId GetTypeId();

    PlacesAroundCells();

    /** @param centres of the discs @param radiusM of each */
    void Configure(const std::vector<ns3::Vector>& centres, double radiusM);

    ns3::Vector GetNext() const override;
    int64_t AssignStreams(int64_t stream) override;

  private:
    std::vector<ns3::Vector> m_centres;            //!< of the discs
    double m_radiusM{0};                           //!< of each
    ns3::Ptr<ns3::UniformRandomVariable> m_centre; //!< which disc
    ns3::Ptr<ns3::UniformRandomVariable> m_place;  //!< where in it
};

} // namespace cosim

#endif // COSIM_BACKGROUND_PLACES_H
