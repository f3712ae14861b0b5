/*
 * SPDX-License-Identifier: GPL-2.0-only
 */
#include "background-user.h"

#include "ns3/double.h"
#include "ns3/pointer.h"
#include "ns3/simulator.h"
#include "ns3/string.h"
#include "ns3/uinteger.h"

#include <algorithm>

namespace ns3
{

NS_OBJECT_ENSURE_REGISTERED(BackgroundUser);

TypeId
BackgroundUser::GetTypeId()
{
    static TypeId tid =
        TypeId("ns3::BackgroundUser")
            .SetParent<Object>()
            .SetGroupName("Iab")
            .AddConstructor<BackgroundUser>()
            .AddAttribute("Demand",
                          "Uplink demand in bit/s, for a coherence time.",
                          // 5 Mbit/s on average
                          StringValue("ns3::LogNormalRandomVariable[Mu=15.3|Sigma=0.5]"),
                          MakePointerAccessor(&BackgroundUser::m_rates),
                          MakePointerChecker<RandomVariableStream>())
            .AddAttribute("DownlinkShare",
                          "Downlink demand over uplink demand.",
                          DoubleValue(0.3),
                          MakeDoubleAccessor(&BackgroundUser::m_downlinkShare),
                          MakeDoubleChecker<double>(0.0))
            .AddAttribute("Coherence",
                          "Time between draws of the demand.",
                          TimeValue(MilliSeconds(200)),
                          MakeTimeAccessor(&BackgroundUser::m_coherence),
                          MakeTimeChecker(MilliSeconds(1)))
            .AddAttribute("Interval",
                          "Time between bursts.",
                          TimeValue(MilliSeconds(5)),
                          MakeTimeAccessor(&BackgroundUser::m_interval),
                          MakeTimeChecker(MicroSeconds(10)))
            .AddAttribute("PacketBytes",
                          "Size of an IP packet; what is offered is always some of them, whole.",
                          UintegerValue(1428), // 1400 bytes in UDP
                          MakeUintegerAccessor(&BackgroundUser::m_packetBytes),
                          MakeUintegerChecker<uint32_t>(BackgroundSocket::HEADER_BYTES))
            .AddAttribute("PacketsPerSdu",
                          "Most packets that an SDU of a backlog stands for.",
                          UintegerValue(5),
                          MakeUintegerAccessor(&BackgroundUser::m_packetsPerSdu),
                          MakeUintegerChecker<uint32_t>(1));
    return tid;
}

BackgroundUser::BackgroundUser()
    : m_bap(CreateObject<BapEntity>()),
      m_phase(CreateObject<UniformRandomVariable>())
{
    m_bap->SetUpperLayer(MakeCallback(&BackgroundUser::Receive, this));
}

Ptr<BapEntity>
BackgroundUser::Bap() const
{
    return m_bap;
}

void
BackgroundUser::SetServing(Ptr<BapEntity> serving)
{
    m_serving = std::move(serving);
}

void
BackgroundUser::Start(Ptr<BapEntity> donor)
{
    StartAt(m_bap, std::move(donor));
}

void
BackgroundUser::StartAt(Ptr<BapEntity> node, Ptr<BapEntity> donor)
{
    const auto sender = [](const Ptr<BapEntity>& from, const Ptr<BapEntity>& to) {
        return Sender([from, to](uint32_t bytes) {
            from->Forward({nullptr, bytes, from->Address(), to->Address(), Bearer::BACKGROUND});
        });
    };
    m_sendUp = sender(node, donor);
    m_sendDown = sender(donor, node);
    Begin();
}

void
BackgroundUser::StartPackets(Ptr<BackgroundSocket> own, Ptr<BackgroundSocket> donor)
{
    m_socket = own;
    m_sendUp = Sender([own, donor](uint32_t bytes) { own->Send(*donor, bytes); });
    m_sendDown = Sender([own, donor](uint32_t bytes) { donor->Send(*own, bytes); });
    Begin();
}

void
BackgroundUser::Begin()
{
    DrawRate();
    m_accountedUntil =
        Simulator::Now() + Seconds(m_phase->GetValue(0, m_interval.GetSeconds())) - m_interval;
    ScheduleOffer();
}

int64_t
BackgroundUser::AssignStreams(int64_t stream)
{
    m_rates->SetStream(stream);
    m_phase->SetStream(stream + 1);
    return 2;
}

uint64_t
BackgroundUser::ReceivedBytes() const
{
    return m_socket ? m_socket->ReceivedBytes() : m_receivedBytes;
}

void
BackgroundUser::DoDispose()
{
    m_redraw.Cancel();
    m_offer.Cancel();
    m_bap->Dispose();
    m_bap = nullptr;
    m_sendUp = Sender();
    m_sendDown = Sender();
    m_socket = nullptr;
    m_serving = nullptr;
    Object::DoDispose();
}

void
BackgroundUser::DrawRate()
{
    m_rateBps = m_rates->GetValue();
    m_redraw = Simulator::Schedule(m_coherence, &BackgroundUser::Redraw, this);
}

void
BackgroundUser::Redraw()
{
    Account();
    DrawRate();
    Offer();
}

uint32_t
BackgroundUser::PieceBytes() const
{
    return m_socket ? m_packetBytes : m_packetBytes * m_packetsPerSdu;
}

void
BackgroundUser::Grow(Demand& demand) const
{
    const double bits = m_rateBps * m_interval.GetSeconds();
    demand.uplinkBits += bits;
    demand.downlinkBits += bits * m_downlinkShare;
}

void
BackgroundUser::Account()
{
    const bool isServed = !m_serving || m_serving->IsAwake();
    for (; m_accountedUntil + m_interval <= Simulator::Now(); m_accountedUntil += m_interval)
    {
        if (isServed)
        {
            Grow(m_demand);
        }
    }
}

void
BackgroundUser::ScheduleOffer()
{
    m_offer.Cancel();
    const auto redraw = TimeStep(m_redraw.GetTs()); // which schedules anew
    const auto whole = 8.0 * m_packetBytes;
    auto demand = m_demand;
    for (auto when = m_accountedUntil + m_interval; when < redraw; when += m_interval)
    {
        Grow(demand);
        if (demand.uplinkBits >= whole || demand.downlinkBits >= whole)
        {
            m_offer = Simulator::Schedule(when - Simulator::Now(), &BackgroundUser::Offer, this);
            return;
        }
    }
}

void
BackgroundUser::Offer()
{
    Account();
    OfferBurst(m_sendUp, m_demand.uplinkBits);
    OfferBurst(m_sendDown, m_demand.downlinkBits);
    ScheduleOffer();
}

void
BackgroundUser::OfferBurst(const Sender& send, double& bits) const
{
    auto bytes = static_cast<uint32_t>(bits / 8);
    bytes -= bytes % m_packetBytes;
    bits -= 8.0 * bytes;
    // In pieces, so that a burst that is larger than a queue fills it.
    while (bytes > 0)
    {
        const auto piece = std::min(bytes, PieceBytes());
        send(piece);
        bytes -= piece;
    }
}

void
BackgroundUser::Receive(RlcSdu sdu)
{
    m_receivedBytes += sdu.bytes;
}

} // namespace ns3
