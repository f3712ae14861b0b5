/*
 * SPDX-License-Identifier: GPL-2.0-only
 *
 * IAB nodes with several parents; the margins stand in iab.rst.
 */
#include "test-network.h"

#include "ns3/simulator.h"
#include "ns3/test.h"

#include <map>
#include <set>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

using namespace ns3;

namespace
{

constexpr uint32_t SDU_BYTES = 1200;
/** Rate of a saturated carrier with all slots, Mbit/s: the block of 3 units at the top MCS. */
constexpr double FULL_MBPS = 50184 / 125e-6 / 1e6 * SDU_BYTES / (SDU_BYTES + 8);

/** What a run of a TestGraph shall do with its nodes. */
enum class Build
{
    FORWARDS, //!< make them in the order of their names
    BACKWARDS //!< and in the other
};

/**
 * A donor, relays p and q below it and x and y below these, each with a UE, "a" at x and "b" at y:
 * x and y have p as their first parent and q as their second, over the links "xq" and "yq".
 */
class TestGraph
{
  public:
    /** @param config radio interface @param build in which order */
    explicit TestGraph(const IabRadioConfig& config, Build build = Build::FORWARDS)
        : m_iab(config)
    {
        m_nodes["donor"] = m_iab.InstallDonor(MakeRadioNode({0, 0, 10}));
        using Names = std::vector<std::string>;
        const auto ordered = [build](Names names) {
            return build == Build::FORWARDS ? names : Names(names.rbegin(), names.rend());
        };
        for (const auto& name : ordered({"p", "q"}))
        {
            const Vector place{100, name == "p" ? 60.0 : -60.0, 10};
            m_nodes[name] = m_iab.InstallRelay(MakeRadioNode(place), m_nodes.at("donor"), name);
        }
        for (const auto& name : ordered({"x", "y"}))
        {
            const Vector place{200, name == "x" ? 60.0 : -60.0, 10};
            m_nodes[name] = m_iab.InstallRelay(MakeRadioNode(place), m_nodes.at("p"), name);
        }
        for (const auto& name : ordered({"x", "y"}))
        {
            m_iab.AddParent(m_nodes.at(name), m_nodes.at("q"), name + "q");
        }
        for (const auto& name : ordered({"a", "b"}))
        {
            const Vector place{240, name == "a" ? 70.0 : -70.0, 1.5};
            m_nodes[name] = m_iab.InstallUe(MakeRadioNode(place), name);
        }
        for (const auto& [name, node] : m_nodes)
        {
            node->Bap()->SetUpperLayer(Callback<void, RlcSdu>([this](RlcSdu sdu) {
                const bool up = sdu.destination == Bap("donor")->Address();
                m_received[{up ? sdu.source : sdu.destination, up}] += sdu.bytes;
            }));
        }
        for (const auto& name : ordered({"a", "b"}))
        {
            m_iab.Access(m_nodes.at(name))->Start();
        }
    }

    ~TestGraph()
    {
        Simulator::Destroy();
    }

