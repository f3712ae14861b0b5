/*
 * SPDX-License-Identifier: GPL-2.0-only
 *
 * One cell against queueing theory and scheduling theory; the margins stand in iab.rst.
 */
#include "test-network.h"

#include "ns3/boolean.h"
#include "ns3/random-variable-stream.h"
#include "ns3/simulator.h"
#include "ns3/string.h"
#include "ns3/test.h"
#include "ns3/uinteger.h"

#include <algorithm>
#include <functional>
#include <sstream>

using namespace ns3;

namespace
{

constexpr auto UP = NrDirection::UPLINK;
const RlcSdu LARGE{nullptr, 4000, 1, 2, Bearer::TASK};

/** Keep a link's uplink full for a time. */
void
Saturate(const TestCell& test, const std::vector<Ptr<RadioLink>>& links, Time until)
{
    const std::function<void()> fill = [&]() {
        for (const auto& link : links)
        {
            while (link->QueuedBytes(UP, Bearer::TASK) < 200000)
            {
                test.Cell()->Enqueue(link, UP, LARGE);
            }
        }
    };
    for (Time when(0); when < until; when += MilliSeconds(1))
    {
        Simulator::Schedule(when, fill);
    }
    Simulator::Stop(until);
    Simulator::Run();
}

/** Long-run shares of proportional fairness. */
class FairnessTestCase : public TestCase
{
  public:
    FairnessTestCase()
        : TestCase("Proportional fair: equal mean SINR, equal rate; known rates, equal time")
    {
    }

  private:
    void DoRun() override
    {
        // Two users whose SINR changes independently between 10 and 20 dB, equal on average.
        {
            TestCell test("F");
            uint64_t a = 0;
            uint64_t b = 0;
            const auto first = test.AddLink(15, RlcMode::ACKNOWLEDGED, a);
            const auto second = test.AddLink(15, RlcMode::ACKNOWLEDGED, b);
            auto draw = CreateObject<UniformRandomVariable>();
            draw->SetStream(5);
            for (int i = 0; i < 300; ++i)
            {
                for (const auto& link : {first, second})
                {
                    const double sinrDb = draw->GetValue() < 0.5 ? 10 : 20;
                    Simulator::Schedule(MilliSeconds(10 * i), [&test, link, sinrDb]() {
                        test.Cell()->UpdateQuality(link, UP, LinkQuality::Flat(sinrDb));
                    });
                }
            }
            Saturate(test, {first, second}, Seconds(3));
            NS_TEST_EXPECT_MSG_EQ_TOL(double(a) / double(a + b), 0.5, 0.03, "equal users");
            Simulator::Destroy();
        }
        // Known rates: everyone has half of the time, so half of what it would have alone.
        TestCell test("F");
        uint64_t slow = 0;
        uint64_t fast = 0;
        const auto low = test.AddLink(5, RlcMode::ACKNOWLEDGED, slow);
        const auto high = test.AddLink(25, RlcMode::ACKNOWLEDGED, fast);
        Saturate(test, {low, high}, Seconds(1));
        for (const auto& [link, bytes] : {std::pair{low, slow}, std::pair{high, fast}})
        {
            const double alone = test.Cell()->FullRateBps(*link, UP);
            NS_TEST_EXPECT_MSG_EQ_TOL(8.0 * bytes / alone, 0.5, 0.03, "share of the time");
        }
        Simulator::Destroy();
    }
};

/** Delays of Poisson arrivals that take a slot each. */
class QueueingTestCase : public TestCase
{
  public:
    QueueingTestCase()
        : TestCase("Delays of an M-D-1 queue, and of an idle cell")
    {
    }

