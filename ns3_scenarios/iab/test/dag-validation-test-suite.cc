/*
 * SPDX-License-Identifier: GPL-2.0-only
 *
 * Ways of packets where IAB nodes have several parents; the margins stand in iab.rst.
 */
#include "test-graph.h"

#include "ns3/simulator.h"
#include "ns3/test.h"

#include <stdexcept>
#include <string>
#include <vector>

using namespace ns3;

namespace
{

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

/** Ways of packets with several parents. */
class DagValidationTestSuite : public TestSuite
{
  public:
    DagValidationTestSuite()
        : TestSuite("iab-dag-validation", Type::UNIT)
    {
        AddTestCase(new FailureTestCase, TestCase::Duration::QUICK);
        AddTestCase(new SleepTestCase, TestCase::Duration::QUICK);
        AddTestCase(new OrderTestCase, TestCase::Duration::QUICK);
        AddTestCase(new RefusalTestCase, TestCase::Duration::QUICK);
    }
};

DagValidationTestSuite g_dagValidationTestSuite; //!< registers itself

} // namespace
