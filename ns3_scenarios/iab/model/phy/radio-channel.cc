/*
 * SPDX-License-Identifier: GPL-2.0-only
 */
#include "radio-channel.h"

#include "nr-tables.h"

#include "ns3/boolean.h"
#include "ns3/double.h"
#include "ns3/object-factory.h"
#include "ns3/pointer.h"
#include "ns3/spectrum-signal-parameters.h"
#include "ns3/string.h"

#include <cmath>
#include <map>
#include <stdexcept>

namespace ns3
{

NS_OBJECT_ENSURE_REGISTERED(RadioChannel);

namespace
{

constexpr double BOLTZMANN = 1.380649e-23; // J/K, SI definition
constexpr double NOISE_TEMPERATURE_K = 290;
constexpr double SUBCARRIERS_PER_RB = 12;

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
BeamTowards(const PhasedArrayModel& array, const Vector& target, const Vector& self)
{
    const double norm = 1 / std::sqrt(static_cast<double>(array.GetNumElems()));
    return array.GetSteeringVector(Angles(target, self)) * std::complex<double>(norm, 0);
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
    m_pathLoss =
        CreateByName<ThreeGppPropagationLossModel>(ModelsOf(config.environment).pathLoss);
    m_pathLoss->SetAttribute("Frequency", DoubleValue(config.carrierHz));
    m_pathLoss->SetAttribute("ShadowingEnabled", BooleanValue(config.shadowing));
    m_pathLoss->SetAttribute("ChannelConditionModel", PointerValue(m_condition));

    m_fading = CreateObject<ThreeGppChannelModel>();
    m_fading->SetAttribute("Frequency", DoubleValue(config.carrierHz));
    m_fading->SetAttribute("Scenario", StringValue(config.environment));
    m_fading->SetAttribute("ChannelConditionModel", PointerValue(m_condition));
    m_fading->SetAttribute("UpdatePeriod", TimeValue(config.redraw));
    m_beams = CreateObject<ThreeGppSpectrumPropagationLossModel>();
    m_beams->SetChannelModel(m_fading);

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

double
RadioChannel::LargeScaleGainDb(Ptr<MobilityModel> a, Ptr<MobilityModel> b) const
{
    return m_pathLoss->CalcRxPower(0, a, b);
}

std::vector<double>
RadioChannel::BeamformedGains(const RadioEnd& a, const RadioEnd& b) const
{
    const auto positionA = a.mobility->GetPosition();
    const auto positionB = b.mobility->GetPosition();
    a.array->SetBeamformingVector(BeamTowards(*a.array, positionB, positionA));
    b.array->SetBeamformingVector(BeamTowards(*b.array, positionA, positionB));
    auto transmitted = Create<SpectrumSignalParameters>();
    transmitted->psd = m_unitPsd->Copy();
    const auto received =
        m_beams->CalcRxPowerSpectralDensity(transmitted, a.mobility, b.mobility, a.array, b.array);
    const double largeScale = std::pow(10, LargeScaleGainDb(a.mobility, b.mobility) / 10);
    std::vector<double> gains;
    gains.reserve(m_rbs);
    for (uint16_t rb = 0; rb < m_rbs; ++rb)
    {
        gains.push_back(largeScale * (*received->psd)[rb] / (*m_unitPsd)[rb]);
    }
    return gains;
}

LinkQuality
RadioChannel::Quality(const std::vector<double>& gains,
                      double txPowerDbm,
                      double extraLossDb) const
{
    const double wattsPerRb = std::pow(10, (txPowerDbm - extraLossDb - 30) / 10) / gains.size();
    double efficiency = 0;
    double capacity = 0;
    for (const auto gain : gains)
    {
        const double sinr = wattsPerRb * gain / m_noiseWattsPerRb;
        efficiency += NrEfficiencyFromSinr(sinr);
        capacity += std::log2(1 + sinr);
    }
    const double effectiveSinr = std::exp2(capacity / gains.size()) - 1;
    return {efficiency / gains.size(), 10 * std::log10(std::max(effectiveSinr, 1e-12))};
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
    Object::DoDispose();
}

} // namespace ns3
