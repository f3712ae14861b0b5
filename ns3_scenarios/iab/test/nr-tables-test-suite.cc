/*
 * SPDX-License-Identifier: GPL-2.0-only
 */
#include "iab/model/phy/nr-frame.h"
#include "iab/model/phy/nr-tables.h"

#include "ns3/test.h"

#include <stdexcept>

using namespace ns3;

namespace
{

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
            {0, 1, 1, 0, 24},        // N_info 2.8: below the smallest size
            {4, 10, 12, 12, 808},    // N_info 794.06 -> 792, step 8 -> next table entry
            {9, 20, 12, 12, 3496},   // N_info 3501.1 -> 3488, step 32 -> next table entry
            {16, 66, 12, 6, 23568},  // N_info 23410.4 -> 23552, 3 code blocks
            {28, 66, 12, 6, 50184},  // N_info 50592.1 -> 50176, 6 code blocks
            {28, 273, 13, 12, 217128}, // N_info 218366 -> 217088, 26 code blocks
        };
        for (const auto& block : known)
        {
            NS_TEST_EXPECT_MSG_EQ(
                NrTransportBlockBits(block.mcs, block.rbs, block.symbols, block.dmrs),
                block.bits,
                "MCS " << +block.mcs << ", " << block.rbs << " RB, " << +block.symbols
                       << " symbols");
        }
        NS_TEST_EXPECT_MSG_EQ(NrTransportBlockBits(10, 0, 12, 6), 0, "no resource blocks");
        NS_TEST_EXPECT_MSG_EQ(NrTransportBlockBits(10, 66, 1, 12), 0, "all taken by DM-RS");
        for (uint8_t mcs = 0; mcs < NR_MCS_COUNT; ++mcs)
        {
            for (uint8_t symbols = 2; symbols <= 14; ++symbols)
            {
                NS_TEST_EXPECT_MSG_GT_OR_EQ(NrTransportBlockBits(mcs, 66, symbols, 6),
                                            NrTransportBlockBits(mcs, 66, symbols - 1, 6),
                                            "a longer allocation carries less");
            }
        }
    }
};

/** From SINR to CQI to MCS. */
class LinkAdaptationTestCase : public TestCase
{
  public:
    LinkAdaptationTestCase()
        : TestCase("CQI and MCS never promise more than the channel carries")
    {
    }

  private:
    void DoRun() override
    {
        NS_TEST_EXPECT_MSG_EQ(+NrMcsFromCqi(1), -1, "MCS 0 needs more than CQI 1");
        NS_TEST_EXPECT_MSG_EQ(+NrMcsFromCqi(2), 0, "CQI 2 and MCS 0 have the same efficiency");
        NS_TEST_EXPECT_MSG_EQ(+NrMcsFromCqi(NR_CQI_MAX), 28, "the best CQI has the best MCS");
        for (uint8_t cqi = 1; cqi <= NR_CQI_MAX; ++cqi)
        {
            if (const auto mcs = NrMcsFromCqi(cqi); mcs >= 0)
            {
                NS_TEST_EXPECT_MSG_LT(GetNrMcs(mcs).Efficiency(),
                                      GetNrCqiEfficiency(cqi) + 1e-3,
                                      "MCS above CQI " << +cqi);
            }
            NS_TEST_EXPECT_MSG_EQ(+NrCqiFromEfficiency(GetNrCqiEfficiency(cqi)),
                                  +cqi,
                                  "a channel just good enough");
        }
        double previous = -1;
        for (double sinr = 0.001; sinr < 1e5; sinr *= 1.1)
        {
            const auto efficiency = NrEfficiencyFromSinr(sinr);
            NS_TEST_EXPECT_MSG_GT(efficiency, previous, "efficiency falls with SINR");
            NS_TEST_EXPECT_MSG_LT_OR_EQ(GetNrCqiEfficiency(NrCqiFromEfficiency(efficiency)),
                                        efficiency,
                                        "CQI above the channel");
            previous = efficiency;
        }
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
        NS_TEST_EXPECT_MSG_EQ_TOL(frame.DataSymbolsPerSecond(NrDirection::UPLINK),
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
        AddTestCase(new LinkAdaptationTestCase, TestCase::Duration::QUICK);
        AddTestCase(new FrameTestCase, TestCase::Duration::QUICK);
    }
};

NrTablesTestSuite g_nrTablesTestSuite; //!< registers itself

} // namespace
