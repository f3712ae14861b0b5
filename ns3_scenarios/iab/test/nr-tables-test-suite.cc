/*
 * SPDX-License-Identifier: GPL-2.0-only
 */
#include "nr-efficiencies.h"

#include "ns3/nr-frame.h"
#include "ns3/nr-tables.h"
#include "ns3/test.h"

#include <algorithm>
#include <stdexcept>
#include <utility>
#include <vector>

using namespace ns3;

namespace
{

constexpr NrMcsTable TABLES[]{NrMcsTable::QAM64, NrMcsTable::QAM256, NrMcsTable::QAM64_LOW_SE};

/** A transport block size that was computed apart from this program. */
struct KnownBlock
{
    uint8_t mcs;     //!< MCS index
    uint16_t rbs;    //!< resource blocks
    uint8_t symbols; //!< OFDM symbols
    uint8_t dmrs;    //!< DM-RS resource elements per resource block
    uint32_t bits;   //!< expected size
};

/** Transport block sizes against values worked out by hand from TS 38.214 5.1.3.2. */
class TransportBlockTestCase : public TestCase
{
  public:
    TransportBlockTestCase()
        : TestCase("Transport block sizes follow TS 38.214 5.1.3.2")
    {
    }

  private:
    void DoRun() override
    {
        // N_info, quantisation step and code blocks of each were worked out step by step.
        const KnownBlock known[]{
            {0, 1, 1, 0, 24},          // N_info 2.8: below the smallest size
            {4, 10, 12, 12, 808},      // N_info 794.06 -> 792, step 8 -> next table entry
            {9, 20, 12, 12, 3496},     // N_info 3501.1 -> 3488, step 32 -> next table entry
            {16, 66, 12, 6, 23568},    // N_info 23410.4 -> 23552, 3 code blocks
            {28, 66, 12, 6, 50184},    // N_info 50592.1 -> 50176, 6 code blocks
            {28, 273, 13, 12, 217128}, // N_info 218366 -> 217088, 26 code blocks
        };
        for (const auto& block : known)
        {
            NS_TEST_EXPECT_MSG_EQ(NrTransportBlockBits(GetNrMcs(NrMcsTable::QAM64, block.mcs),
                                                       block.rbs,
                                                       block.symbols,
                                                       block.dmrs),
                                  block.bits,
                                  "MCS " << +block.mcs << ", " << block.rbs << " RB, "
                                         << +block.symbols << " symbols");
        }
        NS_TEST_EXPECT_MSG_EQ(NrTransportBlockBits(GetNrMcs(NrMcsTable::QAM64, 10), 0, 12, 6),
                              0,
                              "no resource blocks");
        NS_TEST_EXPECT_MSG_EQ(NrTransportBlockBits(GetNrMcs(NrMcsTable::QAM64, 10), 66, 1, 12),
                              0,
                              "all taken by DM-RS");
        for (const auto table : TABLES)
        {
            for (uint8_t mcs = 0; mcs < NrMcsCount(table); ++mcs)
            {
                const auto scheme = GetNrMcs(table, mcs);
                for (uint8_t symbols = 2; symbols <= 14; ++symbols)
                {
                    NS_TEST_EXPECT_MSG_GT_OR_EQ(NrTransportBlockBits(scheme, 66, symbols, 6),
                                                NrTransportBlockBits(scheme, 66, symbols - 1, 6),
                                                "a longer allocation carries less");
                }
            }
        }
    }
};

/**
 * TS 38.214 5.1.3.2 in whole numbers, written apart from the program's: N_info as 2048 times
 * itself, which is whole for every code rate of the tables, and no logarithm.
 */
class WholeNumberTestCase : public TestCase
{
  public:
    WholeNumberTestCase()
        : TestCase("Block sizes of all MCSs, resource blocks and symbols, in whole numbers")
    {
    }

  private:
    /** Table 5.1.3.2-1, as runs of equal steps: the first size, and how many with which step. */
    static std::vector<uint64_t> SmallSizes()
    {
        std::vector<uint64_t> sizes{24};
        const std::pair<int, int> runs[]{{21, 8},  {12, 16}, {8, 24},  {6, 32},  {4, 40},
                                         {1, 56},  {1, 48},  {1, 32},  {1, 64},  {7, 32},
                                         {9, 64},  {1, 96},  {4, 64},  {1, 128}, {7, 64},
                                         {1, 120}, {1, 128}, {1, 136}, {4, 128}, {1, 72}};
        for (const auto& [count, step] : runs)
        {
            for (int i = 0; i < count; ++i)
            {
                sizes.push_back(sizes.back() + step);
            }
        }
        return sizes;
    }

