/*
 * SPDX-License-Identifier: GPL-2.0-only
 *
 * Every trace source of the module fires, with values that make sense.
 */
#include "test-network.h"

#include "ns3/simulator.h"
#include "ns3/test.h"

#include <set>
#include <string>

using namespace ns3;

namespace
{

/** All trace sources. */
class TraceTestCase : public TestCase
{
  public:
    TraceTestCase()
        : TestCase("Every trace source fires with sane values, and none is left out here")
    {
    }

  private:
    /** @return names of the trace sources of all classes of the module */
    static std::set<std::string> AllTraceSources()
    {
        std::set<std::string> names;
        for (uint16_t i = 0; i < TypeId::GetRegisteredN(); ++i)
        {
            const auto tid = TypeId::GetRegistered(i);
            for (std::size_t j = 0; tid.GetGroupName() == "Iab" && j < tid.GetTraceSourceN(); ++j)
            {
                names.insert(tid.GetName() + "::" + tid.GetTraceSource(j).name);
            }
        }
        return names;
    }

    /** @param source that fired @param sane whether its values make sense */
    void Fired(const std::string& source, bool sane)
    {
        m_fired.insert("ns3::" + source);
        NS_TEST_EXPECT_MSG_EQ(sane, true, source << " at " << Simulator::Now());
    }

    /** Connect to the traces of a cell. @param cell which */
    void Watch(const Ptr<CellMac>& cell)
    {
        cell->TraceConnectWithoutContext(
            "Slot",
            Callback<void, uint64_t, NrDirection, uint8_t, uint8_t>(
                [this](uint64_t number, NrDirection, uint8_t used, uint8_t units) {
                    const NrFrame frame(3, 100000000, "F");
                    Fired("CellMac::Slot",
                          frame.StartOf(number) <= Simulator::Now() && used > 0 && used <= units);
                }));
        cell->TraceConnectWithoutContext(
            "Block",
            Callback<void, const RadioLink&, NrDirection, const TransportBlock&, HarqOutcome>(
                [this](const RadioLink& link,
                       NrDirection,
                       const TransportBlock& block,
                       HarqOutcome outcome) {
                    const bool sane = block.units > 0 && !block.pdu.empty() && link.ServingCell();
                    Fired("CellMac::Block", sane);
                    m_decoded += outcome == HarqOutcome::DECODED ? 1 : 0;
                }));
        cell->TraceConnectWithoutContext(
            "Drop",
            Callback<void, const RadioLink&, NrDirection, const RlcSdu&>(
                [this](const RadioLink& link, NrDirection direction, const RlcSdu& sdu) {
                    const auto queued = link.QueuedBytes(direction, sdu.bearer);
                    Fired("CellMac::Drop", sdu.bytes == BYTES && queued + BYTES > QUEUE_BYTES);
                }));
    }

    /** Connect to the traces of a UE and of the backhaul. */
    void WatchChanges(const IabHelper& iab,
                      const Ptr<IabNetDevice>& donor,
                      const Ptr<IabNetDevice>& relay,
                      const Ptr<IabNetDevice>& ue)
    {
        using Bap = Ptr<BapEntity>;
        const auto user = ue->Bap();
        iab.Access(ue)->TraceConnectWithoutContext(
            "Attachment",
            Callback<void, Bap, Bap, Bap>(
                [this, user, relay, &iab](const Bap& who, const Bap& now, const Bap& before) {
                    const bool first = m_fired.count("ns3::AccessManager::Attachment") == 0;
                    Fired("AccessManager::Attachment",
                          who == user && now == iab.Topology()->ParentOf(user) &&
                              before == (first ? nullptr : relay->Bap()));
                }));
        iab.Access(ue)->TraceConnectWithoutContext(
            "Sinr",
            Callback<void, Bap, NrDirection, double>(
                [this, user, &iab, ue](const Bap& who, NrDirection direction, double sinrDb) {
                    const bool plausible = sinrDb > -20 && sinrDb < 80;
                    Fired("AccessManager::Sinr",
                          who == user && plausible &&
                              sinrDb == iab.AccessLinkOf(ue)->Quality(direction).sinrDb);
                }));
        iab.Backhaul()->TraceConnectWithoutContext(
            "Parent",
            Callback<void, Bap, const std::string&, Bap, Bap>(
                [this, donor, relay](const Bap& node,
                                     const std::string& link,
                                     const Bap& now,
                                     const Bap& before) {
                    Fired("BackhaulManager::Parent",
                          node == relay->Bap() && link == "relay" && now != before &&
                              (now == donor->Bap() || before == donor->Bap()));
                }));
        iab.Backhaul()->TraceConnectWithoutContext(
            "Awake",
            Callback<void, Bap, bool>([this, relay](const Bap& node, bool awake) {
                Fired("BackhaulManager::Awake",
                      node == relay->Bap() && awake == relay->Bap()->IsAwake());
            }));
    }

