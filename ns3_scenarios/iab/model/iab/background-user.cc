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
                          "Time between looks at what is due.",
                          TimeValue(MilliSeconds(5)),
                          MakeTimeAccessor(&BackgroundUser::m_interval),
                          MakeTimeChecker(MicroSeconds(10)))
            .AddAttribute("PacketBytes",
                          "Size of an IP packet.",
                          UintegerValue(1428), // 1400 bytes in UDP
                          MakeUintegerAccessor(&BackgroundUser::m_packetBytes),
                          MakeUintegerChecker<uint32_t>(BackgroundSocket::HEADER_BYTES))
            .AddAttribute(
                "PacketsPerBurst",
                "Packets that are offered at a time, once so many are due: at 1.7 Mbit/s, "
                "five are a frame of a video with 30 frames a second.",
                UintegerValue(5),
                MakeUintegerAccessor(&BackgroundUser::m_packetsPerBurst),
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
    const auto sender = [packetBytes = m_packetBytes](const Ptr<BapEntity>& from,
                                                      const Ptr<BapEntity>& to) {
        return Sender([=](uint32_t packets) {
            const auto bytes = packets * packetBytes;
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
    const auto sender = [packetBytes = m_packetBytes](const Ptr<BackgroundSocket>& from,
                                                      const Ptr<BackgroundSocket>& to) {
        return Sender([=](uint32_t packets) {
            for (; packets > 0; --packets)
            {
                from->Send(*to, packetBytes);
            }
        });
    };
    m_sendUp = sender(own, donor);
    m_sendDown = sender(donor, own);
    Begin();
}

void
BackgroundUser::Begin()
{
    DrawRate();
    // Not everybody's first burst after the same time.
    m_demand = {m_phase->GetValue(0, BurstBits()), m_phase->GetValue(0, BurstBits())};
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

double
BackgroundUser::BurstBits() const
{
    return 8.0 * m_packetBytes * m_packetsPerBurst;
}

double
BackgroundUser::BitsPerInterval() const
{
    return m_rateBps * m_interval.GetSeconds();
}

void
BackgroundUser::Account()
{
    const int64_t intervals =
        (Simulator::Now() - m_accountedUntil).GetTimeStep() / m_interval.GetTimeStep();
    m_accountedUntil += m_interval * intervals;
    if (!m_serving || m_serving->IsAwake())
    {
        const double bits = BitsPerInterval() * static_cast<double>(intervals);
        m_demand.uplinkBits += bits;
        m_demand.downlinkBits += bits * m_downlinkShare;
    }
}

void
BackgroundUser::ScheduleOffer()
{
    m_offer.Cancel();
    const auto untilWhole = [this](double bits, double bitsPerInterval) {
        return std::max(1.0, std::ceil((BurstBits() - bits) / bitsPerInterval));
    };
    const double up = BitsPerInterval();
    const double intervals = std::min(untilWhole(m_demand.uplinkBits, up),
                                      untilWhole(m_demand.downlinkBits, up * m_downlinkShare));
    const auto untilRedraw = TimeStep(m_redraw.GetTs()) - m_accountedUntil; // which comes here, too
    if (intervals * m_interval.GetSeconds() < untilRedraw.GetSeconds())
    {
        const auto when = m_accountedUntil + m_interval * static_cast<int64_t>(intervals);
        m_offer = Simulator::Schedule(when - Simulator::Now(), &BackgroundUser::Offer, this);
    }
}

void
BackgroundUser::Offer()
{
    Account();
    OfferBursts(m_sendUp, m_demand.uplinkBits);
    OfferBursts(m_sendDown, m_demand.downlinkBits);
    ScheduleOffer();
}

void
BackgroundUser::OfferBursts(const Sender& send, double& bits) const
{
    for (const auto whole = BurstBits(); bits >= whole; bits -= whole)
    {
        send(m_packetsPerBurst);
    }
}

void
BackgroundUser::Receive(RlcSdu sdu)
{
    m_receivedBytes += sdu.bytes;
}

} // namespace ns3
