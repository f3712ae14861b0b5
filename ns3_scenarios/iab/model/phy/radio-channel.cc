/*
 * SPDX-License-Identifier: GPL-2.0-only
 */
#include "radio-channel.h"

#include "separable-channel-model.h"

#include "ns3/boolean.h"
#include "ns3/double.h"
#include "ns3/node.h"
#include "ns3/object-factory.h"
#include "ns3/pointer.h"
#include "ns3/simulator.h"
#include "ns3/spectrum-signal-parameters.h"
#include "ns3/string.h"

#include <algorithm>
#include <cmath>
#include <complex>
#include <map>
#include <numbers>
#include <stdexcept>
#include <utility>

namespace ns3
{

NS_OBJECT_ENSURE_REGISTERED(RadioChannel);

namespace
{

constexpr double BOLTZMANN = 1.380649e-23; // J/K, SI definition
constexpr double NOISE_TEMPERATURE_K = 290;
constexpr double SUBCARRIERS_PER_RB = 12; // TS 38.211 4.4.4.1
constexpr double SPEED_OF_LIGHT_MPS = 299792458;
constexpr double NEAREST_M = 1; // nearer, the far field that all models assume has not begun

/** @return whether two nodes are too near each other for any model of the channel */
bool
AreTogether(const Ptr<MobilityModel>& a, const Ptr<MobilityModel>& b)
{
    return a->GetDistanceFrom(b) < NEAREST_M;
}

/** Type names of ns-3's models of one environment. */
struct EnvironmentModels
{
    const char* pathLoss;  //!< propagation loss model
    const char* condition; //!< channel condition model
};

EnvironmentModels
ModelsOf(const std::string& environment)
{
    static const std::map<std::string, EnvironmentModels> models{
        {"UMi-StreetCanyon",
         {"ns3::ThreeGppUmiStreetCanyonPropagationLossModel",
          "ns3::ThreeGppUmiStreetCanyonChannelConditionModel"}},
        {"UMa", {"ns3::ThreeGppUmaPropagationLossModel", "ns3::ThreeGppUmaChannelConditionModel"}},
        {"RMa", {"ns3::ThreeGppRmaPropagationLossModel", "ns3::ThreeGppRmaChannelConditionModel"}}};
    const auto found = models.find(environment);
    if (found == models.end())
    {
        throw std::invalid_argument("no TR 38.901 environment '" + environment + "'");
    }
    return found->second;
}

template <class T>
Ptr<T>
CreateByName(const std::string& typeName)
{
    ObjectFactory factory(typeName);
    return factory.Create<T>();
}

/**
 * The steering vector, normalised. ns-3.44's spectrum model conjugates the weights, so that
 * PhasedArrayModel::GetBeamformingVector, which is conjugated already, would point the beam to the
 * mirrored azimuth (the test suite checks that the full gain is there in all directions).
 */
PhasedArrayModel::ComplexVector
BeamAlong(const PhasedArrayModel& array, const Angles& angles)
{
    const double norm = 1 / std::sqrt(static_cast<double>(array.GetNumElems()));
    return array.GetSteeringVector(angles) * std::complex<double>(norm, 0);
}

/**
 * Pattern of an element that faces its peer (TR 38.901 Table 7.3-1: 65 degrees at half power, 30 dB
 * front to back), taken for the same in azimuth and elevation, relative to its peak.
 */
double
ElementGain(const Vector& towards, const Vector& facing)
{
    constexpr double HALF_POWER_RAD = 65 * std::numbers::pi / 180;
    constexpr double FRONT_TO_BACK_DB = 30;
    const double cosine = (towards * facing) / (towards.GetLength() * facing.GetLength());
    const double angle = std::acos(std::clamp(cosine, -1.0, 1.0)) / HALF_POWER_RAD;
    return std::pow(10, -std::min(12 * angle * angle, FRONT_TO_BACK_DB) / 10);
}

/**
 * The product of an array's present beam and its steering vector. The steering vector's phase grows
 * by one step along each row and by another along each column: two exponentials give all of it,
 * where PhasedArrayModel::GetSteeringVector takes one for each element.
 *
 * @param array whose elements are numbered by rows
 * @param angles of a direction
 * @return amplitude in that direction, over that of one element
 */
std::complex<double>
ArrayFactor(const PhasedArrayModel& array, const Angles& angles)
{
    const double horizontal = std::sin(angles.GetInclination());
    const Vector direction(horizontal * std::cos(angles.GetAzimuth()),
                           horizontal * std::sin(angles.GetAzimuth()),
                           std::cos(angles.GetInclination()));
    const auto step = [&](uint64_t element) {
        const double wavelengths = array.GetElementLocation(element) * direction;
        return std::polar(1.0, -2 * std::numbers::pi * wavelengths);
    };
    const auto columns = array.GetNumColumns();
    const auto alongRow = step(1);
    const auto alongColumn = step(columns);
    const auto& beam = array.GetBeamformingVectorRef();
    std::complex<double> sum = 0;
    std::complex<double> rowPhase = 1;
    for (std::size_t first = 0; first < array.GetNumElems(); first += columns)
    {
        auto phase = rowPhase;
        for (std::size_t i = first; i < first + columns; ++i)
        {
            sum += std::conj(beam[i]) * phase;
            phase *= alongRow;
        }
        rowPhase *= alongColumn;
    }
    return sum;
}

/** @return power gain of an end with its present beam towards another place than its peer's */
double
PatternGain(const RadioEnd& end, const Vector& peer, const Vector& target)
{
    const auto self = end.mobility->GetPosition();
    return std::norm(ArrayFactor(*end.array, Angles(target, self))) *
           ElementGain(target - self, peer - self);
}

Ptr<ChannelConditionModel>
CreateCondition(const RadioChannelConfig& config)
{
    switch (config.los)
    {
    case LosPolicy::ALWAYS:
        return CreateObject<AlwaysLosChannelConditionModel>();
    case LosPolicy::NEVER:
        return CreateObject<NeverLosChannelConditionModel>();
    default:
        break;
    }
    auto condition = CreateByName<ChannelConditionModel>(ModelsOf(config.environment).condition);
    condition->SetAttribute("UpdatePeriod", TimeValue(config.losUpdate));
    return condition;
}

} // namespace

TypeId
RadioChannel::GetTypeId()
{
    static TypeId tid = TypeId("ns3::RadioChannel")
                            .SetParent<Object>()
                            .SetGroupName("Iab")
                            .AddConstructor<RadioChannel>();
    return tid;
}

void
RadioChannel::Configure(const RadioChannelConfig& config, const NrFrame& frame)
{
    m_condition = CreateCondition(config);
    m_pathLoss = CreateByName<ThreeGppPropagationLossModel>(ModelsOf(config.environment).pathLoss);
    m_pathLoss->SetAttribute("Frequency", DoubleValue(config.carrierHz));
    m_pathLoss->SetAttribute("ShadowingEnabled", BooleanValue(config.shadowing));
    m_pathLoss->SetAttribute("ChannelConditionModel", PointerValue(m_condition));

    m_fading = CreateObject<SeparableChannelModel>();
    m_fading->SetAttribute("Frequency", DoubleValue(config.carrierHz));
    m_fading->SetAttribute("Scenario", StringValue(config.environment));
    m_fading->SetAttribute("ChannelConditionModel", PointerValue(m_condition));
    m_fading->SetAttribute("UpdatePeriod", TimeValue(config.redraw));
    m_fading->SetAttribute("vScatt", DoubleValue(config.scattererMps));
    m_beams = CreateObject<ThreeGppSpectrumPropagationLossModel>();
    m_beams->SetChannelModel(m_fading);

    m_scattererMps = config.scattererMps;
    m_nearestGainDb =
        20 * std::log10(SPEED_OF_LIGHT_MPS / (4 * std::numbers::pi * NEAREST_M * config.carrierHz));
    m_rbs = frame.ResourceBlocks();
    const double rbHz = SUBCARRIERS_PER_RB * frame.SubcarrierSpacingHz();
    const double lowestHz = config.carrierHz - rbHz * m_rbs / 2;
    Bands bands;
    for (uint16_t rb = 0; rb < m_rbs; ++rb)
    {
        const double lower = lowestHz + rb * rbHz;
        bands.push_back({lower, lower + rbHz / 2, lower + rbHz});
    }
    m_unitPsd = Create<SpectrumValue>(Create<SpectrumModel>(bands));
    *m_unitPsd = 1.0 / (rbHz * m_rbs);
    m_noiseWattsPerRb =
        BOLTZMANN * NOISE_TEMPERATURE_K * rbHz * std::pow(10, config.noiseFigureDb / 10);
}

int64_t
RadioChannel::AssignStreams(int64_t stream)
{
    const auto first = stream;
    stream += m_condition->AssignStreams(stream);
    stream += m_pathLoss->AssignStreams(stream);
    stream += m_fading->AssignStreams(stream);
    return stream - first;
}

void
RadioChannel::SetFadingRecord(std::shared_ptr<FadingRecord> record)
{
    m_record = std::move(record);
}

double
RadioChannel::LargeScaleGainDb(Ptr<MobilityModel> a, Ptr<MobilityModel> b) const
{
    return AreTogether(a, b) ? m_nearestGainDb : m_pathLoss->CalcRxPower(0, a, b);
}

void
RadioChannel::PointAtEachOther(const RadioEnd& a, const RadioEnd& b)
{
    if (AreTogether(a.mobility, b.mobility))
    {
        return; // no direction to point in
    }
    const auto positionA = a.mobility->GetPosition();
    const auto positionB = b.mobility->GetPosition();
    a.array->SetBeamformingVector(BeamAlong(*a.array, Angles(positionB, positionA)));
    b.array->SetBeamformingVector(BeamAlong(*b.array, Angles(positionA, positionB)));
}

std::vector<double>
RadioChannel::BeamformedGains(const RadioEnd& a, const RadioEnd& b) const
{
    const double largeScale = std::pow(10, LargeScaleGainDb(a.mobility, b.mobility) / 10);
    if (AreTogether(a.mobility, b.mobility))
    {
        return std::vector<double>(m_rbs, largeScale); // no direction to point a beam in
    }
    const auto draw = [this, &a, &b]() { return Draw(a, b); };
    const FadingCall call{Simulator::Now().GetNanoSeconds(),
                          a.mobility->GetObject<Node>()->GetId(),
                          b.mobility->GetObject<Node>()->GetId(),
                          static_cast<uint32_t>(a.array->GetNumElems()),
                          static_cast<uint32_t>(b.array->GetNumElems()),
                          m_rbs};
    const auto fading = m_record ? m_record->Get(call, draw) : draw();
    a.array->SetBeamformingVector(fading.beamA);
    b.array->SetBeamformingVector(fading.beamB);
    std::vector<double> gains;
    gains.reserve(m_rbs);
    for (uint16_t rb = 0; rb < m_rbs; ++rb)
    {
        gains.push_back(largeScale * fading.psd[rb] / (*m_unitPsd)[rb]);
    }
    return gains;
}

BeamformedFading
RadioChannel::Draw(const RadioEnd& a, const RadioEnd& b) const
{
    ChooseBeams(a, b);
    const auto received = ReceivedPsd(a, b);
    return {a.array->GetBeamformingVector(),
            b.array->GetBeamformingVector(),
            {received->ConstValuesBegin(), received->ConstValuesEnd()}};
}

void
RadioChannel::ChooseBeams(const RadioEnd& a, const RadioEnd& b) const
{
    PointAtEachOther(a, b);
    m_fading->GetChannel(a.mobility, b.mobility, a.array, b.array); // draws it when it is due
    if (m_condition->GetChannelCondition(a.mobility, b.mobility)->IsLos())
    {
        return;
    }
    const auto params = m_fading->GetParams(a.mobility, b.mobility);
    const auto key = MatrixBasedChannelModel::GetKey(a.array->GetId(), b.array->GetId());
    const auto known = m_beamPairs.find(key);
    if (known == m_beamPairs.end() || known->second.drawn != params->m_generatedTime)
    {
        SweepBeams(a, b, *params);
        m_beamPairs.insert_or_assign(key,
                                     BeamPair{params->m_generatedTime,
                                              a.array->GetBeamformingVector(),
                                              b.array->GetBeamformingVector()});
        return;
    }
    a.array->SetBeamformingVector(known->second.a);
    b.array->SetBeamformingVector(known->second.b);
}

void
RadioChannel::SweepBeams(const RadioEnd& a,
                         const RadioEnd& b,
                         const MatrixBasedChannelModel::ChannelParams& params) const
{
    const auto angles = [&params](uint8_t azimuth, uint8_t zenith, std::size_t cluster) {
        const auto& [sinAzimuth, cosAzimuth] = params.m_cachedAngleSincos[azimuth][cluster];
        const auto& [sinZenith, cosZenith] = params.m_cachedAngleSincos[zenith][cluster];
        return Angles(std::atan2(sinAzimuth, cosAzimuth), std::atan2(sinZenith, cosZenith));
    };
    const bool fromA = params.m_nodeIds.first == a.mobility->GetObject<Node>()->GetId();
    auto bestA = a.array->GetBeamformingVector();
    auto bestB = b.array->GetBeamformingVector();
    double best = Sum(*ReceivedPsd(a, b));
    for (std::size_t cluster = 0; cluster < params.m_cachedAngleSincos[0].size(); ++cluster)
    {
        const auto departure =
            angles(MatrixBasedChannelModel::AOD_INDEX, MatrixBasedChannelModel::ZOD_INDEX, cluster);
        const auto arrival =
            angles(MatrixBasedChannelModel::AOA_INDEX, MatrixBasedChannelModel::ZOA_INDEX, cluster);
        a.array->SetBeamformingVector(BeamAlong(*a.array, fromA ? departure : arrival));
        b.array->SetBeamformingVector(BeamAlong(*b.array, fromA ? arrival : departure));
        const double power = Sum(*ReceivedPsd(a, b));
        if (power > best)
        {
            best = power;
            bestA = a.array->GetBeamformingVector();
            bestB = b.array->GetBeamformingVector();
        }
    }
    a.array->SetBeamformingVector(bestA);
    b.array->SetBeamformingVector(bestB);
}

Ptr<const SpectrumValue>
RadioChannel::ReceivedPsd(const RadioEnd& a, const RadioEnd& b) const
{
    auto transmitted = Create<SpectrumSignalParameters>();
    transmitted->psd = m_unitPsd->Copy();
    return m_beams
        ->CalcRxPowerSpectralDensity(transmitted, a.mobility, b.mobility, a.array, b.array)
        ->psd;
}

std::vector<double>
RadioChannel::FlatGains(const RadioEnd& a, const RadioEnd& b)
{
    PointAtEachOther(a, b);
    return std::vector<double>(m_rbs, LeakageGain(a, b, b, a));
}

double
RadioChannel::LeakageGain(const RadioEnd& from,
                          const RadioEnd& fromPeer,
                          const RadioEnd& to,
                          const RadioEnd& toPeer) const
{
    const double largeScale = std::pow(10, LargeScaleGainDb(from.mobility, to.mobility) / 10);
    if (AreTogether(from.mobility, to.mobility) || AreTogether(from.mobility, fromPeer.mobility) ||
        AreTogether(to.mobility, toPeer.mobility))
    {
        return largeScale;
    }
    const auto positionFrom = from.mobility->GetPosition();
    const auto positionTo = to.mobility->GetPosition();
    return largeScale * PatternGain(from, fromPeer.mobility->GetPosition(), positionTo) *
           PatternGain(to, toPeer.mobility->GetPosition(), positionFrom);
}

LinkQuality
RadioChannel::Quality(const std::vector<double>& gains,
                      double txPowerDbm,
                      double extraLossDb,
                      const BlockErrorModel& errors) const
{
    const double wattsPerRb = std::pow(10, (txPowerDbm - extraLossDb - 30) / 10) / gains.size();
    std::vector<double> received;
    received.reserve(gains.size());
    for (const auto gain : gains)
    {
        received.push_back(wattsPerRb * gain);
    }
    return LinkQuality::OfBand(received, m_noiseWattsPerRb, errors);
}

bool
RadioChannel::HasMovingScatterers() const
{
    return m_scattererMps > 0;
}

double
RadioChannel::NoiseWatts() const
{
    return m_noiseWattsPerRb * m_rbs;
}

uint16_t
RadioChannel::ResourceBlocks() const
{
    return m_rbs;
}

void
RadioChannel::DoDispose()
{
    m_condition = nullptr;
    m_pathLoss = nullptr;
    m_fading = nullptr;
    m_beams = nullptr;
    m_unitPsd = nullptr;
    m_record = nullptr;
    m_beamPairs.clear();
    Object::DoDispose();
}

} // namespace ns3
