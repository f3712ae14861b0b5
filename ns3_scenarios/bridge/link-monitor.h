/*
 * SPDX-License-Identifier: GPL-2.0-only
 */
#ifndef COSIM_LINK_MONITOR_H
#define COSIM_LINK_MONITOR_H

#include "network.h"

#include <map>
#include <string>
#include <utility>
#include <vector>

namespace cosim
{

/** State of one directed link, as its ends know it. */
struct LinkReport
{
    std::string link;        //!< name
    std::string transmitter; //!< node name
    std::string receiver;    //!< node name
    uint64_t capacityBps;    //!< rate that task traffic could have now
    int64_t latencyNs;       //!< one-way delay of a small packet on the idle link
    uint64_t queueBytes;     //!< task traffic waiting (on a wire: all traffic)
    int64_t queueDelayNs;    //!< how long a byte that comes now will wait, at the present rate
    int64_t holDelayNs;      //!< how long the oldest has waited
    int mcs;                 //!< -1 on a wire or a dead link
    double sinrDb;           //!< NaN on a wire
    double usedFraction;     //!< of the resources since the last report, by anyone
};

/**
 * Measures the links between one report and the next.
 *
 * What a task's traffic could have on a link is estimated as the MAC knows it: what the others
 * leave, and at least the proportional-fair share (radio) or the capacity less the measured cross
 * traffic (wire), both averaged exponentially.
 */
class LinkMonitor
{
  public:
    /**
     * @param network to watch, which must outlive the monitor
     */
    explicit LinkMonitor(const Network& network);

    /**
     * Measure all links since the last call.
     *
     * @return one report for each direction of each link
     */
    std::vector<LinkReport> Measure();

  private:
    /** Counters of one direction of a radio link at the last report. */
    struct RadioState
    {
        const ns3::CellMac* cell{nullptr};                 //!< that scheduled it
        std::map<const ns3::LinkChannel*, uint64_t> units; //!< by channel of the cell
        uint64_t cellUnits{0};                             //!< used by all
        uint64_t ownUnits{0};                              //!< used by the link's tasks
        double othersFraction{1};                          //!< averaged; at first nothing is known
        double elapsedS{0};                                //!< since the average began
    };

    /** Counters of one direction of a wire at the last report. */
    struct WireState
    {
        uint64_t crossBytes{0}; //!< offered by cross traffic
        uint64_t sentBytes{0};  //!< transmitted by the device
        double crossBps{0};     //!< averaged
        double elapsedS{0};     //!< since the average began
    };

    /**
     * @param hop a radio link
     * @param direction of the report
     * @param seconds since the last report
     * @return the report
     */
    LinkReport MeasureRadio(const RadioHop& hop, ns3::NrDirection direction, double seconds);

    /**
     * @param hop a radio link that a cell schedules
     * @param direction of the report
     * @param state of the last report, updated
     * @return weights of the other channels of the cell that are active
     */
    double ActiveWeightOfOthers(const RadioHop& hop,
                                ns3::NrDirection direction,
                                RadioState& state) const;

    /**
     * @param wire a wired link
     * @param upward direction of the report
     * @param seconds since the last report
     * @return the report
     */
    LinkReport MeasureWire(const Wire& wire, bool upward, double seconds);

    const Network& m_network;                                               //!< watched
    int64_t m_lastNs{0};                                                    //!< time of last report
    std::map<std::pair<std::string, ns3::NrDirection>, RadioState> m_radio; //!< radio counters
    std::map<std::pair<std::string, bool>, WireState> m_wires;              //!< wire counters
    std::map<const ns3::PointToPointNetDevice*, uint64_t> m_sentBytes;      //!< by device
};

} // namespace cosim

#endif // COSIM_LINK_MONITOR_H
