/*
 * SPDX-License-Identifier: GPL-2.0-only
 */
#include "test-network.h"

#include "ns3/boolean.h"
#include "ns3/random-variable-stream.h"
#include "ns3/rlc-channel.h"
#include "ns3/simulator.h"
#include "ns3/slot-scheduler.h"
#include "ns3/test.h"

#include <cmath>
#include <deque>
#include <numeric>
#include <vector>

using namespace ns3;

namespace
{

RlcSdu
MakeSdu(uint32_t bytes)
{
    return {nullptr, bytes, 1, 2, Bearer::BACKGROUND};
}

/** Segmentation, order, limits and conservation, with blocks that are lost. */
class RlcTestCase : public TestCase
{
  public:
    /** @param mode of the channel */
    explicit RlcTestCase(RlcMode mode)
        : TestCase(mode == RlcMode::ACKNOWLEDGED
                       ? "Acknowledged RLC delivers everything in order though blocks are lost"
                       : "Unacknowledged RLC keeps order and loses no more than lost blocks held"),
          m_mode(mode)
    {
    }

  private:
    void DoRun() override
    {
        auto draw = CreateObject<UniformRandomVariable>();
        draw->SetStream(1);
        RlcChannel channel(50000, m_mode);
        uint64_t offered = 0;
        std::vector<uint32_t> accepted;
        std::vector<uint32_t> got;
        const auto keep = [&got](const std::vector<RlcSdu>& sdus) {
            for (const auto& sdu : sdus)
            {
                got.push_back(sdu.bytes);
            }
        };
        std::deque<RlcPdu> airborne;
        for (int i = 0; i < 4000; ++i)
        {
            const auto bytes = i < 2000 ? draw->GetInteger(1, 3000) : 0;
            offered += bytes;
            const auto now = Seconds(i);
            if (bytes > 0 && channel.Enqueue(MakeSdu(bytes), now, now + Seconds(3)))
            {
                accepted.push_back(bytes);
            }
            NS_TEST_ASSERT_MSG_LT_OR_EQ(channel.QueuedBytes(), 70000U, "limit exceeded");
            if (draw->GetValue() < 0.3)
            {
                channel.ReportLost(); // late, and not before every block
            }
            const auto eligible = channel.EligibleBytes(now);
            NS_TEST_ASSERT_MSG_LT_OR_EQ(eligible, channel.QueuedBytes(), "not all of them wait");
            if (channel.QueuedBytes() > 0)
            {
                NS_TEST_ASSERT_MSG_EQ((channel.EligibleFrom() <= now),
                                      (eligible > 0),
                                      "since when");
            }
            airborne.push_back(channel.Dequeue(std::min(draw->GetInteger(0, 2500), eligible)));
            // Blocks are decoded late and out of order, as HARQ does.
            while (airborne.size() > 5)
            {
                const auto which = draw->GetInteger(0, 5);
                const auto pdu = airborne[which];
                airborne.erase(airborne.begin() + which);
                keep(draw->GetValue() < 0.1 ? channel.Lost(pdu) : channel.Received(pdu));
            }
        }
        for (const auto& pdu : airborne)
        {
            keep(channel.Received(pdu));
        }
        NS_TEST_EXPECT_MSG_EQ(std::accumulate(accepted.begin(), accepted.end(), uint64_t{0}) +
                                  channel.DroppedBytes(),
                              offered,
                              "bytes vanished");
        NS_TEST_EXPECT_MSG_GT(channel.DroppedSdus(), 0, "the limit was never met");
        NS_TEST_EXPECT_MSG_EQ(channel.QueuedBytes(), 0, "something waits for ever");
        NS_TEST_EXPECT_MSG_EQ(got.size() + channel.LostSdus(), accepted.size(), "SDUs vanished");
        if (m_mode == RlcMode::ACKNOWLEDGED)
        {
            NS_TEST_EXPECT_MSG_EQ(channel.LostSdus(), 0, "lost in acknowledged mode");
        }
        NS_TEST_EXPECT_MSG_EQ(IsSubsequence(got, accepted), true, "order changed");
    }

    /** @return whether all of `part` is in `whole`, in this order */
    static bool IsSubsequence(const std::vector<uint32_t>& part, const std::vector<uint32_t>& whole)
    {
        std::size_t found = 0;
        for (const auto value : whole)
        {
            found += found < part.size() && part[found] == value ? 1 : 0;
        }
        return found == part.size();
    }

