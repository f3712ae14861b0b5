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

/** Address of a node in the IAB network: one part of a BAP routing ID (TS 38.340 5.2.1.2). */
using BapAddress = uint16_t;

/** Path of a BAP routing ID, the other part (TS 38.340 5.2.1.2); 0 is over first parents. */
using BapPathId = uint16_t;

/** Which backhaul RLC channel carries a packet: one for tasks and signalling, one for the rest. */
enum class Bearer : uint8_t
{
    TASK = 0,
    BACKGROUND = 1
};

/** Both bearers, for loops. */
constexpr Bearer ALL_BEARERS[]{Bearer::TASK, Bearer::BACKGROUND};

/** @param bearer any @return its place in an array of two */
constexpr std::size_t
Index(Bearer bearer)
{
    return static_cast<std::size_t>(bearer);
}

/**
 * A service data unit on its way through the IAB network.
 */
struct RlcSdu
{
    Ptr<Packet> packet;     //!< the IP packet, or null for background load that ends in the RAN
    uint32_t bytes;         //!< its size, IP header included
    BapAddress source;      //!< the node where it entered the IAB network
    BapAddress destination; //!< the node where it leaves it
    Bearer bearer;          //!< what kind of channel it travels in
    BapPathId path{0};      //!< which way up it takes
};

/** What RLC does about a transport block that HARQ could not deliver (TS 38.322 4.2.1). */
enum class RlcMode : uint8_t
{
    UNACKNOWLEDGED = 0, //!< its SDUs are lost
    ACKNOWLEDGED = 1    //!< its segments are sent again after a status report
};

/** A part of an SDU in a transport block. */
struct RlcSegment
{
    uint64_t sequence; //!< of the SDU in its channel
    uint32_t bytes;    //!< of it in this block, header included
};

/** What one transport block carries of one channel. */
using RlcPdu = std::vector<RlcSegment>;

/**
 * One direction of one RLC channel, both ends of it: a bounded queue of SDUs that transport blocks
 * empty, and reassembly with in-order delivery.
 *
 * Headers are counted, not built; sequence numbers do not wrap.
 */
class RlcChannel
{
  public:
    /** BAP data header (TS 38.340 6.2.2: 3), RLC header with SO (2) and MAC subheader (3). */
    static constexpr uint32_t HEADER_BYTES = 8;

    /**
     * @param limitBytes an SDU that would exceed this is dropped
     * @param mode what is done about lost blocks
     */
    explicit RlcChannel(uint32_t limitBytes, RlcMode mode = RlcMode::UNACKNOWLEDGED);

    /**
     * Append an SDU.
     *
     * @param sdu the SDU
     * @param now the present time
     * @param eligible when its first byte can be scheduled
     * @return false when the queue was full and the SDU dropped
     */
    bool Enqueue(const RlcSdu& sdu, Time now, Time eligible);

    /**
     * Take up to `bytes` for one transport block: what is to be sent again first.
     *
     * @param bytes size of the transport block
     * @return the segments
     */
    RlcPdu Dequeue(uint32_t bytes);

    /**
     * A transport block was received.
     *
     * @param pdu its segments
     * @return the SDUs that are complete now, in order
     */
    std::vector<RlcSdu> Received(const RlcPdu& pdu);

    /**
     * HARQ gave a transport block up. The transmitter of an acknowledged channel learns of it from
     * a status report, see ReportLost.
     *
     * @param pdu its segments
     * @return the SDUs that need no longer wait for a lost one, in order
     */
    std::vector<RlcSdu> Lost(const RlcPdu& pdu);

    /**
     * A status report has told an acknowledged channel of the first lost block that it did not know
     * of: what the block carried waits again (TS 38.322 5.3.2).
     */
    void ReportLost();

    /**
     * Take everything that was not delivered, in order (data forwarding at handover).
     *
     * @return the SDUs
     */
    std::vector<RlcSdu> Flush();

    /** Send again from its start what is partly sent: blocks in the air are void (handover). */
    void Reestablish();

    /** @return what is done about lost blocks */
    RlcMode Mode() const;

    /** @return bytes waiting, headers included */
    uint32_t QueuedBytes() const;

    /**
     * @param now the present time
     * @return those of the waiting bytes that can be scheduled: the first ones
     */
    uint32_t EligibleBytes(Time now) const;

    /** @return SDUs dropped for want of room, and their bytes */
    uint64_t DroppedBytes() const;

    /** @return SDUs that were lost on the air */
    uint64_t LostSdus() const;

    /** @return SDUs dropped for want of room */
    uint64_t DroppedSdus() const;

    /** @return when the first waiting byte can be scheduled; meaningless while nothing waits */
    Time EligibleFrom() const;

    /**
     * @param now the present time
     * @return how long the oldest SDU with waiting bytes has waited, 0 when there is none
     */
    Time HeadOfLineDelay(Time now) const;

  private:
    /** An SDU that is not delivered yet. */
    struct Entry
    {
        RlcSdu sdu;       //!< the SDU
        uint32_t unsent;  //!< bytes never sent, header included
        uint32_t missing; //!< bytes not yet received, header included
        bool lost;        //!< given up
        Time since;       //!< when it was queued
        Time eligible;    //!< when it can be scheduled
    };

    /** @return entry of a sequence number, or null when it was delivered or flushed */
    Entry* Find(uint64_t sequence);

    /** @return SDUs at the head that are complete, lost ones left out */
    std::vector<RlcSdu> Release();

    /** Advance past entries of which all is sent. */
    void SkipSent();

    std::deque<Entry> m_entries;     //!< by sequence number, oldest first
    std::deque<RlcPdu> m_unreported; //!< lost, which the transmitter does not know
    std::deque<RlcSegment> m_resend; //!< to be sent again
    uint64_t m_firstSequence{0};     //!< of m_entries.front()
    uint64_t m_nextUnsent{0};        //!< first with unsent bytes
    uint32_t m_limitBytes;           //!< queue limit
    RlcMode m_mode;                  //!< about lost blocks
    uint32_t m_queuedBytes{0};       //!< unsent and to be sent again
    uint64_t m_droppedBytes{0};      //!< counter
    uint64_t m_droppedSdus{0};       //!< counter
    uint64_t m_lostSdus{0};          //!< counter
};

} // namespace ns3

#endif // RLC_CHANNEL_H
