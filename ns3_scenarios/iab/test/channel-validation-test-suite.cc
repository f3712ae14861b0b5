/*
 * SPDX-License-Identifier: GPL-2.0-only
 *
 * The channel against the formulas of TR 38.901; the margins stand in iab.rst.
 */
#include "test-network.h"

#include "ns3/isotropic-antenna-model.h"
#include "ns3/test.h"
#include "ns3/uinteger.h"
#include "ns3/uniform-planar-array.h"

#include <algorithm>
#include <cmath>
#include <numbers>
#include <vector>

using namespace ns3;

namespace
{

constexpr double CARRIER_HZ = 28e9;

/** @return a channel with streams of its own */
Ptr<RadioChannel>
MakeChannel(const std::string& environment,
            LosPolicy los,
            bool shadowing,
            int64_t stream,
            double carrierHz = CARRIER_HZ)
{
    auto channel = CreateObject<RadioChannel>();
    channel->Configure({carrierHz, environment, los, shadowing, 5, Time(0), Time(0), 0},
                       NrFrame(3, 100000000, "DSUU"));
    channel->AssignStreams(stream);
    return channel;
}

/** @return mobility of a fresh node */
Ptr<MobilityModel>
At(double x, double height)
{
    return MakeRadioNode({x, 0, height})->GetObject<MobilityModel>();
}

/** TR 38.901 Table 7.4.1-1: path loss of an environment, before the break point distance. */
double
ExpectedLossDb(const std::string& environment, bool los, double d2, double base, double user)
{
    const double d3 = std::hypot(d2, base - user);
    const double ghz = CARRIER_HZ / 1e9;
    const bool micro = environment == "UMi-StreetCanyon";
    const double inSight = micro ? 32.4 + 21 * std::log10(d3) + 20 * std::log10(ghz)
                                 : 28.0 + 22 * std::log10(d3) + 20 * std::log10(ghz);
    if (los)
    {
        return inSight;
    }
    const double outOfSight =
        micro ? 35.3 * std::log10(d3) + 22.4 + 21.3 * std::log10(ghz) - 0.3 * (user - 1.5)
              : 13.54 + 39.08 * std::log10(d3) + 20 * std::log10(ghz) - 0.6 * (user - 1.5);
    return std::max(inSight, outOfSight);
}

/** TR 38.901 Table 7.4.1-1, RMa: h = 5 m, W = 20 m, before and beyond the break point. */
double
ExpectedRuralLossDb(bool los, double ghz, double d2, double base, double user)
{
    constexpr double HOUSE_M = 5;
    constexpr double STREET_M = 20;
    const double d3 = std::hypot(d2, base - user);
    const double houses = std::pow(HOUSE_M, 1.72);
    const auto near = [&](double metres) {
        return 20 * std::log10(40 * std::numbers::pi * metres * ghz / 3) +
               std::min(0.03 * houses, 10.0) * std::log10(metres) -
               std::min(0.044 * houses, 14.77) + 0.002 * std::log10(HOUSE_M) * metres;
    };
    const double breakPoint = 2 * std::numbers::pi * base * user * ghz * 1e9 / 3.0e8;
    const double inSight =
        d2 <= breakPoint ? near(d3) : near(breakPoint) + 40 * std::log10(d3 / breakPoint);
    if (los)
    {
        return inSight;
    }
    const double outOfSight = 161.04 - 7.1 * std::log10(STREET_M) + 7.5 * std::log10(HOUSE_M) -
                              (24.37 - 3.7 * std::pow(HOUSE_M / base, 2)) * std::log10(base) +
                              (43.42 - 3.1 * std::log10(base)) * (std::log10(d3) - 3) +
                              20 * std::log10(ghz) -
                              (3.2 * std::pow(std::log10(11.75 * user), 2) - 4.97);
    return std::max(inSight, outOfSight);
}

/** Path loss of the rural environment. */
class RuralPathLossTestCase : public TestCase
{
  public:
    RuralPathLossTestCase()
        : TestCase("Path loss of TR 38.901 Table 7.4.1-1 in RMa, before and beyond its break point")
    {
    }

