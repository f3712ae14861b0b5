/*
 * SPDX-License-Identifier: GPL-2.0-only
 */
#include "iab/model/mac/cell-mac.h"
#include "iab/model/mac/proportional-fair-scheduler.h"
#include "iab/model/rlc/rlc-channel.h"

#include "ns3/random-variable-stream.h"
#include "ns3/simulator.h"
#include "ns3/test.h"

#include <numeric>

using namespace ns3;

namespace
{

RlcSdu
MakeSdu(uint32_t bytes)
{
    return {nullptr, bytes, 1, 2, Bearer::BACKGROUND};
}

/** Segmentation, order, limits and conservation. */
class RlcTestCase : public TestCase
{
  public:
    RlcTestCase()
        : TestCase("An RLC channel keeps order and conserves bytes whatever the block sizes")
    {
    }

  private:
    void DoRun() override
    {
        auto draw = CreateObject<UniformRandomVariable>();
        draw->SetStream(1);
        RlcChannel channel(50000);
        uint64_t accepted = 0;
        uint64_t delivered = 0;
        uint64_t offered = 0;
        std::vector<uint32_t> expected;
        std::vector<uint32_t> got;
        for (int i = 0; i < 2000; ++i)
        {
            const auto bytes = draw->GetInteger(1, 3000);
            offered += bytes;
            if (channel.Enqueue(MakeSdu(bytes), Seconds(i), Time(0)))
            {
                accepted += bytes;
                expected.push_back(bytes);
            }
            for (const auto& sdu : channel.Dequeue(draw->GetInteger(0, 2500)))
            {
                delivered += sdu.bytes;
                got.push_back(sdu.bytes);
            }
            NS_TEST_ASSERT_MSG_LT_OR_EQ(channel.QueuedBytes(), 50000U, "limit exceeded");
        }
        NS_TEST_EXPECT_MSG_EQ(accepted + channel.DroppedBytes(), offered, "bytes vanished");
        NS_TEST_EXPECT_MSG_GT(channel.DroppedSdus(), 0, "the limit was never met");
        for (const auto& sdu : channel.Flush())
        {
            delivered += sdu.bytes;
            got.push_back(sdu.bytes);
        }
        NS_TEST_EXPECT_MSG_EQ(delivered, accepted, "bytes vanished in the queue");
        NS_TEST_EXPECT_MSG_EQ((got == expected), true, "order changed");
        NS_TEST_EXPECT_MSG_EQ(channel.QueuedBytes(), 0, "flushed");
    }
};

/** Shares of a slot. */
class SchedulerTestCase : public TestCase
{
  public:
    SchedulerTestCase()
        : TestCase("Proportional fair gives equal users equal time, and weights count")
    {
    }

  private:
    /**
     * Serve channels that always have a backlog for many slots.
     *
     * @param bitsPerSymbol of each channel
     * @param weights of each channel
     * @return share of symbols of each
     */
    static std::vector<double> ServeSaturated(const std::vector<double>& bitsPerSymbol,
                                              const std::vector<double>& weights)
    {
        constexpr double WINDOW = 100;
        constexpr int SLOTS = 20000;
        auto scheduler = CreateObject<ProportionalFairScheduler>();
        std::vector<double> average(weights.size(), 0);
        std::vector<double> symbols(weights.size(), 0);
        for (int slot = 0; slot < SLOTS; ++slot)
        {
            std::vector<SlotCandidate> candidates;
            for (std::size_t i = 0; i < weights.size(); ++i)
            {
                average[i] *= 1 - 1 / WINDOW;
                candidates.push_back({weights[i], average[i], bitsPerSymbol[i], 1000000});
            }
            const auto share = scheduler->Share(candidates, 12);
            for (std::size_t i = 0; i < weights.size(); ++i)
            {
                symbols[i] += share[i];
                average[i] += share[i] * bitsPerSymbol[i] / WINDOW;
            }
        }
        const auto total = std::accumulate(symbols.begin(), symbols.end(), 0.0);
        for (auto& share : symbols)
        {
            share /= total;
        }
        return symbols;
    }

