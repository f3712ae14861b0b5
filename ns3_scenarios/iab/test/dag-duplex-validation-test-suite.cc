/*
 * SPDX-License-Identifier: GPL-2.0-only
 *
 * Half duplex of IAB nodes with several parents; the margins stand in iab.rst.
 */
#include "test-graph.h"

#include "ns3/simulator.h"
#include "ns3/test.h"

#include <map>
#include <set>
#include <string>
#include <utility>

using namespace ns3;

namespace
{

/** Rate of a saturated carrier with all slots, Mbit/s: the block of 3 units at the top MCS. */
constexpr double FULL_MBPS =
    50184 / 125e-6 / 1e6 * TestGraph::SDU_BYTES / (TestGraph::SDU_BYTES + 8);

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

/** Half duplex with several parents. */
class DagDuplexValidationTestSuite : public TestSuite
{
  public:
    DagDuplexValidationTestSuite()
        : TestSuite("iab-dag-duplex-validation", Type::UNIT)
    {
        AddTestCase(new PathsTestCase, TestCase::Duration::QUICK);
        AddTestCase(new FairnessTestCase, TestCase::Duration::QUICK);
        AddTestCase(new HalfDuplexTestCase, TestCase::Duration::QUICK);
    }
};

DagDuplexValidationTestSuite g_dagDuplexValidationTestSuite; //!< registers itself

} // namespace
