/*
 * SPDX-License-Identifier: GPL-2.0-only
 */
#ifndef BACKGROUND_SOCKET_H
#define BACKGROUND_SOCKET_H

#include "ns3/ipv4-address.h"
#include "ns3/node.h"
#include "ns3/object.h"
#include "ns3/socket.h"

namespace ns3
{

/**
 * One end of background traffic in packets: a UDP socket whose packets are marked as low-priority
 * data (DSCP CS1, RFC 4594 4.10), by which an IabNetDevice puts them into the background bearer.
 */
class BackgroundSocket : public Object
{
  public:
    /** UDP port, the same at all ends: discard (RFC 863). */
    static constexpr uint16_t PORT = 9;

    /** IPv4 and UDP headers, without options. */
    static constexpr uint32_t HEADER_BYTES = 28;

    /**
     * @brief Get the type ID.
     * @return the object TypeId
     */
    static TypeId GetTypeId();

    /**
     * @param node with an internet stack
     * @param address of it, which packets to this end carry
     */
    void Open(Ptr<Node> node, Ipv4Address address);

    /** @return the address */
    Ipv4Address Address() const;

    /**
     * Send one packet.
     *
     * @param to the other end
     * @param bytes of the whole IP packet, at least its headers
     */
    void Send(const BackgroundSocket& to, uint32_t bytes);

    /** @return bytes of the IP packets that arrived here */
    uint64_t ReceivedBytes() const;

  protected:
    void DoDispose() override;

  private:
    /** @param socket that has packets */
    void Receive(Ptr<Socket> socket);

    Ptr<Socket> m_socket;        //!< UDP
    Ipv4Address m_address;       //!< of this end
    uint64_t m_receivedBytes{0}; //!< counter
};

} // namespace ns3

#endif // BACKGROUND_SOCKET_H
