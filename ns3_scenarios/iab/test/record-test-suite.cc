/*
 * SPDX-License-Identifier: GPL-2.0-only
 */
#include "ns3/fading-record.h"
#include "ns3/simulator.h"
#include "ns3/test.h"
#include "ns3/trajectory-mobility-model.h"

#include <algorithm>
#include <complex>
#include <filesystem>
#include <stdexcept>

using namespace ns3;

namespace
{

/** Two nodes on one way, of which one is asked at more moments. */
class TrajectoryTestCase : public TestCase
{
  public:
    TrajectoryTestCase()
        : TestCase("Where a node is depends on time, not on when it was asked for before")
    {
    }

  private:
    /** @return a node that goes 1 m/s along x, then 2 m/s along y, and stops */
    static Ptr<TrajectoryMobilityModel> Create()
    {
        auto mobility = CreateObject<TrajectoryMobilityModel>();
        mobility->SetWaypoints({Waypoint(Seconds(1), {0, 0, 1.5}),
                                Waypoint(Seconds(2), {1, 0, 1.5}),
                                Waypoint(Seconds(3), {1, 2, 1.5})});
        return mobility;
    }

    void DoRun() override
    {
        const auto often = Create();
        const auto seldom = Create();
        for (int ms = 0; ms < 4000; ms += 7)
        {
            Simulator::Schedule(MilliSeconds(ms), [often]() { often->GetPosition(); });
        }
        for (const int ms : {0, 1000, 1501, 1999, 2000, 2750, 3000, 3900})
        {
            Simulator::Schedule(MilliSeconds(ms), [this, ms, often, seldom]() {
                NS_TEST_EXPECT_MSG_EQ(often->GetVelocity(), seldom->GetVelocity(), "at " << ms);
                const auto position = seldom->GetPosition();
                NS_TEST_EXPECT_MSG_EQ(often->GetPosition(), position, "at " << ms);
                const double x = std::clamp(ms / 1000.0 - 1, 0.0, 1.0);
                const double y = std::clamp(2 * (ms / 1000.0 - 2), 0.0, 2.0);
                NS_TEST_EXPECT_MSG_EQ_TOL(position.x, x, 1e-12, "at " << ms);
                NS_TEST_EXPECT_MSG_EQ_TOL(position.y, y, 1e-12, "at " << ms);
                const double speed = ms < 1000 || ms >= 3000 ? 0 : (ms < 2000 ? 1 : 2);
                NS_TEST_EXPECT_MSG_EQ_TOL(seldom->GetVelocity().GetLength(), speed, 1e-12, "speed");
            });
        }
        Simulator::Run();
        Simulator::Destroy();
    }
};

/** A record, and what is asked of it. */
class FadingRecordTestCase : public TestCase
{
  public:
    FadingRecordTestCase()
        : TestCase("A record gives what was drawn bit by bit, and nothing to another run")
    {
    }

  private:
    /** @return a channel that only the call's time tells apart */
    static BeamformedFading Draw(const FadingCall& call)
    {
        BeamformedFading fading{PhasedArrayModel::ComplexVector(call.elementsA),
                                PhasedArrayModel::ComplexVector(call.elementsB),
                                std::vector<double>(call.rbs, 1.0 / (3 + call.timeNs))};
        fading.beamA[call.elementsA - 1] = {0.1, -1.0 / 3};
        fading.beamB[0] = {1e-300, double(call.timeNs)};
        return fading;
    }

    void DoRun() override
    {
        const auto path = CreateTempDirFilename("record");
        const std::vector<FadingCall> calls{{0, 1, 2, 4, 16, 66}, {20, 1, 3, 4, 16, 66}};
        FadingRecorder recorder(path);
        for (const auto& call : calls)
        {
            recorder.Get(call, [&call]() { return Draw(call); });
        }
        recorder.Finish();
        FadingPlayer player(path);
        const auto never = []() -> BeamformedFading { throw std::logic_error("drawn anew"); };
        for (const auto& call : calls)
        {
            const auto drawn = Draw(call);
            const auto played = player.Get(call, never);
            NS_TEST_EXPECT_MSG_EQ((played.psd == drawn.psd), true, "psd");
            NS_TEST_EXPECT_MSG_EQ((played.beamA == drawn.beamA), true, "beam");
            NS_TEST_EXPECT_MSG_EQ((played.beamB == drawn.beamB), true, "beam");
        }
        ExpectRefused(player, calls[1], "behind the end");
        const auto wholeBytes = std::filesystem::file_size(path);
        FadingRecorder limited(path + "-limited", 1);
        for (int i = 0; i < 9; ++i)
        {
            const auto fading = limited.Get(calls[0], [&calls]() { return Draw(calls[0]); });
            NS_TEST_EXPECT_MSG_EQ((fading.psd == Draw(calls[0]).psd), true, "psd");
        }
        limited.Finish();
        NS_TEST_EXPECT_MSG_LT(std::filesystem::file_size(path + "-limited"), wholeBytes, "no end");
        auto other = calls[0];
        other.nodeB = 7;
        FadingPlayer again(path);
        ExpectRefused(again, other, "another link");
        FadingPlayer missing(path + "-missing");
        ExpectRefused(missing, calls[0], "no file");
        std::filesystem::resize_file(path, 100);
        FadingPlayer shortened(path);
        ExpectRefused(shortened, calls[0], "cut off");
    }

    void ExpectRefused(FadingPlayer& player, const FadingCall& call, const std::string& what)
    {
        bool refused = false;
        try
        {
            player.Get(call, [&call]() { return Draw(call); });
        }
        catch (const std::runtime_error&)
        {
            refused = true;
        }
        NS_TEST_EXPECT_MSG_EQ(refused, true, what);
    }
};

/** What makes a run's channels those of every other run of the network. */
class RecordTestSuite : public TestSuite
{
  public:
    RecordTestSuite()
        : TestSuite("iab-record", Type::UNIT)
    {
        AddTestCase(new TrajectoryTestCase, TestCase::Duration::QUICK);
        AddTestCase(new FadingRecordTestCase, TestCase::Duration::QUICK);
    }
};

RecordTestSuite g_recordTestSuite; //!< registers itself

} // namespace
