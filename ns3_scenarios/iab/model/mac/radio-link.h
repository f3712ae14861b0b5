/*
 * SPDX-License-Identifier: GPL-2.0-only
 */
#ifndef RADIO_LINK_H
#define RADIO_LINK_H

#include "ns3/callback.h"
#include "ns3/nr-frame.h"
#include "ns3/radio-channel.h"
#include "ns3/rlc-channel.h"
#include "ns3/simple-ref-count.h"

#include <array>
#include <deque>
#include <string>
#include <vector>

namespace ns3
{

class CellMac;

/** How the traffic of many users is put into the RLC channels of a link (TS 38.300 4.7.3). */
enum class ChannelMapping : uint8_t
{
    AGGREGATED = 0, //!< one channel for all users of a bearer (N:1)
    PER_USER = 1    //!< one channel for each user of a bearer (1:1)
};

/** One direction of one RLC channel of a link, with its account for scheduling and reports. */
struct LinkChannel
{
    Bearer bearer;                //!< what it carries
    BapAddress user;              //!< whose, or 0 for everyone's
    RlcChannel queue;             //!< what waits and is under way
    double averageBitsPerSlot{0}; //!< served rate, exponentially averaged over slots
    uint64_t averagedUntil{0};    //!< slot up to which the average holds
    uint64_t lastServed{0};       //!< slot in which it was served last
    uint64_t units{0};            //!< resource units used since construction
    bool waiting{false};          //!< whether the cell has it on its list of backlogs
};

/** Blocks and errors of one direction of a link since construction. */
struct BlockCount
{
    uint64_t blocks{0};      //!< first transmissions
    uint64_t firstErrors{0}; //!< of them that could not be decoded
    uint64_t lost{0};        //!< given up by HARQ
};

/** The two ends of a link and their transmit powers. */
struct LinkEnds
{
    RadioEnd child;        //!< MT or UE
    RadioEnd parent;       //!< DU
    double childPowerDbm;  //!< uplink
    double parentPowerDbm; //!< downlink
};

/**
 * A radio link between a DU (parent) and an MT or UE (child): its queues, its quality, and where
 * what it delivers goes.
 *
 * The link is the same object for both directions, since an NR carrier in TDD is reciprocal; each
 * direction has a queue for each bearer. It stays the same object through a handover.
 */
class RadioLink : public SimpleRefCount<RadioLink>
{
  public:
    /** Called with the SDUs that a slot completed, at the receiving end. */
    using DeliverCallback = Callback<void, const std::vector<RlcSdu>&>;

    /**
     * @param name of the link, for reports
     * @param queueBytes limit of each queue
     * @param mode of its RLC channels
     * @param mapping of users to its RLC channels
     */
    RadioLink(std::string name,
              uint32_t queueBytes,
              RlcMode mode = RlcMode::UNACKNOWLEDGED,
              ChannelMapping mapping = ChannelMapping::AGGREGATED);

    /** @return name of the link */
    const std::string& Name() const;

    /**
     * @param direction of the data
     * @return its RLC channels; a channel's number is its place here, and never changes
     */
    std::deque<LinkChannel>& Channels(NrDirection direction);

    /** @copydoc Channels */
    const std::deque<LinkChannel>& Channels(NrDirection direction) const;

    /**
     * Find the channel of an SDU, or make it.
     *
     * @param direction of the data
     * @param sdu what it must carry
     * @return number of the channel
     */
    uint16_t ChannelFor(NrDirection direction, const RlcSdu& sdu);

    /**
     * @param direction of the data
     * @param bearer of the channels
     * @return bytes that wait in them, headers included
     */
    uint64_t QueuedBytes(NrDirection direction, Bearer bearer) const;

    /**
     * @param direction of the data
     * @param bearer of the channels
     * @return resource units that they used since construction
     */
    uint64_t UsedUnits(NrDirection direction, Bearer bearer) const;

    /**
     * @param direction of the data
     * @param bearer of the channels
     * @param now the present time
     * @return how long the oldest SDU with waiting bytes in them has waited
     */
    Time HeadOfLineDelay(NrDirection direction, Bearer bearer, Time now) const;

    /**
     * @param bearer of the channels
     * @param users whose traffic the link carries in them from now on, or, negative, no longer
     */
    void AddUsers(Bearer bearer, int32_t users);

    /**
     * @param bearer of the channels
     * @return proportional-fair weight of all of them together: users that they carry, at least 1
     */
    double Weight(Bearer bearer) const;

    /**
     * @param channel one of them
     * @return its proportional-fair weight
     */
    double WeightOf(const LinkChannel& channel) const;

