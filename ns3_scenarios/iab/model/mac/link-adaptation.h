/*
 * SPDX-License-Identifier: GPL-2.0-only
 */
#ifndef LINK_ADAPTATION_H
#define LINK_ADAPTATION_H

#include "radio-link.h"
#include "resource-grid.h"

#include "ns3/object.h"

#include <memory>

namespace ns3
{

/**
 * Chooses the MCS of links: by the quality that was reported last and the interference measured on
 * average, less a margin that the errors of first transmissions widen (outer loop).
 */
class LinkAdaptation : public Object
{
  public:
    /**
     * @brief Get the type ID.
     * @return the object TypeId
     */
    static TypeId GetTypeId();

    /**
     * @param grid what an allocation carries
     */
    void SetGrid(std::shared_ptr<const ResourceGrid> grid);

    /**
     * The channel of a link has changed: its MCS follows after the delay of the report, at once
     * when it is the first.
     *
     * @param link the link
     * @param direction of the transmission
     * @param quality of its channel now
     */
    void Update(RadioLink& link, NrDirection direction, const LinkQuality& quality) const;

    /**
     * Learn from a first transmission.
     *
     * @param link the link
     * @param direction of the transmission
     * @param decoded whether it was
     */
    void Correct(RadioLink& link, NrDirection direction, bool decoded) const;

  private:
    /** Choose the MCS of a link, now and when its newest report comes. */
    void Choose(RadioLink& link, NrDirection direction) const;

    /**
     * @param quality of the channel
     * @param noise how many times the receiver's own there is
     * @return MCS index, or -1 when the link cannot be used
     */
    int8_t McsFor(const LinkQuality& quality, double noise) const;

    std::shared_ptr<const ResourceGrid> m_grid; //!< what an allocation carries
    Time m_reportDelay;                         //!< channel to MCS
    double m_marginStepDb;                      //!< up on an error
};

} // namespace ns3

#endif // LINK_ADAPTATION_H
