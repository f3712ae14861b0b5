/*
 * SPDX-License-Identifier: GPL-2.0-only
 */
#include "ns3/block-error-model.h"
#include "ns3/nr-tables.h"
#include "ns3/test.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <vector>

using namespace ns3;

namespace
{

constexpr NrMcsTable TABLES[]{NrMcsTable::QAM64, NrMcsTable::QAM256, NrMcsTable::QAM64_LOW_SE};

/** A point of a published curve: block error rate of NR LDPC over AWGN. */
struct PublishedPoint
{
    NrMcsTable table; //!< MCS table
    uint8_t mcs;      //!< index
    double sinrDb;    //!< Es/N0
    double bler;      //!< of code blocks of 2000 bits
};

/**
 * NVlabs Sionna 1.0, sionna/sys/bler_tables, PDSCH tables 1 to 3 (coded AWGN, sum-product decoder):
 * all points for code blocks of 2000 bits with a block error rate of 0.02 to 0.98. Its grid is of
 * 1.6 to 1.8 dB, so that not every curve has one.
 */
const PublishedPoint PUBLISHED[]{
    {NrMcsTable::QAM64, 3, -3.214, 0.935},         {NrMcsTable::QAM64, 6, 0.357, 0.209},
    {NrMcsTable::QAM64, 8, 2.143, 0.386},          {NrMcsTable::QAM64, 11, 3.929, 0.511},
    {NrMcsTable::QAM64, 13, 5.714, 0.587},         {NrMcsTable::QAM64, 15, 7.500, 0.867},
    {NrMcsTable::QAM64, 17, 9.286, 0.035},         {NrMcsTable::QAM64, 18, 9.286, 0.71},
    {NrMcsTable::QAM64, 20, 11.071, 0.925},        {NrMcsTable::QAM64, 21, 12.857, 0.0293},
    {NrMcsTable::QAM64, 23, 14.643, 0.0577},       {NrMcsTable::QAM64, 25, 16.429, 0.148},
    {NrMcsTable::QAM64, 27, 18.214, 0.257},        {NrMcsTable::QAM256, 2, -1.842, 0.39},
    {NrMcsTable::QAM256, 6, 4.474, 0.963},         {NrMcsTable::QAM256, 7, 6.053, 0.1},
    {NrMcsTable::QAM256, 9, 7.632, 0.685},         {NrMcsTable::QAM256, 11, 9.211, 0.813},
    {NrMcsTable::QAM256, 12, 10.789, 0.066},       {NrMcsTable::QAM256, 14, 12.368, 0.472},
    {NrMcsTable::QAM256, 16, 13.947, 0.86},        {NrMcsTable::QAM256, 17, 15.526, 0.102},
    {NrMcsTable::QAM256, 19, 17.105, 0.652},       {NrMcsTable::QAM256, 20, 18.684, 0.0753},
    {NrMcsTable::QAM256, 21, 18.684, 0.479},       {NrMcsTable::QAM256, 22, 20.263, 0.038},
    {NrMcsTable::QAM256, 23, 20.263, 0.945},       {NrMcsTable::QAM256, 24, 21.842, 0.348},
    {NrMcsTable::QAM256, 25, 23.421, 0.037},       {NrMcsTable::QAM256, 26, 23.421, 0.801},
    {NrMcsTable::QAM256, 27, 25.000, 0.15},        {NrMcsTable::QAM64_LOW_SE, 10, -1.842, 0.4},
    {NrMcsTable::QAM64_LOW_SE, 13, 1.316, 0.236},  {NrMcsTable::QAM64_LOW_SE, 15, 2.895, 0.953},
    {NrMcsTable::QAM64_LOW_SE, 17, 4.474, 0.948},  {NrMcsTable::QAM64_LOW_SE, 18, 6.053, 0.105},
    {NrMcsTable::QAM64_LOW_SE, 20, 7.632, 0.74},   {NrMcsTable::QAM64_LOW_SE, 21, 9.211, 0.0657},
    {NrMcsTable::QAM64_LOW_SE, 22, 9.211, 0.806},  {NrMcsTable::QAM64_LOW_SE, 23, 10.789, 0.0733},
    {NrMcsTable::QAM64_LOW_SE, 25, 12.368, 0.476}, {NrMcsTable::QAM64_LOW_SE, 27, 13.947, 0.843},
    {NrMcsTable::QAM64_LOW_SE, 28, 15.526, 0.103},
};

/** Published curves of neighbours with different modulation: both block error rates at an SINR. */
struct PublishedPair
{
    NrMcsTable table; //!< MCS table
    uint8_t mcs;      //!< the lower index
    double sinrDb;    //!< Es/N0
    double lower;     //!< block error rate of code blocks of 500 bits, of the lower index
    double upper;     //!< likewise, of the next one
};

/** From the same tables: all pairs where the modulation changes. */
const PublishedPair PUBLISHED_PAIRS[]{
    {NrMcsTable::QAM64, 9, 3.929, 0.0097, 0.0263},
    {NrMcsTable::QAM64, 16, 9.286, 0.0200, 0.1473},
    {NrMcsTable::QAM256, 4, 2.895, 0.0153, 0.9933},
    {NrMcsTable::QAM256, 10, 9.211, 0.0370, 0.6275},
    {NrMcsTable::QAM256, 19, 18.684, 0.0057, 0.2133},
    {NrMcsTable::QAM64_LOW_SE, 14, 2.895, 0.0143, 0.7614},
    {NrMcsTable::QAM64_LOW_SE, 20, 9.211, 0.0013, 0.1900},
};

/** Block errors against published curves. */
class BlockErrorTestCase : public TestCase
{
  public:
    BlockErrorTestCase()
        : TestCase("Block errors fall with SINR, rise with MCS, and are within 0.5 dB of Sionna's")
    {
    }

