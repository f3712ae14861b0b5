/*
 * SPDX-License-Identifier: GPL-2.0-only
 */
#include "rate-meter.h"

#include "ns3/packet.h"
#include "ns3/simulator.h"

#include <algorithm>

using namespace ns3;

void
RateMeter::Start(Flow& flow, Time offset)
{
    Simulator::Schedule(offset, &RateMeter::Send, this, &flow);
}

void
RateMeter::Receive(Ptr<Socket> socket, Flow* flow)
{
    while (auto packet = socket->Recv())
    {
        int64_t sentNs = 0;
        packet->CopyData(reinterpret_cast<uint8_t*>(&sentNs), sizeof(sentNs));
        m_delaysMs.push_back((Simulator::Now().GetNanoSeconds() - sentNs) * 1e-6);
        flow->receivedBytes += packet->GetSize();
    }
}

std::vector<double>
RateMeter::SortedDelaysMs() const
{
    auto sorted = m_delaysMs;
    std::sort(sorted.begin(), sorted.end());
    return sorted;
}

void
RateMeter::Send(Flow* flow)
{
    const int64_t nowNs = Simulator::Now().GetNanoSeconds();
    auto packet = Create<Packet>(reinterpret_cast<const uint8_t*>(&nowNs), sizeof(nowNs));
    packet->AddAtEnd(Create<Packet>(PACKET_BYTES - sizeof(nowNs)));
    flow->sender->SendTo(packet, 0, flow->to);
    Simulator::Schedule(flow->interval, &RateMeter::Send, this, flow);
}