    /** @return the greatest power of two that is not above a ratio, at least 1 */
    static uint64_t PowerBelow(uint64_t numerator, uint64_t denominator)
    {
        uint64_t power = 1;
        while (2 * power * denominator <= numerator)
        {
            power *= 2;
        }
        return power;
    }

    /** @return block size in bits */
    static uint64_t Expected(const NrMcs& mcs, uint64_t rbs, uint64_t symbols, uint64_t dmrs)
    {
        const auto rate = static_cast<uint64_t>(2 * mcs.codeRateX1024); // over 2048
        const auto perRb = std::min<uint64_t>(156, 12 * symbols - dmrs);
        const auto info = perRb * rbs * mcs.modulationOrder * rate; // over 2048
        if (info <= 3824 * 2048)
        {
            const auto step = std::max<uint64_t>(8, PowerBelow(info, 2048) / 64);
            const auto quantised = std::max<uint64_t>(24, info / (step * 2048) * step);
            static const auto sizes = SmallSizes();
            return *std::lower_bound(sizes.begin(), sizes.end(), quantised);
        }
        const auto rest = info - 24 * 2048;
        const auto step = PowerBelow(rest, 2048) / 32;
        const auto rounded = (2 * rest + step * 2048) / (2 * step * 2048) * step; // half goes up
        const auto quantised = std::max<uint64_t>(3840, rounded) + 24;
        uint64_t parts = 1;
        if (rate <= 512)
        {
            parts = (quantised + 3815) / 3816;
        }
        else if (quantised - 24 > 8424)
        {
            parts = (quantised + 8423) / 8424;
        }
        return (quantised + 8 * parts - 1) / (8 * parts) * 8 * parts - 24;
    }

    void DoRun() override
    {
        NS_TEST_ASSERT_MSG_EQ(SmallSizes().size(), 93, "sizes of Table 5.1.3.2-1");
        NS_TEST_ASSERT_MSG_EQ(SmallSizes().back(), 3824, "the last of them");
        uint64_t wrong = 0;
        uint64_t compared = 0;
        for (const auto table : TABLES)
        {
            for (uint8_t index = 0; index < NrMcsCount(table); ++index)
            {
                const auto mcs = GetNrMcs(table, index);
                for (uint16_t rbs = 1; rbs <= 275; ++rbs)
                {
                    uint32_t before = 0;
                    for (uint8_t symbols = 1; symbols <= 14; ++symbols)
                    {
                        for (const uint8_t dmrs : {0, 6})
                        {
                            ++compared;
                            const auto bits = NrTransportBlockBits(mcs, rbs, symbols, dmrs);
                            wrong += bits != Expected(mcs, rbs, symbols, dmrs) ? 1 : 0;
                        }
                        const auto bits = NrTransportBlockBits(mcs, rbs, symbols, 6);
                        wrong += bits < before ? 1 : 0;
                        wrong += bits < NrTransportBlockBits(mcs, rbs - 1, symbols, 6) ? 1 : 0;
                        before = bits;
                    }
                }
            }
        }
        NS_TEST_EXPECT_MSG_EQ(wrong, 0, "sizes that differ or fall, of " << compared);
    }
};

/** The efficiencies that TS 38.214 prints beside modulation and code rate. */
class EfficiencyTestCase : public TestCase
{
  public:
    EfficiencyTestCase()
        : TestCase("All MCS and CQI tables have the efficiencies that the standard prints")
    {
    }

  private:
    void DoRun() override
    {
        for (const auto table : TABLES)
        {
            const auto& mcs = NrMcsEfficiencies(table);
            NS_TEST_ASSERT_MSG_EQ(+NrMcsCount(table), mcs.size(), "entries");
            for (uint8_t index = 0; index < mcs.size(); ++index)
            {
                NS_TEST_EXPECT_MSG_EQ_TOL(GetNrMcs(table, index).Efficiency(),
                                          mcs[index],
                                          5.1e-5, // it prints four digits
                                          "MCS " << +index);
            }
            for (uint8_t index = 1; index <= NR_CQI_MAX; ++index)
            {
                NS_TEST_EXPECT_MSG_EQ_TOL(GetNrCqi(table, index).Efficiency(),
                                          NrCqiEfficiency(table, index),
                                          5.1e-5,
                                          "CQI " << +index);
            }
        }
    }
};

/** The CQI tables and the MCS tables together. */
class LinkAdaptationTestCase : public TestCase
{
  public:
    LinkAdaptationTestCase()
        : TestCase("MCS and CQI tables are ordered, and no MCS promises more than its CQI")
    {
    }

