/*
 * SPDX-License-Identifier: GPL-2.0-only
 */
#ifndef LINK_QUALITY_H
#define LINK_QUALITY_H

#include "block-error-model.h"

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace ns3
{

/** SINR by modulation, order / 2 - 1. Linear. */
using ModulationSinr = std::array<double, 4>;

/**
 * What a link can carry. An effective SINR is that of the flat channel that carries as much
 * information, by modulation; interference raises the noise.
 */
struct LinkQuality
{
    static constexpr double LEVEL_DB = 5;      //!< from one level of noise to the next
    static constexpr std::size_t LEVELS = 11;  //!< from the receiver's noise alone to 50 dB more
    std::array<ModulationSinr, LEVELS> sinr{}; //!< effective, of the whole band, by level of noise
    std::vector<double> blockSinr; //!< of each resource block without interference; one: flat
    double sinrDb{-200}; //!< SINR of the flat channel of the same capacity in dB, for reports

    /**
     * @param sinrDb SINR in dB without interference
     * @return quality of a flat channel
     */
    static LinkQuality Flat(double sinrDb);

    /**
     * @param receivedWatts what arrives on each resource block
     * @param noiseWatts the receiver's own noise on a resource block
     * @param errors model whose modulations are asked for
     * @return quality of the whole band
     */
    static LinkQuality OfBand(const std::vector<double>& receivedWatts,
                              double noiseWatts,
                              const BlockErrorModel& errors);

    /**
     * @param noise how many times the receiver's own there is, interference included, the same on
     * the whole band
     * @param order modulation, bits per symbol
     * @return effective SINR of the whole band
     */
    double Effective(double noise, uint8_t order) const;

    /**
     * @param first resource block of an allocation
     * @param overNoise interference over the receiver's own noise on each of its resource blocks
     * @param order modulation of the allocation, bits per symbol
     * @param errors model of its information
     * @return effective SINR of its resource blocks
     */
    double EffectiveOf(uint16_t first,
                       const std::vector<double>& overNoise,
                       uint8_t order,
                       const BlockErrorModel& errors) const;
};

} // namespace ns3

#endif // LINK_QUALITY_H
