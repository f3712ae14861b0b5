/*
 * SPDX-License-Identifier: GPL-2.0-only
 *
 * Who shares what, and that nothing depends on the order in which a network is built.
 */
#include "test-network.h"

#include "ns3/simulator.h"
#include "ns3/test.h"

#include <algorithm>
#include <map>
#include <string>
#include <vector>

using namespace ns3;

namespace
{

/** Sectors and channels. */
class SharingTestCase : public TestCase
{
  public:
    SharingTestCase()
        : TestCase("Sectors give each child of the donor a cell; users have channels of their own")
    {
    }

  private:
    /** @return uplink bytes through two children of the donor that both saturate */
    static double DonorMbps(bool sectors)
    {
        auto config = PlainConfig();
        config.sectors = sectors;
        config.halfDuplex = HalfDuplex::NONE;
        IabHelper iab(config);
        const auto donor = iab.InstallDonor(MakeRadioNode({0, 0, 10}));
        uint64_t bytes = 0;
        donor->Bap()->SetUpperLayer(
            Callback<void, RlcSdu>([&bytes](RlcSdu sdu) { bytes += sdu.bytes; }));
        for (const double x : {-120.0, 120.0})
        {
            const auto relay =
                iab.InstallRelay(MakeRadioNode({x, 0, 10}), donor, x < 0 ? "left" : "right");
            const RlcSdu sdu{nullptr,
                             1200,
                             relay->Bap()->Address(),
                             donor->Bap()->Address(),
                             Bearer::TASK};
            for (int i = 0; i < 12000; ++i)
            {
                Simulator::Schedule(MicroSeconds(16 * i),
                                    [relay, sdu]() { relay->Bap()->Forward(sdu); });
            }
        }
        Simulator::Stop(MilliSeconds(200));
        Simulator::Run();
        Simulator::Destroy();
        return 8e-6 * bytes / 0.2;
    }

    /** @return longest time that a small SDU of one UE waits behind another's flood, in ms */
    static double DelayBehindFloodMs(ChannelMapping mapping)
    {
        auto config = PlainConfig();
        config.mapping = mapping;
        IabHelper iab(config);
        const auto donor = iab.InstallDonor(MakeRadioNode({0, 0, 10}));
        const auto relay = iab.InstallRelay(MakeRadioNode({150, 0, 10}), donor, "relay");
        std::vector<Ptr<IabNetDevice>> ues;
        for (const double y : {-20.0, 20.0})
        {
            ues.push_back(iab.InstallUe(MakeRadioNode({190, y, 1.5}), y < 0 ? "flood" : "calm"));
            iab.Access(ues.back())->Start();
        }
        Time longest;
        Time sent;
        ues[0]->Bap()->SetUpperLayer(Callback<void, RlcSdu>([](RlcSdu) {}));
        ues[1]->Bap()->SetUpperLayer(Callback<void, RlcSdu>(
            [&](RlcSdu) { longest = std::max(longest, Simulator::Now() - sent); }));
        const auto down = donor->Bap();
        for (int i = 0; i < 8000; ++i)
        {
            const RlcSdu flood{nullptr,
                               1200,
                               down->Address(),
                               ues[0]->Bap()->Address(),
                               Bearer::TASK};
            Simulator::Schedule(MicroSeconds(25 * i), [down, flood]() { down->Forward(flood); });
        }
        for (int i = 1; i < 6; ++i)
        {
            const RlcSdu calm{nullptr,
                              100,
                              down->Address(),
                              ues[1]->Bap()->Address(),
                              Bearer::TASK};
            Simulator::Schedule(MilliSeconds(30 * i), [&sent, down, calm]() {
                sent = Simulator::Now();
                down->Forward(calm);
            });
        }
        Simulator::Stop(MilliSeconds(400));
        Simulator::Run();
        Simulator::Destroy();
        return longest.GetSeconds() * 1e3;
    }

    void DoRun() override
    {
        const double one = DonorMbps(false);
        NS_TEST_EXPECT_MSG_EQ_TOL(DonorMbps(true) / one, 2, 0.1, "two sectors, two cells");
        NS_TEST_EXPECT_MSG_GT(DelayBehindFloodMs(ChannelMapping::AGGREGATED), 20, "one queue");
        NS_TEST_EXPECT_MSG_LT(DelayBehindFloodMs(ChannelMapping::PER_USER), 5, "own queue");
    }
};

/** The same network, built in another order. */
class OrderTestCase : public TestCase
{
  public:
    OrderTestCase()
        : TestCase("The order in which nodes are made and UEs installed changes nothing")
    {
    }

