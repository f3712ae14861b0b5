/*
 * SPDX-License-Identifier: GPL-2.0-only
 */
#ifndef NR_TABLES_H
#define NR_TABLES_H

#include <cstdint>

namespace ns3
{

/** A pair of MCS and CQI tables of TS 38.214. */
enum class NrMcsTable : uint8_t
{
    QAM64 = 0,       //!< Tables 5.1.3.1-1 and 5.2.2.1-2
    QAM256 = 1,      //!< Tables 5.1.3.1-2 and 5.2.2.1-3
    QAM64_LOW_SE = 2 //!< Tables 5.1.3.1-3 and 5.2.2.1-4 (low spectral efficiency)
};

/**
 * A modulation and coding scheme.
 */
struct NrMcs
{
    uint8_t modulationOrder; //!< bits per symbol, Qm
    double codeRateX1024;    //!< target code rate times 1024
    /** @return information bits per resource element */
    double Efficiency() const;
};

/** Highest CQI index; index 0 means out of range. */
constexpr uint8_t NR_CQI_MAX = 15;

/**
 * @param table which table
 * @return number of entries of its MCS table: 29, 28 or 29
 */
uint8_t NrMcsCount(NrMcsTable table);

/**
 * @param table which table
 * @param index from 0
 * @return the scheme of TS 38.214 Table 5.1.3.1-1, -2 or -3
 */
NrMcs GetNrMcs(NrMcsTable table, uint8_t index);

/**
 * @param table which table
 * @param cqi 1..15
 * @return the scheme that the CQI stands for, TS 38.214 Table 5.2.2.1-2, -3 or -4
 */
NrMcs GetNrCqi(NrMcsTable table, uint8_t cqi);

/**
 * @param table which table
 * @param cqi 0..15
 * @return the highest MCS whose efficiency is not above the CQI's, or -1 when there is none (CQI 0;
 *         in the first table also CQI 1, which is below MCS 0)
 */
int8_t NrMcsFromCqi(NrMcsTable table, uint8_t cqi);

/**
 * Transport block size by TS 38.214 5.1.3.2, one layer.
 *
 * @param mcs modulation and coding scheme
 * @param rbs resource blocks
 * @param symbols OFDM symbols of the allocation, 1..14
 * @param dmrsResourceElements resource elements for DM-RS per resource block
 * @return bits
 */
uint32_t NrTransportBlockBits(const NrMcs& mcs,
                              uint16_t rbs,
                              uint8_t symbols,
                              uint8_t dmrsResourceElements);

} // namespace ns3

#endif // NR_TABLES_H
