/*
 * SPDX-License-Identifier: GPL-2.0-only
 *
 * Background UEs: packets and backlog, and UEs that move; the margins stand in iab.rst.
 */
#include "test-network.h"

#include "ns3/internet-stack-helper.h"
#include "ns3/ipv4-l3-protocol.h"
#include "ns3/ipv4-static-routing-helper.h"
#include "ns3/log-normal-mixture.h"
#include "ns3/pointer.h"
#include "ns3/simulator.h"
#include "ns3/test.h"

#include <array>
#include <cmath>
#include <string>
#include <tuple>
#include <vector>

using namespace ns3;

namespace
{

constexpr uint32_t PACKET_BYTES = 1428;

/** How background UEs' traffic is made. */
enum class Mode
{
    BACKLOG,
    PACKETS
};

/** Give a radio node an IP stack and an address. */
Ipv4Address
InstallIp(IabHelper& iab, const Ptr<Node>& node, const Ptr<IabNetDevice>& device, uint32_t host)
{
    InternetStackHelper internet;
    internet.SetIpv6StackInstall(false);
    Ipv4StaticRoutingHelper routing;
    internet.SetRoutingHelper(routing);
    internet.Install(node);
    const Ipv4Address address(0x0a010000 + host);
    auto ipv4 = node->GetObject<Ipv4>();
    const auto interface = ipv4->AddInterface(device);
    ipv4->AddAddress(interface, Ipv4InterfaceAddress(address, Ipv4Mask("255.255.0.0")));
    ipv4->SetUp(interface);
    iab.SetIpv4Address(device, address);
    return address;
}

/** A donor, a relay 150 m from it, and background UEs. */
class TestBackground
{
  public:
    explicit TestBackground(const IabRadioConfig& config, Mode mode)
        : m_iab(config),
          m_mode(mode),
          m_donorNode(MakeRadioNode({0, 0, 10}))
    {
        m_donor = m_iab.InstallDonor(m_donorNode);
        m_relay = m_iab.InstallRelay(MakeRadioNode({150, 0, 10}), m_donor, "relay");
        if (m_mode == Mode::PACKETS)
        {
            m_donorSocket = CreateObject<BackgroundSocket>();
            m_donorSocket->Open(m_donorNode, InstallIp(m_iab, m_donorNode, m_donor, 1));
        }
    }

    ~TestBackground()
    {
        Simulator::Destroy();
    }

    /**
     * Add a background UE.
     *
     * @param node of it
     * @param serving its cell, or null
     * @param sigma of its demand
     * @param rateBps its mean uplink demand
     */
    void AddUser(const Ptr<Node>& node,
                 const Ptr<IabNetDevice>& serving,
                 double sigma,
                 double rateBps = RATE_BPS)
    {
        auto demand = CreateObject<LogNormalMixtureVariable>();
        demand->Add(1, rateBps * std::exp(-sigma * sigma / 2), sigma);
        auto user = CreateObjectWithAttributes<BackgroundUser>("Demand", PointerValue(demand));
        m_users.push_back(user);
        if (m_mode == Mode::BACKLOG)
        {
            m_iab.InstallBackgroundUser(serving, node, user);
            m_baps.push_back(user->Bap());
            m_sockets.push_back(nullptr);
            return;
        }
        const auto device = m_iab.InstallBackgroundDevice(serving, node, user);
        m_baps.push_back(device->Bap());
        m_sockets.push_back(CreateObject<BackgroundSocket>());
        const auto host = static_cast<uint32_t>(m_users.size() + 1);
        m_sockets.back()->Open(node, InstallIp(m_iab, node, device, host));
        node->GetObject<Ipv4L3Protocol>()->TraceConnectWithoutContext(
            "Tx",
            Callback<void, Ptr<const Packet>, Ptr<Ipv4>, uint32_t>(
                [this](const Ptr<const Packet>& packet, const Ptr<Ipv4>&, uint32_t) {
                    m_ipBytes += packet->GetSize();
                }));
    }

