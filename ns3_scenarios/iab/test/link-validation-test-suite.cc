/*
 * SPDX-License-Identifier: GPL-2.0-only
 *
 * One link: HARQ, ARQ, delays of the MAC, schedulers; the margins stand in iab.rst.
 */
#include "test-network.h"

#include "ns3/simulator.h"
#include "ns3/test.h"
#include "ns3/uinteger.h"

#include <vector>

using namespace ns3;

namespace
{

constexpr auto UP = NrDirection::UPLINK;
constexpr auto DOWN = NrDirection::DOWNLINK;
constexpr double GOOD_DB = 40; // no block fails
constexpr double BAD_DB = 0;   // every block of the best MCS fails, four times over

/** @param bytes of the SDU @return one for a test */
RlcSdu
MakeSdu(uint32_t bytes)
{
    return {nullptr, bytes, 1, 2, Bearer::TASK};
}

/** The channel changes, of which the scheduler learns nothing. */
void
ChangeUnnoticed(const Ptr<RadioLink>& link, NrDirection direction, double sinrDb)
{
    link->SetQuality(direction, LinkQuality::Flat(sinrDb), Simulator::Now(), Hours(1));
}

/** Soft combining, and how often a block is sent. */
class HarqTestCase : public TestCase
{
  public:
    HarqTestCase()
        : TestCase("HARQ combines what it received of a block, up to a number of transmissions")
    {
    }

  private:
    /** @return lost blocks and first errors over blocks */
    std::pair<double, double> Losses(uint8_t transmissions)
    {
        TestCell test("F");
        test.Part("Harq")->SetAttribute("MaxTransmissions", UintegerValue(transmissions));
        uint64_t received = 0;
        const auto link = test.AddLink(20, RlcMode::UNACKNOWLEDGED, received);
        for (int i = 0; i < 200; ++i)
        {
            Simulator::Schedule(MilliSeconds(10 * i), [&test, link]() {
                // 3 dB less than the MCS needs: by no means enough, but two such blocks have
                // together more information than one at the SINR that the MCS was chosen for.
                link->MarginDb(UP) = 0;
                test.Cell()->UpdateQuality(link, UP, LinkQuality::Flat(20));
                ChangeUnnoticed(link, UP, 17);
                test.Cell()->Enqueue(link, UP, MakeSdu(3000));
            });
        }
        Simulator::Run();
        Simulator::Destroy();
        const auto& count = link->Blocks(UP);
        return {double(count.lost) / count.blocks, double(count.firstErrors) / count.blocks};
    }

    void DoRun() override
    {
        const auto alone = Losses(1);
        NS_TEST_EXPECT_MSG_GT(alone.first, 0.95, "blocks that one transmission delivers");
        const auto combined = Losses(2);
        NS_TEST_EXPECT_MSG_GT(combined.second, 0.95, "first transmissions that are enough");
        NS_TEST_EXPECT_MSG_LT(combined.first, 0.01, "two that are not enough together");
    }
};

/** Delays between decisions of the MAC and what they act on. */
class DelayTestCase : public TestCase
{
  public:
    DelayTestCase()
        : TestCase("K1, K2, layer 1 to 2, decoding and status report each take the time they say")
    {
    }

  private:
    /** What is changed against the defaults. */
    struct Change
    {
        std::string part;                   //!< of the cell, or "" for itself
        std::string attribute;              //!< of it
        std::shared_ptr<AttributeValue> to; //!< its value
    };