  private:
    /** @return what each UE received and its SINR, by name */
    static std::map<std::string, std::pair<uint64_t, double>> RunOnce(bool reversed)
    {
        auto config = PlainConfig();
        config.accessLos = LosPolicy::RANDOM;
        config.shadowing = true;
        config.interference = true;
        IabHelper iab(config);
        const auto donor = iab.InstallDonor(MakeRadioNode({0, 0, 10}));
        std::map<std::string, Ptr<IabNetDevice>> relays;
        std::map<std::string, Vector> places{{"east", {150, 0, 10}}, {"west", {-150, 0, 10}}};
        std::map<std::string, Vector> users{{"a", {200, 30, 1.5}},
                                            {"b", {-190, 20, 1.5}},
                                            {"c", {30, 50, 1.5}},
                                            {"d", {120, -40, 1.5}}};
        const auto inOrder = [reversed](const std::map<std::string, Vector>& all, auto install) {
            std::vector<std::pair<std::string, Vector>> order(all.begin(), all.end());
            if (reversed)
            {
                std::reverse(order.begin(), order.end());
            }
            for (const auto& [name, place] : order)
            {
                install(name, place);
            }
        };
        inOrder(places, [&](const std::string& name, const Vector& place) {
            relays[name] = iab.InstallRelay(MakeRadioNode(place), donor, name);
        });
        std::map<std::string, Ptr<IabNetDevice>> ues;
        std::map<std::string, uint64_t> bytes;
        inOrder(users, [&](const std::string& name, const Vector& place) {
            const auto ue = iab.InstallUe(MakeRadioNode(place, {0, 15, 0}), name);
            ues[name] = ue;
            auto* count = &bytes[name];
            ue->Bap()->SetUpperLayer(
                Callback<void, RlcSdu>([count](RlcSdu sdu) { *count += sdu.bytes; }));
        });
        inOrder(users,
                [&](const std::string& name, const Vector&) { iab.Access(ues[name])->Start(); });
        // Apart in time, so that no two enter a queue at the same moment.
        int64_t offset = 0;
        for (const auto& [name, ue] : ues)
        {
            const RlcSdu sdu{nullptr,
                             1200,
                             donor->Bap()->Address(),
                             ue->Bap()->Address(),
                             Bearer::TASK};
            ++offset;
            for (int i = 0; i < 3000; ++i)
            {
                Simulator::Schedule(MicroSeconds(200 * i + 10 * offset),
                                    [donor, sdu]() { donor->Bap()->Forward(sdu); });
            }
        }
        Simulator::Stop(MilliSeconds(700));
        Simulator::Run();
        std::map<std::string, std::pair<uint64_t, double>> result;
        for (const auto& [name, ue] : ues)
        {
            const auto& quality = iab.AccessLinkOf(ue)->Quality(NrDirection::DOWNLINK);
            result[name] = {bytes[name], quality.sinrDb};
        }
        Simulator::Destroy();
        return result;
    }

    void DoRun() override
    {
        const auto forwards = RunOnce(false);
        NS_TEST_EXPECT_MSG_EQ((forwards == RunOnce(false)), true, "two runs differ");
        const auto backwards = RunOnce(true);
        for (const auto& [name, outcome] : forwards)
        {
            NS_TEST_EXPECT_MSG_EQ(backwards.at(name).first, outcome.first, "bytes of " << name);
            NS_TEST_EXPECT_MSG_EQ(backwards.at(name).second, outcome.second, "SINR of " << name);
        }
    }
};

/** Sharing and order. */
class SharingValidationTestSuite : public TestSuite
{
  public:
    SharingValidationTestSuite()
        : TestSuite("iab-sharing-validation", Type::UNIT)
    {
        AddTestCase(new SharingTestCase, TestCase::Duration::QUICK);
        AddTestCase(new OrderTestCase, TestCase::Duration::QUICK);
    }
};

SharingValidationTestSuite g_sharingValidationTestSuite; //!< registers itself

} // namespace
