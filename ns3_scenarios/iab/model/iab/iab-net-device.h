/*
 * SPDX-License-Identifier: GPL-2.0-only
 */
#ifndef IAB_NET_DEVICE_H
#define IAB_NET_DEVICE_H

#include "bap-entity.h"

#include "ns3/ipv4-address.h"
#include "ns3/ipv4-header.h"
#include "ns3/mac48-address.h"
#include "ns3/net-device.h"
#include "ns3/traced-callback.h"

#include <map>
#include <memory>

namespace ns3
{

/** Which node of the IAB network owns an IPv4 address. */
using IabAddressBook = std::map<Ipv4Address, BapAddress>;

/**
 * The network device of a UE, an IAB node or a donor: IPv4 above, BAP below.
 *
 * All devices of one IAB network share an IPv4 subnet; a packet's BAP destination follows from its
 * IP destination (the mapping that the donor and the access node do, TS 38.340 5.2.1.4), and what
 * is outside of the subnet goes to the gateway, the donor. A packet's bearer follows from its DSCP
 * (TS 38.340 5.2.1.4): low-priority data (RFC 4594 4.10) are background, all else is for tasks.
 */
class IabNetDevice : public NetDevice
{
  public:
    /** Marks packets of the background bearer. */
    static constexpr Ipv4Header::DscpType BACKGROUND_DSCP = Ipv4Header::DSCP_CS1;

    /**
     * @brief Get the type ID.
     * @return the object TypeId
     */
    static TypeId GetTypeId();

    IabNetDevice();

    /** @return the device's BAP entity */
    Ptr<BapEntity> Bap() const;

    /**
     * @param book addresses of the network, shared by its devices
     * @param gateway where packets for other networks go
     */
    void SetAddressBook(std::shared_ptr<const IabAddressBook> book, BapAddress gateway);

    /** @return bytes of background load that ended here */
    uint64_t BackgroundBytes() const;

    void SetIfIndex(const uint32_t index) override;
    uint32_t GetIfIndex() const override;
    Ptr<Channel> GetChannel() const override;
    void SetAddress(Address address) override;
    Address GetAddress() const override;
    bool SetMtu(const uint16_t mtu) override;
    uint16_t GetMtu() const override;
    bool IsLinkUp() const override;
    void AddLinkChangeCallback(Callback<void> callback) override;
    bool IsBroadcast() const override;
    Address GetBroadcast() const override;
    bool IsMulticast() const override;
    Address GetMulticast(Ipv4Address multicastGroup) const override;
    Address GetMulticast(Ipv6Address addr) const override;
    bool IsBridge() const override;
    bool IsPointToPoint() const override;
    bool Send(Ptr<Packet> packet, const Address& dest, uint16_t protocolNumber) override;
    bool SendFrom(Ptr<Packet> packet,
                  const Address& source,
                  const Address& dest,
                  uint16_t protocolNumber) override;
    Ptr<Node> GetNode() const override;
    void SetNode(Ptr<Node> node) override;
    bool NeedsArp() const override;
    void SetReceiveCallback(ReceiveCallback cb) override;
    void SetPromiscReceiveCallback(PromiscReceiveCallback cb) override;
    bool SupportsSendFrom() const override;

  protected:
    void DoDispose() override;

  private:
    /**
     * Take an SDU that is addressed to this node.
     *
     * @param sdu the SDU
     */
    void ReceiveSdu(RlcSdu sdu);

    Ptr<BapEntity> m_bap;                          //!< forwarding
    std::shared_ptr<const IabAddressBook> m_book;  //!< addresses of the network
    BapAddress m_gateway{0};                       //!< the donor
    Ptr<Node> m_node;                              //!< owner
    Mac48Address m_mac;                            //!< only a name to the upper layers
    uint32_t m_ifIndex{0};                         //!< index at the node
    uint16_t m_mtu{1500};                          //!< greatest IP packet
    ReceiveCallback m_receive;                     //!< upper layer
    uint64_t m_backgroundBytes{0};                 //!< background load that ended here
    TracedCallback<Ptr<const Packet>> m_dropTrace; //!< packets that found a full queue
};

} // namespace ns3

#endif // IAB_NET_DEVICE_H
