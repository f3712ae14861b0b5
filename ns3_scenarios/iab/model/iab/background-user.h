/*
 * SPDX-License-Identifier: GPL-2.0-only
 */
#ifndef BACKGROUND_USER_H
#define BACKGROUND_USER_H

#include "background-socket.h"
#include "bap-entity.h"

#include "ns3/object.h"
#include "ns3/random-variable-stream.h"

namespace ns3
{

/**
 * A background UE: random demand up to the donor and down from it, in bursts that travel hop by
 * hop through the same queues as everybody's packets. A burst is as many bytes as some packets
 * have, in SDUs without an IP stack, or these are UDP packets between this UE and the donor.
 */
class BackgroundUser : public Object
{
  public:
    /**
     * @brief Get the type ID.
     * @return the object TypeId
     */
    static TypeId GetTypeId();

    BackgroundUser();

    /** @return its BAP entity */
    Ptr<BapEntity> Bap() const;

    /**
     * @param serving the one node that serves it; while that sleeps, there is no traffic
     */
    void SetServing(Ptr<BapEntity> serving);

    /**
     * Start the traffic.
     *
     * @param donor where uplink traffic ends and downlink traffic starts
     */
    void Start(Ptr<BapEntity> donor);

    /**
     * Start traffic that enters and leaves at an IAB node: that of users whom the node serves on
     * other carriers, so that it loads the backhaul alone.
     *
     * @param node where it enters and leaves
     * @param donor the other end
     */
    void StartAt(Ptr<BapEntity> node, Ptr<BapEntity> donor);

    /**
     * Start traffic in packets.
     *
     * @param own where uplink packets start and downlink packets end
     * @param donor the other end
     */
    void StartPackets(Ptr<BackgroundSocket> own, Ptr<BackgroundSocket> donor);

    /**
     * Fix the random streams.
     *
     * @param stream first stream to use
     * @return number of streams used
     */
    int64_t AssignStreams(int64_t stream);

    /** @return bytes that reached this user */
    uint64_t ReceivedBytes() const;

  protected:
    void DoDispose() override;

  private:
    /** Takes a burst of so many packets. */
    using Sender = Callback<void, uint32_t>;

    /** What is not yet offered. */
    struct Demand
    {
        double uplinkBits{0};   //!< up
        double downlinkBits{0}; //!< down
    };

    /** Draw the first rate, and schedule the first burst. */
    void Begin();

    /** Draw a rate for a coherence time. */
    void DrawRate();

    /** The coherence time is over. */
    void Redraw();

    /** @return size of a burst */
    double BurstBits() const;

    /** @return uplink demand of an interval at the present rate */
    double BitsPerInterval() const;

    /** Take account of the intervals that have passed. */
    void Account();

    /** Schedule the end of the interval in which a burst will be whole; the others cost nothing. */
    void ScheduleOffer();

    /** Offer what is due in each direction. */
    void Offer();

    /**
     * Offer the bursts that are due.
     *
     * @param send takes them
     * @param bits what is due; what is less than a burst is left in it
     */
    void OfferBursts(const Sender& send, double& bits) const;

    /**
     * @param sdu that arrived here
     */
    void Receive(RlcSdu sdu);

    Ptr<BapEntity> m_bap;               //!< this user
    Sender m_sendUp;                    //!< takes uplink traffic
    Sender m_sendDown;                  //!< takes downlink traffic
    Ptr<BackgroundSocket> m_socket;     //!< of its packets, or null
    Ptr<BapEntity> m_serving;           //!< the node that serves it, or null when one always does
    Ptr<UniformRandomVariable> m_phase; //!< start within a period
    Ptr<RandomVariableStream> m_rates;  //!< uplink demand in bit/s, draw by draw
    double m_downlinkShare;             //!< downlink over uplink demand
    Time m_coherence;                   //!< time between draws
    Time m_interval;                    //!< time between looks at what is due
    uint32_t m_packetBytes;             //!< of an IP packet
    uint32_t m_packetsPerBurst;         //!< offered at a time
    double m_rateBps{0};                //!< present uplink demand
    Demand m_demand;                    //!< not yet offered
    Time m_accountedUntil;              //!< end of the last interval that it holds
    uint64_t m_receivedBytes{0};        //!< counter
    EventId m_redraw;                   //!< next draw
    EventId m_offer;                    //!< next burst, if one comes before the next draw
};

} // namespace ns3

#endif // BACKGROUND_USER_H
