/*
 * SPDX-License-Identifier: GPL-2.0-only
 */
#ifndef TRAJECTORY_MOBILITY_MODEL_H
#define TRAJECTORY_MOBILITY_MODEL_H

#include "ns3/mobility-model.h"
#include "ns3/waypoint.h"

#include <vector>

namespace ns3
{

/**
 * Straight lines between waypoints, at constant speed.
 *
 * Position and velocity depend on time alone. Those of ns-3's WaypointMobilityModel depend, in
 * their last bits and at a waypoint, on when they were asked for before; and when interference asks
 * for them depends on the traffic, so that two policies would not meet the same channel.
 */
class TrajectoryMobilityModel : public MobilityModel
{
  public:
    /**
     * @brief Get the type ID.
     * @return the object TypeId
     */
    static TypeId GetTypeId();

    /**
     * @param waypoints at least one, in the order of their times; the node rests before the first
     * and after the last
     */
    void SetWaypoints(const std::vector<Waypoint>& waypoints);

  private:
    Vector DoGetPosition() const override;
    /** Rest there for ever. @param position where */
    void DoSetPosition(const Vector& position) override;
    Vector DoGetVelocity() const override;

    /** @return first waypoint that is not yet reached, or the end */
    std::vector<Waypoint>::const_iterator Next() const;

    std::vector<Waypoint> m_waypoints{Waypoint(Time(0), Vector())}; //!< in order
};

} // namespace ns3

#endif // TRAJECTORY_MOBILITY_MODEL_H
