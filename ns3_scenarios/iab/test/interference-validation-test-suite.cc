/*
 * SPDX-License-Identifier: GPL-2.0-only
 *
 * Links that are active at once, sharing in time and in frequency; the margins stand in iab.rst.
 */
#include "test-network.h"

#include "ns3/simulator.h"
#include "ns3/test.h"
#include "ns3/uinteger.h"

#include <cmath>
#include <vector>

using namespace ns3;

namespace
{

constexpr auto UP = NrDirection::UPLINK;
constexpr auto DOWN = NrDirection::DOWNLINK;

/** @param bytes of the SDU @return one for a test */
RlcSdu
MakeSdu(uint32_t bytes)
{
    return {nullptr, bytes, 1, 2, Bearer::TASK};
}

/** Interference of links that are active at once. */
class InterferenceTestCase : public TestCase
{
  public:
    InterferenceTestCase()
        : TestCase("Interference counts in the same part of the same slot, and lowers the MCS")
    {
    }

  private:
    /** @return mean MCS and first errors of blocks of a UE whose neighbour's cell is busy or not */
    static std::pair<double, double> Disturbed(bool busy)
    {
        auto config = PlainConfig();
        config.interference = true;
        config.halfDuplex = HalfDuplex::NONE;
        // The near UE looks at the donor, and past it at the relay, which looks that way too.
        config.iabArray = {1, 1};
        config.ueArray = {1, 1};
        IabHelper iab(config);
        const auto donor = iab.InstallDonor(MakeRadioNode({0, 0, 10}));
        const auto relay = iab.InstallRelay(MakeRadioNode({120, 0, 10}), donor, "relay");
        const auto near = iab.InstallUe(MakeRadioNode({-20, 0, 1.5}), "near");
        const auto far = iab.InstallUe(MakeRadioNode({100, 0, 1.5}), "far");
        for (const auto& ue : {near, far})
        {
            iab.Access(ue)->Start();
            ue->Bap()->SetUpperLayer(Callback<void, RlcSdu>([](RlcSdu) {}));
        }
        const auto send = [](const Ptr<IabNetDevice>& from, const Ptr<IabNetDevice>& to) {
            from->Bap()->Forward(
                {nullptr, 1200, from->Bap()->Address(), to->Bap()->Address(), Bearer::TASK});
        };
        for (int i = 0; i < 20000; ++i)
        {
            Simulator::Schedule(MicroSeconds(10 * i), [=]() {
                send(donor, near);
                if (busy)
                {
                    send(relay, far); // enters at the relay: the backhaul has no part in it
                }
            });
        }
        double sum = 0;
        int samples = 0;
        const auto link = iab.AccessLinkOf(near);
        for (int ms = 100; ms < 200; ++ms)
        {
            Simulator::Schedule(MilliSeconds(ms), [&sum, &samples, link]() {
                sum += link->Mcs(DOWN, Simulator::Now());
                ++samples;
            });
        }
        Simulator::Stop(MilliSeconds(200));
        Simulator::Run();
        Simulator::Destroy();
        return {sum / samples, link->Interference(DOWN)};
    }

    void DoRun() override
    {
        // Emissions of three links in halves of a slot.
        const auto gain = [](const Emission&, const Emission&) { return 1e-12; };
        InterferenceField field(gain, 1e-12);
        std::vector<Ptr<RadioLink>> links;
        for (const auto* name : {"wanted", "same half", "other half"})
        {
            links.push_back(Create<RadioLink>(name, 1000, RlcMode::ACKNOWLEDGED));
            LinkEnds ends{};
            ends.childPowerDbm = 30;
            ends.parentPowerDbm = 33.0103; // 2 W
            links.back()->SetEnds(ends);
        }
        const Emission wanted{PeekPointer(links[0]), UP, 0, 0.5};
        field.Add(7, wanted);
        NS_TEST_EXPECT_MSG_EQ_TOL(field.OverNoise(7, wanted), 0, 1e-12, "its own");
        field.Add(7, {PeekPointer(links[2]), UP, 0.5, 1});
        NS_TEST_EXPECT_MSG_EQ_TOL(field.OverNoise(7, wanted), 0, 1e-12, "the other half");
        field.Add(7, {PeekPointer(links[1]), UP, 0, 0.25});
        NS_TEST_EXPECT_MSG_EQ_TOL(field.OverNoise(7, wanted), 0.5, 1e-9, "1 W in half of it");
        field.Add(7, {PeekPointer(links[1]), DOWN, 0.25, 1});
        NS_TEST_EXPECT_MSG_EQ_TOL(field.OverNoise(7, wanted), 1.5, 1e-4, "2 W in the rest");
        NS_TEST_EXPECT_MSG_EQ_TOL(field.OverNoise(8, wanted), 0, 1e-12, "another slot");

        const auto quiet = Disturbed(false);
        const auto loud = Disturbed(true);
        NS_TEST_EXPECT_MSG_EQ_TOL(quiet.second, 0, 1e-9, "nobody else sends");
        // TR 38.901 Table 7.4.1-1, UMi in sight, over 140 m; both ends look 23 degrees away from
        // the ground and should 3.5 (Table 7.3-1).
        const double lossDb = 32.4 + 21 * std::log10(std::hypot(140, 8.5)) + 20 * std::log10(28.0);
        const double offDegrees = (std::atan(8.5 / 20) - std::atan(8.5 / 140)) * 180 / 3.14159265;
        const double elementDb = 12 * std::pow(offDegrees / 65, 2);
        const double noiseDbm = -173.975 + 10 * std::log10(66 * 12 * 120e3) + 5;
        const double expectedDb = 30 - lossDb - 2 * elementDb - noiseDbm;
        NS_TEST_EXPECT_MSG_EQ_TOL(10 * std::log10(loud.second), expectedDb, 0.1, "over noise");
        NS_TEST_EXPECT_MSG_LT(loud.first, quiet.first - 1, "MCS");
    }
};

/** Resource blocks of allocations, sharing in frequency. */
class ResourceBlockTestCase : public TestCase
{
  public:
    ResourceBlockTestCase()
        : TestCase("An allocation has the SINR and the interference of its own resource blocks")
    {
    }