    /** Start what was added, and run. @param until when to stop */
    void Run(Time until)
    {
        for (const auto& access : m_iab.BackgroundAccess())
        {
            access->Start();
        }
        for (std::size_t i = 0; i < m_users.size(); ++i)
        {
            if (m_mode == Mode::BACKLOG)
            {
                m_users[i]->Start(m_donor->Bap());
            }
            else
            {
                m_users[i]->StartPackets(m_sockets[i], m_donorSocket);
            }
        }
        Simulator::Stop(until);
        Simulator::Run();
    }

    /** @return background bytes that reached the donor */
    uint64_t Up() const
    {
        return m_donorSocket ? m_donorSocket->ReceivedBytes() : m_donor->BackgroundBytes();
    }

    /** @return background bytes that reached the UEs */
    uint64_t Down() const
    {
        uint64_t bytes = 0;
        for (const auto& user : m_users)
        {
            bytes += user->ReceivedBytes();
        }
        return bytes;
    }

    static constexpr double RATE_BPS = 8e6; //!< mean uplink demand of a UE

    IabHelper m_iab;                              //!< network
    Mode m_mode;                                  //!< of the traffic
    Ptr<Node> m_donorNode;                        //!< with its stack
    Ptr<IabNetDevice> m_donor;                    //!< donor
    Ptr<IabNetDevice> m_relay;                    //!< relay
    Ptr<BackgroundSocket> m_donorSocket;          //!< or null
    std::vector<Ptr<BackgroundUser>> m_users;     //!< background UEs
    std::vector<Ptr<BapEntity>> m_baps;           //!< theirs
    std::vector<Ptr<BackgroundSocket>> m_sockets; //!< theirs, or null
    uint64_t m_ipBytes{0};                        //!< sent by the UEs' IP stacks
};

/** What packets are. */
class PacketsTestCase : public TestCase
{
  public:
    PacketsTestCase()
        : TestCase("Background UEs send and receive UDP packets at their rates, in their bearer")
    {
    }

  private:
    void DoRun() override
    {
        TestBackground test(PlainConfig(), Mode::PACKETS);
        for (const double y : {-20.0, 20.0})
        {
            test.AddUser(MakeRadioNode({190, y, 1.5}), test.m_relay, 0);
        }
        test.Run(Seconds(2));
        const double offered = 2 * TestBackground::RATE_BPS / 8 * 2;
        NS_TEST_EXPECT_MSG_EQ_TOL(test.Up() / offered, 1, 0.02, "up");
        NS_TEST_EXPECT_MSG_EQ_TOL(test.Down() / offered, 0.3, 0.01, "down, at the default share");
        NS_TEST_EXPECT_MSG_EQ(test.Up() % PACKET_BYTES, 0, "whole packets");
        // All of it left the UEs' IP stacks, the last packets being on their way.
        NS_TEST_EXPECT_MSG_GT_OR_EQ(test.m_ipBytes, test.Up(), "sent by IP");
        NS_TEST_EXPECT_MSG_LT(test.m_ipBytes, test.Up() + 20 * PACKET_BYTES, "lost or late");
        NS_TEST_EXPECT_MSG_EQ(test.m_donor->BackgroundBytes(), 0, "a backlog without packets");
        const auto backhaul = test.m_iab.BackhaulOf(test.m_relay);
        for (const auto direction : NR_DIRECTIONS)
        {
            NS_TEST_EXPECT_MSG_GT(backhaul->UsedUnits(direction, Bearer::BACKGROUND), 0, "DSCP");
            NS_TEST_EXPECT_MSG_EQ(backhaul->UsedUnits(direction, Bearer::TASK), 0, "DSCP");
        }
    }
};

/** What a demand costs. */
class SmallDemandTestCase : public TestCase
{
  public:
    SmallDemandTestCase()
        : TestCase("A demand of few packets is offered when a burst is whole, in as few events")
    {
    }

