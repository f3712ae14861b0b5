/*
 * SPDX-License-Identifier: GPL-2.0-only
 */
#ifndef NR_TABLES_H
#define NR_TABLES_H

#include <cstdint>

namespace ns3
{

/**
 * A modulation and coding scheme of TS 38.214 Table 5.1.3.1-1 (up to 64QAM).
 */
struct NrMcs
{
    uint8_t modulationOrder; //!< bits per symbol, Qm
    uint16_t codeRateX1024;  //!< target code rate times 1024
    /** @return information bits per resource element */
    double Efficiency() const;
};

/** Number of entries of the MCS table. */
constexpr uint8_t NR_MCS_COUNT = 29;

/** Highest CQI index; index 0 means out of range. */
constexpr uint8_t NR_CQI_MAX = 15;

/**
 * @param index 0..28
 * @return the scheme of TS 38.214 Table 5.1.3.1-1
 */
NrMcs GetNrMcs(uint8_t index);

/**
 * @param cqi 0..15
 * @return spectral efficiency of TS 38.214 Table 5.2.2.1-2, 0 for CQI 0
 */
double GetNrCqiEfficiency(uint8_t cqi);

/**
 * Spectral efficiency that an uncoded-QAM link with a target bit error rate reaches:
 * log2(1 + SINR / Gamma), Gamma = -ln(5 BER) / 1.5, with BER 5e-5 (Piro et al., "An LTE module
 * for the ns-3 network simulator", 2011, as in ns-3's LteAmc).
 *
 * @param sinr linear
 * @return bit/s/Hz
 */
double NrEfficiencyFromSinr(double sinr);

/**
 * @param efficiency bit/s/Hz that the channel carries
 * @return the highest CQI whose efficiency is not above it
 */
uint8_t NrCqiFromEfficiency(double efficiency);

/**
 * @param cqi 0..15
 * @return the highest MCS whose efficiency is not above the CQI's, or -1 when there is none (CQI 0
 *         and 1: MCS 0 needs what CQI 2 promises)
 */
int8_t NrMcsFromCqi(uint8_t cqi);

/**
 * Transport block size by TS 38.214 5.1.3.2, one layer.
 *
 * @param mcs index into the MCS table
 * @param rbs resource blocks
 * @param symbols OFDM symbols of the allocation, 1..14
 * @param dmrsResourceElements resource elements for DM-RS per resource block
 * @return bits
 */
uint32_t NrTransportBlockBits(uint8_t mcs,
                              uint16_t rbs,
                              uint8_t symbols,
                              uint8_t dmrsResourceElements);

} // namespace ns3

#endif // NR_TABLES_H
