/*
 * SPDX-License-Identifier: GPL-2.0-only
 */
#include "trajectory-mobility-model.h"

#include "ns3/simulator.h"

#include <algorithm>

namespace ns3
{

NS_OBJECT_ENSURE_REGISTERED(TrajectoryMobilityModel);

namespace
{

/** @return velocity from a waypoint to the next */
Vector
VelocityBetween(const Waypoint& from, const Waypoint& to)
{
    const double perSecond = 1 / (to.time - from.time).GetSeconds();
    const auto way = to.position - from.position;
    return {way.x * perSecond, way.y * perSecond, way.z * perSecond};
}

} // namespace

TypeId
TrajectoryMobilityModel::GetTypeId()
{
    static TypeId tid = TypeId("ns3::TrajectoryMobilityModel")
                            .SetParent<MobilityModel>()
                            .SetGroupName("Iab")
                            .AddConstructor<TrajectoryMobilityModel>();
    return tid;
}

void
TrajectoryMobilityModel::SetWaypoints(const std::vector<Waypoint>& waypoints)
{
    m_waypoints = waypoints;
}

std::vector<Waypoint>::const_iterator
TrajectoryMobilityModel::Next() const
{
    return std::upper_bound(
        m_waypoints.begin(),
        m_waypoints.end(),
        Simulator::Now(),
        [](const Time& now, const Waypoint& waypoint) { return now < waypoint.time; });
}

Vector
TrajectoryMobilityModel::DoGetPosition() const
{
    const auto next = Next();
    if (next == m_waypoints.begin())
    {
        return next->position;
    }
    const auto last = std::prev(next);
    const auto velocity = DoGetVelocity();
    const double elapsedS = (Simulator::Now() - last->time).GetSeconds();
    return last->position +
           Vector(velocity.x * elapsedS, velocity.y * elapsedS, velocity.z * elapsedS);
}

void
TrajectoryMobilityModel::DoSetPosition(const Vector& position)
{
    m_waypoints = {Waypoint(Simulator::Now(), position)};
    NotifyCourseChange();
}

Vector
TrajectoryMobilityModel::DoGetVelocity() const
{
    const auto next = Next();
    const bool rests = next == m_waypoints.begin() || next == m_waypoints.end();
    return rests ? Vector() : VelocityBetween(*std::prev(next), *next);
}

} // namespace ns3
