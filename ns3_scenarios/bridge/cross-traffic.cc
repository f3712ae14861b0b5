/*
 * SPDX-License-Identifier: GPL-2.0-only
 */
#include "cross-traffic.h"

#include "ns3/node.h"
#include "ns3/queue-item.h"
#include "ns3/simulator.h"
#include "ns3/traffic-control-layer.h"

#include <algorithm>
#include <cmath>

namespace cosim
{

namespace
{
constexpr uint32_t FRAME_BYTES = 9000; // a jumbo frame
// IPv6, which ns-3's PPP carries and no node here has a stack for: the frame ends at the far side.
constexpr uint16_t UNHANDLED_PROTOCOL = 0x86DD;

/** A frame of cross traffic before a queue discipline, as one flow of many. */
class CrossItem : public ns3::QueueDiscItem
{
  public:
    /** @param packet the frame @param to its destination */
    CrossItem(ns3::Ptr<ns3::Packet> packet, const ns3::Address& to)
        : QueueDiscItem(packet, to, UNHANDLED_PROTOCOL)
    {
    }

    void AddHeader() override
    {
    }

    bool Mark() override
    {
        return false;
    }
};
} // namespace

NS_OBJECT_ENSURE_REGISTERED(CrossTraffic);

ns3::TypeId
CrossTraffic::GetTypeId()
{
    static ns3::TypeId tid = ns3::TypeId("cosim::CrossTraffic")
                                 .SetParent<ns3::Object>()
                                 .SetGroupName("Cosim")
                                 .AddConstructor<CrossTraffic>();
    return tid;
}

CrossTraffic::CrossTraffic()
    : m_normal(ns3::CreateObject<ns3::NormalRandomVariable>()),
      m_interarrival(ns3::CreateObject<ns3::ExponentialRandomVariable>())
{
}

void
CrossTraffic::Configure(ns3::Ptr<ns3::PointToPointNetDevice> device,
                        uint64_t capacityBps,
                        const CrossTrafficDescription& description)
{
    m_device = std::move(device);
    m_capacityBps = capacityBps;
    m_description = description;
}

void
CrossTraffic::Start()
{
    Redraw();
    // When the simulation runs: a queue discipline is set up by then.
    m_transmit = ns3::Simulator::ScheduleNow(&CrossTraffic::Transmit, this);
}

int64_t
CrossTraffic::AssignStreams(int64_t stream)
{
    m_normal->SetStream(stream);
    m_interarrival->SetStream(stream + 1);
    return 2;
}

uint64_t
CrossTraffic::OfferedBytes() const
{
    return m_offeredBytes;
}

void
CrossTraffic::DoDispose()
{
    m_redraw.Cancel();
    m_transmit.Cancel();
    m_device = nullptr;
    ns3::Object::DoDispose();
}

void
CrossTraffic::Redraw()
{
    const double sigma = m_description.sigma;
    const double drawn =
        m_description.rateBps * std::exp(sigma * m_normal->GetValue() - sigma * sigma / 2);
    // At least 1 bit/s: at no rate at all the next frame would never be due.
    m_rateBps = std::clamp(drawn, 1.0, m_description.maxFraction * m_capacityBps);
    m_redraw = ns3::Simulator::Schedule(ns3::NanoSeconds(m_description.coherenceNs),
                                        &CrossTraffic::Redraw,
                                        this);
}

void
CrossTraffic::Transmit()
{
    // Through the queue discipline, where there is one.
    m_device->GetNode()->GetObject<ns3::TrafficControlLayer>()->Send(
        m_device,
        ns3::Create<CrossItem>(ns3::Create<ns3::Packet>(FRAME_BYTES), m_device->GetBroadcast()));
    m_offeredBytes += FRAME_BYTES;
    const double meanS = 8.0 * FRAME_BYTES / m_rateBps;
    m_transmit = ns3::Simulator::Schedule(ns3::Seconds(m_interarrival->GetValue(meanS, 0)),
                                          &CrossTraffic::Transmit,
                                          this);
}

} // namespace cosim