    /**
     * @param direction of the data
     * @param change against the defaults
     * @param failures transmissions that fail first
     * @return delay of one SDU at an idle cell in slots
     */
    static double DelaySlots(NrDirection direction, const Change& change, uint8_t failures)
    {
        TestCell test("F");
        const Ptr<Object> part =
            change.part.empty() ? Ptr<Object>(test.Cell()) : test.Part(change.part);
        if (change.to)
        {
            part->SetAttribute(change.attribute, *change.to);
        }
        uint64_t ignored = 0;
        const auto link = test.AddLink(GOOD_DB, RlcMode::ACKNOWLEDGED, ignored);
        test.Cell()->UpdateQuality(link, direction, LinkQuality::Flat(GOOD_DB));
        Time arrived;
        link->SetReceiver(direction, RadioLink::DeliverCallback([&](const std::vector<RlcSdu>&) {
                              arrived = Simulator::Now();
                          }));
        uint8_t seen = 0;
        test.Cell()->TraceConnectWithoutContext(
            "Block",
            Callback<void, const RadioLink&, NrDirection, const TransportBlock&, HarqOutcome>(
                [&](const RadioLink&, NrDirection, const TransportBlock&, HarqOutcome) {
                    ChangeUnnoticed(link, direction, ++seen < failures ? BAD_DB : GOOD_DB);
                }));
        if (failures > 0)
        {
            ChangeUnnoticed(link, direction, BAD_DB);
        }
        test.Cell()->Enqueue(link, direction, MakeSdu(100));
        Simulator::Run();
        Simulator::Destroy();
        return arrived.GetSeconds() / test.Frame().SlotDuration().GetSeconds();
    }

    /** Check what a change adds. */
    void Expect(NrDirection direction, const Change& change, uint8_t failures, double addedSlots)
    {
        const double before = DelaySlots(direction, {"", "", nullptr}, failures);
        NS_TEST_EXPECT_MSG_GT(before, 0, "nothing arrived");
        NS_TEST_EXPECT_MSG_EQ_TOL(DelaySlots(direction, change, failures) - before,
                                  addedSlots,
                                  1e-6,
                                  change.attribute << " after " << +failures << " failures");
    }

    void DoRun() override
    {
        const auto number = [](uint8_t value) { return std::make_shared<UintegerValue>(value); };
        Expect(UP, {"Timing", "K2", number(7)}, 0, 5);
        Expect(UP, {"Timing", "K2", number(7)}, 1, 10); // the grants of both transmissions
        Expect(DOWN, {"Timing", "L1L2", number(4)}, 0, 3);
        Expect(DOWN, {"Timing", "K1", number(9)}, 0, 0); // of feedback, which nothing waits for
        // The feedback on slot n comes in slot n + K1.
        Expect(DOWN, {"Timing", "K1", number(9)}, 1, 7);
        // Decoding of a tenth of a millisecond ends in the next slot; three more slots, no part of
        // one: the request is decoded, and then the block.
        const auto decode = std::make_shared<TimeValue>(MicroSeconds(100 + 3 * 125));
        Expect(DOWN, {"Timing", "DecodeLatency", decode}, 0, 3);
        Expect(UP, {"Timing", "DecodeLatency", decode}, 0, 6);
        // HARQ gives up after 4 transmissions.
        const auto status = std::make_shared<TimeValue>(MilliSeconds(2) + MicroSeconds(8 * 125));
        Expect(UP, {"", "StatusDelay", status}, 3, 0);
        Expect(UP, {"", "StatusDelay", status}, 4, 8);
    }
};

/** Delays where others wait. */
class LoadedDelayTestCase : public TestCase
{
  public:
    LoadedDelayTestCase()
        : TestCase("What comes to a queue where others wait takes as long as they")
    {
    }

  private:
    /**
     * Load a cell to 0.6, so that SDUs come in each slot and the queue never is empty.
     *
     * @param direction of the data
     * @param slots from the start of the slot in which an SDU comes to the end of the one it is in
     */
    void Expect(NrDirection direction, int64_t slots)
    {
        TestCell test("F");
        uint64_t ignored = 0;
        const auto link = test.AddLink(GOOD_DB, RlcMode::ACKNOWLEDGED, ignored);
        test.Cell()->UpdateQuality(link, direction, LinkQuality::Flat(GOOD_DB));
        std::vector<Time> arrived;
        link->SetReceiver(direction,
                          RadioLink::DeliverCallback([&](const std::vector<RlcSdu>& sdus) {
                              arrived.insert(arrived.end(), sdus.size(), Simulator::Now());
                          }));
        std::vector<Time> sent;
        for (int64_t i = 0; i < 1000; ++i)
        {
            sent.push_back(MicroSeconds(7 + 50 * i)); // never at the start of a slot
            Simulator::Schedule(sent.back(),
                                [&]() { test.Cell()->Enqueue(link, direction, MakeSdu(1500)); });
        }
        Simulator::Run();
        Simulator::Destroy();
        NS_TEST_ASSERT_MSG_EQ(arrived.size(), sent.size(), "SDUs vanished");
        const auto slot = test.Frame().SlotDuration();
        for (std::size_t i = 0; i < sent.size(); ++i)
        {
            const int64_t came = sent[i].GetTimeStep() / slot.GetTimeStep();
            NS_TEST_ASSERT_MSG_EQ(arrived[i],
                                  slot * (came + slots) + MicroSeconds(100),
                                  "SDU " << i);
        }
    }

