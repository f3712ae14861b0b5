/*
 * SPDX-License-Identifier: GPL-2.0-only
 */
#include "background-places.h"

#include <cmath>
#include <numbers>

namespace cosim
{

using namespace ns3;

NS_OBJECT_ENSURE_REGISTERED(PlacesAroundCells);

Vector
PlaceAround(const Vector& centre, double radiusM, UniformRandomVariable& draw)
{
    const double radius = radiusM * std::sqrt(draw.GetValue(0.01, 1));
    const double angle = draw.GetValue(0, 2 * std::numbers::pi);
    return {centre.x + radius * std::cos(angle),
            centre.y + radius * std::sin(angle),
            1.5}; // UE height of TR 38.901 Table 7.2-1
}

TypeId
PlacesAroundCells::GetTypeId()
{
    static TypeId tid = TypeId("cosim::PlacesAroundCells")
                            .SetParent<PositionAllocator>()
                            .SetGroupName("Cosim")
                            .AddConstructor<PlacesAroundCells>();
    return tid;
}

PlacesAroundCells::PlacesAroundCells()
    : m_centre(CreateObject<UniformRandomVariable>()),
      m_place(CreateObject<UniformRandomVariable>())
{
}

void
PlacesAroundCells::Configure(const std::vector<Vector>& centres, double radiusM)
{
    m_centres = centres;
    m_radiusM = radiusM;
}

Vector
PlacesAroundCells::GetNext() const
{
    const auto which = m_centre->GetInteger(0, static_cast<uint32_t>(m_centres.size() - 1));
    return PlaceAround(m_centres[which], m_radiusM, *m_place);
}

int64_t
PlacesAroundCells::AssignStreams(int64_t stream)
{
    m_centre->SetStream(stream);
    m_place->SetStream(stream + 1);
    return 2;
}

} // namespace cosim
