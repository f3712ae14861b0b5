/*
 * SPDX-License-Identifier: GPL-2.0-only
 *
 * Access links: handover by event A3, and what the channel's settings do; the margins stand in
 * iab.rst.
 */
#include "test-network.h"

#include "ns3/config.h"
#include "ns3/double.h"
#include "ns3/simulator.h"
#include "ns3/string.h"
#include "ns3/test.h"

#include <algorithm>
#include <cmath>
#include <vector>

using namespace ns3;

namespace
{

constexpr double RELAY_M = 150;
constexpr double START_M = 40;
constexpr double SPEED_MPS = 20;
constexpr double HEIGHT_M = 8.5; // of a cell over the UE

/** A UE on its way from the donor to a relay; what is sent down to it, and when it is handed over.
 */
class Crossing
{
  public:
    /** @param config radio interface */
    explicit Crossing(const IabRadioConfig& config)
        : m_iab(config)
    {
        const auto donor = m_iab.InstallDonor(MakeRadioNode({0, 0, 10}));
        m_iab.InstallRelay(MakeRadioNode({RELAY_M, 0, 10}), donor, "relay");
        m_node = MakeRadioNode({START_M, 0, 1.5}, {SPEED_MPS, 0, 0});
        const auto ue = m_iab.InstallUe(m_node, "ue");
        m_iab.Access(ue)->TraceConnectWithoutContext(
            "Attachment",
            Callback<void, Ptr<BapEntity>, Ptr<BapEntity>, Ptr<BapEntity>>(
                [this](Ptr<BapEntity>, Ptr<BapEntity>, Ptr<BapEntity> before) {
                    if (before)
                    {
                        m_handovers.push_back(Simulator::Now());
                    }
                }));
        ue->Bap()->SetUpperLayer(
            Callback<void, RlcSdu>([this](RlcSdu) { m_arrivals.push_back(Simulator::Now()); }));
        m_iab.Access(ue)->Start();
        const RlcSdu sdu{nullptr, 200, donor->Bap()->Address(), ue->Bap()->Address(), Bearer::TASK};
        for (int i = 0; i < 5000; ++i)
        {
            Simulator::Schedule(MilliSeconds(i), [donor, sdu]() { donor->Bap()->Forward(sdu); });
        }
    }

    ~Crossing()
    {
        Simulator::Destroy();
    }

    /** Go back from a time on. @param when it turns */
    void TurnAt(Time when)
    {
        Simulator::Schedule(when, [this]() {
            m_node->GetObject<ConstantVelocityMobilityModel>()->SetVelocity({-SPEED_MPS, 0, 0});
        });
    }

    /** Run to the end. */
    void Run()
    {
        Simulator::Stop(Seconds(5));
        Simulator::Run();
    }

    std::vector<Time> m_handovers; //!< when they were
    std::vector<Time> m_arrivals;  //!< of SDUs at the UE

  private:
    IabHelper m_iab;  //!< the network
    Ptr<Node> m_node; //!< of the UE
};

/**
 * @param hysteresisDb by which the relay is better
 * @return when it is, for a UE that goes straight on, by TR 38.901 Table 7.4.1-1 (UMi, in sight)
 */
double
BetterFromS(double hysteresisDb)
{
    const auto gainDb = [](double x) {
        const double toDonor = std::hypot(x, HEIGHT_M);
        const double toRelay = std::hypot(RELAY_M - x, HEIGHT_M);
        return 21 * std::log10(toDonor / toRelay);
    };
    double x = START_M;
    while (gainDb(x) < hysteresisDb)
    {
        x += 1e-3;
    }
    return (x - START_M) / SPEED_MPS;
}

/** Handover by event A3. */
class HandoverTestCase : public TestCase
{
  public:
    HandoverTestCase()
        : TestCase("Event A3: hysteresis, time to trigger and interruption are those that are set")
    {
    }

  private:
    void DoRun() override
    {
        for (const double hysteresisDb : {1.0, 3.0, 6.0})
        {
            for (const int64_t triggerMs : {0, 100, 500})
            {
                auto config = PlainConfig();
                config.hysteresisDb = hysteresisDb;
                config.timeToTrigger = MilliSeconds(triggerMs);
                config.interruption = MilliSeconds(80);
                Crossing crossing(config);
                crossing.Run();
                NS_TEST_ASSERT_MSG_EQ(crossing.m_handovers.size(), 1, "handovers");
                const auto at = crossing.m_handovers.front();
                // It measures every 20 ms: the entry is noticed with the next measurement.
                const double afterEntryMs =
                    (at.GetSeconds() - BetterFromS(hysteresisDb)) * 1e3 - triggerMs;
                NS_TEST_EXPECT_MSG_GT(afterEntryMs, -1, "too soon, " << hysteresisDb << " dB");
                NS_TEST_EXPECT_MSG_LT(afterEntryMs, 21, "too late, " << hysteresisDb << " dB");
                // What was under way arrives no more; 80 ms later, all that waited does.
                const auto next =
                    *std::upper_bound(crossing.m_arrivals.begin(), crossing.m_arrivals.end(), at);
                NS_TEST_EXPECT_MSG_GT_OR_EQ((next - at).GetMicroSeconds(), 80000, "interruption");
                NS_TEST_EXPECT_MSG_LT((next - at).GetMicroSeconds(), 83000, "interruption");
            }
        }
        // It turns round before the time to trigger is over.
        auto config = PlainConfig();
        config.timeToTrigger = MilliSeconds(400);
        Crossing crossing(config);
        crossing.TurnAt(Seconds(BetterFromS(config.hysteresisDb) + 0.15));
        crossing.Run();
        NS_TEST_EXPECT_MSG_EQ(crossing.m_handovers.size(), 0, "handovers of one that goes back");
    }
};

/** What settings of the radio do to the SINR of a UE. */
class SettingsTestCase : public TestCase
{
  public:
    SettingsTestCase()
        : TestCase("Noise figure, blockage, power and arrays in dB; Doppler where something moves")
    {
    }