    void DoRun() override
    {
        // The rest of the slot, one between the layers, and the block's.
        Expect(DOWN, 3);
        // The slot whose control has the request, one more to decode that, K2, and the block's.
        Expect(UP, 5);
    }
};

/** Acknowledged mode with a backlog. */
class StatusReportTestCase : public TestCase
{
  public:
    StatusReportTestCase()
        : TestCase("What a lost block carried is sent again after the status report, not before")
    {
    }

  private:
    void DoRun() override
    {
        constexpr int64_t STATUS_US = 5000;
        TestCell test("F");
        test.Part("Harq")->SetAttribute("MaxTransmissions", UintegerValue(1));
        test.Cell()->SetAttribute("StatusDelay", TimeValue(MicroSeconds(STATUS_US)));
        uint64_t ignored = 0;
        const auto link = test.AddLink(GOOD_DB, RlcMode::ACKNOWLEDGED, ignored);
        Time first;
        std::size_t sdus = 0;
        Time lost;
        link->SetReceiver(UP, RadioLink::DeliverCallback([&](const std::vector<RlcSdu>& all) {
                              first = sdus == 0 ? Simulator::Now() : first;
                              sdus += all.size();
                          }));
        test.Cell()->TraceConnectWithoutContext(
            "Block",
            Callback<void, const RadioLink&, NrDirection, const TransportBlock&, HarqOutcome>(
                [&](const RadioLink&, NrDirection, const TransportBlock&, HarqOutcome outcome) {
                    lost = outcome == HarqOutcome::LOST ? Simulator::Now() : lost;
                    ChangeUnnoticed(link, UP, GOOD_DB);
                }));
        ChangeUnnoticed(link, UP, BAD_DB);
        constexpr std::size_t COUNT = 300; // of more than 10 ms
        for (std::size_t i = 0; i < COUNT; ++i)
        {
            test.Cell()->Enqueue(link, UP, MakeSdu(2000));
        }
        Simulator::Run();
        NS_TEST_EXPECT_MSG_EQ(link->Blocks(UP).lost, 1, "blocks lost");
        NS_TEST_EXPECT_MSG_EQ(sdus, COUNT, "SDUs that arrived");
        // The next slot, and the decoding of what it carries.
        const auto waitedUs = (first - lost).GetMicroSeconds();
        NS_TEST_EXPECT_MSG_GT_OR_EQ(waitedUs, STATUS_US + 225, "too soon");
        NS_TEST_EXPECT_MSG_LT_OR_EQ(waitedUs, STATUS_US + 350, "too late");
        Simulator::Destroy();
    }
};

/** Reports of the channel. */
class ReportTestCase : public TestCase
{
  public:
    ReportTestCase()
        : TestCase("An MCS follows the channel after the delay of the report")
    {
    }

