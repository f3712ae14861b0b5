/*
 * SPDX-License-Identifier: GPL-2.0-only
 */
#include "iab-net-device.h"

#include "ns3/channel.h"
#include "ns3/ipv4-l3-protocol.h"
#include "ns3/node.h"
#include "ns3/simulator.h"
#include "ns3/trace-source-accessor.h"

namespace ns3
{

NS_OBJECT_ENSURE_REGISTERED(IabNetDevice);

TypeId
IabNetDevice::GetTypeId()
{
    static TypeId tid = TypeId("ns3::IabNetDevice")
                            .SetParent<NetDevice>()
                            .SetGroupName("Iab")
                            .AddConstructor<IabNetDevice>()
                            .AddTraceSource("TxDrop",
                                            "A packet was dropped because the first hop's queue "
                                            "was full or there was no route.",
                                            MakeTraceSourceAccessor(&IabNetDevice::m_dropTrace),
                                            "ns3::Packet::TracedCallback");
    return tid;
}

IabNetDevice::IabNetDevice()
    : m_bap(CreateObject<BapEntity>()),
      m_mac(Mac48Address::Allocate())
{
    m_bap->SetUpperLayer(MakeCallback(&IabNetDevice::ReceiveSdu, this));
}

Ptr<BapEntity>
IabNetDevice::Bap() const
{
    return m_bap;
}

void
IabNetDevice::SetAddressBook(std::shared_ptr<const IabAddressBook> book, BapAddress gateway)
{
    m_book = std::move(book);
    m_gateway = gateway;
}

bool
IabNetDevice::Send(Ptr<Packet> packet, const Address&, uint16_t protocolNumber)
{
    if (protocolNumber != Ipv4L3Protocol::PROT_NUMBER)
    {
        m_dropTrace(packet);
        return false;
    }
    Ipv4Header header;
    packet->PeekHeader(header);
    const auto owner = m_book->find(header.GetDestination());
    const auto destination = owner == m_book->end() ? m_gateway : owner->second;
    const auto bearer = header.GetDscp() == BACKGROUND_DSCP ? Bearer::BACKGROUND : Bearer::TASK;
    const bool sent =
        m_bap->Forward({packet, packet->GetSize(), m_bap->Address(), destination, bearer});
    if (!sent)
    {
        m_dropTrace(packet);
    }
    return sent;
}

void
IabNetDevice::ReceiveSdu(RlcSdu sdu)
{
    if (!sdu.packet)
    {
        m_backgroundBytes += sdu.bytes;
        return;
    }
    // A slot's deliveries run in no node's context; ns-3 wants upper layers to run in their own's.
    Simulator::ScheduleWithContext(
        m_node->GetId(),
        Time(0),
        [device = Ptr<IabNetDevice>(this), packet = sdu.packet]() {
            device->m_receive(device, packet, Ipv4L3Protocol::PROT_NUMBER, device->m_mac);
        });
}

uint64_t
IabNetDevice::BackgroundBytes() const
{
    return m_backgroundBytes;
}

void
IabNetDevice::SetIfIndex(const uint32_t index)
{
    m_ifIndex = index;
}

uint32_t
IabNetDevice::GetIfIndex() const
{
    return m_ifIndex;
}

Ptr<Channel>
IabNetDevice::GetChannel() const
{
    return nullptr;
}

void
IabNetDevice::SetAddress(Address address)
{
    m_mac = Mac48Address::ConvertFrom(address);
}

Address
IabNetDevice::GetAddress() const
{
    return m_mac;
}

bool
IabNetDevice::SetMtu(const uint16_t mtu)
{
    m_mtu = mtu;
    return true;
}

uint16_t
IabNetDevice::GetMtu() const
{
    return m_mtu;
}

bool
IabNetDevice::IsLinkUp() const
{
    return true;
}

void
IabNetDevice::AddLinkChangeCallback(Callback<void>)
{
}

bool
IabNetDevice::IsBroadcast() const
{
    return true;
}

Address
IabNetDevice::GetBroadcast() const
{
    return Mac48Address::GetBroadcast();
}

bool
IabNetDevice::IsMulticast() const
{
    return false;
}

Address
IabNetDevice::GetMulticast(Ipv4Address multicastGroup) const
{
    return Mac48Address::GetMulticast(multicastGroup);
}

Address
IabNetDevice::GetMulticast(Ipv6Address addr) const
{
    return Mac48Address::GetMulticast(addr);
}

bool
IabNetDevice::IsBridge() const
{
    return false;
}

bool
IabNetDevice::IsPointToPoint() const
{
    return false;
}

bool
IabNetDevice::SendFrom(Ptr<Packet>, const Address&, const Address&, uint16_t)
{
    return false;
}

Ptr<Node>
IabNetDevice::GetNode() const
{
    return m_node;
}

void
IabNetDevice::SetNode(Ptr<Node> node)
{
    m_node = node;
}

bool
IabNetDevice::NeedsArp() const
{
    return false;
}

void
IabNetDevice::SetReceiveCallback(ReceiveCallback cb)
{
    m_receive = cb;
}

void
IabNetDevice::SetPromiscReceiveCallback(PromiscReceiveCallback)
{
}

bool
IabNetDevice::SupportsSendFrom() const
{
    return false;
}

void
IabNetDevice::DoDispose()
{
    m_bap->Dispose();
    m_bap = nullptr;
    m_node = nullptr;
    m_receive = ReceiveCallback();
    NetDevice::DoDispose();
}

} // namespace ns3
