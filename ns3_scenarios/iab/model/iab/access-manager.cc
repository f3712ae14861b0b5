/*
 * SPDX-License-Identifier: GPL-2.0-only
 */
#include "access-manager.h"

#include "ns3/boolean.h"
#include "ns3/double.h"
#include "ns3/simulator.h"
#include "ns3/trace-source-accessor.h"

#include <algorithm>
#include <limits>

namespace ns3
{

NS_OBJECT_ENSURE_REGISTERED(AccessManager);

TypeId
AccessManager::GetTypeId()
{
    static TypeId tid =
        TypeId("ns3::AccessManager")
            .SetParent<Object>()
            .SetGroupName("Iab")
            .AddConstructor<AccessManager>()
            .AddAttribute("UpdatePeriod",
                          "Time between measurements and link adaptations.",
                          TimeValue(MilliSeconds(20)),
                          MakeTimeAccessor(&AccessManager::m_updatePeriod),
                          MakeTimeChecker(MicroSeconds(1)))
            .AddAttribute(
                "Hysteresis",
                "How much better a neighbour must be, in dB (A3 offset, TS 38.331 5.5.4.4).",
                DoubleValue(3.0),
                MakeDoubleAccessor(&AccessManager::m_hysteresisDb),
                MakeDoubleChecker<double>(0.0))
            .AddAttribute("TimeToTrigger",
                          "How long a neighbour must be better.",
                          TimeValue(MilliSeconds(100)),
                          MakeTimeAccessor(&AccessManager::m_timeToTrigger),
                          MakeTimeChecker(Time(0)))
            .AddAttribute("Interruption",
                          "Time without service at a handover.",
                          TimeValue(MilliSeconds(20)),
                          MakeTimeAccessor(&AccessManager::m_interruption),
                          MakeTimeChecker(Time(0)))
            .AddAttribute("Forwarding",
                          "Whether what waits downward at a handover is forwarded to the new cell; "
                          "else it is lost.",
                          BooleanValue(true),
                          MakeBooleanAccessor(&AccessManager::m_forwarding),
                          MakeBooleanChecker())
            .AddAttribute("Fading",
                          "Whether the access link has small-scale fading; else it is flat, with "
                          "the gain of matched beams, which costs far less.",
                          BooleanValue(true),
                          MakeBooleanAccessor(&AccessManager::m_fading),
                          MakeBooleanChecker())
            .AddAttribute(
                "Blockage",
                "Loss of the link to whichever node serves beyond the channel's, in dB.",
                DoubleValue(0.0),
                MakeDoubleAccessor(&AccessManager::SetBlockage, &AccessManager::GetBlockage),
                MakeDoubleChecker<double>())
            .AddAttribute("UePower",
                          "Uplink transmit power in dBm.",
                          DoubleValue(23.0),
                          MakeDoubleAccessor(&AccessManager::m_uePowerDbm),
                          MakeDoubleChecker<double>())
            .AddAttribute("CellPower",
                          "Downlink transmit power in dBm.",
                          DoubleValue(30.0),
                          MakeDoubleAccessor(&AccessManager::m_cellPowerDbm),
                          MakeDoubleChecker<double>())
            .AddTraceSource("Attachment",
                            "The UE is served by another node.",
                            MakeTraceSourceAccessor(&AccessManager::m_attachmentTrace),
                            "ns3::AccessManager::AttachmentCallback")
            .AddTraceSource("Sinr",
                            "SINR of the access link without interference, in dB, after an update: "
                            "UE, direction, value.",
                            MakeTraceSourceAccessor(&AccessManager::m_sinrTrace),
                            "ns3::AccessManager::SinrCallback");
    return tid;
}

void
AccessManager::SetUe(Ptr<BapEntity> ue, Ptr<RadioLink> link, const RadioEnd& end)
{
    m_ue = std::move(ue);
    m_link = std::move(link);
    m_end = end;
}

void
AccessManager::SetPhy(std::shared_ptr<const BlockErrorModel> errors,
                      std::shared_ptr<InterferenceField> interference)
{
    m_errors = std::move(errors);
    m_interference = std::move(interference);
}

void
AccessManager::SetNetwork(Ptr<IabTopology> topology,
                          Ptr<RadioChannel> channel,
                          const std::vector<ServingCandidate>& candidates)
{
    m_topology = std::move(topology);
    m_channel = std::move(channel);
    m_candidates = candidates;
}

void
AccessManager::Start()
{
    const auto gainsDb = Measure();
    m_serving = std::max_element(gainsDb.begin(), gainsDb.end()) - gainsDb.begin();
    m_betterSince = Time::Min();
    m_topology->Connect(m_ue, m_candidates[m_serving].bap, m_link);
    AdaptLink();
    m_attachmentTrace(m_ue, m_candidates[m_serving].bap, nullptr);
    m_update = Simulator::Schedule(m_updatePeriod, &AccessManager::Update, this);
}

void
AccessManager::SetBlockage(double lossDb)
{
    m_blockageDb = lossDb;
    if (m_link && m_link->ServingCell())
    {
        AdaptLink();
    }
}

double
AccessManager::GetBlockage() const
{
    return m_blockageDb;
}

void
AccessManager::Reselect()
{
    if (!m_link->ServingCell())
    {
        return; // not started
    }
    m_reselecting = true;
    if (!m_candidates[m_serving].bap->IsAwake())
    {
        const auto gainsDb = Measure();
        HandOver(std::max_element(gainsDb.begin(), gainsDb.end()) - gainsDb.begin());
        AdaptLink();
    }
}

uint32_t
AccessManager::Handovers() const
{
    return m_handovers;
}

void
AccessManager::DoDispose()
{
    m_update.Cancel();
    m_ue = nullptr;
    m_link = nullptr;
    m_end = RadioEnd();
    m_topology = nullptr;
    m_channel = nullptr;
    m_candidates.clear();
    Object::DoDispose();
}

void
AccessManager::Update()
{
    // Where nothing moves, nothing changes: the channel is drawn anew by distance, not by time.
    const bool moved = m_end.mobility->GetPosition() != m_measuredAt;
    if (moved || m_channel->HasMovingScatterers() || m_reselecting)
    {
        ConsiderHandover(Measure());
        m_reselecting = m_betterSince != Time::Min();
        AdaptLink();
    }
    m_update = Simulator::Schedule(m_updatePeriod, &AccessManager::Update, this);
}

std::vector<double>
AccessManager::Measure()
{
    std::vector<double> gainsDb;
    gainsDb.reserve(m_candidates.size());
    m_measuredAt = m_end.mobility->GetPosition();
    for (const auto& candidate : m_candidates)
    {
        gainsDb.push_back(candidate.bap->IsAwake()
                              ? m_channel->LargeScaleGainDb(m_end.mobility, candidate.mobility)
                              : -std::numeric_limits<double>::infinity());
    }
    return gainsDb;
}

void
AccessManager::ConsiderHandover(const std::vector<double>& gainsDb)
{
    const std::size_t best = std::max_element(gainsDb.begin(), gainsDb.end()) - gainsDb.begin();
    if (best == m_serving || gainsDb[best] < gainsDb[m_serving] + m_hysteresisDb)
    {
        m_betterSince = Time::Min();
        return;
    }
    const auto now = Simulator::Now();
    if (m_betterSince == Time::Min() || best != m_better)
    {
        m_better = best;
        m_betterSince = now;
    }
    if (now - m_betterSince >= m_timeToTrigger)
    {
        HandOver(best);
    }
}

void
AccessManager::HandOver(std::size_t target)
{
    const auto source = m_candidates[m_serving].bap;
    m_serving = target;
    m_betterSince = Time::Min();
    ++m_handovers;
    m_link->SuspendUntil(Simulator::Now() + m_interruption);
    m_topology->Move(m_ue, m_candidates[target].bap, m_forwarding);
    m_attachmentTrace(m_ue, m_candidates[target].bap, source);
}

void
AccessManager::AdaptLink()
{
    const auto& cell = m_candidates[m_serving];
    const RadioEnd cellEnd{cell.mobility, cell.array};
    const auto gains = m_fading ? m_channel->BeamformedGains(m_end, cellEnd)
                                : m_channel->FlatGains(m_end, cellEnd);
    m_link->SetEnds({m_end, cellEnd, m_uePowerDbm, m_cellPowerDbm});
    if (m_interference)
    {
        m_interference->Moved(PeekPointer(m_link));
    }
    for (const auto direction : NR_DIRECTIONS)
    {
        const double powerDbm = direction == NrDirection::UPLINK ? m_uePowerDbm : m_cellPowerDbm;
        const auto quality = m_channel->Quality(gains, powerDbm, m_blockageDb, *m_errors);
        m_link->ServingCell()->UpdateQuality(m_link, direction, quality);
        m_sinrTrace(m_ue, direction, quality.sinrDb);
    }
}

} // namespace ns3
