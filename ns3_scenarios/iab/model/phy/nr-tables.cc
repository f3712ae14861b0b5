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

// TS 38.214 Table 5.1.3.1-1: modulation order, target code rate x 1024.
constexpr std::array<NrMcs, NR_MCS_COUNT> MCS_TABLE_1{
    {{2, 120}, {2, 157}, {2, 193}, {2, 251}, {2, 308}, {2, 379}, {2, 449}, {2, 526},
     {2, 602}, {2, 679}, {4, 340}, {4, 378}, {4, 434}, {4, 490}, {4, 553}, {4, 616},
     {4, 658}, {6, 438}, {6, 466}, {6, 517}, {6, 567}, {6, 616}, {6, 666}, {6, 719},
     {6, 772}, {6, 822}, {6, 873}, {6, 910}, {6, 948}}};

// TS 38.214 Table 5.2.2.1-2: efficiency of CQI 0..15.
constexpr std::array<double, NR_CQI_MAX + 1> CQI_TABLE_1{0.0,
                                                         0.1523,
                                                         0.2344,
                                                         0.3770,
                                                         0.6016,
                                                         0.8770,
                                                         1.1758,
                                                         1.4766,
                                                         1.9141,
                                                         2.4063,
                                                         2.7305,
                                                         3.3223,
                                                         3.9023,
                                                         4.5234,
                                                         5.1152,
                                                         5.5547};

// TS 38.214 Table 5.1.3.2-1: transport block sizes up to 3824 bits.
constexpr std::array<uint16_t, 93> TBS_TABLE{
    {24,   32,   40,   48,   56,   64,   72,   80,   88,   96,   104,  112,  120,  128,
     136,  144,  152,  160,  168,  176,  184,  192,  208,  224,  240,  256,  272,  288,
     304,  320,  336,  352,  368,  384,  408,  432,  456,  480,  504,  528,  552,  576,
     608,  640,  672,  704,  736,  768,  808,  848,  888,  928,  984,  1032, 1064, 1128,
     1160, 1192, 1224, 1256, 1288, 1320, 1352, 1416, 1480, 1544, 1608, 1672, 1736, 1800,
     1864, 1928, 2024, 2088, 2152, 2216, 2280, 2408, 2472, 2536, 2600, 2664, 2728, 2792,
     2856, 2976, 3104, 3240, 3368, 3496, 3624, 3752, 3824}};

constexpr double TARGET_BER = 5e-5;
constexpr uint32_t SUBCARRIERS_PER_RB = 12;
constexpr uint32_t MAX_RE_PER_RB = 156; // TS 38.214 5.1.3.2 step 1

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
    return modulationOrder * codeRateX1024 / 1024.0;
}

NrMcs
GetNrMcs(uint8_t index)
{
    NS_ASSERT_MSG(index < NR_MCS_COUNT, "no MCS " << +index << " in TS 38.214 Table 5.1.3.1-1");
    return MCS_TABLE_1[index];
}

double
GetNrCqiEfficiency(uint8_t cqi)
{
    NS_ASSERT_MSG(cqi <= NR_CQI_MAX, "no CQI " << +cqi);
    return CQI_TABLE_1[cqi];
}

double
NrEfficiencyFromSinr(double sinr)
{
    const double gamma = -std::log(5 * TARGET_BER) / 1.5;
    return std::log2(1 + sinr / gamma);
}

uint8_t
NrCqiFromEfficiency(double efficiency)
{
    const auto above = std::upper_bound(CQI_TABLE_1.begin() + 1, CQI_TABLE_1.end(), efficiency);
    return static_cast<uint8_t>(above - CQI_TABLE_1.begin() - 1);
}

int8_t
NrMcsFromCqi(uint8_t cqi)
{
    // The tables round the same code rates differently (0.6016 is 308/512), hence the tolerance.
    const double limit = GetNrCqiEfficiency(cqi) + 1e-4;
    int8_t best = -1;
    for (uint8_t mcs = 0; mcs < NR_MCS_COUNT; ++mcs)
    {
        if (GetNrMcs(mcs).Efficiency() <= limit)
        {
            best = static_cast<int8_t>(mcs);
        }
    }
    return best;
}

uint32_t
NrTransportBlockBits(uint8_t mcs, uint16_t rbs, uint8_t symbols, uint8_t dmrsResourceElements)
{
    const auto resourceElements = SUBCARRIERS_PER_RB * symbols;
    if (rbs == 0 || resourceElements <= dmrsResourceElements)
    {
        return 0;
    }
    const auto scheme = GetNrMcs(mcs);
    const double perRb = std::min(MAX_RE_PER_RB, resourceElements - dmrsResourceElements);
    const double codeRate = scheme.codeRateX1024 / 1024.0;
    const double infoBits = perRb * rbs * codeRate * scheme.modulationOrder;
    return infoBits <= TBS_TABLE.back() ? SmallTransportBlock(infoBits)
                                        : LargeTransportBlock(infoBits, codeRate);
}

} // namespace ns3