  private:
    static constexpr double GAIN_OVER_NOISE = 100; //!< between links of two cells, at 1 W

    /** @return what allocations carry on 66 resource blocks in 18 groups */
    static std::shared_ptr<const ResourceGrid> Grid()
    {
        ResourceGridConfig config;
        config.sharing = SlotSharing::FREQUENCY;
        return std::make_shared<ResourceGrid>(NrFrame(3, 100000000, "F"),
                                              config,
                                              std::make_shared<BlockErrorModel>());
    }

    /** @return a link with 1 W at both ends and a flat channel */
    static Ptr<RadioLink> Link(const std::string& name, double sinrDb)
    {
        auto link = Create<RadioLink>(name, 50000000, RlcMode::ACKNOWLEDGED);
        LinkEnds ends{};
        ends.childPowerDbm = 30;
        ends.parentPowerDbm = 30;
        link->SetEnds(ends);
        link->SetQuality(UP, LinkQuality::Flat(sinrDb), Simulator::Now(), Simulator::Now());
        link->SetReceiver(UP, RadioLink::DeliverCallback([](const std::vector<RlcSdu>&) {}));
        return link;
    }

    /** A disturbance of some resource blocks counts on these, and in blocks that have them. */
    void TestOwnBlocks()
    {
        const auto field = std::make_shared<InterferenceField>(
            [](const Emission&, const Emission&) { return GAIN_OVER_NOISE; },
            1.0);
        const auto wanted = Link("wanted", 20);
        const auto other = Link("other", 20);
        field->Add(7, {PeekPointer(other), UP, 33, 66});
        const auto seen = field->OverNoiseByBlock(7, {PeekPointer(wanted), UP, 22, 44});
        NS_TEST_ASSERT_MSG_EQ(seen.size(), 22, "one for each of its resource blocks");
        for (std::size_t i = 0; i < seen.size(); ++i)
        {
            const double expected = 22 + i < 33 ? 0 : GAIN_OVER_NOISE;
            NS_TEST_EXPECT_MSG_EQ_TOL(seen[i], expected, 1e-9, "resource block " << 22 + i);
        }

        const auto grid = Grid();
        const auto harq = CreateObject<HarqEntity>();
        harq->AssignStreams(1);
        harq->Configure(grid, field);
        const auto receive = [&](uint64_t slot, double first, uint8_t units) {
            Airborne sent{wanted, {PeekPointer(wanted), UP, first, first}, {}};
            sent.emission.end += grid->ResourceBlocks(units);
            sent.block.mcs = 20; // 11 dB is enough for it, and 0 is not
            sent.block.units = units;
            sent.block.dataSymbols = 12;
            sent.block.bits = grid->BlockBits(20, units, 12);
            return harq->Receive(slot, sent);
        };
        constexpr int TIMES = 20; // no matter what is drawn
        for (int i = 0; i < TIMES; ++i)
        {
            NS_TEST_EXPECT_MSG_EQ((receive(7, 0, 9) == HarqOutcome::DECODED), true, "below");
            NS_TEST_EXPECT_MSG_EQ((receive(7, 33, 9) == HarqOutcome::AGAIN), true, "disturbed");
            NS_TEST_EXPECT_MSG_EQ((receive(7, 28, 6) == HarqOutcome::AGAIN), true, "most of it");
            // 33 resource blocks carry 4.4 bits of the 3.3 that it needs; with the same
            // interference on all of them, 6 dB would be left.
            NS_TEST_EXPECT_MSG_EQ((receive(7, 0, 12) == HarqOutcome::DECODED), true, "a quarter");
        }
        // What link adaptation learns: a twentieth of each measurement goes into its average.
        const auto measured = [&](double first, uint8_t units) {
            wanted->ResetTransmissions();
            receive(7, first, units);
            return 20 * wanted->Interference(UP);
        };
        NS_TEST_EXPECT_MSG_EQ(measured(0, 9), 0, "below");
        NS_TEST_EXPECT_MSG_EQ_TOL(measured(33, 9), GAIN_OVER_NOISE, 0.01, "on all of it");
        NS_TEST_EXPECT_MSG_GT(measured(0, 12), 0.5, "on a quarter");
        NS_TEST_EXPECT_MSG_LT(measured(0, 12), GAIN_OVER_NOISE / 4, "less harm than spread out");
        auto sloping = LinkQuality::Flat(20);
        sloping.blockSinr.assign(33, 100);
        sloping.blockSinr.resize(66, 1);
        wanted->SetQuality(UP, sloping, Simulator::Now(), Simulator::Now());
        for (int i = 0; i < TIMES; ++i)
        {
            NS_TEST_EXPECT_MSG_EQ((receive(8, 0, 9) == HarqOutcome::DECODED), true, "good half");
            NS_TEST_EXPECT_MSG_EQ((receive(8, 33, 9) == HarqOutcome::AGAIN), true, "bad half");
        }
        harq->Dispose();
    }

