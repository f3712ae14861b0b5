/*
 * SPDX-License-Identifier: GPL-2.0-only
 */
#include "background-socket.h"

#include "iab-net-device.h"

#include "ns3/inet-socket-address.h"
#include "ns3/packet.h"
#include "ns3/udp-socket-factory.h"

namespace ns3
{

NS_OBJECT_ENSURE_REGISTERED(BackgroundSocket);

TypeId
BackgroundSocket::GetTypeId()
{
    static TypeId tid = TypeId("ns3::BackgroundSocket")
                            .SetParent<Object>()
                            .SetGroupName("Iab")
                            .AddConstructor<BackgroundSocket>();
    return tid;
}

void
BackgroundSocket::Open(Ptr<Node> node, Ipv4Address address)
{
    m_address = address;
    m_socket = Socket::CreateSocket(node, UdpSocketFactory::GetTypeId());
    m_socket->Bind(InetSocketAddress(address, PORT));
    m_socket->SetIpTos(IabNetDevice::BACKGROUND_DSCP << 2); // DSCP is above the two bits of ECN
    m_socket->SetRecvCallback(MakeCallback(&BackgroundSocket::Receive, this));
}

Ipv4Address
BackgroundSocket::Address() const
{
    return m_address;
}

void
BackgroundSocket::Send(const BackgroundSocket& to, uint32_t bytes)
{
    m_socket->SendTo(Create<Packet>(bytes - HEADER_BYTES),
                     0,
                     InetSocketAddress(to.Address(), PORT));
}

uint64_t
BackgroundSocket::ReceivedBytes() const
{
    return m_receivedBytes;
}

void
BackgroundSocket::DoDispose()
{
    if (m_socket)
    {
        m_socket->SetRecvCallback(MakeNullCallback<void, Ptr<Socket>>());
        m_socket = nullptr;
    }
    Object::DoDispose();
}

void
BackgroundSocket::Receive(Ptr<Socket> socket)
{
    while (const auto packet = socket->Recv())
    {
        m_receivedBytes += packet->GetSize() + HEADER_BYTES;
    }
}

} // namespace ns3
