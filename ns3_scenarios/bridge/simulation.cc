/*
 * SPDX-License-Identifier: GPL-2.0-only
 */
#include "simulation.h"

#include "ns3/config.h"
#include "ns3/rng-seed-manager.h"
#include "ns3/simulator.h"
#include "ns3/uinteger.h"

#include <stdexcept>
#include <utility>

namespace cosim
{

using namespace ns3;

namespace
{

/** TCP as a present-day host runs it; ns-3's defaults are those of the 1990s. */
void
ConfigureTcp()
{
    constexpr uint32_t BUFFER_BYTES = 16 << 20;
    Config::SetDefault("ns3::TcpSocket::SegmentSize", UintegerValue(1448)); // 1500 - 20 - 32
    Config::SetDefault("ns3::TcpSocket::SndBufSize", UintegerValue(BUFFER_BYTES));
    Config::SetDefault("ns3::TcpSocket::RcvBufSize", UintegerValue(BUFFER_BYTES));
    Config::SetDefault("ns3::TcpSocket::InitialCwnd", UintegerValue(10)); // RFC 6928
    Config::SetDefault("ns3::TcpSocket::DelAckTimeout", TimeValue(MilliSeconds(40)));
    Config::SetDefault("ns3::TcpSocket::ConnTimeout", TimeValue(Seconds(1))); // RFC 6298
    // A blocked link is a pause here, not the end of a connection.
    Config::SetDefault("ns3::TcpSocket::ConnCount", UintegerValue(1000));
    Config::SetDefault("ns3::TcpSocket::DataRetries", UintegerValue(1000));
    Config::SetDefault("ns3::TcpSocketBase::MinRto", TimeValue(MilliSeconds(200))); // as Linux
}

} // namespace

Simulation::Simulation(const NetworkDescription& description, std::shared_ptr<FadingRecord> fading)
    : m_reportIntervalNs(description.reportIntervalNs),
      m_fading(std::move(fading))
{
    if (m_reportIntervalNs <= 0)
    {
        throw std::invalid_argument("the report interval must be positive");
    }
    RngSeedManager::SetRun(description.seed); // independent streams for every run number
    ConfigureTcp();
    m_network = std::make_unique<Network>(description, m_fading);
    m_transfers = std::make_unique<Transfers>(*m_network, [this](const DeliveryEvent& event) {
        Report(event);
    });
    m_monitor = std::make_unique<LinkMonitor>(*m_network);
    ReportChanges();
}

void
Simulation::ReportChanges()
{
    using Bap = Ptr<BapEntity>;
    const auto name = [this](const Bap& bap) { return bap ? m_network->NameOf(bap) : ""; };
    const Callback<void, Bap, Bap, Bap> attached([this, name](Bap ue, Bap now, Bap before) {
        const auto timeNs = Simulator::Now().GetNanoSeconds();
        Report(AttachmentEvent{timeNs, name(ue), name(now), name(before)});
    });
    const Callback<void, Bap, const std::string&, Bap, Bap> connected(
        [this, name](Bap node, const std::string& link, Bap now, Bap before) {
            const auto timeNs = Simulator::Now().GetNanoSeconds();
            Report(ParentEvent{timeNs, name(node), name(now), name(before), link});
        });
    for (const auto& [nodeName, node] : m_network->Nodes())
    {
        if (node.kind == "ue")
        {
            m_network->Access(nodeName)->TraceConnectWithoutContext("Attachment", attached);
        }
    }
    if (const auto backhaul = m_network->Backhaul())
    {
        backhaul->TraceConnectWithoutContext("Parent", connected);
    }
}

Simulation::~Simulation()
{
    Simulator::Destroy();
}

Step
Simulation::Start()
{
    m_network->Start();
    Tick();
    return Advance(0, {});
}

Step
Simulation::Advance(int64_t untilNs, const std::vector<SendCommand>& commands)
{
    const auto now = Simulator::Now();
    const auto remaining = NanoSeconds(untilNs) - now;
    if (remaining.IsStrictlyNegative())
    {
        throw std::invalid_argument("advance: " + std::to_string(untilNs) + " ns is in the past");
    }
    for (const auto& command : commands)
    {
        m_transfers->Send(command);
    }
    auto stop = Simulator::Stop(remaining);
    Simulator::Run();
    stop.Cancel();
    m_stopping = false;
    Step step{Simulator::Now().GetNanoSeconds(), std::move(m_events)};
    m_events.clear();
    return step;
}

SimulationTotals
Simulation::Totals() const
{
    return {m_transfers->Totals(),
            m_network->Handovers(),
            m_network->BackgroundBytes(),
            Simulator::GetEventCount()};
}

void
Simulation::FinishRecord()
{
    if (!m_fading)
    {
        return;
    }
    // Which events of this very time were run depends on the traffic; the record is to have all.
    const auto endNs = Simulator::Now().GetNanoSeconds() + 1;
    while (Simulator::Now().GetNanoSeconds() < endNs)
    {
        Advance(endNs, {});
    }
    m_fading->Finish();
}

void
Simulation::Report(Event event)
{
    m_events.push_back(std::move(event));
    if (!m_stopping)
    {
        // Behind everything that is already scheduled for this very time.
        m_stopping = true;
        Simulator::Stop(Time(0));
    }
}

void
Simulation::Tick()
{
    Report(ReportEvent{Simulator::Now().GetNanoSeconds(), m_monitor->Measure()});
    Simulator::Schedule(NanoSeconds(m_reportIntervalNs), &Simulation::Tick, this);
}

} // namespace cosim
