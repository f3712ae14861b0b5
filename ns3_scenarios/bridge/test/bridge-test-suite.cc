/*
 * SPDX-License-Identifier: GPL-2.0-only
 */
#include "bridge/framing.h"
#include "bridge/simulation.h"
#include "bridge/wire.h"

#include "ns3/random-variable-stream.h"
#include "ns3/test.h"

using namespace cosim;
using nlohmann::json;

namespace
{

/** Frames through a stream that is cut anywhere. */
class FramingTestCase : public ns3::TestCase
{
  public:
    FramingTestCase()
        : TestCase("Frames come out of a byte stream as they went in, however it is cut")
    {
    }

  private:
    void DoRun() override
    {
        auto draw = ns3::CreateObject<ns3::UniformRandomVariable>();
        draw->SetStream(2);
        std::vector<Frame> sent;
        auto stream = ns3::Create<ns3::Packet>();
        for (uint64_t id = 0; id < 50; ++id)
        {
            Bytes payload(draw->GetInteger(0, 40));
            for (auto& byte : payload)
            {
                byte = static_cast<uint8_t>(draw->GetInteger(0, 255));
            }
            const uint64_t size = payload.size() + draw->GetInteger(0, 300);
            sent.push_back({id, size, payload});
            for (const auto& packet : WriteFrame(sent.back()))
            {
                stream->AddAtEnd(packet);
            }
        }
        std::vector<Frame> received;
        FrameReader reader([&received](const Frame& frame) { received.push_back(frame); });
        for (uint32_t offset = 0; offset < stream->GetSize();)
        {
            const auto part = std::min(draw->GetInteger(1, 70), stream->GetSize() - offset);
            reader.Feed(stream->CreateFragment(offset, part));
            offset += part;
        }
        NS_TEST_ASSERT_MSG_EQ(received.size(), sent.size(), "number of frames");
        for (std::size_t i = 0; i < sent.size(); ++i)
        {
            NS_TEST_EXPECT_MSG_EQ(received[i].transferId, sent[i].transferId, "id");
            NS_TEST_EXPECT_MSG_EQ(received[i].sizeBytes, sent[i].sizeBytes, "size");
            NS_TEST_EXPECT_MSG_EQ((received[i].payload == sent[i].payload), true, "payload");
        }
    }
};

/** Malformed requests. */
class WireTestCase : public ns3::TestCase
{
  public:
    WireTestCase()
        : TestCase("A request with a wrong, missing or unknown field is refused, not obeyed")
    {
    }

  private:
    void DoRun() override
    {
        const json send{{"type", "send"},
                        {"transfer_id", 1},
                        {"source", "a"},
                        {"destination", "b"},
                        {"size_bytes", 10},
                        {"transport", "tcp"},
                        {"payload", json::binary({1, 2})}};
        const auto good = ReadAdvance({{"until_ns", 5}, {"commands", {send}}});
        NS_TEST_EXPECT_MSG_EQ(good.commands.at(0).payload.size(), 2, "payload");
        std::vector<json> bad{{{"until_ns", "soon"}, {"commands", json::array()}},
                              {{"commands", json::array()}},
                              {{"until_ns", 5}},
                              {{"until_ns", 5}, {"commands", {"jump"}}}};
        for (const auto& [key, value] :
             std::vector<std::pair<std::string, json>>{{"type", "jump"},
                                                       {"transport", "carrier pigeon"},
                                                       {"payload", "text"},
                                                       {"source", 7},
                                                       {"size_bytes", "many"}})
        {
            auto command = send;
            command[key] = value;
            bad.push_back({{"until_ns", 5}, {"commands", {command}}});
        }
        for (const auto& body : bad)
        {
            bool refused = false;
            try
            {
                ReadAdvance(body);
            }
            catch (const std::exception&)
            {
                refused = true;
            }
            NS_TEST_EXPECT_MSG_EQ(refused, true, body.dump() << " was accepted");
        }
    }
};

/** A network of wires alone, where all times can be worked out. */
class WiredTransferTestCase : public ns3::TestCase
{
  public:
    WiredTransferTestCase()
        : TestCase("A datagram over two wires takes what capacity and delay say")
    {
    }

