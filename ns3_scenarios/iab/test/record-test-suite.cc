/*
 * SPDX-License-Identifier: GPL-2.0-only
 */
#include "iab/model/iab/trajectory-mobility-model.h"

#include "ns3/simulator.h"
#include "ns3/test.h"

#include <algorithm>

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

/** What makes a run's channels those of every other run of the network. */
class RecordTestSuite : public TestSuite
{
  public:
    RecordTestSuite()
        : TestSuite("iab-record", Type::UNIT)
    {
        AddTestCase(new TrajectoryTestCase, TestCase::Duration::QUICK);
    }
};

RecordTestSuite g_recordTestSuite; //!< registers itself

} // namespace
