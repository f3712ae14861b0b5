/*
 * SPDX-License-Identifier: GPL-2.0-only
 */
#include "nr-tables.h"

#include "ns3/assert.h"

#include <algorithm>
#include <array>
#include <cmath>

namespace ns3
{

namespace
{

// Each entry: modulation order, target code rate x 1024.

// TS 38.214 Table 5.1.3.1-1
constexpr std::array<NrMcs, 29> MCS_TABLE_1{
    {{2, 120}, {2, 157}, {2, 193}, {2, 251}, {2, 308}, {2, 379}, {2, 449}, {2, 526},
     {2, 602}, {2, 679}, {4, 340}, {4, 378}, {4, 434}, {4, 490}, {4, 553}, {4, 616},
     {4, 658}, {6, 438}, {6, 466}, {6, 517}, {6, 567}, {6, 616}, {6, 666}, {6, 719},
     {6, 772}, {6, 822}, {6, 873}, {6, 910}, {6, 948}}};

// TS 38.214 Table 5.1.3.1-2
constexpr std::array<NrMcs, 28> MCS_TABLE_2{
    {{2, 120}, {2, 193}, {2, 308}, {2, 449}, {2, 602}, {4, 378},   {4, 434},
     {4, 490}, {4, 553}, {4, 616}, {4, 658}, {6, 466}, {6, 517},   {6, 567},
     {6, 616}, {6, 666}, {6, 719}, {6, 772}, {6, 822}, {6, 873},   {8, 682.5},
     {8, 711}, {8, 754}, {8, 797}, {8, 841}, {8, 885}, {8, 916.5}, {8, 948}}};

// TS 38.214 Table 5.1.3.1-3
constexpr std::array<NrMcs, 29> MCS_TABLE_3{
    {{2, 30},  {2, 40},  {2, 50},  {2, 64},  {2, 78},  {2, 99},  {2, 120}, {2, 157},
     {2, 193}, {2, 251}, {2, 308}, {2, 379}, {2, 449}, {2, 526}, {2, 602}, {4, 340},
     {4, 378}, {4, 434}, {4, 490}, {4, 553}, {4, 616}, {6, 438}, {6, 466}, {6, 517},
     {6, 567}, {6, 616}, {6, 666}, {6, 719}, {6, 772}}};

// TS 38.214 Tables 5.2.2.1-2, -3 and -4, CQI 1..15
constexpr std::array<std::array<NrMcs, NR_CQI_MAX>, 3> CQI_TABLES{{{{{2, 78},
                                                                     {2, 120},
                                                                     {2, 193},
                                                                     {2, 308},
                                                                     {2, 449},
                                                                     {2, 602},
                                                                     {4, 378},
                                                                     {4, 490},
                                                                     {4, 616},
                                                                     {6, 466},
                                                                     {6, 567},
                                                                     {6, 666},
                                                                     {6, 772},
                                                                     {6, 873},
                                                                     {6, 948}}},
                                                                   {{{2, 78},
                                                                     {2, 193},
                                                                     {2, 449},
                                                                     {4, 378},
                                                                     {4, 490},
                                                                     {4, 616},
                                                                     {6, 466},
                                                                     {6, 567},
                                                                     {6, 666},
                                                                     {6, 772},
                                                                     {6, 873},
                                                                     {8, 711},
                                                                     {8, 797},
                                                                     {8, 885},
                                                                     {8, 948}}},
                                                                   {{{2, 30},
                                                                     {2, 50},
                                                                     {2, 78},
                                                                     {2, 120},
                                                                     {2, 193},
                                                                     {2, 308},
                                                                     {2, 449},
                                                                     {2, 602},
                                                                     {4, 378},
                                                                     {4, 490},
                                                                     {4, 616},
                                                                     {6, 466},
                                                                     {6, 567},
                                                                     {6, 666},
                                                                     {6, 772}}}}};

// TS 38.214 Table 5.1.3.2-1: transport block sizes up to 3824 bits.
constexpr std::array<uint16_t, 93> TBS_TABLE{
    {24,   32,   40,   48,   56,   64,   72,   80,   88,   96,   104,  112,  120,  128,  136,  144,
     152,  160,  168,  176,  184,  192,  208,  224,  240,  256,  272,  288,  304,  320,  336,  352,
     368,  384,  408,  432,  456,  480,  504,  528,  552,  576,  608,  640,  672,  704,  736,  768,
     808,  848,  888,  928,  984,  1032, 1064, 1128, 1160, 1192, 1224, 1256, 1288, 1320, 1352, 1416,
     1480, 1544, 1608, 1672, 1736, 1800, 1864, 1928, 2024, 2088, 2152, 2216, 2280, 2408, 2472, 2536,
     2600, 2664, 2728, 2792, 2856, 2976, 3104, 3240, 3368, 3496, 3624, 3752, 3824}};

/** @return bits per symbol */
constexpr double
EfficiencyOf(const NrMcs& scheme)
{
    return scheme.modulationOrder * scheme.codeRateX1024 / 1024.0;
}

/** @return for each CQI from 0 on, the last MCS that promises no more than it, or -1 */
template <std::size_t COUNT>
constexpr std::array<int8_t, NR_CQI_MAX + 1>
McsByCqi(const std::array<NrMcs, COUNT>& schemes, const std::array<NrMcs, NR_CQI_MAX>& cqis)
{
    std::array<int8_t, NR_CQI_MAX + 1> best{};
    best.fill(-1);
    for (std::size_t cqi = 1; cqi <= NR_CQI_MAX; ++cqi)
    {
        for (std::size_t mcs = 0; mcs < COUNT; ++mcs)
        {
            if (EfficiencyOf(schemes[mcs]) <= EfficiencyOf(cqis[cqi - 1]))
            {
                best[cqi] = static_cast<int8_t>(mcs);
            }
        }
    }
    return best;
}

constexpr std::array MCS_BY_CQI{McsByCqi(MCS_TABLE_1, CQI_TABLES[0]),
                                McsByCqi(MCS_TABLE_2, CQI_TABLES[1]),
                                McsByCqi(MCS_TABLE_3, CQI_TABLES[2])};

constexpr uint32_t SUBCARRIERS_PER_RB = 12; // TS 38.211 4.4.4.1
constexpr uint32_t MAX_RE_PER_RB = 156;     // TS 38.214 5.1.3.2 step 1

uint32_t
SmallTransportBlock(double infoBits)
{
    const int n = std::max(3, static_cast<int>(std::floor(std::log2(infoBits))) - 6);
    const auto step = std::exp2(n);
    const auto quantised = std::max(24.0, step * std::floor(infoBits / step));
    return *std::lower_bound(TBS_TABLE.begin(), TBS_TABLE.end(), quantised);
}

uint32_t
LargeTransportBlock(double infoBits, double codeRate)
{
    const int n = static_cast<int>(std::floor(std::log2(infoBits - 24))) - 5;
    const auto step = std::exp2(n);
    const auto quantised = std::max(3840.0, step * std::round((infoBits - 24) / step));
    double codeBlocks = 1;
    if (codeRate <= 0.25)
    {
        codeBlocks = std::ceil((quantised + 24) / 3816);
    }
    else if (quantised > 8424)
    {
        codeBlocks = std::ceil((quantised + 24) / 8424);
    }
    return static_cast<uint32_t>(8 * codeBlocks * std::ceil((quantised + 24) / (8 * codeBlocks)) -
                                 24);
}

} // namespace

double
NrMcs::Efficiency() const
{
    return EfficiencyOf(*this);
}

uint8_t
NrMcsCount(NrMcsTable table)
{
    return table == NrMcsTable::QAM256 ? MCS_TABLE_2.size() : MCS_TABLE_1.size();
}

NrMcs
GetNrMcs(NrMcsTable table, uint8_t index)
{
    NS_ASSERT_MSG(index < NrMcsCount(table), "no MCS " << +index << " in TS 38.214 5.1.3.1");
    switch (table)
    {
    case NrMcsTable::QAM256:
        return MCS_TABLE_2[index];
    case NrMcsTable::QAM64_LOW_SE:
        return MCS_TABLE_3[index];
    default:
        return MCS_TABLE_1[index];
    }
}

NrMcs
GetNrCqi(NrMcsTable table, uint8_t cqi)
{
    NS_ASSERT_MSG(cqi >= 1 && cqi <= NR_CQI_MAX, "no CQI " << +cqi);
    return CQI_TABLES[static_cast<std::size_t>(table)][cqi - 1];
}

int8_t
NrMcsFromCqi(NrMcsTable table, uint8_t cqi)
{
    NS_ASSERT_MSG(cqi <= NR_CQI_MAX, "no CQI " << +cqi);
    return MCS_BY_CQI[static_cast<std::size_t>(table)][cqi];
}

uint32_t
NrTransportBlockBits(const NrMcs& mcs, uint16_t rbs, uint8_t symbols, uint8_t dmrsResourceElements)
{
    const auto resourceElements = SUBCARRIERS_PER_RB * symbols;
    if (rbs == 0 || resourceElements <= dmrsResourceElements)
    {
        return 0;
    }
    const double perRb = std::min(MAX_RE_PER_RB, resourceElements - dmrsResourceElements);
    const double codeRate = mcs.codeRateX1024 / 1024.0;
    const double infoBits = perRb * rbs * codeRate * mcs.modulationOrder;
    return infoBits <= TBS_TABLE.back() ? SmallTransportBlock(infoBits)
                                        : LargeTransportBlock(infoBits, codeRate);
}

} // namespace ns3
