/*
 * SPDX-License-Identifier: GPL-2.0-only
 *
 * Chains and trees of IAB nodes; the margins stand in iab.rst.
 */
#include "test-network.h"

#include "ns3/simulator.h"
#include "ns3/test.h"

#include <algorithm>
#include <map>
#include <stdexcept>
#include <string>
#include <vector>

using namespace ns3;

namespace
{

/** A radio network without anything random but fading and block errors. */
IabRadioConfig
PlainConfig()
{
    IabRadioConfig config;
    config.tddPattern = "F";
    config.accessLos = LosPolicy::ALWAYS;
    config.shadowing = false;
    config.interference = false;
    config.ueArray = {4, 4};
    return config;
}

/** A chain of relays with a UE behind the last, and counters at both ends. */
class TestChain
{
  public:
    /** @param config radio interface @param relays between donor and UE @param velocity of the UE
     */
    TestChain(const IabRadioConfig& config, uint32_t relays, const Vector& velocity = Vector())
        : m_iab(config)
    {
        m_cells = {m_iab.InstallDonor(MakeRadioNode({0, 0, 10}))};
        for (uint32_t i = 1; i <= relays; ++i)
        {
            m_cells.push_back(m_iab.InstallRelay(MakeRadioNode({100.0 * i, 0, 10}),
                                                 m_cells.back(),
                                                 "relay" + std::to_string(i)));
        }
        m_ue = m_iab.InstallUe(MakeRadioNode({100.0 * relays + 40, 10, 1.5}, velocity), "ue");
        Count(Donor(), m_up);
        Count(m_ue, m_down);
        m_iab.Access(m_ue)->Start();
    }

    ~TestChain()
    {
        Simulator::Destroy();
    }

    /** Send SDUs of 1200 bytes at a rate. @param up whether upward */
    void Offer(bool up, double mbps, Time from, Time until)
    {
        const auto source = (up ? m_ue : Donor())->Bap();
        const auto sink = (up ? Donor() : m_ue)->Bap();
        const RlcSdu sdu{nullptr, 1200, source->Address(), sink->Address(), Bearer::TASK};
        for (Time when = from; when < until; when += Seconds(8 * 1200 / (mbps * 1e6)))
        {
            Simulator::Schedule(when, [this, source, sdu]() {
                ++m_offered;
                m_accepted += source->Forward(sdu) ? 1 : 0;
            });
        }
    }

    /** Run to a time. @param until when */
    static void Run(Time until)
    {
        Simulator::Stop(until - Simulator::Now());
        Simulator::Run();
    }

    /** @return the helper */
    IabHelper& Iab()
    {
        return m_iab;
    }

    /** @return devices of donor and relays */
    const std::vector<Ptr<IabNetDevice>>& Cells() const
    {
        return m_cells;
    }

    /** @return device of the donor */
    const Ptr<IabNetDevice>& Donor() const
    {
        return m_cells.front();
    }

    /** @return device of the UE */
    const Ptr<IabNetDevice>& Ue() const
    {
        return m_ue;
    }

    uint64_t m_up{0};       //!< bytes that reached the donor
    uint64_t m_down{0};     //!< bytes that reached the UE
    uint64_t m_offered{0};  //!< SDUs
    uint64_t m_accepted{0}; //!< SDUs that found room in the first queue

  private:
    /** Count what reaches a device. */
    static void Count(const Ptr<IabNetDevice>& device, uint64_t& bytes)
    {
        device->Bap()->SetUpperLayer(
            Callback<void, RlcSdu>([&bytes](RlcSdu sdu) { bytes += sdu.bytes; }));
    }

    IabHelper m_iab;                        //!< the network
    std::vector<Ptr<IabNetDevice>> m_cells; //!< donor and relays
    Ptr<IabNetDevice> m_ue;                 //!< the UE
};

/** Rates of saturated chains. */
class SaturationTestCase : public TestCase
{
  public:
    SaturationTestCase()
        : TestCase("A chain of relays saturates at the share of the slots that half duplex leaves")
    {
    }

