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
    }
};

BridgeTestSuite g_bridgeTestSuite; //!< registers itself

} // namespace
