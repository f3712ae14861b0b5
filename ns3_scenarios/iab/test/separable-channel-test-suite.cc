/*
 * SPDX-License-Identifier: GPL-2.0-only
 *
 * The small-scale channel against ns-3's own; the margin stands in iab.rst.
 */
#include "test-network.h"

#include "ns3/boolean.h"
#include "ns3/channel-condition-model.h"
#include "ns3/double.h"
#include "ns3/isotropic-antenna-model.h"
#include "ns3/separable-channel-model.h"
#include "ns3/simulator.h"
#include "ns3/string.h"
#include "ns3/test.h"
#include "ns3/uinteger.h"
#include "ns3/uniform-planar-array.h"

#include <algorithm>
#include <cmath>
#include <vector>

using namespace ns3;

namespace
{

/** @return a panel that is turned and tilted, so that its pattern depends on the direction */
Ptr<PhasedArrayModel>
MakePanel(uint32_t rows, uint32_t columns, bool dualPolarized)
{
    return CreateObjectWithAttributes<UniformPlanarArray>(
        "NumRows",
        UintegerValue(rows),
        "NumColumns",
        UintegerValue(columns),
        "BearingAngle",
        DoubleValue(0.7),
        "DowntiltAngle",
        DoubleValue(0.3),
        "PolSlantAngle",
        DoubleValue(0.4),
        "IsDualPolarized",
        BooleanValue(dualPolarized),
        "AntennaElement",
        PointerValue(CreateObject<IsotropicAntennaModel>()));
}

/** A link between two nodes with two panels each. */
struct TestLink
{
    Ptr<MobilityModel> low{MakeRadioNode({120, 35, 1.5})->GetObject<MobilityModel>()};
    Ptr<MobilityModel> high{MakeRadioNode({0, 0, 10})->GetObject<MobilityModel>()};
    std::vector<Ptr<PhasedArrayModel>> lowPanels{MakePanel(2, 2, false), MakePanel(2, 3, true)};
    std::vector<Ptr<PhasedArrayModel>> highPanels{MakePanel(4, 8, false), MakePanel(2, 2, true)};
};

/** Both models on the same link, with the same draws. */
class SameChannelTestCase : public TestCase
{
  public:
    SameChannelTestCase()
        : TestCase("Phases by element give the coefficients of phases by pairs of elements")
    {
    }

  private:
    /** @return a model with streams of its own */
    template <class T>
    static Ptr<T> MakeModel(Ptr<ChannelConditionModel> condition,
                            const std::string& environment,
                            int64_t stream)
    {
        auto model = CreateObject<T>();
        model->SetAttribute("Frequency", DoubleValue(28e9));
        model->SetAttribute("Scenario", StringValue(environment));
        model->SetAttribute("ChannelConditionModel", PointerValue(condition));
        model->AssignStreams(stream);
        return model;
    }

    /** Compare all coefficients of two channels. */
    void Compare(const ComplexMatrixArray& ours, const ComplexMatrixArray& theirs)
    {
        NS_TEST_ASSERT_MSG_EQ(ours.GetNumRows(), theirs.GetNumRows(), "receiving elements");
        NS_TEST_ASSERT_MSG_EQ(ours.GetNumCols(), theirs.GetNumCols(), "transmitting elements");
        NS_TEST_ASSERT_MSG_EQ(ours.GetNumPages(), theirs.GetNumPages(), "clusters");
        double largest = 0;
        double difference = 0;
        for (std::size_t n = 0; n < ours.GetNumPages(); ++n)
        {
            for (std::size_t j = 0; j < ours.GetNumRows(); ++j)
            {
                for (std::size_t k = 0; k < ours.GetNumCols(); ++k)
                {
                    largest = std::max(largest, std::abs(theirs(j, k, n)));
                    difference = std::max(difference, std::abs(ours(j, k, n) - theirs(j, k, n)));
                }
            }
        }
        NS_TEST_EXPECT_MSG_GT(largest, 0.01, "no channel");
        NS_TEST_EXPECT_MSG_LT(difference, 1e-12 * largest, "difference");
    }

    void DoRun() override
    {
        for (const std::string environment : {"UMi-StreetCanyon", "UMa", "RMa"})
        {
            for (const Ptr<ChannelConditionModel>& condition :
                 {Ptr<ChannelConditionModel>(CreateObject<AlwaysLosChannelConditionModel>()),
                  Ptr<ChannelConditionModel>(CreateObject<NeverLosChannelConditionModel>())})
            {
                for (int64_t stream = 100; stream < 150; stream += 10)
                {
                    const auto ours =
                        MakeModel<SeparableChannelModel>(condition, environment, stream);
                    const auto theirs =
                        MakeModel<ThreeGppChannelModel>(condition, environment, stream);
                    const TestLink link;
                    for (std::size_t i = 0; i < link.lowPanels.size(); ++i)
                    {
                        const auto& low = link.lowPanels[i];
                        const auto& high = link.highPanels[i];
                        // The second time against the direction of the draws.
                        const bool up = i == 0;
                        const auto channel = [&](const Ptr<ThreeGppChannelModel>& model) {
                            return up ? model->GetChannel(link.low, link.high, low, high)
                                      : model->GetChannel(link.high, link.low, high, low);
                        };
                        Compare(channel(ours)->m_channel, channel(theirs)->m_channel);
                    }
                    const auto& low = link.lowPanels[0];
                    const auto other = MakePanel(8, 8, false);
                    Compare(ours->GetChannel(link.high, link.low, other, low)->m_channel,
                            theirs->GetChannel(link.high, link.low, other, low)->m_channel);
                }
            }
        }
        Simulator::Destroy();
    }
};

/** The small-scale channel. */
class SeparableChannelTestSuite : public TestSuite
{
  public:
    SeparableChannelTestSuite()
        : TestSuite("iab-separable-channel", Type::UNIT)
    {
        AddTestCase(new SameChannelTestCase, TestCase::Duration::QUICK);
    }
};

SeparableChannelTestSuite g_separableChannelTestSuite; //!< registers itself

} // namespace