  private:
    void DoRun() override
    {
        for (const auto halfDuplex : {HalfDuplex::BY_DEPTH, HalfDuplex::DYNAMIC})
        {
            for (const uint32_t relays : {1, 3})
            {
                for (const bool up : {true, false})
                {
                    auto config = PlainConfig();
                    config.halfDuplex = halfDuplex;
                    TestChain chain(config, relays);
                    chain.Offer(up, 600, Time(0), MilliSeconds(200));
                    TestChain::Run(MilliSeconds(200));
                    const double mbps = 8e-6 * (up ? chain.m_up : chain.m_down) / 0.2;
                    // A relay sends half of the time and receives the other half.
                    const double full = 50184 / 125e-6 / 1e6 * 1200 / 1208;
                    NS_TEST_EXPECT_MSG_EQ_TOL(mbps / full, 0.5, 0.03, relays << " relays");
                }
            }
        }
    }
};

/** What is lost, and what is not. */
class HandoverTestCase : public TestCase
{
  public:
    HandoverTestCase()
        : TestCase("Bytes are conserved through a handover, with forwarding and without")
    {
    }

  private:
    void DoRun() override
    {
        for (const bool forwarding : {true, false})
        {
            auto config = PlainConfig();
            config.forwarding = forwarding;
            TestChain chain(config, 2, {-40, 0, 0});
            chain.Offer(false, 100, Time(0), Seconds(3));
            TestChain::Run(Seconds(3.3));
            NS_TEST_EXPECT_MSG_GT(chain.Iab().Access(chain.Ue())->Handovers(), 0, "handovers");
            const auto lost = chain.Iab().Topology()->LostBytes();
            NS_TEST_EXPECT_MSG_EQ(chain.m_down + lost, chain.m_accepted * 1200, "bytes vanished");
            NS_TEST_EXPECT_MSG_EQ((lost > 0), (!forwarding), "lost at the handover");
        }
    }
};

/** Sleep, wake and new parents. */
class ReparentTestCase : public TestCase
{
  public:
    ReparentTestCase()
        : TestCase("A node gets another parent, sleeps and wakes; its traffic finds the way")
    {
    }