  private:
    void DoRun() override
    {
        TestBackground test(PlainConfig(), Mode::BACKLOG);
        constexpr double PACKETS_PER_S = 10.7;
        test.AddUser(MakeRadioNode({190, 0, 1.5}),
                     test.m_relay,
                     0,
                     PACKETS_PER_S * 8 * PACKET_BYTES);
        test.Run(Seconds(2));
        constexpr uint32_t BURST_BYTES = 5 * PACKET_BYTES;
        constexpr double OFFERED_BYTES = 2 * PACKETS_PER_S * PACKET_BYTES;
        NS_TEST_EXPECT_MSG_EQ(test.Up() % BURST_BYTES, 0, "whole bursts up");
        NS_TEST_EXPECT_MSG_EQ(test.Down() % BURST_BYTES, 0, "and down");
        // The first one comes when so much of it as is drawn is still missing.
        NS_TEST_EXPECT_MSG_EQ_TOL(test.Up(), OFFERED_BYTES, BURST_BYTES, "up");
        NS_TEST_EXPECT_MSG_EQ_TOL(test.Down(), 0.3 * OFFERED_BYTES, BURST_BYTES, "down");
        // A draw and what it puts off each 200 ms; a burst and at each hop some slots and their
        // ends. There are 400 intervals.
        NS_TEST_EXPECT_MSG_LT(Simulator::GetEventCount(), 2 * 10 + 7 * 17, "events");
    }
};

/** The same shares. */
class SameShareTestCase : public TestCase
{
  public:
    SameShareTestCase()
        : TestCase("Backlog and packets leave a saturated UE the same, and get the same through")
    {
    }

  private:
    /** @return Mbps of a UE that saturates, and of background traffic up and down */
    static std::array<double, 3> Measure(Mode mode, uint32_t users)
    {
        auto config = PlainConfig();
        config.sectors = true;
        TestBackground test(config, mode);
        for (uint32_t i = 0; i < users; ++i)
        {
            test.AddUser(MakeRadioNode({190, 5.0 * i - 20, 1.5}), test.m_relay, 0.2);
        }
        const auto target = test.m_iab.InstallUe(MakeRadioNode({180, 30, 1.5}), "target");
        uint64_t bytes = 0;
        const auto own = target->Bap()->Address();
        const auto donor = test.m_donor;
        // Before the donor's own upper layer, which takes the background traffic.
        test.m_iab.Access(target)->Start();
        const RlcSdu sdu{nullptr, 1400, own, test.m_relay->Bap()->Address(), Bearer::TASK};
        test.m_relay->Bap()->SetUpperLayer(
            Callback<void, RlcSdu>([&bytes](RlcSdu arrived) { bytes += arrived.bytes; }));
        for (int i = 0; i < 2000 * 50; ++i)
        {
            Simulator::Schedule(MicroSeconds(20 * i),
                                [target, sdu]() { target->Bap()->Forward(sdu); });
        }
        test.Run(Seconds(2));
        return {4e-6 * bytes, 4e-6 * test.Up(), 4e-6 * test.Down()};
    }

    void DoRun() override
    {
        for (const uint32_t users : {2, 8})
        {
            const auto backlog = Measure(Mode::BACKLOG, users);
            const auto packets = Measure(Mode::PACKETS, users);
            NS_TEST_EXPECT_MSG_EQ_TOL(backlog[1] / (8 * users), 1, 0.1, "all of it gets up");
            NS_TEST_EXPECT_MSG_EQ_TOL(backlog[2] / (2.4 * users), 1, 0.1, "and down");
            NS_TEST_EXPECT_MSG_LT(backlog[0], 250, "the UE takes the rest and would take more");
            NS_TEST_EXPECT_MSG_EQ_TOL(packets[0] / backlog[0], 1, 0.05, users << ": the UE's");
            NS_TEST_EXPECT_MSG_EQ_TOL(packets[1] / backlog[1], 1, 0.05, users << ": up");
            NS_TEST_EXPECT_MSG_EQ_TOL(packets[2] / backlog[2], 1, 0.05, users << ": down");
        }
    }
};

/** UEs that move. */
class MovingTestCase : public TestCase
{
  public:
    MovingTestCase()
        : TestCase("A background UE that moves is handed over, and its traffic goes on")
    {
    }

