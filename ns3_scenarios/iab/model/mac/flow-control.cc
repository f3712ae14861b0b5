/*
 * SPDX-License-Identifier: GPL-2.0-only
 */
#include "flow-control.h"

#include "ns3/uinteger.h"

namespace ns3
{

NS_OBJECT_ENSURE_REGISTERED(FlowControl);

TypeId
FlowControl::GetTypeId()
{
    static TypeId tid =
        TypeId("ns3::FlowControl")
            .SetParent<Object>()
            .SetGroupName("Iab")
            .AddConstructor<FlowControl>()
            .AddAttribute("Limit",
                          "Bytes in a node's queues of a bearer and direction above which it is "
                          "sent no more; 0 for no flow control.",
                          UintegerValue(0),
                          MakeUintegerAccessor(&FlowControl::m_limitBytes),
                          MakeUintegerChecker<uint32_t>());
    return tid;
}

bool
FlowControl::HoldsBack(NrDirection direction, Bearer bearer) const
{
    return m_congested[Index(direction)][Index(bearer)];
}

bool
FlowControl::IsOn() const
{
    return m_limitBytes > 0;
}

bool
FlowControl::Refresh(NrDirection direction, Bearer bearer, uint64_t bytes)
{
    auto& congested = m_congested[Index(direction)][Index(bearer)];
    const bool before = congested;
    congested = bytes > (before ? m_limitBytes / 2 : m_limitBytes);
    return before && !congested;
}

} // namespace ns3
