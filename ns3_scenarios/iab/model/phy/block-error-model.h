/*
 * SPDX-License-Identifier: GPL-2.0-only
 */
#ifndef BLOCK_ERROR_MODEL_H
#define BLOCK_ERROR_MODEL_H

#include <cstdint>
#include <vector>

namespace ns3
{

/**
 * What a modulated symbol carries at an SINR, over additive white Gaussian noise, for a receiver
 * that tells the decoder of each bit alone, as NR's does: mean and variance of the sum of the bits'
 * information densities (bit-interleaved coded modulation: Caire, Taricco and Biglieri, IEEE Trans.
 * Inf. Theory 44(3), 1998), of square QAM with the Gray labels of TS 38.211 5.1.
 */
struct SymbolInformation
{
    double bits;     //!< mutual information
    double variance; //!< variance given what was sent (channel dispersion), bit^2
};

/**
 * Block errors of coded modulation by the normal approximation (Polyanskiy, Poor and Verdu, IEEE
 * Trans. Inf. Theory 56(5), 2010): a block of k bits over n symbols fails with probability
 * Q((n I - k + log2(n) / 2) / sqrt(n V)), with I and V of the modulation in use.
 *
 * A practical code needs more SINR than the approximation says; the model takes that as a constant
 * implementation gap in dB. Blocks longer than a code block are cut as in TS 38.212 5.2.2, and fail
 * when any part does.
 */
class BlockErrorModel
{
  public:
    /** Gap to the normal approximation in dB; see iab.rst for the comparison it comes from. */
    static constexpr double DEFAULT_GAP_DB = 0.9;

    /**
     * @param gapDb implementation gap in dB
     */
    explicit BlockErrorModel(double gapDb = DEFAULT_GAP_DB);

    /**
     * @param modulationOrder bits per symbol: 2, 4, 6 or 8
     * @param sinr linear
     * @return information of one symbol, with the gap taken off
     */
    SymbolInformation Information(uint8_t modulationOrder, double sinr) const;

    /**
     * @param bits size of the transport block
     * @param symbols modulated symbols (resource elements) that carry it
     * @param information of one symbol
     * @return probability that it cannot be decoded
     */
    static double BlockErrorRate(uint32_t bits,
                                 double symbols,
                                 const SymbolInformation& information);

    /**
     * @param modulationOrder bits per symbol
     * @param bits information of one symbol
     * @return the linear SINR at which a flat channel has that information
     */
    double SinrOfInformation(uint8_t modulationOrder, double bits) const;

  private:
    double m_gap;                                         //!< linear
    std::vector<std::vector<SymbolInformation>> m_tables; //!< by modulation, over SINR in dB
};

} // namespace ns3

#endif // BLOCK_ERROR_MODEL_H