    RlcMode m_mode; //!< of the channel
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
     * @param bitsPerUnit of each channel
     * @param weights of each channel
     * @return share of units of each
     */
    static std::vector<double> ServeSaturated(const std::vector<double>& bitsPerUnit,
                                              const std::vector<double>& weights)
    {
        constexpr double WINDOW = 100;
        constexpr int SLOTS = 20000;
        auto scheduler = CreateObject<ProportionalFairScheduler>();
        std::vector<double> average(weights.size(), 0);
        std::vector<double> units(weights.size(), 0);
        for (int slot = 0; slot < SLOTS; ++slot)
        {
            std::vector<SlotCandidate> candidates;
            for (std::size_t i = 0; i < weights.size(); ++i)
            {
                average[i] *= 1 - 1 / WINDOW;
                candidates.push_back({weights[i], average[i], WINDOW, bitsPerUnit[i], 12, 0});
            }
            const auto share = scheduler->Share(candidates, 12);
            for (std::size_t i = 0; i < weights.size(); ++i)
            {
                units[i] += share[i];
                average[i] += share[i] * bitsPerUnit[i] / WINDOW;
            }
        }
        const auto total = std::accumulate(units.begin(), units.end(), 0.0);
        for (auto& share : units)
        {
            share /= total;
        }
        return units;
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
            {{1, 0, 100, 800, 2, 0}, {1, 0, 100, 800, 12, 0}},
            12);
        NS_TEST_EXPECT_MSG_EQ(+needed[0], 2, "no more than it needs");
        NS_TEST_EXPECT_MSG_EQ(+needed[1], 10, "the rest goes to who can use it");
        const auto best = CreateObject<MaxRateScheduler>()->Share(
            {{1, 0, 100, 800, 12, 0}, {1, 0, 100, 900, 12, 0}},
            12);
        NS_TEST_EXPECT_MSG_EQ(+best[1], 12, "the better channel takes all");
        const auto turns = CreateObject<RoundRobinScheduler>()->Share(
            {{1, 0, 100, 800, 6, 40}, {1, 0, 100, 900, 6, 41}, {1, 0, 100, 900, 6, 39}},
            12);
        NS_TEST_EXPECT_MSG_EQ(+turns[1], 0, "who was served last comes last");
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
    void Receive(const std::vector<RlcSdu>& sdus)
    {
        for (const auto& sdu : sdus)
        {
            m_receivedBytes += sdu.bytes;
            m_lastArrival = Simulator::Now();
        }
    }

    void DoRun() override
    {
        const NrFrame frame(3, 100000000, "DSUU");
        const auto grid = std::make_shared<const ResourceGrid>(frame,
                                                               ResourceGridConfig(),
                                                               std::make_shared<BlockErrorModel>());
        auto cell = CreateObject<CellMac>();
        cell->Configure(frame, HalfDuplex::NONE, grid, nullptr);
        cell->AssignStreams(3);
        auto link = Create<RadioLink>("test", 10000000, RlcMode::ACKNOWLEDGED);
        link->SetReceiver(NrDirection::UPLINK, MakeCallback(&CellTestCase::Receive, this));
        cell->AddLink(link);
        cell->UpdateQuality(link, NrDirection::UPLINK, LinkQuality::Flat(40));
        // 1 MB at 2 x 50184 bits per 0.5 ms takes 80 slots of uplink and some start-up.
        for (int i = 0; i < 1000; ++i)
        {
            cell->Enqueue(link, NrDirection::UPLINK, MakeSdu(1000));
        }
        Simulator::Run();
        NS_TEST_EXPECT_MSG_EQ(m_receivedBytes, 1000000, "bytes vanished");
        const auto expectedS = (1000000.0 + 1000 * RlcChannel::HEADER_BYTES) * 8 /
                               cell->FullRateBps(*link, NrDirection::UPLINK);
        NS_TEST_EXPECT_MSG_EQ_TOL(m_lastArrival.GetSeconds(), expectedS, 0.002, "wrong rate");
        NS_TEST_EXPECT_MSG_EQ_TOL(cell->FullRateBps(*link, NrDirection::UPLINK),
                                  2 * 50184 / 500e-6,
                                  1,
                                  "two full slots of four");
        NS_TEST_EXPECT_MSG_EQ(Simulator::IsFinished(), true, "an idle cell goes on");
        // A dead link holds its data until it is usable again.
        cell->UpdateQuality(link, NrDirection::UPLINK, LinkQuality::Flat(-20));
        Simulator::Stop(MilliSeconds(10)); // until the report has come
        Simulator::Run();
        cell->Enqueue(link, NrDirection::UPLINK, MakeSdu(500));
        Simulator::Run();
        NS_TEST_EXPECT_MSG_EQ(m_receivedBytes, 1000000, "a dead link delivered");
        cell->UpdateQuality(link, NrDirection::UPLINK, LinkQuality::Flat(5));
        Simulator::Run();
        NS_TEST_EXPECT_MSG_EQ(m_receivedBytes, 1000500, "lost in a dead link");
        NS_TEST_EXPECT_MSG_EQ(link->Blocks(NrDirection::UPLINK).firstErrors, 0, "errors at 40 dB");
        // The channel falls behind the MCS's back: HARQ and RLC must still deliver everything.
        cell->UpdateQuality(link, NrDirection::UPLINK, LinkQuality::Flat(20));
        Simulator::Stop(MilliSeconds(10));
        Simulator::Run();
        link->SetQuality(NrDirection::UPLINK,
                         LinkQuality::Flat(16),
                         Simulator::Now(),
                         Simulator::Now() + Hours(1));
        for (int i = 0; i < 1000; ++i)
        {
            cell->Enqueue(link, NrDirection::UPLINK, MakeSdu(1000));
        }
        Simulator::Run();
        NS_TEST_EXPECT_MSG_EQ(m_receivedBytes, 2000500, "lost by block errors");
        const auto& blocks = link->Blocks(NrDirection::UPLINK);
        NS_TEST_EXPECT_MSG_GT(blocks.firstErrors, 0, "4 dB too much cause errors");
        NS_TEST_EXPECT_MSG_LT(blocks.firstErrors, blocks.blocks / 4, "the outer loop holds them");
        cell->Dispose();
        Simulator::Destroy();
    }

