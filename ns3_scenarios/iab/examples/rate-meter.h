/*
 * SPDX-License-Identifier: GPL-2.0-only
 */
#ifndef RATE_METER_H
#define RATE_METER_H

#include "ns3/inet-socket-address.h"
#include "ns3/nstime.h"
#include "ns3/socket.h"

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

    /**
     * @param flow to start, which must outlive the simulation
     * @param offset of its first packet
     */
    void Start(Flow& flow, ns3::Time offset);

    /**
     * @param socket that received
     * @param flow that it belongs to
     */
    void Receive(ns3::Ptr<ns3::Socket> socket, Flow* flow);

    /** @return delays of all packets in ms, sorted */
    std::vector<double> SortedDelaysMs() const;

  private:
    /** @param flow whose next packet is due */
    void Send(Flow* flow);

    std::vector<double> m_delaysMs; //!< of all packets
};

#endif // RATE_METER_H
