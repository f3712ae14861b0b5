/*
 * SPDX-License-Identifier: GPL-2.0-only
 */
#include "bap-entity.h"

#include "ns3/log.h"

#include <algorithm>
#include <cmath>

namespace ns3
{

NS_LOG_COMPONENT_DEFINE("BapEntity");
NS_OBJECT_ENSURE_REGISTERED(BapEntity);

TypeId
BapEntity::GetTypeId()
{
    static TypeId tid = TypeId("ns3::BapEntity")
                            .SetParent<Object>()
                            .SetGroupName("Iab")
                            .AddConstructor<BapEntity>();
    return tid;
}

void
BapEntity::SetAddress(BapAddress address)
{
    m_address = address;
}

BapAddress
BapEntity::Address() const
{
    return m_address;
}

void
BapEntity::SetUpperLayer(UpperLayer upper)
{
    m_upper = upper;
}

void
BapEntity::AddCell(Ptr<CellMac> cell, double azimuth)
{
    if (!m_sectors.empty())
    {
        cell->Join(*m_sectors.front().cell);
    }
    m_sectors.push_back({std::move(cell), azimuth});
}

std::vector<Ptr<CellMac>>
BapEntity::Cells() const
{
    std::vector<Ptr<CellMac>> cells;
    for (const auto& sector : m_sectors)
    {
        cells.push_back(sector.cell);
    }
    return cells;
}

Ptr<CellMac>
BapEntity::Cell() const
{
    return m_sectors.empty() ? nullptr : m_sectors.front().cell;
}

Ptr<CellMac>
BapEntity::CellTowards(const Vector& offset) const
{
    if (m_sectors.size() <= 1)
    {
        return Cell();
    }
    const double azimuth = std::atan2(offset.y, offset.x);
    const auto nearness = [azimuth](const Sector& sector) {
        return std::cos(sector.azimuth - azimuth);
    };
    return std::max_element(
               m_sectors.begin() + 1,
               m_sectors.end(),
               [&nearness](const Sector& a, const Sector& b) { return nearness(a) < nearness(b); })
        ->cell;
}

void
BapEntity::SetAwake(bool awake)
{
    m_awake = awake;
}

bool
BapEntity::IsAwake() const
{
    return m_awake;
}

void
BapEntity::SetMtLinks(const std::vector<Ptr<RadioLink>>& links)
{
    for (const auto& sector : m_sectors)
    {
        sector.cell->SetMtLinks(links);
    }
}

void
BapEntity::SetUpwardRoutes(std::vector<Ptr<RadioLink>> links)
{
    m_upward = std::move(links);
}

void
BapEntity::SetPath(BapPathId path)
{
    m_path = path;
}

void
BapEntity::SetRoute(BapAddress destination, Ptr<RadioLink> link)
{
    m_routes[destination] = std::move(link);
}

void
BapEntity::RemoveRoute(BapAddress destination)
{
    m_routes.erase(destination);
}

bool
BapEntity::Forward(const RlcSdu& sdu)
{
    if (sdu.destination == m_address)
    {
        m_upper(sdu);
        return true;
    }
    if (const auto route = m_routes.find(sdu.destination); route != m_routes.end())
    {
        return route->second->ServingCell()->Enqueue(route->second, NrDirection::DOWNLINK, sdu);
    }
    if (m_upward.empty())
    {
        NS_LOG_WARN("no route from " << m_address << " to " << sdu.destination);
        return false;
    }
    if (sdu.source == m_address && sdu.path != m_path)
    {
        auto stamped = sdu;
        stamped.path = m_path;
        return Forward(stamped);
    }
    const auto& link = m_upward[sdu.path < m_upward.size() ? sdu.path : 0];
    return link->ServingCell()->Enqueue(link, NrDirection::UPLINK, sdu);
}

void
BapEntity::Receive(const std::vector<RlcSdu>& sdus)
{
    for (const auto& sdu : sdus)
    {
        Forward(sdu);
    }
}

void
BapEntity::DoDispose()
{
    m_upper = UpperLayer();
    m_sectors.clear();
    m_upward.clear();
    m_routes.clear();
    Object::DoDispose();
}

} // namespace ns3
