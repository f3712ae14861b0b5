/*
 * SPDX-License-Identifier: GPL-2.0-only
 *
 * Chains and trees of IAB nodes; the margins stand in iab.rst.
 */
#include "test-network.h"

#include "ns3/simulator.h"
#include "ns3/test.h"

#include <algorithm>
#include <stdexcept>
#include <string>
#include <vector>

using namespace ns3;

namespace
{

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
            Callback<void, Ptr<BapEntity>, const std::string&, Ptr<BapEntity>, Ptr<BapEntity>>(
                [&](Ptr<BapEntity> node,
                    const std::string&,
                    Ptr<BapEntity> now,
                    Ptr<BapEntity> before) {
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

/** A node wakes and finds its child node above it. */
class WakeBelowChildTestCase : public TestCase
{
  public:
    WakeBelowChildTestCase()
        : TestCase("A node that wakes below a child node of its own lets it where it is")
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
        Simulator::Schedule(Seconds(0.1), [&]() { backhaul->Sleep(cells[2]->Bap()); });
        Simulator::Schedule(Seconds(0.2), [&]() { backhaul->Sleep(cells[1]->Bap()); });
        Simulator::Schedule(Seconds(0.3), [&]() { backhaul->Wake(cells[2]->Bap()); });
        TestChain::Run(Seconds(0.4));
        NS_TEST_EXPECT_MSG_EQ(parentOf(2), cells[3]->Bap(), "the nearest that is awake");
        NS_TEST_EXPECT_MSG_EQ(parentOf(3), cells[0]->Bap(), "it has the donor");
        Simulator::Schedule(Seconds(0.1), [&]() { backhaul->Wake(cells[1]->Bap()); });
        TestChain::Run(Seconds(0.6));
        NS_TEST_EXPECT_MSG_EQ(parentOf(2), cells[1]->Bap(), "back where it belongs");
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

/** Trees of IAB nodes. */
class TreeValidationTestSuite : public TestSuite
{
  public:
    TreeValidationTestSuite()
        : TestSuite("iab-tree-validation", Type::UNIT)
    {
        AddTestCase(new SaturationTestCase, TestCase::Duration::QUICK);
        AddTestCase(new HandoverTestCase, TestCase::Duration::QUICK);
        AddTestCase(new WakeBelowChildTestCase, TestCase::Duration::QUICK);
        AddTestCase(new ReparentTestCase, TestCase::Duration::QUICK);
        AddTestCase(new FlowControlTestCase, TestCase::Duration::QUICK);
    }
};

TreeValidationTestSuite g_treeValidationTestSuite; //!< registers itself

} // namespace