  private:
    /**
     * @param test a cell
     * @param sduBytes size of each SDU
     * @param meanInterval between arrivals
     * @param count of arrivals
     * @return mean delay
     */
    static Time MeanDelay(TestCell& test, uint32_t sduBytes, Time meanInterval, int count)
    {
        uint64_t ignored = 0;
        const auto link = test.AddLink(40, RlcMode::ACKNOWLEDGED, ignored);
        auto draw = CreateObject<ExponentialRandomVariable>();
        draw->SetStream(7);
        std::vector<Time> sent;
        Time sum;
        std::size_t arrived = 0;
        link->SetReceiver(UP, RadioLink::DeliverCallback([&](const std::vector<RlcSdu>& sdus) {
                              for (std::size_t i = 0; i < sdus.size(); ++i)
                              {
                                  sum += Simulator::Now() - sent[arrived++];
                              }
                          }));
        Time when;
        for (int i = 0; i < count; ++i)
        {
            when += Seconds(draw->GetValue(meanInterval.GetSeconds(), 0));
            sent.push_back(when);
            Simulator::Schedule(when, [&test, link, sduBytes]() {
                test.Cell()->Enqueue(link, UP, {nullptr, sduBytes, 1, 2, Bearer::TASK});
            });
        }
        Simulator::Run();
        Simulator::Destroy();
        return arrived == sent.size() ? sum / static_cast<int64_t>(arrived) : Time::Max();
    }

    void DoRun() override
    {
        for (const double load : {0.2, 0.5, 0.8})
        {
            TestCell test("F");
            test.Part("Timing")->SetAttribute("SchedulingRequest", BooleanValue(false));
            const auto units = test.Grid().Units(12);
            const auto bytes = test.Grid().BlockBits(28, units, 12) / 8 - RlcChannel::HEADER_BYTES;
            const auto slot = test.Frame().SlotDuration();
            const auto measured =
                MeanDelay(test, bytes, NanoSeconds(slot.GetNanoSeconds() / load), 40000);
            // M/D/1 that serves at slot boundaries: half a slot until the next one, the queue, the
            // slot itself, decoding.
            const double waitedSlots = 0.5 + load / (2 * (1 - load)) + 1;
            const double expectedUs = waitedSlots * slot.GetSeconds() * 1e6 + 100;
            NS_TEST_EXPECT_MSG_EQ_TOL(measured.GetSeconds() * 1e6,
                                      expectedUs,
                                      0.05 * expectedUs,
                                      "M/D/1 at load " << load);
        }
        for (const auto* pattern : {"F", "DSUU", "DDDSU"})
        {
            for (const auto& [request, report] :
                 {std::pair{false, false}, std::pair{true, false}, std::pair{true, true}})
            {
                TestCell test(pattern);
                test.Part("Timing")->SetAttribute("SchedulingRequest", BooleanValue(request));
                test.Part("Timing")->SetAttribute("BufferReport", BooleanValue(report));
                const double expectedUs = test.Cell()->IdleLatency(UP).GetSeconds() * 1e6;
                const auto measured = MeanDelay(test, 100, MilliSeconds(20), 2000);
                NS_TEST_EXPECT_MSG_EQ_TOL(measured.GetSeconds() * 1e6,
                                          expectedUs,
                                          0.05 * expectedUs,
                                          "idle cell, pattern " << pattern);
            }
        }
    }
};

/** What HARQ and ARQ do to bytes. */
class ConservationTestCase : public TestCase
{
  public:
    ConservationTestCase()
        : TestCase(
              "Bytes are conserved through HARQ and ARQ losses; processes bound what is under way")
    {
    }

  private:
    void DoRun() override
    {
        for (const auto mode : {RlcMode::ACKNOWLEDGED, RlcMode::UNACKNOWLEDGED})
        {
            TestCell test("F");
            test.Part("Harq")->SetAttribute("MaxTransmissions", UintegerValue(1));
            uint64_t received = 0;
            const auto link = test.AddLink(20, mode, received);
            // The channel is worse than the scheduler knows, so that many blocks are lost.
            link->SetQuality(UP, LinkQuality::Flat(17.5), Simulator::Now(), Hours(1));
            constexpr uint64_t COUNT = 2000;
            for (uint64_t i = 0; i < COUNT; ++i)
            {
                Simulator::Schedule(MicroSeconds(100 * i), [&test, link]() {
                    test.Cell()->Enqueue(link, UP, {nullptr, 1000, 1, 2, Bearer::TASK});
                });
            }
            Simulator::Run();
            const auto& queue = link->Channels(UP).front().queue;
            const auto lost = queue.LostSdus() + queue.DroppedSdus();
            NS_TEST_EXPECT_MSG_GT(link->Blocks(UP).lost, 5, "nothing was lost on the air");
            NS_TEST_EXPECT_MSG_EQ(received / 1000 + lost, COUNT, "SDUs vanished");
            NS_TEST_EXPECT_MSG_EQ((lost > 0), (mode == RlcMode::UNACKNOWLEDGED), "RLC mode");
            NS_TEST_EXPECT_MSG_EQ(queue.QueuedBytes(), 0, "something waits for ever");
            Simulator::Destroy();
        }
        // One process: a block, its decoding, and only then the next: half of the slots at most.
        TestCell test("F");
        test.Part("Harq")->SetAttribute("Processes", UintegerValue(1));
        uint64_t received = 0;
        const auto link = test.AddLink(40, RlcMode::ACKNOWLEDGED, received);
        Saturate(test, {link}, MilliSeconds(200));
        const double rate = 8.0 * received / 0.2;
        NS_TEST_EXPECT_MSG_EQ_TOL(rate / test.Cell()->FullRateBps(*link, UP),
                                  0.5,
                                  0.03,
                                  "a slot, and one to decode it");
        Simulator::Destroy();
    }
};

/** Numerology 4 and the frame. */
class NumerologyTestCase : public TestCase
{
  public:
    NumerologyTestCase()
        : TestCase("All numerologies carry about the same in the same bandwidth")
    {
    }