    void DoRun() override
    {
        const auto equal = ServeSaturated({3000, 3000}, {1, 1});
        NS_TEST_EXPECT_MSG_EQ_TOL(equal[0], 0.5, 0.01, "equal users");
        const auto rates = ServeSaturated({1000, 4000}, {1, 1});
        NS_TEST_EXPECT_MSG_EQ_TOL(rates[0], 0.5, 0.02, "equal time at different rates");
        const auto weighted = ServeSaturated({2000, 2000}, {3, 1});
        NS_TEST_EXPECT_MSG_EQ_TOL(weighted[0], 0.75, 0.02, "three users against one");
        const auto needed = CreateObject<ProportionalFairScheduler>()->Share(
            {{1, 0, 800, 150}, {1, 0, 800, 100000}}, 12);
        NS_TEST_EXPECT_MSG_EQ(+needed[0], 2, "150 bytes need two symbols of 800 bits");
        NS_TEST_EXPECT_MSG_EQ(+needed[1], 10, "the rest goes to who can use it");
    }
};

/** A cell with two links, driven by backlog. */
class CellTestCase : public TestCase
{
  public:
    CellTestCase()
        : TestCase("A cell delivers what is queued, at the rate of its MCS, and sleeps when idle")
    {
    }

  private:
    /** @param sdus that arrived */
    void Receive(std::vector<RlcSdu> sdus)
    {
        for (const auto& sdu : sdus)
        {
            m_receivedBytes += sdu.bytes;
            m_lastArrival = Simulator::Now();
        }
    }

    void DoRun() override
    {
        auto cell = CreateObject<CellMac>();
        cell->SetFrame(std::make_shared<NrFrame>(3, 100000000, "DSUU"));
        auto link = Create<RadioLink>("test", 10000000);
        link->SetReceiver(NrDirection::UPLINK, MakeCallback(&CellTestCase::Receive, this));
        link->SetQuality(NrDirection::UPLINK, 6.0, 40);
        cell->AddLink(link);
        // 1 MB at 2 x 50184 bits per 0.5 ms takes 80 slots of uplink and some start-up.
        for (int i = 0; i < 1000; ++i)
        {
            cell->Enqueue(link, NrDirection::UPLINK, MakeSdu(1000));
        }
        Simulator::Run();
        NS_TEST_EXPECT_MSG_EQ(m_receivedBytes, 1000000, "bytes vanished");
        const auto expectedS =
            (1000000.0 + 1000 * RlcChannel::HEADER_BYTES) * 8 /
            cell->FullRateBps(*link, NrDirection::UPLINK);
        NS_TEST_EXPECT_MSG_EQ_TOL(m_lastArrival.GetSeconds(), expectedS, 0.002, "wrong rate");
        NS_TEST_EXPECT_MSG_EQ_TOL(cell->FullRateBps(*link, NrDirection::UPLINK),
                                  2 * 50184 / 500e-6,
                                  1,
                                  "two full slots of four");
        NS_TEST_EXPECT_MSG_EQ(Simulator::IsFinished(), true, "an idle cell goes on");
        // A dead link holds its data until it is usable again.
        link->SetQuality(NrDirection::UPLINK, 0.0, -20);
        cell->Enqueue(link, NrDirection::UPLINK, MakeSdu(500));
        Simulator::Run();
        NS_TEST_EXPECT_MSG_EQ(m_receivedBytes, 1000000, "a dead link delivered");
        link->SetQuality(NrDirection::UPLINK, 1.0, 5);
        cell->Wake();
        Simulator::Run();
        NS_TEST_EXPECT_MSG_EQ(m_receivedBytes, 1000500, "lost in a dead link");
        cell->Dispose();
        Simulator::Destroy();
    }

    uint64_t m_receivedBytes{0}; //!< counter
    Time m_lastArrival;          //!< of the last SDU
};

/** RLC and MAC. */
class MacTestSuite : public TestSuite
{
  public:
    MacTestSuite()
        : TestSuite("iab-mac", Type::UNIT)
    {
        AddTestCase(new RlcTestCase, TestCase::Duration::QUICK);
        AddTestCase(new SchedulerTestCase, TestCase::Duration::QUICK);
        AddTestCase(new CellTestCase, TestCase::Duration::QUICK);
    }
};

MacTestSuite g_macTestSuite; //!< registers itself

} // namespace