    uint64_t m_receivedBytes{0}; //!< counter
    Time m_lastArrival;          //!< of the last SDU
};

/** SDUs that come at the very time at which a slot was filled. */
class FilledSlotTestCase : public TestCase
{
  public:
    FilledSlotTestCase()
        : TestCase("A slot is filled once, also when something comes right after that")
    {
    }

  private:
    void DoRun() override
    {
        uint64_t received = 0;
        TestCell cell("DSUU");
        const auto first = cell.AddLink(40, RlcMode::ACKNOWLEDGED, received);
        const auto second = cell.AddLink(40, RlcMode::ACKNOWLEDGED, received);
        cell.Part("Timing")->SetAttribute("SchedulingRequest", BooleanValue(false));
        std::vector<uint64_t> filled;
        cell.Cell()->TraceConnectWithoutContext(
            "Slot",
            Callback<void, uint64_t, NrDirection, uint8_t, uint8_t>(
                [&](uint64_t number, NrDirection, uint8_t, uint8_t) {
                    filled.push_back(number);
                    if (filled.size() == 1)
                    {
                        Simulator::ScheduleNow([&] {
                            cell.Cell()->Enqueue(second, NrDirection::UPLINK, MakeSdu(1000));
                        });
                    }
                }));
        cell.Cell()->Enqueue(first, NrDirection::UPLINK, MakeSdu(1000));
        Simulator::Run();
        NS_TEST_EXPECT_MSG_EQ(received, 2000, "not everything arrived");
        NS_TEST_ASSERT_MSG_EQ(filled.size(), 2, "two slots have something");
        NS_TEST_EXPECT_MSG_EQ(filled[1], filled[0] + 1, "the second SDU has the next slot");
        Simulator::Destroy();
    }
};

/** RLC and MAC. */
class MacTestSuite : public TestSuite
{
  public:
    MacTestSuite()
        : TestSuite("iab-mac", Type::UNIT)
    {
        AddTestCase(new RlcTestCase(RlcMode::UNACKNOWLEDGED), TestCase::Duration::QUICK);
        AddTestCase(new RlcTestCase(RlcMode::ACKNOWLEDGED), TestCase::Duration::QUICK);
        AddTestCase(new SchedulerTestCase, TestCase::Duration::QUICK);
        AddTestCase(new CellTestCase, TestCase::Duration::QUICK);
        AddTestCase(new FilledSlotTestCase, TestCase::Duration::QUICK);
    }
};

MacTestSuite g_macTestSuite; //!< registers itself

} // namespace
