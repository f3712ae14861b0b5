/*
 * SPDX-License-Identifier: GPL-2.0-only
 */
#ifndef RATE_METER_H
#define RATE_METER_H

#include "ns3/inet-socket-address.h"
#include "ns3/node.h"
#include "ns3/nstime.h"
#include "ns3/socket.h"

#include <cstddef>
#include <cstdint>
#include <vector>

/** UDP packets at a constant rate from one node to another. */
struct Flow
{
    ns3::Ptr<ns3::Socket> sender; //!< of the packets
    ns3::InetSocketAddress to;    //!< where they go
    ns3::Time interval;           //!< between packets
    uint64_t receivedBytes{0};    //!< that arrived
};

/** Offers packets at a constant rate and measures them at the other end. */
class RateMeter
{
  public:
    static constexpr uint32_t PACKET_BYTES = 1400; //!< UDP payload

    /** @param flows to offer */
    explicit RateMeter(std::vector<Flow> flows);

    /**
     * Receive packets, of however many flows: a node that had a socket for each would search
     * through all of them for each packet.
     *
     * @param node that receives
     * @param port that they are sent to
     */
    void Listen(const ns3::Ptr<ns3::Node>& node, uint16_t port);

    /** Start the flows, one after the other within an interval. */
    void Start();

    /** @return the flows, with what they received */
    const std::vector<Flow>& Flows() const;

    /** @return delays of all packets in ms, sorted */
    std::vector<double> SortedDelaysMs() const;

  private:
    /** What a packet begins with. */
    struct Stamp
    {
        int64_t sentNs; //!< when it was sent
        uint64_t flow;  //!< number of its flow
    };

    /** @param flow number of the flow whose next packet is due */
    void Send(std::size_t flow);

    /** @param socket that received */
    void Receive(ns3::Ptr<ns3::Socket> socket);

    std::vector<Flow> m_flows;                    //!< by number
    std::vector<ns3::Ptr<ns3::Socket>> m_sockets; //!< that receive
    std::vector<double> m_delaysMs;               //!< of all packets
};

#endif // RATE_METER_H