    /** Two cells: one has little to send, so that it disturbs the lowest resource blocks alone. */
    void TestTwoCells()
    {
        int within = 0;
        std::vector<Ptr<CellMac>> cells;
        const auto field = std::make_shared<InterferenceField>(
            [&within, &cells](const Emission& from, const Emission& to) {
                within += from.link->ServingCell() == to.link->ServingCell() ? 1 : 0;
                return from.link->ServingCell() == PeekPointer(cells[0]) ? GAIN_OVER_NOISE : 0;
            },
            1.0);
        const auto grid = Grid();
        for (int i = 0; i < 2; ++i)
        {
            cells.push_back(CreateObject<CellMac>());
            cells.back()->Configure(NrFrame(3, 100000000, "F"), HalfDuplex::NONE, grid, field);
            cells.back()->AssignStreams(3 + i);
        }
        // Both of its links in each slot, the first one on the lower resource blocks; only
        // retransmissions would come before it.
        cells[1]->SetAttribute("Scheduler", PointerValue(CreateObject<RoundRobinScheduler>()));
        PointerValue harq;
        cells[1]->GetAttribute("Harq", harq);
        harq.GetObject()->SetAttribute("MaxTransmissions", UintegerValue(1));
        const auto add = [&cells](int cell, const std::string& name) {
            auto link = Link(name, 25);
            cells[cell]->AddLink(link);
            cells[cell]->UpdateQuality(link, UP, LinkQuality::Flat(25));
            return link;
        };
        const auto little = add(0, "little");
        const auto low = add(1, "low");
        const auto high = add(1, "high");
        for (int slot = 0; slot < 800; ++slot)
        {
            Simulator::Schedule(MicroSeconds(125 * slot), [&]() {
                cells[0]->Enqueue(little, UP, MakeSdu(1000));
                for (const auto& link : {low, high})
                {
                    while (link->QueuedBytes(UP, Bearer::TASK) < 100000)
                    {
                        cells[1]->Enqueue(link, UP, MakeSdu(4000));
                    }
                }
            });
        }
        Simulator::Stop(MilliSeconds(100));
        Simulator::Run();
        NS_TEST_EXPECT_MSG_EQ(within, 0, "two allocations of a cell share a resource block");
        NS_TEST_EXPECT_MSG_GT(low->Interference(UP), 0.5, "on the resource blocks of both cells");
        NS_TEST_EXPECT_MSG_EQ(high->Interference(UP), 0, "on those of one cell");
        NS_TEST_EXPECT_MSG_GT(+high->Mcs(UP, Simulator::Now()),
                              low->Mcs(UP, Simulator::Now()) + 2,
                              "MCS");
        for (const auto& cell : cells)
        {
            cell->Dispose();
        }
        Simulator::Destroy();
    }

    void DoRun() override
    {
        TestOwnBlocks();
        TestTwoCells();
    }
};

/** Interference. */
class InterferenceValidationTestSuite : public TestSuite
{
  public:
    InterferenceValidationTestSuite()
        : TestSuite("iab-interference-validation", Type::UNIT)
    {
        AddTestCase(new InterferenceTestCase, TestCase::Duration::QUICK);
        AddTestCase(new ResourceBlockTestCase, TestCase::Duration::QUICK);
    }
};

InterferenceValidationTestSuite g_interferenceValidationTestSuite; //!< registers itself

} // namespace