  private:
    void DoRun() override
    {
        const BlockErrorModel errors;
        for (const auto& [numerology, megahertz] :
             {std::pair{2, 100}, std::pair{3, 100}, std::pair{4, 100}, std::pair{4, 400}})
        {
            const NrFrame frame(numerology, megahertz * 1000000ULL, "F");
            const ResourceGrid grid(frame, {}, std::make_shared<BlockErrorModel>());
            const double bps = frame.PerSecond(UP, [&grid](uint8_t symbols) {
                return grid.BlockBits(28, grid.Units(symbols), symbols);
            });
            // 66 resource blocks of 120 kHz for 100 MHz, 50184 bits in 125 us; fewer blocks of 240
            // kHz for the wider guard bands.
            NS_TEST_EXPECT_MSG_EQ_TOL(bps / megahertz / 1e6,
                                      50184 / 125e-6 / 100e6,
                                      0.04 * 50184 / 125e-6 / 100e6,
                                      "numerology " << numerology);
        }
    }
};

/** A burst larger than the queue. */
class BurstTestCase : public TestCase
{
  public:
    BurstTestCase()
        : TestCase("A background burst larger than the queue fills it")
    {
    }

  private:
    void DoRun() override
    {
        IabRadioConfig config;
        config.accessLos = LosPolicy::ALWAYS;
        config.shadowing = false;
        config.queueBytes = 100000;
        config.tddPattern = "F";
        config.halfDuplex = HalfDuplex::NONE;
        IabHelper helper(config);
        const auto donor = helper.InstallDonor(MakeRadioNode({0, 0, 10}));
        auto user = CreateObject<BackgroundUser>();
        // 5 Gbit/s in bursts of 5 ms: 3 MB each.
        user->SetAttribute("Demand", StringValue("ns3::ConstantRandomVariable[Constant=5e9]"));
        helper.InstallBackgroundUser(donor, MakeRadioNode({60, 0, 1.5}), user);
        user->Start(donor->Bap());
        Simulator::Stop(MilliSeconds(200));
        Simulator::Run();
        // Of each burst what fits in the queue, 12 pieces of 8 kB, every 5 ms.
        const double mbps = 8.0 * donor->BackgroundBytes() / 0.2 / 1e6;
        NS_TEST_EXPECT_MSG_EQ_TOL(mbps, 12 * 8000 * 8 / 5e-3 / 1e6, 8, "a burst vanished");
        Simulator::Destroy();
    }
};

/** The cell against theory. */
class CellValidationTestSuite : public TestSuite
{
  public:
    CellValidationTestSuite()
        : TestSuite("iab-cell-validation", Type::UNIT)
    {
        AddTestCase(new FairnessTestCase, TestCase::Duration::QUICK);
        AddTestCase(new QueueingTestCase, TestCase::Duration::QUICK);
        AddTestCase(new ConservationTestCase, TestCase::Duration::QUICK);
        AddTestCase(new NumerologyTestCase, TestCase::Duration::QUICK);
        AddTestCase(new BurstTestCase, TestCase::Duration::QUICK);
    }
};

CellValidationTestSuite g_cellValidationTestSuite; //!< registers itself

} // namespace
