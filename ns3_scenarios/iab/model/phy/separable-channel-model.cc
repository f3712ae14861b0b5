/*
 * SPDX-License-Identifier: GPL-2.0-only
 */
#include "separable-channel-model.h"

#include "ns3/mobility-model.h"
#include "ns3/node.h"
#include "ns3/simulator.h"

#include <cmath>
#include <complex>
#include <numbers>
#include <vector>

namespace ns3
{

NS_OBJECT_ENSURE_REGISTERED(SeparableChannelModel);

namespace
{

using Complex = std::complex<double>;

constexpr double LIGHT_MPS = 3.0e8; // as ns-3's channel has it

/** @return unit vector in a direction (TR 38.901 Eq. 7.5-23 and 7.5-24) */
Vector
Direction(double azimuth, double zenith)
{
    const double horizontal = std::sin(zenith);
    return {horizontal * std::cos(azimuth), horizontal * std::sin(azimuth), std::cos(zenith)};
}

/**
 * @param array whose elements are wavelengths apart
 * @param direction of a plane wave
 * @return its phase at each element
 */
std::vector<Complex>
Phases(const PhasedArrayModel& array, const Vector& direction)
{
    std::vector<Complex> phases;
    phases.reserve(array.GetNumElems());
    for (std::size_t i = 0; i < array.GetNumElems(); ++i)
    {
        const double wavelengths = direction * array.GetElementLocation(i);
        phases.push_back(std::polar(1.0, 2 * std::numbers::pi * wavelengths));
    }
    return phases;
}

/** @return which part of a strong cluster a ray is in (Table 7.5-5, of rays from 0 as in ns-3) */
std::size_t
SubCluster(std::size_t ray)
{
    const bool second = (ray >= 9 && ray <= 12) || ray == 17 || ray == 18;
    const bool third = ray >= 13 && ray <= 16;
    return second ? 1 : third ? 2 : 0;
}

/** @return phases at each element, of each ray of a cluster */
std::vector<std::vector<Complex>>
PhasesByRay(const PhasedArrayModel& array,
            const std::vector<double>& azimuths,
            const std::vector<double>& zeniths,
            std::size_t rays)
{
    std::vector<std::vector<Complex>> phases;
    phases.reserve(rays);
    for (std::size_t m = 0; m < rays; ++m)
    {
        phases.push_back(Phases(array, Direction(azimuths[m], zeniths[m])));
    }
    return phases;
}

/**
 * Sum the rays of a cluster (Eq. 7.5-22 and 7.5-28).
 *
 * @param arriving amplitude at each receiving element, by ray
 * @param departing phase at each transmitting element, by ray
 * @param scale of the sums
 * @param pages of the channel that they are: one, or one for each sub-cluster
 * @param channel that they are a part of
 */
void
SumRays(const std::vector<std::vector<Complex>>& arriving,
        const std::vector<std::vector<Complex>>& departing,
        double scale,
        const std::vector<std::size_t>& pages,
        ComplexMatrixArray& channel)
{
    const auto elements = departing.front().size();
    for (std::size_t j = 0; j < arriving.front().size(); ++j)
    {
        std::vector<std::vector<Complex>> sums(pages.size(), std::vector<Complex>(elements));
        for (std::size_t m = 0; m < arriving.size(); ++m)
        {
            auto& sum = sums[pages.size() > 1 ? SubCluster(m) : 0];
            for (std::size_t k = 0; k < elements; ++k)
            {
                sum[k] += arriving[m][j] * departing[m][k];
            }
        }
        for (std::size_t part = 0; part < pages.size(); ++part)
        {
            for (std::size_t k = 0; k < elements; ++k)
            {
                channel(j, k, pages[part]) = sums[part][k] * scale;
            }
        }
    }
}

} // namespace

TypeId
SeparableChannelModel::GetTypeId()
{
    static TypeId tid = TypeId("ns3::SeparableChannelModel")
                            .SetParent<ThreeGppChannelModel>()
                            .SetGroupName("Iab")
                            .AddConstructor<SeparableChannelModel>();
    return tid;
}

std::vector<Complex>
SeparableChannelModel::Amplitudes(const ThreeGppChannelParams& params,
                                  std::size_t raysPerCluster,
                                  const PhasedArrayModel& s,
                                  const PhasedArrayModel& u)
{
    std::vector<Complex> amplitudes;
    for (std::size_t n = 0; n < params.m_reducedClusterNumber; ++n)
    {
        for (std::size_t m = 0; m < raysPerCluster; ++m)
        {
            // Of these, ns-3 does not exchange arrival and departure for the reverse direction.
            const auto [uPhi, uTheta] = u.GetElementFieldPattern(
                Angles(params.m_rayAoaRadian[n][m], params.m_rayZoaRadian[n][m]));
            const auto [sPhi, sTheta] = s.GetElementFieldPattern(
                Angles(params.m_rayAodRadian[n][m], params.m_rayZodRadian[n][m]));
            const auto& initial = params.m_clusterPhase[n][m];
            const double crossed = std::sqrt(1 / params.m_crossPolarizationPowerRatios[n][m]);
            amplitudes.push_back(std::polar(1.0, initial[0]) * uTheta * sTheta +
                                 std::polar(1.0, initial[1]) * crossed * uTheta * sPhi +
                                 std::polar(1.0, initial[2]) * crossed * uPhi * sTheta +
                                 std::polar(1.0, initial[3]) * uPhi * sPhi);
        }
    }
    return amplitudes;
}

void
SeparableChannelModel::AddLineOfSight(const ThreeGppChannelParams& params,
                                      const Vector& sAt,
                                      const Vector& uAt,
                                      const PhasedArrayModel& s,
                                      const PhasedArrayModel& u,
                                      Complex3DVector& channel) const
{
    const Angles fromS(uAt, sAt);
    const Angles fromU(sAt, uAt);
    const auto sPhases = Phases(s, Direction(fromS.GetAzimuth(), fromS.GetInclination()));
    const auto uPhases = Phases(u, Direction(fromU.GetAzimuth(), fromU.GetInclination()));
    const auto [sPhi, sTheta] = s.GetElementFieldPattern(fromS);
    const auto [uPhi, uTheta] = u.GetElementFieldPattern(fromU);
    const double distance2d =
        std::sqrt((sAt.x - uAt.x) * (sAt.x - uAt.x) + (sAt.y - uAt.y) * (sAt.y - uAt.y));
    const double distance = std::sqrt(distance2d * distance2d + (sAt.z - uAt.z) * (sAt.z - uAt.z));
    const auto path = (uTheta * sTheta - uPhi * sPhi) *
                      std::polar(1.0, -2 * std::numbers::pi * distance / (LIGHT_MPS / m_frequency));
    const double ricean = std::pow(10, params.m_K_factor / 10);
    const double scattered = std::sqrt(1 / (ricean + 1));
    const double direct = std::sqrt(ricean / (1 + ricean));
    const double blocked = std::pow(10, params.m_attenuation_dB[0] / 10);
    for (std::size_t j = 0; j < uPhases.size(); ++j)
    {
        for (std::size_t k = 0; k < sPhases.size(); ++k)
        {
            for (std::size_t n = 0; n < channel.GetNumPages(); ++n)
            {
                channel(j, k, n) *= scattered;
            }
            channel(j, k, 0) += direct * (path * uPhases[j] * sPhases[k]) / blocked;
        }
    }
}

Ptr<MatrixBasedChannelModel::ChannelMatrix>
SeparableChannelModel::GetNewChannel(Ptr<const ThreeGppChannelParams> channelParams,
                                     Ptr<const ParamsTable> table3gpp,
                                     const Ptr<const MobilityModel> sMob,
                                     const Ptr<const MobilityModel> uMob,
                                     Ptr<const PhasedArrayModel> sAntenna,
                                     Ptr<const PhasedArrayModel> uAntenna) const
{
    if (sAntenna->GetNumPols() > 1 || uAntenna->GetNumPols() > 1)
    {
        return ThreeGppChannelModel::GetNewChannel(channelParams,
                                                   table3gpp,
                                                   sMob,
                                                   uMob,
                                                   sAntenna,
                                                   uAntenna);
    }
    const auto& params = *channelParams;
    auto matrix = Create<ChannelMatrix>();
    matrix->m_generatedTime = Simulator::Now();
    matrix->m_nodeIds = {sMob->GetObject<Node>()->GetId(), uMob->GetObject<Node>()->GetId()};
    const bool forward = params.m_nodeIds == matrix->m_nodeIds;
    const auto& departureAzimuths = forward ? params.m_rayAodRadian : params.m_rayAoaRadian;
    const auto& departureZeniths = forward ? params.m_rayZodRadian : params.m_rayZoaRadian;
    const auto& arrivalAzimuths = forward ? params.m_rayAoaRadian : params.m_rayAodRadian;
    const auto& arrivalZeniths = forward ? params.m_rayZoaRadian : params.m_rayZodRadian;
    const std::size_t rays = table3gpp->m_raysPerCluster;
    const auto amplitudes = Amplitudes(params, rays, *sAntenna, *uAntenna);
    const std::size_t clusters = params.m_reducedClusterNumber;
    const std::size_t strong = params.m_cluster1st == params.m_cluster2nd ? 1 : 2;
    Complex3DVector channel(uAntenna->GetNumElems(),
                            sAntenna->GetNumElems(),
                            clusters + 2 * strong);
    std::size_t next = clusters; // the parts of strong clusters stand behind all clusters
    for (std::size_t n = 0; n < clusters; ++n)
    {
        std::vector<std::size_t> pages{n};
        if (n == params.m_cluster1st || n == params.m_cluster2nd)
        {
            pages.insert(pages.end(), {next, next + 1});
            next += 2;
        }
        const auto departing =
            PhasesByRay(*sAntenna, departureAzimuths[n], departureZeniths[n], rays);
        auto arriving = PhasesByRay(*uAntenna, arrivalAzimuths[n], arrivalZeniths[n], rays);
        for (std::size_t m = 0; m < rays; ++m)
        {
            for (auto& phase : arriving[m])
            {
                phase = amplitudes[n * rays + m] * phase;
            }
        }
        const double scale = std::sqrt(params.m_clusterPower[n] / double(rays));
        SumRays(arriving, departing, scale, pages, channel);
    }
    if (params.m_losCondition == ChannelCondition::LOS)
    {
        AddLineOfSight(params,
                       sMob->GetPosition(),
                       uMob->GetPosition(),
                       *sAntenna,
                       *uAntenna,
                       channel);
    }
    matrix->m_channel = channel;
    return matrix;
}

} // namespace ns3