  private:
    void DoRun() override
    {
        for (const auto mode : {Mode::BACKLOG, Mode::PACKETS})
        {
            TestBackground test(PlainConfig(), mode);
            // From the relay to the donor, past the middle; another stays.
            test.AddUser(MakeRadioNode({140, 20, 1.5}, {-50, 0, 0}), nullptr, 0);
            test.AddUser(MakeRadioNode({140, -20, 1.5}), nullptr, 0);
            uint64_t atHalf = 0;
            Simulator::Schedule(Seconds(1), [&]() { atHalf = test.Up() + test.Down(); });
            test.Run(Seconds(2.5));
            const auto& access = test.m_iab.BackgroundAccess();
            NS_TEST_ASSERT_MSG_EQ(access.size(), 2, "they are kept served");
            NS_TEST_EXPECT_MSG_EQ(access[0]->Handovers(), 1, "the one that moves");
            NS_TEST_EXPECT_MSG_EQ(access[1]->Handovers(), 0, "the one that stays");
            const auto topology = test.m_iab.Topology();
            NS_TEST_EXPECT_MSG_EQ(topology->ParentOf(test.m_baps[0]), test.m_donor->Bap(), "end");
            NS_TEST_EXPECT_MSG_EQ(topology->ParentOf(test.m_baps[1]), test.m_relay->Bap(), "end");
            // With forwarding, what an interruption of 20 ms holds back arrives later.
            const double later = test.Up() + test.Down() - atHalf;
            const double offered = 2 * 1.3 * TestBackground::RATE_BPS / 8 * 1.5;
            NS_TEST_EXPECT_MSG_EQ_TOL(later / offered, 1, 0.03, "traffic after the handover");
        }
    }
};

/** What is drawn of a mixture. */
class MixtureTestCase : public TestCase
{
  public:
    MixtureTestCase()
        : TestCase("A mixture's draws come from its components by weight")
    {
    }

  private:
    void DoRun() override
    {
        auto variable = CreateObject<LogNormalMixtureVariable>();
        variable->SetStream(1);
        NS_TEST_EXPECT_MSG_EQ(variable->GetValue(), 0, "without a component");
        variable->Add(3, 1, 0.2);
        variable->Add(1, 100, 0.1);
        std::array<int, 2> count{};
        std::array<double, 2> sum{};
        std::array<double, 2> squares{};
        constexpr int DRAWS = 20000;
        for (int i = 0; i < DRAWS; ++i)
        {
            const double logarithm = std::log(variable->GetValue());
            const auto part = logarithm > std::log(10) ? 1 : 0;
            ++count[part];
            sum[part] += logarithm;
            squares[part] += logarithm * logarithm;
        }
        NS_TEST_EXPECT_MSG_EQ_TOL(1.0 * count[1] / DRAWS, 0.25, 0.01, "weight");
        for (const auto& [part, median, sigma] : {std::tuple{0, 1., 0.2}, std::tuple{1, 100., 0.1}})
        {
            const double mean = sum[part] / count[part];
            const double spread = std::sqrt(squares[part] / count[part] - mean * mean);
            NS_TEST_EXPECT_MSG_EQ_TOL(mean, std::log(median), 0.02, "median");
            NS_TEST_EXPECT_MSG_EQ_TOL(spread / sigma, 1, 0.05, "sigma");
        }
    }
};

/** Background UEs. */
class BackgroundTestSuite : public TestSuite
{
  public:
    BackgroundTestSuite()
        : TestSuite("iab-background", Type::UNIT)
    {
        AddTestCase(new PacketsTestCase, TestCase::Duration::QUICK);
        AddTestCase(new SmallDemandTestCase, TestCase::Duration::QUICK);
        AddTestCase(new SameShareTestCase, TestCase::Duration::QUICK);
        AddTestCase(new MovingTestCase, TestCase::Duration::QUICK);
        AddTestCase(new MixtureTestCase, TestCase::Duration::QUICK);
    }
};

BackgroundTestSuite g_backgroundTestSuite; //!< registers itself

} // namespace