    /**
     * HARQ processes: when each is free, Time::Max() while its block is under way.
     *
     * @param direction of the data
     * @return one entry for each process that was used so far
     */
    std::vector<Time>& Processes(NrDirection direction);

    /**
     * @param direction of the transmission
     * @return count of blocks
     */
    BlockCount& Blocks(NrDirection direction);

    /** @copydoc Blocks */
    const BlockCount& Blocks(NrDirection direction) const;

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
     * @param ends of the link
     */
    void SetEnds(const LinkEnds& ends);

    /** @return ends of the link */
    const LinkEnds& Ends() const;

    /**
     * @param cell that schedules the link, or null while none does
     */
    void SetServingCell(CellMac* cell);

    /** @return the cell that schedules the link, or null */
    CellMac* ServingCell() const;

    /**
     * @param cell the DU part of the child, or null at a UE
     */
    void SetChildCell(CellMac* cell);

    /** @return the DU part of the child, or null */
    CellMac* ChildCell() const;

    /**
     * The channel has changed.
     *
     * @param direction of the transmission
     * @param quality of the channel now
     * @param now the present time
     * @param reported when the scheduler knows it; until then, it knows what it knows now
     */
    void SetQuality(NrDirection direction, const LinkQuality& quality, Time now, Time reported);

    /**
     * @param direction of the transmission
     * @param now the present time
     * @return quality that the scheduler knows
     */
    const LinkQuality& ReportedQuality(NrDirection direction, Time now) const;

    /**
     * @param direction of the transmission
     * @return quality of the channel now, without interference
     */
    const LinkQuality& Quality(NrDirection direction) const;

    /**
     * The MCS of new blocks changes.
     *
     * @param direction of the transmission
     * @param mcs index now, or -1 when the link cannot be used
     * @param mcsReported index from the time on when the scheduler knows the newest report
     */
    void SetMcs(NrDirection direction, int8_t mcs, int8_t mcsReported);

    /**
     * @param direction of the transmission
     * @param now the present time
     * @return MCS index, or -1 when the link cannot be used
     */
    int8_t Mcs(NrDirection direction, Time now) const;

    /**
     * @param direction of the transmission
     * @return offset on the reported SINR by which errors have made the scheduler careful, in dB
     */
    double& MarginDb(NrDirection direction);

    /**
     * @param direction of the transmission
     * @return interference over noise at its receiver, averaged over blocks, linear
     */
    double Interference(NrDirection direction) const;

    /**
     * Measure interference with a block.
     *
     * @param direction of the transmission
     * @param overNoise interference over noise, linear
     */
    void MeasureInterference(NrDirection direction, double overNoise);

    /**
     * Stop scheduling the link until a time (handover interruption).
     *
     * @param until when it may be used again
     */
    void SuspendUntil(Time until);

    /** @return when the link may be used */
    Time SuspendedUntil() const;

    /** Void all blocks in the air (handover); queues send again what they carried. */
    void ResetTransmissions();

    /** @return number of resets so far */
    uint64_t Epoch() const;

  private:
    /** State of one direction. */
    struct Way
    {
        std::deque<LinkChannel> channels; //!< RLC channels
        std::vector<Time> processes;      //!< when each HARQ process is free
        BlockCount blocks;                //!< count
        DeliverCallback deliver;          //!< the receiving end
        LinkQuality quality;              //!< channel now
        LinkQuality qualityBefore;        //!< known until the newest report
        Time reportFrom;                  //!< when the newest report takes effect
        int8_t mcs{-1};                   //!< of new blocks, from then on
        int8_t mcsBefore{-1};             //!< until then
        double marginDb{0};               //!< outer loop
        double interference{0};           //!< over noise, averaged
    };

    /**
     * @param direction of the transmission
     * @return its state
     */
    const Way& At(NrDirection direction) const;

    /** @copydoc At */
    Way& At(NrDirection direction);

    std::string m_name;               //!< for reports
    uint32_t m_queueBytes;            //!< limit of each queue
    RlcMode m_mode;                   //!< of its RLC channels
    ChannelMapping m_mapping;         //!< of users to them
    std::array<Way, 2> m_ways;        //!< by direction
    std::array<int32_t, 2> m_users{}; //!< by bearer
    LinkEnds m_ends{};                //!< ends
    CellMac* m_servingCell{nullptr};  //!< that schedules it
    CellMac* m_childCell{nullptr};    //!< DU part of the child
    Time m_suspendedUntil;            //!< handover interruption
    uint64_t m_epoch{0};              //!< resets
};

} // namespace ns3

#endif // RADIO_LINK_H