  private:
    void DoRun() override
    {
        for (const double ghz : {0.7, 3.5})
        {
            for (const bool los : {true, false})
            {
                const auto channel = MakeChannel("RMa",
                                                 los ? LosPolicy::ALWAYS : LosPolicy::NEVER,
                                                 false,
                                                 10,
                                                 ghz * 1e9);
                for (const double distance : {20.0, 100.0, 700.0, 2000.0, 4500.0})
                {
                    NS_TEST_EXPECT_MSG_EQ_TOL(
                        -channel->LargeScaleGainDb(At(0, 35), At(distance, 1.5)),
                        ExpectedRuralLossDb(los, ghz, distance, 35, 1.5),
                        0.1,
                        "at " << distance << " m, " << ghz << " GHz, in sight: " << los);
                }
            }
        }
    }
};

/** Path loss by distance, environment and line of sight. */
class PathLossTestCase : public TestCase
{
  public:
    PathLossTestCase()
        : TestCase("Path loss of TR 38.901 Table 7.4.1-1; finite at no distance at all")
    {
    }

  private:
    void DoRun() override
    {
        for (const auto& [environment, base] :
             {std::pair{"UMi-StreetCanyon", 10.0}, std::pair{"UMa", 25.0}})
        {
            for (const bool los : {true, false})
            {
                const auto channel =
                    MakeChannel(environment, los ? LosPolicy::ALWAYS : LosPolicy::NEVER, false, 10);
                for (const double distance : {20.0, 50.0, 100.0, 150.0})
                {
                    NS_TEST_EXPECT_MSG_EQ_TOL(
                        -channel->LargeScaleGainDb(At(0, base), At(distance, 1.5)),
                        ExpectedLossDb(environment, los, distance, base, 1.5),
                        0.1,
                        environment << " at " << distance << " m");
                }
            }
        }
        const auto channel = MakeChannel("UMi-StreetCanyon", LosPolicy::ALWAYS, false, 10);
        const auto array = [] {
            auto panel = CreateObject<UniformPlanarArray>();
            panel->SetAttribute("AntennaElement",
                                PointerValue(CreateObject<IsotropicAntennaModel>()));
            return panel;
        };
        const BlockErrorModel errors;
        const auto gains = channel->BeamformedGains({At(0, 10), array()}, {At(0, 10), array()});
        const auto quality = channel->Quality(gains, 30, 0, errors);
        NS_TEST_EXPECT_MSG_EQ(std::isfinite(quality.sinrDb), true, "at its gNB");
        NS_TEST_EXPECT_MSG_GT(quality.sinrDb, 30, "at its gNB");
    }
};

/** Effective SINR of parts of a band that is not flat. */
class EffectiveSinrTestCase : public TestCase
{
  public:
    EffectiveSinrTestCase()
        : TestCase("Resource blocks have their own SINR; all of them together, that of the band")
    {
    }

  private:
    void DoRun() override
    {
        const auto channel = MakeChannel("UMi-StreetCanyon", LosPolicy::ALWAYS, false, 10);
        const BlockErrorModel errors;
        const auto rbs = channel->ResourceBlocks();
        const auto half = static_cast<uint16_t>(rbs / 2);
        // 15 dB in the lower half at the receiver's own noise, 0 dB in the upper one, at 1 W.
        std::vector<double> gains(rbs, std::pow(10, 1.5) * channel->NoiseWatts());
        std::fill(gains.begin() + half, gains.end(), channel->NoiseWatts());
        const auto quality = channel->Quality(gains, 30, 0, errors);
        const auto db = [&](uint16_t first, std::size_t count, double overNoise, uint8_t order) {
            const std::vector<double> noise(count, overNoise);
            return 10 * std::log10(quality.EffectiveOf(first, noise, order, errors));
        };
        constexpr double MARGIN_DB = 0.05;
        for (const uint8_t order : {4, 6, 8})
        {
            NS_TEST_EXPECT_MSG_EQ_TOL(db(0, half, 0, order), 15, MARGIN_DB, "lower half");
            NS_TEST_EXPECT_MSG_EQ_TOL(db(half, half, 0, order), 0, MARGIN_DB, "upper half");
            NS_TEST_EXPECT_MSG_EQ_TOL(db(0, half, 1, order), 11.99, MARGIN_DB, "disturbed");
            // The levels of noise at which the quality of the band is known.
            for (const double noiseDb : {0.0, 5.0, 10.0})
            {
                const double noise = std::pow(10, noiseDb / 10);
                NS_TEST_EXPECT_MSG_EQ_TOL(db(0, rbs, noise - 1, order),
                                          10 * std::log10(quality.Effective(noise, order)),
                                          MARGIN_DB,
                                          "the whole band");
            }
        }
    }
};

/** Statistics of what is drawn. */
class DrawsTestCase : public TestCase
{
  public:
    DrawsTestCase()
        : TestCase("Shadowing has the spread of Table 7.4.1-1, line of sight the odds of 7.4.2-1")
    {
    }