    /** Send SDUs between a UE and the donor at a rate. @param up whether upward */
    void Offer(const std::string& ue, bool up, double mbps, Time from, Time until)
    {
        const auto source = Bap(up ? ue : "donor");
        const auto sink = Bap(up ? "donor" : ue);
        const RlcSdu sdu{nullptr, SDU_BYTES, source->Address(), sink->Address(), Bearer::TASK};
        auto& accepted = m_accepted[{Bap(ue)->Address(), up}];
        for (Time when = from; when < until; when += Seconds(8 * SDU_BYTES / (mbps * 1e6)))
        {
            Simulator::Schedule(when, [source, sdu, &accepted]() {
                accepted += source->Forward(sdu) ? SDU_BYTES : 0;
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

    /** @return BAP entity of a node by name */
    Ptr<BapEntity> Bap(const std::string& name) const
    {
        return m_nodes.at(name)->Bap();
    }

    /** @return bytes that found room in the first queue */
    uint64_t Accepted(const std::string& ue, bool up)
    {
        return m_accepted[{Bap(ue)->Address(), up}];
    }

    /** @return bytes that came out at the other end */
    uint64_t Received(const std::string& ue, bool up)
    {
        return m_received[{Bap(ue)->Address(), up}];
    }

    /** @return devices by name */
    const std::map<std::string, Ptr<IabNetDevice>>& Nodes() const
    {
        return m_nodes;
    }

  private:
    using Flow = std::pair<BapAddress, bool>; //!< UE, whether upward

    IabHelper m_iab;                                  //!< the network
    std::map<std::string, Ptr<IabNetDevice>> m_nodes; //!< devices by name
    std::map<Flow, uint64_t> m_accepted;              //!< bytes
    std::map<Flow, uint64_t> m_received;              //!< bytes
};

/** Watches the slots of a network for nodes that do two things at once. */
class SlotWatch
{
  public:
    /** @param graph to watch @param config that it has */
    SlotWatch(const TestGraph& graph, const IabRadioConfig& config)
        : m_slot(NanoSeconds(1000000 >> config.numerology)),
          m_decode(config.timing.decode)
    {
        for (const auto& [name, device] : graph.Nodes())
        {
            for (const auto& cell : device->Bap()->Cells())
            {
                m_owner[PeekPointer(cell)] = name;
                cell->TraceConnectWithoutContext("Block", MakeCallback(&SlotWatch::Block, this));
            }
        }
    }

    uint64_t m_blocks{0};     //!< of backhaul links
    uint64_t m_conflicts{0};  //!< nodes that sent and received in a slot
    uint64_t m_twoParents{0}; //!< MTs that had two parents in a slot

  private:
    /** A block was in the air, in the slot that ended a decoding time ago. */
    void Block(const RadioLink& link, NrDirection direction, const TransportBlock&, HarqOutcome)
    {
        const auto slot = (Simulator::Now() - m_decode) / m_slot;
        const bool up = direction == NrDirection::UPLINK;
        Note(m_owner.at(link.ServingCell()), slot.GetHigh(), !up);
        if (link.ChildCell())
        {
            ++m_blocks;
            const auto& child = m_owner.at(link.ChildCell());
            Note(child, slot.GetHigh(), up);
            auto& parents = m_parents[{child, slot.GetHigh()}];
            parents.insert(m_owner.at(link.ServingCell()));
            m_twoParents += parents.size() > 1 ? 1 : 0;
        }
    }

    /** A node was active in a slot. @param sends whether it sent */
    void Note(const std::string& node, int64_t slot, bool sends)
    {
        auto& did = m_did[{node, slot}];
        did.insert(sends);
        m_conflicts += did.size() > 1 ? 1 : 0;
    }

    Time m_slot;                                                                //!< length of one
    Time m_decode;                                                              //!< after its end
    std::map<const CellMac*, std::string> m_owner;                              //!< node by cell
    std::map<std::pair<std::string, int64_t>, std::set<bool>> m_did;            //!< sent, received
    std::map<std::pair<std::string, int64_t>, std::set<std::string>> m_parents; //!< of the MT
};

/** Rates of two users on one path and on two. */
class PathsTestCase : public TestCase
{
  public:
    PathsTestCase()
        : TestCase("Two users share one path, and have each its own at twice the rate")
    {
    }

  private:
    void DoRun() override
    {
        for (const auto halfDuplex : {HalfDuplex::BY_DEPTH, HalfDuplex::DYNAMIC})
        {
            for (const auto mapping : {ChannelMapping::AGGREGATED, ChannelMapping::PER_USER})
            {
                for (const bool up : {true, false})
                {
                    for (const bool apart : {false, true})
                    {
                        Measure(halfDuplex, mapping, up, apart);
                    }
                }
            }
        }
    }

    /** @param apart whether b takes the other path */
    void Measure(HalfDuplex halfDuplex, ChannelMapping mapping, bool up, bool apart)
    {
        auto config = PlainConfig();
        config.halfDuplex = halfDuplex;
        config.mapping = mapping;
        config.sectors = true; // so that the donor's cell is no bottleneck of both
        config.flowControl = true;
        TestGraph graph(config);
        if (apart)
        {
            graph.Iab().Backhaul()->SetPath(graph.Bap("b"), {"yq"});
        }
        const Time settled = MilliSeconds(100);
        const Time end = MilliSeconds(300);
        for (const auto* ue : {"a", "b"})
        {
            graph.Offer(ue, up, 300, Time(0), end);
        }
        TestGraph::Run(settled);
        std::map<std::string, uint64_t> before;
        for (const auto* ue : {"a", "b"})
        {
            before[ue] = graph.Received(ue, up);
        }
        TestGraph::Run(end);
        std::map<std::string, double> share; // of the carrier's rate
        for (const auto* ue : {"a", "b"})
        {
            const double bits = 8.0 * (graph.Received(ue, up) - before.at(ue));
            share[ue] = bits / (end - settled).GetSeconds() / 1e6 / FULL_MBPS;
        }
        const double total = share["a"] + share["b"];
        // A relay sends half of the time, and p for both users or for one of them. Dynamically, p
        // may serve x and y, in a sector each, in a third of the slots, and use the rest above.
        const bool takesTurns = halfDuplex == HalfDuplex::BY_DEPTH;
        const double most = apart ? 1 : (takesTurns ? 0.5 : 2.0 / 3);
        const double least = apart ? 1 : 0.5;
        const auto way = std::string(up ? "up" : "down") + (apart ? " apart" : " together") +
                         (takesTurns ? " by depth" : " dynamically");
        NS_TEST_EXPECT_MSG_GT(total, least - 0.03, "total " << way);
        NS_TEST_EXPECT_MSG_LT(total, most + 0.03, "total " << way);
        for (const auto& [ue, own] : share)
        {
            NS_TEST_EXPECT_MSG_GT(own, 0.4 * least, ue << " " << way);
        }
        TestGraph::Run(Seconds(2));
        for (const auto* ue : {"a", "b"})
        {
            NS_TEST_EXPECT_MSG_EQ(graph.Received(ue, up),
                                  graph.Accepted(ue, up),
                                  "bytes of " << ue);
        }
    }
};

/** Two parents that both want all of an MT. */
class FairnessTestCase : public TestCase
{
  public:
    FairnessTestCase()
        : TestCase("Two parents have equal parts of the slots of an MT")
    {
    }

  private:
    void DoRun() override
    {
        for (const auto halfDuplex : {HalfDuplex::BY_DEPTH, HalfDuplex::DYNAMIC})
        {
            for (const bool up : {true, false})
            {
                Measure(halfDuplex, up);
            }
        }
    }

    /** Load x's MT with its own traffic over p and that of a over q. */
    void Measure(HalfDuplex halfDuplex, bool up)
    {
        auto config = PlainConfig();
        config.halfDuplex = halfDuplex;
        config.sectors = true;
        TestGraph graph(config);
        graph.Iab().Backhaul()->SetPath(graph.Bap("a"), {"xq"});
        for (const auto* node : {"a", "x"})
        {
            graph.Offer(node, up, 300, Time(0), MilliSeconds(200));
        }
        TestGraph::Run(MilliSeconds(200));
        for (const auto* node : {"a", "x"})
        {
            const double share = 8e-6 * graph.Received(node, up) / 0.2 / FULL_MBPS;
            const auto what = std::string(node) + (up ? " up" : " down");
            // Half of the slots are the MT's, by depth and by turns at choosing first.
            NS_TEST_EXPECT_MSG_EQ_TOL(share, 0.25, 0.03, what);
        }
    }
};

/** What a node does in a slot. */
class HalfDuplexTestCase : public TestCase
{
  public:
    HalfDuplexTestCase()
        : TestCase("No node sends and receives in one slot, nor has two parents in one")
    {
    }

  private:
    void DoRun() override
    {
        for (const auto halfDuplex : {HalfDuplex::BY_DEPTH, HalfDuplex::DYNAMIC})
        {
            for (const bool leap : {false, true})
            {
                Measure(halfDuplex, leap);
            }
        }
    }

    /** @param leap whether x has the donor, a hop higher than its other parents, as one of them */
    void Measure(HalfDuplex halfDuplex, bool leap)
    {
        auto config = PlainConfig();
        config.halfDuplex = halfDuplex;
        TestGraph graph(config);
        if (leap)
        {
            graph.Iab().AddParent(graph.Nodes().at("x"), graph.Nodes().at("donor"), "xd");
        }
        // All three links of x are in use: by both users' data and its own.
        graph.Iab().Backhaul()->SetPath(graph.Bap("a"), {leap ? "xd" : "xq"});
        SlotWatch watch(graph, config);
        for (const bool up : {true, false})
        {
            for (const auto* node : {"a", "b", "x"})
            {
                graph.Offer(node, up, 50, Time(0), MilliSeconds(300));
            }
        }
        TestGraph::Run(MilliSeconds(300));
        for (const auto* node : {"a", "x"})
        {
            for (const bool up : {true, false})
            {
                NS_TEST_EXPECT_MSG_GT(graph.Received(node, up),
                                      500000,
                                      node << " is starved, half duplex " << int(halfDuplex));
            }
        }
        NS_TEST_EXPECT_MSG_GT(watch.m_blocks, 2400, "less than one block a slot");
        NS_TEST_EXPECT_MSG_EQ(watch.m_conflicts, 0, "nodes that sent and received in a slot");
        NS_TEST_EXPECT_MSG_EQ(watch.m_twoParents, 0, "MTs that had two parents in a slot");
    }
};

/** A link that fails and comes back. */
class FailureTestCase : public TestCase
{
  public:
    FailureTestCase()
        : TestCase("What a failed link cannot carry takes the other parent, and nothing is lost")
    {
    }

  private:
    void DoRun() override
    {
        for (const auto mapping : {ChannelMapping::AGGREGATED, ChannelMapping::PER_USER})
        {
            for (const bool flowControl : {false, true})
            {
                // x's own first link, and the one above its first parent.
                for (const auto* failing : {"x", "p"})
                {
                    Measure(mapping, flowControl, failing);
                }
            }
        }
    }

    /** @param failing name of the link that is blocked from 0.5 to 1 s */
    void Measure(ChannelMapping mapping, bool flowControl, const std::string& failing)
    {
        auto config = PlainConfig();
        config.mapping = mapping;
        config.flowControl = flowControl;
        TestGraph graph(config);
        const auto backhaul = graph.Iab().Backhaul();
        std::vector<std::string> seen;
        backhaul->TraceConnectWithoutContext(
            "Parent",
            Callback<void, Ptr<BapEntity>, const std::string&, Ptr<BapEntity>, Ptr<BapEntity>>(
                [&seen](Ptr<BapEntity>,
                        const std::string& link,
                        Ptr<BapEntity> now,
                        Ptr<BapEntity>) {
                    const auto ms = Simulator::Now().GetMilliSeconds();
                    seen.push_back(link + (now ? " up " : " down ") + std::to_string(ms));
                }));
        for (const bool up : {true, false})
        {
            for (const auto* ue : {"a", "b"})
            {
                graph.Offer(ue, up, 20, Time(0), Seconds(2));
            }
        }
        const auto block = [&](double lossDb) { backhaul->SetBlockage(failing, lossDb); };
        Simulator::Schedule(Seconds(0.5), [&]() { block(90); });
        Simulator::Schedule(Seconds(1), [&]() { block(0); });
        TestGraph::Run(Seconds(0.6));
        const auto before = graph.Received("a", true) + graph.Received("a", false);
        TestGraph::Run(Seconds(0.95));
        const auto during = graph.Received("a", true) + graph.Received("a", false) - before;
        NS_TEST_EXPECT_MSG_EQ_TOL(8e-6 * during / 0.35, 40, 2, "Mbit/s while " << failing);
        for (const bool up : {true, false})
        {
            if (up && failing == "p")
            {
                continue; // what is at p already has no other way
            }
            // Less than what came in the 50 ms until the failure was known: nothing waits for it.
            const auto waiting = graph.Accepted("a", up) - graph.Received("a", up);
            NS_TEST_EXPECT_MSG_LT(waiting, 60000, "waits for " << failing);
        }
        TestGraph::Run(Seconds(1.2));
        const auto other = graph.Iab().Topology()->ParentOf(graph.Bap("x"));
        NS_TEST_EXPECT_MSG_EQ(other, graph.Bap("p"), "back at the first parent");
        TestGraph::Run(Seconds(3));
        for (const bool up : {true, false})
        {
            for (const auto* ue : {"a", "b"})
            {
                NS_TEST_EXPECT_MSG_EQ(graph.Received(ue, up),
                                      graph.Accepted(ue, up),
                                      ue << " when " << failing << " failed");
            }
        }
        const std::vector<std::string> expected{failing + " down 550", failing + " up 1050"};
        NS_TEST_EXPECT_MSG_EQ((seen == expected), true, "changes that were told");
    }
};

/** A parent that sleeps. */
class SleepTestCase : public TestCase
{
  public:
    SleepTestCase()
        : TestCase("Nodes whose first parent sleeps have the second, and come back")
    {
    }

  private:
    void DoRun() override
    {
        TestGraph graph(PlainConfig());
        const auto backhaul = graph.Iab().Backhaul();
        const auto topology = graph.Iab().Topology();
        for (const bool up : {true, false})
        {
            graph.Offer("a", up, 10, Time(0), Seconds(1.5));
        }
        Simulator::Schedule(Seconds(0.5), [&]() { backhaul->Sleep(graph.Bap("p")); });
        Simulator::Schedule(Seconds(1), [&]() { backhaul->Wake(graph.Bap("p")); });
        TestGraph::Run(Seconds(0.7));
        NS_TEST_EXPECT_MSG_EQ(topology->ParentOf(graph.Bap("x")), graph.Bap("q"), "x");
        TestGraph::Run(Seconds(2));
        NS_TEST_EXPECT_MSG_EQ(topology->ParentOf(graph.Bap("x")), graph.Bap("p"), "x again");
        for (const bool up : {true, false})
        {
            const double accepted = graph.Accepted("a", up);
            // What is on its way to a node that falls asleep may be lost, little at this rate.
            NS_TEST_EXPECT_MSG_GT(graph.Received("a", up), 0.99 * accepted, "lost");
            NS_TEST_EXPECT_MSG_LT_OR_EQ(graph.Received("a", up), accepted, "out of nothing");
        }
    }
};

/** The same network, built in another order. */
class OrderTestCase : public TestCase
{
  public:
    OrderTestCase()
        : TestCase("The order in which nodes with several parents are made changes nothing")
    {
    }

  private:
    /** @return what each flow received */
    static std::vector<uint64_t> RunOnce(HalfDuplex halfDuplex, Build build)
    {
        auto config = PlainConfig();
        config.halfDuplex = halfDuplex;
        config.interference = true;
        TestGraph graph(config, build);
        const auto backhaul = graph.Iab().Backhaul();
        // Both parents want x's MT, for a and for x itself, and y's as well.
        backhaul->SetPath(graph.Bap("a"), {"xq"});
        backhaul->SetPath(graph.Bap("b"), {"yq"});
        // Apart in time, so that no two enter a queue at the same moment.
        int64_t offset = 0;
        for (const auto* node : {"a", "b", "x", "y"})
        {
            for (const bool up : {true, false})
            {
                graph.Offer(node, up, 40, MicroSeconds(++offset), Seconds(0.5));
            }
        }
        Simulator::Schedule(Seconds(0.2), [&]() { backhaul->SetBlockage("p", 90); });
        TestGraph::Run(Seconds(0.6));
        std::vector<uint64_t> received;
        for (const auto* node : {"a", "b", "x", "y"})
        {
            for (const bool up : {true, false})
            {
                received.push_back(graph.Received(node, up));
            }
        }
        return received;
    }

    void DoRun() override
    {
        for (const auto halfDuplex : {HalfDuplex::BY_DEPTH, HalfDuplex::DYNAMIC})
        {
            const auto forwards = RunOnce(halfDuplex, Build::FORWARDS);
            NS_TEST_EXPECT_MSG_EQ((forwards == RunOnce(halfDuplex, Build::FORWARDS)),
                                  true,
                                  "two runs differ");
            const auto backwards = RunOnce(halfDuplex, Build::BACKWARDS);
            for (std::size_t i = 0; i < forwards.size(); ++i)
            {
                NS_TEST_EXPECT_MSG_EQ(backwards[i], forwards[i], "bytes of flow " << i);
            }
        }
    }
};

/** What cannot be. */
class RefusalTestCase : public TestCase
{
  public:
    RefusalTestCase()
        : TestCase("Cycles, one parent twice and unknown links are refused")
    {
    }

  private:
    /** Expect that something throws std::invalid_argument with some words in its text. */
    template <class T>
    void Refuses(T&& attempt, const std::string& words)
    {
        std::string reason;
        try
        {
            attempt();
        }
        catch (const std::invalid_argument& error)
        {
            reason = error.what();
        }
        NS_TEST_EXPECT_MSG_NE(reason.find(words), std::string::npos, words << ": " << reason);
    }

    void DoRun() override
    {
        TestGraph graph(PlainConfig());
        const auto& nodes = graph.Nodes();
        Refuses([&]() { graph.Iab().AddParent(nodes.at("p"), nodes.at("x"), "px"); }, "'px'");
        Refuses([&]() { graph.Iab().AddParent(nodes.at("x"), nodes.at("p"), "xp"); }, "'xp'");
        const auto backhaul = graph.Iab().Backhaul();
        Refuses([&]() { backhaul->SetPath(graph.Bap("a"), {"xz"}); }, "'xz'");
        Refuses([&]() { backhaul->Reparent(graph.Bap("x"), graph.Bap("q")); }, "already");
    }
};

/** IAB nodes with several parents. */
class DagValidationTestSuite : public TestSuite
{
  public:
    DagValidationTestSuite()
        : TestSuite("iab-dag-validation", Type::UNIT)
    {
        AddTestCase(new PathsTestCase, TestCase::Duration::QUICK);
        AddTestCase(new FairnessTestCase, TestCase::Duration::QUICK);
        AddTestCase(new HalfDuplexTestCase, TestCase::Duration::QUICK);
        AddTestCase(new FailureTestCase, TestCase::Duration::QUICK);
        AddTestCase(new SleepTestCase, TestCase::Duration::QUICK);
        AddTestCase(new OrderTestCase, TestCase::Duration::QUICK);
        AddTestCase(new RefusalTestCase, TestCase::Duration::QUICK);
    }
};

DagValidationTestSuite g_dagValidationTestSuite; //!< registers itself

} // namespace
