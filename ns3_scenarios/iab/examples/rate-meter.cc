/*
 * SPDX-License-Identifier: GPL-2.0-only
 */
#include "rate-meter.h"

#include "ns3/packet.h"
#include "ns3/simulator.h"
#include "ns3/udp-socket-factory.h"

#include <algorithm>
#include <utility>

using namespace ns3;

RateMeter::RateMeter(std::vector<Flow> flows)
    : m_flows(std::move(flows))
{
}

void
RateMeter::Listen(const Ptr<Node>& node, uint16_t port)
{
    auto socket = Socket::CreateSocket(node, UdpSocketFactory::GetTypeId());
    socket->Bind(InetSocketAddress(Ipv4Address::GetAny(), port));
    socket->SetRecvCallback(MakeCallback(&RateMeter::Receive, this));
    m_sockets.push_back(socket);
}

void
RateMeter::Start()
{
    const auto count = static_cast<int64_t>(m_flows.size());
    for (int64_t i = 0; i < count; ++i)
    {
        const auto& flow = m_flows[i];
        Simulator::Schedule(flow.interval * (i + 1) / (count + 1), &RateMeter::Send, this, i);
    }
}

const std::vector<Flow>&
RateMeter::Flows() const
{
    return m_flows;
}

std::vector<double>
RateMeter::SortedDelaysMs() const
{
    auto sorted = m_delaysMs;
    std::sort(sorted.begin(), sorted.end());
    return sorted;
}

void
RateMeter::Send(std::size_t flow)
{
    const auto& sent = m_flows[flow];
    const Stamp stamp{Simulator::Now().GetNanoSeconds(), flow};
    auto packet = Create<Packet>(reinterpret_cast<const uint8_t*>(&stamp), sizeof(stamp));
    packet->AddAtEnd(Create<Packet>(PACKET_BYTES - sizeof(stamp)));
    sent.sender->SendTo(packet, 0, sent.to);
    Simulator::Schedule(sent.interval, &RateMeter::Send, this, flow);
}

void
RateMeter::Receive(Ptr<Socket> socket)
{
    while (auto packet = socket->Recv())
    {
        Stamp stamp{};
        packet->CopyData(reinterpret_cast<uint8_t*>(&stamp), sizeof(stamp));
        m_delaysMs.push_back((Simulator::Now().GetNanoSeconds() - stamp.sentNs) * 1e-6);
        m_flows[stamp.flow].receivedBytes += packet->GetSize();
    }
}
