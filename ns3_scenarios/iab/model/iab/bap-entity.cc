/*
 * SPDX-License-Identifier: GPL-2.0-only
 */
#include "bap-entity.h"

#include "ns3/log.h"

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
BapEntity::SetCell(Ptr<CellMac> cell)
{
    m_cell = std::move(cell);
}

Ptr<CellMac>
BapEntity::Cell() const
{
    return m_cell;
}

void
BapEntity::SetParent(Ptr<CellMac> cell, Ptr<RadioLink> link)
{
    m_parentCell = std::move(cell);
    m_parentLink = std::move(link);
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
        return m_cell->Enqueue(route->second, NrDirection::DOWNLINK, sdu);
    }
    if (m_parentLink)
    {
        return m_parentCell->Enqueue(m_parentLink, NrDirection::UPLINK, sdu);
    }
    NS_LOG_WARN("no route from " << m_address << " to " << sdu.destination);
    return false;
}

void
BapEntity::Receive(std::vector<RlcSdu> sdus)
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
    m_cell = nullptr;
    m_parentCell = nullptr;
    m_parentLink = nullptr;
    m_routes.clear();
    Object::DoDispose();
}

} // namespace ns3