  private:
    /** @return SINR downward after each adaptation in a second */
    static std::vector<double> SinrDb(const IabRadioConfig& config,
                                      double speedMps = 0,
                                      double blockageDb = 0)
    {
        IabHelper iab(config);
        iab.InstallDonor(MakeRadioNode({0, 0, 10}));
        const auto ue = iab.InstallUe(MakeRadioNode({90, 0, 1.5}, {0, speedMps, 0}), "ue");
        const auto access = iab.Access(ue);
        std::vector<double> seen;
        access->TraceConnectWithoutContext(
            "Sinr",
            Callback<void, Ptr<BapEntity>, NrDirection, double>(
                [&seen](Ptr<BapEntity>, NrDirection direction, double sinrDb) {
                    if (direction == NrDirection::DOWNLINK)
                    {
                        seen.push_back(sinrDb);
                    }
                }));
        access->Start();
        if (blockageDb > 0)
        {
            access->SetBlockage(blockageDb);
        }
        Simulator::Stop(Seconds(1));
        Simulator::Run();
        Simulator::Destroy();
        return seen;
    }

    /** @return greatest less smallest */
    static double SpreadDb(const std::vector<double>& values)
    {
        const auto [least, most] = std::minmax_element(values.begin(), values.end());
        return *most - *least;
    }

    void DoRun() override
    {
        const auto plain = PlainConfig();
        const auto before = SinrDb(plain);
        NS_TEST_EXPECT_MSG_EQ(before.size(), 1, "where nothing moves, nothing is adapted");
        auto noisy = plain;
        noisy.noiseFigureDb += 4;
        auto loud = plain;
        loud.iabPowerDbm += 7;
        // The capacity's SINR of a channel that is nearly flat.
        NS_TEST_EXPECT_MSG_EQ_TOL(SinrDb(noisy)[0] - before[0], -4, 0.1, "noise figure");
        NS_TEST_EXPECT_MSG_EQ_TOL(SinrDb(loud)[0] - before[0], 7, 0.1, "power");
        NS_TEST_EXPECT_MSG_EQ_TOL(SinrDb(plain, 0, 12).back() - before[0], -12, 0.1, "blockage");
        auto small = plain;
        small.iabArray = {4, 4};
        const double lessDb = before[0] - SinrDb(small)[0];
        NS_TEST_EXPECT_MSG_EQ_TOL(lessDb,
                                  10 * std::log10(64.0 / 16.0),
                                  2,
                                  "a quarter of the array");

        auto hidden = plain;
        hidden.accessLos = LosPolicy::NEVER;
        hidden.channelRedraw = Time(0); // what changes is Doppler's doing
        const auto still = SinrDb(hidden);
        NS_TEST_EXPECT_MSG_EQ(still.size(), 1, "where nothing moves, nothing is adapted");
        hidden.scattererMps = 10;
        const auto moving = SinrDb(hidden);
        NS_TEST_EXPECT_MSG_GT(moving.size(), 40, "an adaptation every 20 ms");
        NS_TEST_EXPECT_MSG_GT(SpreadDb(moving), 0.5, "scatterers that move");
    }
};

/** What a plain ns-3 program sets without touching the code: the Attributes of the configuration.
 */
class AttributesTestCase : public TestCase
{
  public:
    AttributesTestCase()
        : TestCase("The configuration follows ns-3's defaults")
    {
    }

  private:
    void DoRun() override
    {
        const IabRadioConfig before;
        NS_TEST_EXPECT_MSG_EQ(before.noiseFigureDb, 5, "default");
        NS_TEST_EXPECT_MSG_EQ(before.iabArray.columns, 8, "default");
        Config::SetDefault("ns3::IabRadioConfig::NoiseFigure", DoubleValue(7));
        Config::SetDefault("ns3::IabRadioConfig::EirpLimit", DoubleValue(40));
        Config::SetDefault("ns3::IabRadioConfig::IabArray", Vector2DValue(Vector2D(4, 16)));
        Config::SetDefault("ns3::IabRadioConfig::AccessLos", StringValue("Never"));
        const IabRadioConfig after;
        Config::Reset();
        NS_TEST_EXPECT_MSG_EQ(after.noiseFigureDb, 7, "noise figure");
        NS_TEST_EXPECT_MSG_EQ(after.eirpLimitDbm, 40, "EIRP limit");
        NS_TEST_EXPECT_MSG_EQ(after.iabArray.rows, 4, "rows");
        NS_TEST_EXPECT_MSG_EQ(after.iabArray.columns, 16, "columns");
        NS_TEST_EXPECT_MSG_EQ((after.accessLos == LosPolicy::NEVER), true, "line of sight");
        NS_TEST_EXPECT_MSG_EQ((after.backhaulLos == LosPolicy::ALWAYS), true, "the others stay");
        const IabRadioConfig again;
        NS_TEST_EXPECT_MSG_EQ(again.noiseFigureDb, 5, "defaults are back");
    }
};

/** Access links. */
class AccessValidationTestSuite : public TestSuite
{
  public:
    AccessValidationTestSuite()
        : TestSuite("iab-access-validation", Type::UNIT)
    {
        AddTestCase(new HandoverTestCase, TestCase::Duration::QUICK);
        AddTestCase(new AttributesTestCase, TestCase::Duration::QUICK);
        AddTestCase(new SettingsTestCase, TestCase::Duration::QUICK);
    }
};

AccessValidationTestSuite g_accessValidationTestSuite; //!< registers itself

} // namespace
