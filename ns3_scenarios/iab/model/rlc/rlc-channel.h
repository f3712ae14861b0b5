/*
 * SPDX-License-Identifier: GPL-2.0-only
 */
#ifndef RLC_CHANNEL_H
#define RLC_CHANNEL_H

#include "ns3/nstime.h"
#include "ns3/packet.h"
#include "ns3/ptr.h"

#include <cstdint>
#include <deque>
#include <vector>

namespace ns3
{

/** Address of a node in the IAB network (TS 38.340 6.3.4, here without the path part). */
using BapAddress = uint16_t;

/** Which backhaul RLC channel carries a packet: one for tasks and signalling, one for the rest. */
enum class Bearer : uint8_t
{
    TASK = 0,
    BACKGROUND = 1
};

/** Both bearers, for loops. */
constexpr Bearer ALL_BEARERS[]{Bearer::TASK, Bearer::BACKGROUND};

/**
 * A service data unit on its way through the IAB network.
 */
struct RlcSdu
{
    Ptr<Packet> packet;     //!< the IP packet, or null for background load that ends in the RAN
    uint32_t bytes;         //!< its size, IP header included
    BapAddress source;      //!< the node where it entered the IAB network
    BapAddress destination; //!< the node where it leaves it
    Bearer bearer;          //!< the channel it travels in
};

/**
 * One direction of one RLC channel: a bounded queue of SDUs that transport blocks empty.
 *
 * Unacknowledged mode (TS 38.322) over a link without residual errors: an SDU may be cut over
 * several transport blocks and is complete with its last byte. Headers are counted, not built.
 */
class RlcChannel
{
  public:
    /** BAP data header (TS 38.340 6.2.2: 3), RLC UM header with SO (2) and MAC subheader (3). */
    static constexpr uint32_t HEADER_BYTES = 8;

    /**
     * @param limitBytes an SDU that would exceed this is dropped
     */
    explicit RlcChannel(uint32_t limitBytes);

    /**
     * Append an SDU.
     *
     * @param sdu the SDU
     * @param now the present time
     * @param grantDelay how long an idle channel needs until its first byte can be scheduled
     * @return false when the queue was full and the SDU dropped
     */
    bool Enqueue(const RlcSdu& sdu, Time now, Time grantDelay);

    /**
     * Take up to `bytes` from the head of the queue for one transport block.
     *
     * @param bytes size of the transport block
     * @return the SDUs that it completes
     */
    std::vector<RlcSdu> Dequeue(uint32_t bytes);

    /** @return everything that waits, removed from the queue (data forwarding at handover) */
    std::vector<RlcSdu> Flush();

    /** @return bytes waiting, headers included */
    uint32_t QueuedBytes() const;

    /** @return bytes dropped since construction */
    uint64_t DroppedBytes() const;

    /** @return SDUs dropped since construction */
    uint64_t DroppedSdus() const;

    /** @return when the first waiting byte can be scheduled; meaningless while nothing waits */
    Time EligibleFrom() const;

    /**
     * @param now the present time
     * @return how long the oldest SDU has waited, 0 when the queue is empty
     */
    Time HeadOfLineDelay(Time now) const;

  private:
    /** An SDU with what is left of it. */
    struct Waiting
    {
        RlcSdu sdu;     //!< the SDU
        uint32_t left;  //!< bytes not yet sent, header included
        Time since;     //!< when it was queued
    };

    std::deque<Waiting> m_queue; //!< oldest first
    uint32_t m_limitBytes;       //!< queue limit
    uint32_t m_queuedBytes{0};   //!< sum of `left`
    uint64_t m_droppedBytes{0};  //!< counter
    uint64_t m_droppedSdus{0};   //!< counter
    Time m_eligibleFrom;         //!< end of the request-and-grant delay
};

} // namespace ns3

#endif // RLC_CHANNEL_H