  private:
    void DoRun() override
    {
        TestCell test("F");
        test.Part("Adaptation")->SetAttribute("ReportDelay", TimeValue(MilliSeconds(4)));
        uint64_t ignored = 0;
        const auto link = test.AddLink(GOOD_DB, RlcMode::ACKNOWLEDGED, ignored);
        std::vector<int8_t> seen;
        Simulator::Schedule(MilliSeconds(10),
                            [&]() { test.Cell()->UpdateQuality(link, UP, LinkQuality::Flat(10)); });
        for (const auto us : {9999, 10001, 13999, 14001})
        {
            Simulator::Schedule(MicroSeconds(us),
                                [&]() { seen.push_back(link->Mcs(UP, Simulator::Now())); });
        }
        Simulator::Run();
        NS_TEST_EXPECT_MSG_EQ(+seen.at(0), 28, "at 40 dB");
        NS_TEST_EXPECT_MSG_EQ(+seen.at(1), 28, "not known yet");
        NS_TEST_EXPECT_MSG_EQ(+seen.at(2), 28, "not known yet");
        NS_TEST_EXPECT_MSG_LT(+seen.at(3), 20, "known");
        Simulator::Destroy();
    }
};

/** Schedulers and OFDMA, in a saturated cell. */
class SchedulingTestCase : public TestCase
{
  public:
    SchedulingTestCase()
        : TestCase("Round robin shares time, maximum rate goes to the best, in time or frequency")
    {
    }

  private:
    /** @return rate of a user at 5 dB and of one at 25 dB, over what each would have alone */
    static std::pair<double, double> Shares(const Ptr<SlotScheduler>& scheduler,
                                            SlotSharing sharing)
    {
        ResourceGridConfig config;
        config.sharing = sharing;
        TestCell test("F", config);
        test.Cell()->SetAttribute("Scheduler", PointerValue(scheduler));
        uint64_t slow = 0;
        uint64_t fast = 0;
        const auto low = test.AddLink(5, RlcMode::ACKNOWLEDGED, slow);
        const auto high = test.AddLink(25, RlcMode::ACKNOWLEDGED, fast);
        constexpr int MILLISECONDS = 400;
        for (int ms = 0; ms < MILLISECONDS; ++ms)
        {
            Simulator::Schedule(MilliSeconds(ms), [&test, low, high]() {
                for (const auto& link : {low, high})
                {
                    while (link->QueuedBytes(UP, Bearer::TASK) < 200000)
                    {
                        test.Cell()->Enqueue(link, UP, MakeSdu(4000));
                    }
                }
            });
        }
        Simulator::Stop(MilliSeconds(MILLISECONDS));
        Simulator::Run();
        const auto share = [&test](uint64_t bytes, const Ptr<RadioLink>& link) {
            return 8e3 * bytes / MILLISECONDS / test.Cell()->FullRateBps(*link, UP);
        };
        const std::pair shares{share(slow, low), share(fast, high)};
        Simulator::Destroy();
        return shares;
    }

    void DoRun() override
    {
        for (const auto sharing : {SlotSharing::TIME, SlotSharing::FREQUENCY})
        {
            const std::string where = sharing == SlotSharing::TIME ? "time" : "frequency";
            for (const Ptr<SlotScheduler>& fair :
                 {Ptr<SlotScheduler>(CreateObject<RoundRobinScheduler>()),
                  Ptr<SlotScheduler>(CreateObject<ProportionalFairScheduler>())})
            {
                const auto shares = Shares(fair, sharing);
                NS_TEST_EXPECT_MSG_EQ_TOL(shares.first, 0.5, 0.03, "slow, in " << where);
                NS_TEST_EXPECT_MSG_EQ_TOL(shares.second, 0.5, 0.03, "fast, in " << where);
            }
            const auto best = Shares(CreateObject<MaxRateScheduler>(), sharing);
            NS_TEST_EXPECT_MSG_LT(best.first, 0.03, "slow, in " << where);
            NS_TEST_EXPECT_MSG_GT(best.second, 0.95, "fast, in " << where);
        }
    }
};

/** Links. */
class LinkValidationTestSuite : public TestSuite
{
  public:
    LinkValidationTestSuite()
        : TestSuite("iab-link-validation", Type::UNIT)
    {
        AddTestCase(new HarqTestCase, TestCase::Duration::QUICK);
        AddTestCase(new DelayTestCase, TestCase::Duration::QUICK);
        AddTestCase(new LoadedDelayTestCase, TestCase::Duration::QUICK);
        AddTestCase(new StatusReportTestCase, TestCase::Duration::QUICK);
        AddTestCase(new ReportTestCase, TestCase::Duration::QUICK);
        AddTestCase(new SchedulingTestCase, TestCase::Duration::QUICK);
    }
};

LinkValidationTestSuite g_linkValidationTestSuite; //!< registers itself

} // namespace