  private:
    void DoRun() override
    {
        for (const auto table : TABLES)
        {
            NS_TEST_EXPECT_MSG_EQ(+NrMcsFromCqi(table, 0), -1, "CQI 0 has no MCS");
            NS_TEST_EXPECT_MSG_EQ(+NrMcsFromCqi(table, NR_CQI_MAX),
                                  NrMcsCount(table) - 1,
                                  "the best CQI has the best MCS");
            NS_TEST_EXPECT_MSG_EQ_TOL(GetNrCqi(table, NR_CQI_MAX).Efficiency(),
                                      NrCqiEfficiency(table, NR_CQI_MAX),
                                      5e-5,
                                      "efficiency of CQI 15");
            double previous = 0;
            for (uint8_t cqi = 1; cqi <= NR_CQI_MAX; ++cqi)
            {
                const auto efficiency = GetNrCqi(table, cqi).Efficiency();
                NS_TEST_EXPECT_MSG_GT(efficiency, previous, "CQI " << +cqi << " is out of order");
                previous = efficiency;
                if (const auto mcs = NrMcsFromCqi(table, cqi); mcs >= 0)
                {
                    NS_TEST_EXPECT_MSG_LT_OR_EQ(GetNrMcs(table, mcs).Efficiency(),
                                                efficiency,
                                                "MCS above CQI " << +cqi);
                }
            }
            for (uint8_t mcs = 1; mcs < NrMcsCount(table); ++mcs)
            {
                // Where the modulation changes, the standard steps back by up to 0.004.
                NS_TEST_EXPECT_MSG_GT(GetNrMcs(table, mcs).Efficiency(),
                                      GetNrMcs(table, mcs - 1).Efficiency() - 0.005,
                                      "MCS " << +mcs << " is out of order");
            }
        }
        NS_TEST_EXPECT_MSG_EQ(+NrMcsFromCqi(NrMcsTable::QAM64, 1), -1, "below MCS 0");
        NS_TEST_EXPECT_MSG_EQ(+NrMcsFromCqi(NrMcsTable::QAM64, 2), 0, "the same as MCS 0");
    }
};

/** Slots, TDD pattern and resource blocks. */
class FrameTestCase : public TestCase
{
  public:
    FrameTestCase()
        : TestCase("The grid has the slots and symbols of its numerology and pattern")
    {
    }

  private:
    void DoRun() override
    {
        const NrFrame frame(3, 100000000, "DSUU");
        NS_TEST_EXPECT_MSG_EQ(frame.ResourceBlocks(), 66, "TS 38.101-2 Table 5.3.2-1");
        NS_TEST_EXPECT_MSG_EQ(frame.SlotDuration(), MicroSeconds(125), "1 ms / 2^3");
        NS_TEST_EXPECT_MSG_EQ(+frame.DataSymbols(0, NrDirection::DOWNLINK), 12, "D slot");
        NS_TEST_EXPECT_MSG_EQ(+frame.DataSymbols(0, NrDirection::UPLINK), 0, "D slot");
        NS_TEST_EXPECT_MSG_EQ(+frame.DataSymbols(6, NrDirection::UPLINK), 12, "U slot");
        NS_TEST_EXPECT_MSG_EQ(frame.NextSlotWith(0, NrDirection::UPLINK), 2, "first U slot");
        NS_TEST_EXPECT_MSG_EQ(frame.NextSlotWith(2, NrDirection::DOWNLINK), 4, "next D slot");
        NS_TEST_EXPECT_MSG_EQ(frame.SlotAtOrAfter(NanoSeconds(125001)), 2, "rounded up");
        NS_TEST_EXPECT_MSG_EQ_TOL(
            frame.PerSecond(NrDirection::UPLINK, [](uint8_t symbols) { return symbols; }),
            24 / 500e-6,
            1e-6,
            "two of four slots");
        for (const auto* pattern : {"", "DDDD", "UU", "DXU"})
        {
            bool refused = false;
            try
            {
                NrFrame(3, 100000000, pattern);
            }
            catch (const std::invalid_argument&)
            {
                refused = true;
            }
            NS_TEST_EXPECT_MSG_EQ(refused, true, "pattern '" << pattern << "' was accepted");
        }
    }
};

/** Tables and grid of NR. */
class NrTablesTestSuite : public TestSuite
{
  public:
    NrTablesTestSuite()
        : TestSuite("iab-nr-tables", Type::UNIT)
    {
        AddTestCase(new TransportBlockTestCase, TestCase::Duration::QUICK);
        AddTestCase(new WholeNumberTestCase, TestCase::Duration::QUICK);
        AddTestCase(new EfficiencyTestCase, TestCase::Duration::QUICK);
        AddTestCase(new LinkAdaptationTestCase, TestCase::Duration::QUICK);
        AddTestCase(new FrameTestCase, TestCase::Duration::QUICK);
    }
};

NrTablesTestSuite g_nrTablesTestSuite; //!< registers itself

} // namespace
