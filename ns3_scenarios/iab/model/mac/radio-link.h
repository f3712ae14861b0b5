/*
 * SPDX-License-Identifier: GPL-2.0-only
 */
#ifndef RADIO_LINK_H
#define RADIO_LINK_H

#include "iab/model/phy/nr-frame.h"
#include "iab/model/rlc/rlc-channel.h"

#include "ns3/callback.h"
#include "ns3/simple-ref-count.h"

#include <array>
#include <string>
#include <vector>

namespace ns3
{

/**
 * What one RLC channel did, for proportional fairness and for capacity reports.
 */
struct ChannelUse
{
    double weight{1};          //!< proportional-fair weight: number of users that it carries
    double averageBitsPerSlot{0}; //!< served rate, exponentially averaged over slots
    uint64_t averagedUntil{0}; //!< slot up to which the average holds
    uint64_t symbols{0};       //!< OFDM symbols used since construction
    uint64_t servedBytes{0};   //!< bytes taken from the queue since construction
};

/**
 * A radio link between a DU (parent) and an MT or UE (child): its queues, its modulation and
 * coding scheme, and where what it delivers goes.
 *
 * The link is the same object for both directions, since an NR carrier in TDD is reciprocal; each
 * direction has a queue for each bearer.
 */
class RadioLink : public SimpleRefCount<RadioLink>
{
  public:
    /** Called with the SDUs that a slot completed, at the receiving end. */
    using DeliverCallback = Callback<void, std::vector<RlcSdu>>;

    /**
     * @param name of the link, for reports
     * @param queueBytes limit of each queue
     */
    RadioLink(std::string name, uint32_t queueBytes);

    /** @return name of the link */
    const std::string& Name() const;

    /**
     * @param direction of the channel
     * @param bearer of the channel
     * @return the queue of that channel
     */
    RlcChannel& Queue(NrDirection direction, Bearer bearer);

    /** @copydoc Queue */
    const RlcChannel& Queue(NrDirection direction, Bearer bearer) const;

    /**
     * @param direction of the channel
     * @param bearer of the channel
     * @return the account of that channel
     */
    ChannelUse& Use(NrDirection direction, Bearer bearer);

    /** @copydoc Use */
    const ChannelUse& Use(NrDirection direction, Bearer bearer) const;

    /**
     * Set what the receiving end of a direction does with complete SDUs.
     *
     * @param direction of the transmission
     * @param deliver the receiving end
     */
    void SetReceiver(NrDirection direction, DeliverCallback deliver);

    /**
     * Hand complete SDUs to the receiving end.
     *
     * @param direction of the transmission
     * @param sdus the SDUs
     */
    void Deliver(NrDirection direction, const std::vector<RlcSdu>& sdus) const;

    /**
     * Set the SINR by which the link adapts.
     *
     * @param direction of the transmission
     * @param efficiency bit/s/Hz that the channel carries (mean over resource blocks)
     * @param sinrDb the SINR that a flat channel of that efficiency would have
     */
    void SetQuality(NrDirection direction, double efficiency, double sinrDb);

    /**
     * @param direction of the transmission
     * @return MCS index, or -1 when the link cannot be used
     */
    int8_t Mcs(NrDirection direction) const;

    /**
     * @param direction of the transmission
     * @return effective SINR in dB
     */
    double SinrDb(NrDirection direction) const;

    /**
     * Stop scheduling the link until a time (handover interruption).
     *
     * @param until when it may be used again
     */
    void SuspendUntil(Time until);

    /** @return when the link may be used */
    Time SuspendedUntil() const;

  private:
    /** State of one direction. */
    struct Way
    {
        std::array<RlcChannel, 2> queues; //!< by bearer
        std::array<ChannelUse, 2> use;    //!< by bearer
        DeliverCallback deliver;          //!< the receiving end
        int8_t mcs{-1};                   //!< scheme in use
        double sinrDb{0};                 //!< effective SINR
    };

    /**
     * @param direction of the transmission
     * @return its state
     */
    const Way& At(NrDirection direction) const;

    /** @copydoc At */
    Way& At(NrDirection direction);

    std::string m_name;        //!< for reports
    std::array<Way, 2> m_ways; //!< by direction
    Time m_suspendedUntil;     //!< handover interruption
};

} // namespace ns3

#endif // RADIO_LINK_H