  private:
    void DoRun() override
    {
        TestChain chain(PlainConfig(), 3);
        const auto& cells = chain.Cells();
        auto backhaul = chain.Iab().Backhaul();
        const auto topology = chain.Iab().Topology();
        const auto parentOf = [&](uint32_t i) { return topology->ParentOf(cells[i]->Bap()); };
        std::vector<std::string> seen;
        const auto name = [&](const Ptr<BapEntity>& bap) {
            return bap ? std::to_string(bap->Address()) : "-";
        };
        backhaul->TraceConnectWithoutContext(
            "Parent",
            Callback<void, Ptr<BapEntity>, Ptr<BapEntity>, Ptr<BapEntity>>(
                [&](Ptr<BapEntity> node, Ptr<BapEntity> now, Ptr<BapEntity> before) {
                    seen.push_back(name(node) + ":" + name(before) + ">" + name(now));
                }));
        for (const bool up : {true, false})
        {
            chain.Offer(up, 10, Time(0), Seconds(2));
        }
        Simulator::Schedule(Seconds(0.3),
                            [&]() { backhaul->Reparent(cells[3]->Bap(), cells[1]->Bap()); });
        TestChain::Run(Seconds(0.5));
        NS_TEST_EXPECT_MSG_EQ(parentOf(3), cells[1]->Bap(), "new parent");
        Simulator::Schedule(Seconds(0.1), [&]() { backhaul->Sleep(cells[1]->Bap()); });
        TestChain::Run(Seconds(1));
        NS_TEST_EXPECT_MSG_EQ(parentOf(1), nullptr, "a sleeping node has no parent");
        NS_TEST_EXPECT_MSG_EQ(parentOf(2), cells[0]->Bap(), "its children have the donor");
        NS_TEST_EXPECT_MSG_EQ(parentOf(3), cells[2]->Bap(), "or where they belong");
        Simulator::Schedule(Seconds(0.1), [&]() { backhaul->Wake(cells[1]->Bap()); });
        // The node that serves the UE: the UE is elsewhere until it wakes.
        Simulator::Schedule(Seconds(0.4), [&]() { backhaul->Sleep(cells[3]->Bap()); });
        Simulator::Schedule(Seconds(0.7), [&]() { backhaul->Wake(cells[3]->Bap()); });
        TestChain::Run(Seconds(2.5));
        NS_TEST_EXPECT_MSG_EQ(parentOf(1), cells[0]->Bap(), "awake again");
        NS_TEST_EXPECT_MSG_EQ(parentOf(2), cells[1]->Bap(), "its child is back");
        NS_TEST_EXPECT_MSG_EQ(topology->ParentOf(chain.Ue()->Bap()), cells[3]->Bap(), "the UE too");
        const auto bytes = chain.m_accepted * 1200;
        NS_TEST_EXPECT_MSG_EQ(chain.m_accepted, chain.m_offered, "a first queue was full");
        // What is on its way to a node that falls asleep may be lost, little at this rate.
        NS_TEST_EXPECT_MSG_GT(chain.m_up + chain.m_down, 0.98 * bytes, "lost");
        NS_TEST_EXPECT_MSG_LT_OR_EQ(chain.m_up + chain.m_down, bytes, "out of nothing");
        // Addresses: 1 the donor, 2 to 4 the relays.
        const std::vector<std::string>
            expected{"4:3>2", "4:2>3", "3:2>1", "2:1>-", "2:->1", "3:1>2", "4:3>-", "4:->3"};
        auto sorted = seen;
        auto wanted = expected;
        std::sort(sorted.begin(), sorted.end());
        std::sort(wanted.begin(), wanted.end());
        NS_TEST_EXPECT_MSG_EQ((sorted == wanted), true, "changes that were told");
        bool refused = false;
        try
        {
            backhaul->Reparent(cells[1]->Bap(), cells[3]->Bap());
        }
        catch (const std::invalid_argument&)
        {
            refused = true;
        }
        NS_TEST_EXPECT_MSG_EQ(refused, true, "a parent that is below it");
    }
};

/** Backpressure. */
class FlowControlTestCase : public TestCase
{
  public:
    FlowControlTestCase()
        : TestCase("With flow control no relay drops; without, full relays do")
    {
    }

  private:
    /** @return SDUs dropped at relays */
    static uint64_t RelayDrops(bool flowControl, bool up)
    {
        auto config = PlainConfig();
        config.flowControl = flowControl;
        config.queueBytes = 200000;
        TestChain chain(config, 2);
        // The last hop downward, or the first upward, is the narrow one.
        const auto narrow = up ? "relay1" : "relay2";
        chain.Iab().Backhaul()->SetBlockage(narrow, 45);
        chain.Offer(up, 150, Time(0), MilliSeconds(500));
        TestChain::Run(Seconds(2));
        const auto bytes = up ? chain.m_up : chain.m_down;
        return chain.m_accepted - bytes / 1200;
    }

    void DoRun() override
    {
        for (const bool up : {true, false})
        {
            NS_TEST_EXPECT_MSG_EQ(RelayDrops(true, up), 0, "dropped with flow control");
            NS_TEST_EXPECT_MSG_GT(RelayDrops(false, up), 100, "nothing to hold back");
        }
    }
};

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

/** Trees of IAB nodes. */
class TreeValidationTestSuite : public TestSuite
{
  public:
    TreeValidationTestSuite()
        : TestSuite("iab-tree-validation", Type::UNIT)
    {
        AddTestCase(new SaturationTestCase, TestCase::Duration::QUICK);
        AddTestCase(new HandoverTestCase, TestCase::Duration::QUICK);
        AddTestCase(new ReparentTestCase, TestCase::Duration::QUICK);
        AddTestCase(new FlowControlTestCase, TestCase::Duration::QUICK);
        AddTestCase(new SharingTestCase, TestCase::Duration::QUICK);
        AddTestCase(new OrderTestCase, TestCase::Duration::QUICK);
    }
};

TreeValidationTestSuite g_treeValidationTestSuite; //!< registers itself

} // namespace