    void DoRun() override
    {
        auto config = PlainConfig();
        config.queueBytes = QUEUE_BYTES;
        IabHelper iab(config);
        const auto donor = iab.InstallDonor(MakeRadioNode({0, 0, 10}));
        const auto relay = iab.InstallRelay(MakeRadioNode({150, 0, 10}), donor, "relay");
        const auto ue = iab.InstallUe(MakeRadioNode({190, 10, 1.5}), "ue");
        uint64_t received = 0;
        donor->Bap()->SetUpperLayer(
            Callback<void, RlcSdu>([&received](RlcSdu sdu) { received += sdu.bytes; }));
        for (const auto& device : {donor, relay})
        {
            Watch(device->Bap()->Cell());
        }
        WatchChanges(iab, donor, relay, ue);
        ue->TraceConnectWithoutContext(
            "TxDrop",
            Callback<void, Ptr<const Packet>>([this](const Ptr<const Packet>& packet) {
                Fired("IabNetDevice::TxDrop", packet->GetSize() == BYTES);
            }));
        // Before it is served, nothing but IPv4 leaves a UE: this is the drop at the device.
        ue->Send(Create<Packet>(BYTES), ue->GetBroadcast(), 0x86DD);
        iab.Access(ue)->Start();
        // More at once than the queue takes.
        const RlcSdu sdu{nullptr,
                         BYTES,
                         ue->Bap()->Address(),
                         donor->Bap()->Address(),
                         Bearer::TASK};
        Simulator::Schedule(MilliSeconds(5), [ue, sdu]() {
            for (uint32_t i = 0; i < 2 * QUEUE_BYTES / BYTES; ++i)
            {
                ue->Bap()->Forward(sdu);
            }
        });
        Simulator::Schedule(MilliSeconds(100),
                            [&iab, relay]() { iab.Backhaul()->Sleep(relay->Bap()); });
        Simulator::Schedule(MilliSeconds(200),
                            [&iab, relay]() { iab.Backhaul()->Wake(relay->Bap()); });
        Simulator::Stop(MilliSeconds(300));
        Simulator::Run();
        NS_TEST_EXPECT_MSG_GT(m_decoded, 0, "blocks that the trace says were decoded");
        NS_TEST_EXPECT_MSG_GT(received, 0, "bytes at the donor");
        for (const auto& name : AllTraceSources())
        {
            NS_TEST_EXPECT_MSG_EQ(m_fired.count(name), 1, name << " never fired");
        }
        NS_TEST_EXPECT_MSG_EQ((AllTraceSources() == m_fired), true, "those that are registered");
        Simulator::Destroy();
    }

    static constexpr uint32_t BYTES = 1200;        //!< of an SDU
    static constexpr uint32_t QUEUE_BYTES = 60000; //!< of a queue
    std::set<std::string> m_fired;                 //!< trace sources that fired
    uint32_t m_decoded{0};                         //!< blocks
};

/** Traces. */
class TraceTestSuite : public TestSuite
{
  public:
    TraceTestSuite()
        : TestSuite("iab-traces", Type::UNIT)
    {
        AddTestCase(new TraceTestCase, TestCase::Duration::QUICK);
    }
};

TraceTestSuite g_traceTestSuite; //!< registers itself

} // namespace
