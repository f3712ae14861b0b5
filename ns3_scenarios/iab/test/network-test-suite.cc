/*
 * SPDX-License-Identifier: GPL-2.0-only
 */
#include "test-network.h"

#include "ns3/isotropic-antenna-model.h"
#include "ns3/object-factory.h"
#include "ns3/pointer.h"
#include "ns3/simulator.h"
#include "ns3/test.h"
#include "ns3/uinteger.h"
#include "ns3/uniform-planar-array.h"

#include <cmath>
#include <numbers>

using namespace ns3;

namespace
{

Ptr<PhasedArrayModel>
MakeArray(uint32_t side)
{
    return CreateObjectWithAttributes<UniformPlanarArray>(
        "NumRows",
        UintegerValue(side),
        "NumColumns",
        UintegerValue(side),
        "AntennaElement",
        PointerValue(CreateObject<IsotropicAntennaModel>()));
}

/** Path loss and beams of the 3GPP channel. */
class ChannelTestCase : public TestCase
{
  public:
    ChannelTestCase()
        : TestCase("Line-of-sight links have the path loss of TR 38.901 and the full array gain")
    {
    }

  private:
    void DoRun() override
    {
        const NrFrame frame(3, 100000000, "DSUU");
        const double distanceM = 200;
        // TR 38.901 Table 7.4.1-1, UMi street canyon, PL1.
        const double pathLossDb = 32.4 + 21 * std::log10(distanceM) + 20 * std::log10(28.0);
        const double arrayGainDb = 20 * std::log10(64.0);
        double sumDb = 0;
        int directions = 0;
        for (int degrees = 0; degrees < 360; degrees += 15)
        {
            auto channel = CreateObject<RadioChannel>();
            channel->Configure(
                {28e9, "UMi-StreetCanyon", LosPolicy::ALWAYS, false, 5, Time(0), Time(0), 0},
                frame);
            channel->AssignStreams(100);
            const double angle = degrees * std::numbers::pi / 180;
            const auto a = MakeRadioNode({0, 0, 10})->GetObject<MobilityModel>();
            const auto b =
                MakeRadioNode({distanceM * std::cos(angle), distanceM * std::sin(angle), 10})
                    ->GetObject<MobilityModel>();
            NS_TEST_EXPECT_MSG_EQ_TOL(channel->LargeScaleGainDb(a, b), -pathLossDb, 0.1, "loss");
            const auto gains = channel->BeamformedGains({a, MakeArray(8)}, {b, MakeArray(8)});
            double mean = 0;
            for (const auto gain : gains)
            {
                mean += gain / gains.size();
            }
            const double excessDb = 10 * std::log10(mean) + pathLossDb - arrayGainDb;
            // Part of the power is in scattered clusters that the beams miss (Rician K).
            NS_TEST_EXPECT_MSG_GT(excessDb, -12, "the beam misses at " << degrees << " degrees");
            NS_TEST_EXPECT_MSG_LT(excessDb, 3, "more than the array can give");
            sumDb += excessDb;
            ++directions;
        }
        NS_TEST_EXPECT_MSG_EQ_TOL(sumDb / directions, -1, 2, "mean beamforming loss");
    }
};

/** SDUs over a chain of relays, and through a handover. */
class ChainTestCase : public TestCase
{
  public:
    ChainTestCase()
        : TestCase("SDUs cross relays and a handover without loss")
    {
    }

  private:
    /** @param sdu that arrived at the donor */
    void AtDonor(RlcSdu sdu)
    {
        m_donorBytes += sdu.bytes;
    }

    /** @param sdu that arrived at the UE */
    void AtUe(RlcSdu sdu)
    {
        m_ueBytes += sdu.bytes;
    }

    void DoRun() override
    {
        IabRadioConfig config;
        config.accessLos = LosPolicy::ALWAYS;
        config.shadowing = false;
        config.rlcMode = RlcMode::ACKNOWLEDGED;
        IabHelper helper(config);
        auto donor = helper.InstallDonor(MakeRadioNode({0, 0, 10}));
        auto near = helper.InstallRelay(MakeRadioNode({150, 0, 10}), donor, "near");
        auto far = helper.InstallRelay(MakeRadioNode({300, 0, 10}), near, "far");
        // From the far relay towards the near one, past the middle within the run.
        auto ue = helper.InstallUe(MakeRadioNode({260, 20, 1.5}, {-40, 0, 0}), "ue-access");
        donor->Bap()->SetUpperLayer(MakeCallback(&ChainTestCase::AtDonor, this));
        ue->Bap()->SetUpperLayer(MakeCallback(&ChainTestCase::AtUe, this));
        helper.Access(ue)->Start();
        NS_TEST_EXPECT_MSG_EQ(helper.Topology()->ParentOf(ue->Bap()), far->Bap(), "first cell");
        constexpr int PACKETS = 3000;
        constexpr uint32_t BYTES = 1200;
        for (int i = 0; i < PACKETS; ++i)
        {
            Simulator::Schedule(MilliSeconds(i), [=]() {
                const auto up = ue->Bap();
                const auto down = donor->Bap();
                up->Forward({nullptr, BYTES, up->Address(), down->Address(), Bearer::TASK});
                down->Forward({nullptr, BYTES, down->Address(), up->Address(), Bearer::TASK});
            });
        }
        Simulator::Stop(MilliSeconds(PACKETS + 200));
        Simulator::Run();
        NS_TEST_EXPECT_MSG_EQ(helper.Access(ue)->Handovers(), 1, "handovers");
        NS_TEST_EXPECT_MSG_EQ(helper.Topology()->ParentOf(ue->Bap()), near->Bap(), "last cell");
        NS_TEST_EXPECT_MSG_EQ(m_donorBytes, uint64_t{PACKETS} * BYTES, "lost on the way up");
        NS_TEST_EXPECT_MSG_EQ(m_ueBytes, uint64_t{PACKETS} * BYTES, "lost on the way down");
        Simulator::Destroy();
    }

    uint64_t m_donorBytes{0}; //!< counter
    uint64_t m_ueBytes{0};    //!< counter
};

/** Channel, tree and handover. */
class IabNetworkTestSuite : public TestSuite
{
  public:
    IabNetworkTestSuite()
        : TestSuite("iab-network", Type::UNIT)
    {
        AddTestCase(new ChannelTestCase, TestCase::Duration::QUICK);
        AddTestCase(new ChainTestCase, TestCase::Duration::QUICK);
    }
};

IabNetworkTestSuite g_iabNetworkTestSuite; //!< registers itself

} // namespace