  private:
    static constexpr double MARGIN_DB = 0.5; //!< from the published curves

    /** @return block error rate at an SINR in dB */
    double Bler(const NrMcs& scheme, uint32_t bits, double sinrDb) const
    {
        const auto information =
            m_model.Information(scheme.modulationOrder, std::pow(10, sinrDb / 10));
        return BlockErrorModel::BlockErrorRate(bits, bits / scheme.Efficiency(), information);
    }

    /** @return SINR in dB at which blocks have a block error rate */
    double SinrAt(const NrMcs& scheme, uint32_t bits, double bler) const
    {
        double lowDb = -20;
        double highDb = 40;
        while (highDb - lowDb > 1e-3)
        {
            const double middleDb = (lowDb + highDb) / 2;
            (Bler(scheme, bits, middleDb) > bler ? lowDb : highDb) = middleDb;
        }
        return highDb;
    }

    /** Information rises with SINR, and is at most what TS 38.211's symbols and Shannon allow. */
    void TestInformation()
    {
        for (uint8_t order = 2; order <= 8; order += 2)
        {
            double previous = 0;
            for (double sinrDb = -20; sinrDb < 40; sinrDb += 0.1)
            {
                const double sinr = std::pow(10, sinrDb / 10);
                const double bits = m_model.Information(order, sinr).bits;
                NS_TEST_EXPECT_MSG_GT_OR_EQ(bits, previous, "at " << sinrDb << " dB");
                NS_TEST_EXPECT_MSG_LT_OR_EQ(bits, order + 1e-9, "bits per symbol");
                NS_TEST_EXPECT_MSG_LT(bits, std::log2(1 + sinr), "Shannon");
                previous = bits;
            }
            NS_TEST_EXPECT_MSG_EQ_TOL(previous, order, 1e-3, "without noise");
        }
    }