  private:
    /** @return large-scale gains of fresh pairs of nodes */
    static std::vector<double> Draw(LosPolicy los, bool shadowing, double distance, int count)
    {
        const auto channel = MakeChannel("UMi-StreetCanyon", los, shadowing, 20);
        std::vector<double> gains;
        for (int i = 0; i < count; ++i)
        {
            gains.push_back(channel->LargeScaleGainDb(At(0, 10), At(distance, 1.5)));
        }
        return gains;
    }

    void DoRun() override
    {
        constexpr int COUNT = 2000;
        for (const auto& [los, sigmaDb] :
             {std::pair{LosPolicy::ALWAYS, 4.0}, std::pair{LosPolicy::NEVER, 7.82}})
        {
            const double meanDb =
                -ExpectedLossDb("UMi-StreetCanyon", los == LosPolicy::ALWAYS, 100, 10, 1.5);
            double sum = 0;
            double squares = 0;
            for (const auto gain : Draw(los, true, 100, COUNT))
            {
                sum += gain - meanDb;
                squares += (gain - meanDb) * (gain - meanDb);
            }
            // Three standard errors of a mean and of a standard deviation.
            const double error = 3 * sigmaDb / std::sqrt(COUNT);
            NS_TEST_EXPECT_MSG_EQ_TOL(sum / COUNT, 0, error, "mean of shadowing");
            NS_TEST_EXPECT_MSG_EQ_TOL(std::sqrt(squares / COUNT), sigmaDb, error, "its spread");
        }
        for (const double distance : {18.0, 50.0, 100.0, 200.0})
        {
            const double near = 18 / distance;
            const double odds = distance <= 18 ? 1 : near + std::exp(-distance / 36) * (1 - near);
            const double borderDb =
                -(ExpectedLossDb("UMi-StreetCanyon", true, distance, 10, 1.5) +
                  ExpectedLossDb("UMi-StreetCanyon", false, distance, 10, 1.5)) /
                2;
            int inSight = 0;
            for (const auto gain : Draw(LosPolicy::RANDOM, false, distance, COUNT))
            {
                inSight += gain > borderDb ? 1 : 0;
            }
            const double error = 3 * std::sqrt(odds * (1 - odds) / COUNT) + 1e-9;
            NS_TEST_EXPECT_MSG_EQ_TOL(double(inSight) / COUNT, odds, error, distance << " m");
        }
    }
};

/** EIRP limit and Doppler. */
class TransmitterTestCase : public TestCase
{
  public:
    TransmitterTestCase()
        : TestCase("The EIRP limit takes power from large arrays")
    {
    }

  private:
    void DoRun() override
    {
        IabRadioConfig config;
        config.iabArray = {8, 8}; // 18.06 dB
        config.ueArray = {2, 2};  // 6.02 dB
        config.eirpLimitDbm = 40;
        config.accessLos = LosPolicy::ALWAYS;
        config.shadowing = false;
        IabHelper helper(config);
        helper.InstallDonor(MakeRadioNode({0, 0, 10}));
        const auto ue = helper.InstallUe(MakeRadioNode({80, 0, 1.5}), "ue-access");
        helper.Access(ue)->Start();
        const auto& ends = helper.AccessLinkOf(ue)->Ends();
        NS_TEST_EXPECT_MSG_EQ_TOL(ends.parentPowerDbm, 40 - 10 * std::log10(64), 1e-9, "gNB");
        NS_TEST_EXPECT_MSG_EQ_TOL(ends.childPowerDbm, 23, 1e-9, "UE, under its limit of 34 dBm");
    }
};

/** The channel against TR 38.901. */
class ChannelValidationTestSuite : public TestSuite
{
  public:
    ChannelValidationTestSuite()
        : TestSuite("iab-channel-validation", Type::UNIT)
    {
        AddTestCase(new PathLossTestCase, TestCase::Duration::QUICK);
        AddTestCase(new RuralPathLossTestCase, TestCase::Duration::QUICK);
        AddTestCase(new EffectiveSinrTestCase, TestCase::Duration::QUICK);
        AddTestCase(new DrawsTestCase, TestCase::Duration::QUICK);
        AddTestCase(new TransmitterTestCase, TestCase::Duration::QUICK);
    }
};

ChannelValidationTestSuite g_channelValidationTestSuite; //!< registers itself

} // namespace