  private:
    void DoRun() override
    {
        NetworkDescription description{};
        description.seed = 1;
        description.reportIntervalNs = 1000000000;
        for (const auto* name : {"a", "b", "c"})
        {
            description.nodes.push_back({name, "core", std::nullopt, {}, 0, std::nullopt, {}});
        }
        description.links.push_back(
            {"ab", false, "a", "b", 8000000, 3000000, 100000, "drop-tail", std::nullopt});
        description.links.push_back(
            {"bc", false, "b", "c", 8000000, 5000000, 100000, "drop-tail", std::nullopt});
        Simulation simulation(description);
        simulation.Start();
        const Bytes payload{9, 8, 7};
        auto step = simulation.Advance(500000000, {{42, "a", "c", 980, false, payload}});
        NS_TEST_ASSERT_MSG_EQ(step.events.size(), 1, "one event");
        const auto& delivery = std::get<DeliveryEvent>(step.events[0]);
        // 980 + frame 20 + UDP 8 + IP 20 + PPP 2 bytes = 1030 us on each wire of 8 Mbit/s.
        NS_TEST_EXPECT_MSG_EQ(delivery.timeNs, 2 * 1030000 + 3000000 + 5000000, "time");
        NS_TEST_EXPECT_MSG_EQ(step.nowNs, delivery.timeNs, "stops at the event");
        NS_TEST_EXPECT_MSG_EQ((delivery.payload == payload), true, "payload");
        step = simulation.Advance(400000000, {{43, "c", "a", 200000, true, {}}});
        NS_TEST_ASSERT_MSG_EQ(step.events.size(), 1, "delivered in time");
        const auto totals = simulation.Totals().transfers;
        NS_TEST_EXPECT_MSG_EQ(totals.deliveredBytes, totals.sentBytes, "bytes vanished");
        NS_TEST_EXPECT_MSG_EQ(totals.deliveredBytes, 200980, "bytes");
        for (const auto& wrong : std::vector<SendCommand>{{44, "a", "nobody", 10, false, {}},
                                                          {44, "a", "a", 10, false, {}},
                                                          {44, "a", "b", 100000, false, {}}})
        {
            bool refused = false;
            try
            {
                simulation.Advance(600000000, {wrong});
            }
            catch (const std::invalid_argument&)
            {
                refused = true;
            }
            NS_TEST_EXPECT_MSG_EQ(refused, true, "to " << wrong.destination << " was accepted");
        }
    }
};

/** What the queue of a wire does to those who share it with a stream that fills it. */
class QueueDisciplineTestCase : public ns3::TestCase
{
  public:
    QueueDisciplineTestCase()
        : TestCase(
              "Behind a stream, datagrams wait for a full queue, or for what a discipline lets")
    {
    }

  private:
    /** @return mean delay in ms of small datagrams beside a long transfer over TCP */
    double MeanDelayMs(const std::string& discipline)
    {
        NetworkDescription description{};
        description.seed = 1;
        description.reportIntervalNs = 10000000000;
        for (const auto* name : {"a", "b"})
        {
            description.nodes.push_back({name, "core", std::nullopt, {}, 0, std::nullopt, {}});
        }
        description.links.push_back(
            {"ab", false, "a", "b", 8000000, 3000000, 200000, discipline, std::nullopt});
        Simulation simulation(description);
        simulation.Start();
        constexpr uint64_t STREAM = 1000;
        constexpr int64_t STEP_NS = 100000000;
        int64_t sumNs = 0;
        int64_t arrived = 0;
        for (uint64_t i = 0; i < 30; ++i)
        {
            const int64_t sentNs = STEP_NS * static_cast<int64_t>(i);
            std::vector<SendCommand> commands{{i, "a", "b", 100, false, {}}};
            if (i == 0)
            {
                commands = {{STREAM, "a", "b", 4000000, true, {}}};
            }
            int64_t nowNs = sentNs;
            while (nowNs < sentNs + STEP_NS)
            {
                const auto step = simulation.Advance(sentNs + STEP_NS, commands);
                commands.clear();
                nowNs = step.nowNs;
                for (const auto& event : step.events)
                {
                    const auto* delivery = std::get_if<DeliveryEvent>(&event);
                    if (delivery && delivery->transferId != STREAM && delivery->transferId >= 10)
                    {
                        sumNs += delivery->timeNs - delivery->sentNs;
                        ++arrived;
                    }
                }
            }
        }
        NS_TEST_EXPECT_MSG_GT(arrived, 10, "datagrams that arrived, " << discipline);
        return arrived > 0 ? 1e-6 * static_cast<double>(sumNs) / static_cast<double>(arrived) : 0;
    }

    void DoRun() override
    {
        // 200 kB at 8 Mbit/s are 200 ms. CoDel wants 5 ms, PIE 15 ms (RFC 8289, RFC 8033); of
        // FQ-CoDel a datagram has a queue of its own (RFC 8290), so that it waits for a packet.
        const auto full = MeanDelayMs("drop-tail");
        NS_TEST_EXPECT_MSG_GT(full, 80, "drop-tail");
        NS_TEST_EXPECT_MSG_LT(full, 210, "drop-tail");
        NS_TEST_EXPECT_MSG_LT(MeanDelayMs("codel"), 40, "codel");
        NS_TEST_EXPECT_MSG_LT(MeanDelayMs("pie"), 60, "pie");
        NS_TEST_EXPECT_MSG_LT(MeanDelayMs("fq-codel"), 8, "fq-codel");
    }
};

/** The bridge without its socket. */
class BridgeTestSuite : public ns3::TestSuite
{
  public:
    BridgeTestSuite()
        : TestSuite("cosim-bridge", Type::UNIT)
    {
        AddTestCase(new FramingTestCase, TestCase::Duration::QUICK);
        AddTestCase(new WireTestCase, TestCase::Duration::QUICK);
        AddTestCase(new WiredTransferTestCase, TestCase::Duration::QUICK);
        AddTestCase(new QueueDisciplineTestCase, TestCase::Duration::QUICK);
    }
};

BridgeTestSuite g_bridgeTestSuite; //!< registers itself

} // namespace