    /** The model against the published points and pairs. */
    void TestPublished()
    {
        std::vector<double> gapsDb; // that would put the model on each point
        for (const auto& point : PUBLISHED)
        {
            const double differenceDb =
                SinrAt(GetNrMcs(point.table, point.mcs), 2000, point.bler) - point.sinrDb;
            NS_TEST_EXPECT_MSG_EQ_TOL(differenceDb,
                                      0,
                                      MARGIN_DB,
                                      "MCS " << +point.mcs << " at BLER " << point.bler);
            gapsDb.push_back(BlockErrorModel::DEFAULT_GAP_DB - differenceDb);
        }
        const auto [least, most] = std::minmax_element(gapsDb.begin(), gapsDb.end());
        const double mean = std::accumulate(gapsDb.begin(), gapsDb.end(), 0.0) / gapsDb.size();
        NS_TEST_EXPECT_MSG_EQ_TOL(mean,
                                  BlockErrorModel::DEFAULT_GAP_DB,
                                  0.1,
                                  "the gap, on average");
        // What iab.rst says of them.
        NS_TEST_EXPECT_MSG_EQ_TOL(mean, 0.86, 0.005, "mean gap");
        NS_TEST_EXPECT_MSG_EQ_TOL(*least, 0.66, 0.005, "least gap");
        NS_TEST_EXPECT_MSG_EQ_TOL(*most, 1.12, 0.005, "greatest gap");
        for (const auto& pair : PUBLISHED_PAIRS)
        {
            NS_TEST_EXPECT_MSG_LT(pair.lower, pair.upper, "published, MCS " << +pair.mcs);
            NS_TEST_EXPECT_MSG_LT(Bler(GetNrMcs(pair.table, pair.mcs), 500, pair.sinrDb),
                                  Bler(GetNrMcs(pair.table, pair.mcs + 1), 500, pair.sinrDb),
                                  "MCS " << +pair.mcs);
        }
    }

    /** SINRs at which one block in ten fails: each MCS needs more than the one before. */
    void TestOrder()
    {
        double leastStepDb = 100;
        for (const auto table : TABLES)
        {
            for (const uint32_t bits : {100, 500, 2000, 8448, 50000})
            {
                double previousDb = -100;
                for (uint8_t mcs = 0; mcs < NrMcsCount(table); ++mcs)
                {
                    const auto scheme = GetNrMcs(table, mcs);
                    const double atTenPercent = SinrAt(scheme, bits, 0.1);
                    NS_TEST_EXPECT_MSG_GT(atTenPercent,
                                          previousDb,
                                          "MCS " << +mcs << ", " << bits << " bits");
                    NS_TEST_EXPECT_MSG_GT(SinrAt(scheme, bits, 0.01), atTenPercent, "slope");
                    leastStepDb = std::min(leastStepDb, atTenPercent - previousDb);
                    previousDb = atTenPercent;
                }
            }
        }
        NS_TEST_EXPECT_MSG_EQ_TOL(leastStepDb, 0.07, 0.005, "what iab.rst says of it");
    }

    void DoRun() override
    {
        TestInformation();
        TestPublished();
        TestOrder();
        double previous = 2;
        for (double sinrDb = 0; sinrDb < 8; sinrDb += 0.1)
        {
            const auto information = m_model.Information(4, std::pow(10, sinrDb / 10));
            const auto bler = BlockErrorModel::BlockErrorRate(5000, 3000, information);
            NS_TEST_EXPECT_MSG_LT_OR_EQ(bler, previous, "errors rise with SINR");
            previous = bler;
        }
    }

    const BlockErrorModel m_model; //!< with its own gap
};

/** Block errors. */
class BlockErrorTestSuite : public TestSuite
{
  public:
    BlockErrorTestSuite()
        : TestSuite("iab-block-errors", Type::UNIT)
    {
        AddTestCase(new BlockErrorTestCase, TestCase::Duration::QUICK);
    }
};

BlockErrorTestSuite g_blockErrorTestSuite; //!< registers itself

} // namespace
