/*
 * SPDX-License-Identifier: GPL-2.0-only
 */
#include "link-quality.h"

#include <algorithm>
#include <cmath>

namespace ns3
{

LinkQuality
LinkQuality::Flat(double sinrDb)
{
    LinkQuality quality;
    quality.sinrDb = sinrDb;
    quality.blockSinr = {std::pow(10, sinrDb / 10)};
    for (std::size_t level = 0; level < LEVELS; ++level)
    {
        quality.sinr[level].fill(std::pow(10, (sinrDb - LEVEL_DB * double(level)) / 10));
    }
    return quality;
}

LinkQuality
LinkQuality::OfBand(const std::vector<double>& receivedWatts,
                    double noiseWatts,
                    const BlockErrorModel& errors)
{
    const auto blocks = double(receivedWatts.size());
    LinkQuality quality;
    for (std::size_t level = 0; level < LEVELS; ++level)
    {
        const double noise = noiseWatts * std::pow(10, LEVEL_DB * double(level) / 10);
        for (uint8_t order = 2; order <= 8; order += 2)
        {
            double bits = 0;
            for (const auto watts : receivedWatts)
            {
                bits += errors.Information(order, watts / noise).bits;
            }
            quality.sinr[level][order / 2 - 1] = errors.SinrOfInformation(order, bits / blocks);
        }
    }
    double capacity = 0;
    quality.blockSinr.reserve(receivedWatts.size());
    for (const auto watts : receivedWatts)
    {
        quality.blockSinr.push_back(watts / noiseWatts);
        capacity += std::log2(1 + quality.blockSinr.back()) / blocks;
    }
    quality.sinrDb = 10 * std::log10(std::max(std::exp2(capacity) - 1, 1e-20));
    return quality;
}

double
LinkQuality::Effective(double noise, uint8_t order) const
{
    const std::size_t i = order / 2 - 1;
    if (noise <= 1)
    {
        return sinr.front()[i];
    }
    const double position = 10 * std::log10(noise) / LEVEL_DB;
    const auto below = std::min(static_cast<std::size_t>(position), LEVELS - 1);
    const auto above = std::min(below + 1, LEVELS - 1);
    const double part = std::min(position - double(below), 1.0);
    // Straight in dB, between two levels.
    const double ratio = sinr[below][i] > 0 ? sinr[above][i] / sinr[below][i] : 1;
    return sinr[below][i] * std::pow(ratio, part);
}

double
LinkQuality::EffectiveOf(uint16_t first,
                         const std::vector<double>& overNoise,
                         uint8_t order,
                         const BlockErrorModel& errors) const
{
    double bits = 0;
    for (std::size_t i = 0; i < overNoise.size(); ++i)
    {
        const auto block = blockSinr.size() == 1 ? 0 : first + i;
        bits += errors.Information(order, blockSinr[block] / (1 + overNoise[i])).bits;
    }
    return errors.SinrOfInformation(order, bits / double(overNoise.size()));
}

} // namespace ns3
