/*
 * SPDX-License-Identifier: GPL-2.0-only
 *
 * One packet downward against what 5G-LENA's documents print; the margins stand in iab.rst.
 */
#include "test-network.h"

#include "ns3/simulator.h"
#include "ns3/test.h"

using namespace ns3;

namespace
{

constexpr auto DOWN = NrDirection::DOWNLINK;
constexpr double GOOD_DB = 40; // MCS 28, and no block fails

/** A delay that 5G-LENA printed, of a packet of 1000 bytes at MCS 28 that comes as a slot starts.
 */
struct Figure
{
    uint8_t numerology;     //!< of the carrier
    uint64_t bandwidthHz;   //!< of ours
    double peerMs;          //!< what 5G-LENA printed
    const char* peersPages; //!< where
};

// The pages do not say the bandwidth of the first and the last one, whose default is 400 MHz.
const Figure FIGURES[]{
    {0, 50000000, 2.242855, "cttc-3gpp-channel-simple-ran"},
    {2, 100000000, 0.653570, "cttc-3gpp-channel-simple-fdm, --isUll=0"},
    {4, 100000000, 0.251784, "cttc-3gpp-channel-simple-fdm, --isUll=1"},
    {4, 400000000, 0.238391, "cttc-3gpp-channel-simple-ran, --numerology=4"},
};

constexpr uint32_t PDU_BYTES = 1004; // of RLC, which the pages print too

/** Delays of one packet. */
class PacketTestCase : public TestCase
{
  public:
    PacketTestCase()
        : TestCase("A packet downward: what 5G-LENA prints, less the symbols that it counts")
    {
    }

  private:
    /** @param test an idle cell @return delay of one packet that comes as a slot starts */
    static Time DelayOf(TestCell& test)
    {
        uint64_t ignored = 0;
        const auto link = test.AddLink(GOOD_DB, RlcMode::UNACKNOWLEDGED, ignored);
        test.Cell()->UpdateQuality(link, DOWN, LinkQuality::Flat(GOOD_DB));
        const auto sent = MilliSeconds(400);
        Time arrived;
        link->SetReceiver(DOWN, RadioLink::DeliverCallback([&arrived](const std::vector<RlcSdu>&) {
                              arrived = Simulator::Now();
                          }));
        Simulator::Schedule(sent, [&test, link]() {
            const RlcSdu packet{nullptr, PDU_BYTES - RlcChannel::HEADER_BYTES, 1, 2, Bearer::TASK};
            test.Cell()->Enqueue(link, DOWN, packet);
        });
        Simulator::Run();
        Simulator::Destroy();
        return arrived - sent;
    }

    void DoRun() override
    {
        for (const auto& figure : FIGURES)
        {
            TestCell test(NrFrame(figure.numerology, figure.bandwidthHz, "F"));
            const double delayMs = DelayOf(test).GetSeconds() * 1e3;
            NS_TEST_EXPECT_MSG_EQ_TOL(delayMs,
                                      figure.peerMs,
                                      0.12 * figure.peerMs,
                                      figure.peersPages);
            // 5G-LENA takes two slots between the layers, a symbol of control, and those of the
            // block; ours takes one slot between the layers, and all of the block's.
            const auto symbols = test.Grid().UnitsFor(28, PDU_BYTES, 12);
            const double symbolMs = test.Frame().SlotDuration().GetSeconds() * 1e3 / 14;
            NS_TEST_EXPECT_MSG_EQ_TOL(delayMs + (1 + symbols) * symbolMs,
                                      figure.peerMs,
                                      0.001 * figure.peerMs,
                                      "symbols of " << figure.peersPages);
        }
        // Its test nr-test-numerology-delay: slots between layers, symbols, decoding, at all
        // numerologies; without the symbols, as above.
        for (const auto& [numerology, bandwidthHz] : {std::pair{0, 50000000},
                                                      std::pair{1, 100000000},
                                                      std::pair{2, 100000000},
                                                      std::pair{3, 100000000},
                                                      std::pair{4, 100000000}})
        {
            TestCell test(NrFrame(numerology, bandwidthHz, "F"));
            NS_TEST_EXPECT_MSG_EQ(DelayOf(test),
                                  test.Frame().SlotDuration() * 2 + MicroSeconds(100),
                                  "numerology " << numerology);
        }
    }
};

/** The stack against its peers. */
class PeersValidationTestSuite : public TestSuite
{
  public:
    PeersValidationTestSuite()
        : TestSuite("iab-peers-validation", Type::UNIT)
    {
        AddTestCase(new PacketTestCase, TestCase::Duration::QUICK);
    }
};

PeersValidationTestSuite g_peersValidationTestSuite; //!< registers itself

} // namespace
