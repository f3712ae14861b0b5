/*
 * SPDX-License-Identifier: GPL-2.0-only
 */
#ifndef COSIM_SIMULATION_H
#define COSIM_SIMULATION_H

#include "link-monitor.h"
#include "network.h"
#include "transfers.h"

#include "ns3/event-id.h"

#include <memory>
#include <string>
#include <variant>
#include <vector>

namespace cosim
{

/** The periodic report of all links. */
struct ReportEvent
{
    int64_t timeNs;                //!< when
    std::vector<LinkReport> links; //!< each direction of each link
};

/** A UE is served by another node. */
struct AttachmentEvent
{
    int64_t timeNs;       //!< when
    std::string ue;       //!< node name
    std::string serving;  //!< node name
    std::string previous; //!< node name, empty at first
};

/** An IAB node has another parent over a link, or none while nothing is sent over that. */
struct ParentEvent
{
    int64_t timeNs;       //!< when
    std::string node;     //!< node name
    std::string parent;   //!< node name, empty while it sleeps or the link is out of service
    std::string previous; //!< node name, empty when there was none
    std::string link;     //!< name of the link
};

/** Something that a node must hear of. */
using Event = std::variant<DeliveryEvent, ReportEvent, AttachmentEvent, ParentEvent>;

/** What an advance reached. */
struct Step
{
    int64_t nowNs;             //!< simulated time
    std::vector<Event> events; //!< all that happened at that time, in order
};

/** The simulation's account of the whole run. */
struct SimulationTotals
{
    TransferTotals transfers; //!< of the tasks and their signalling
    uint32_t handovers;       //!< of all UEs
    uint64_t backgroundBytes; //!< that reached their end
    uint64_t simulatorEvents; //!< executed by ns-3
};

/**
 * A network that runs in steps: forward to a time, or to the first event before it.
 */
class Simulation
{
  public:
    /**
     * @param description of the network
     * @param fading record of its small-scale channels, or null
     * @throw std::exception, with what is wrong, on a network that cannot be built
     */
    explicit Simulation(const NetworkDescription& description,
                        std::shared_ptr<ns3::FadingRecord> fading = nullptr);
    ~Simulation();
    Simulation(const Simulation&) = delete;
    Simulation& operator=(const Simulation&) = delete;

    /** Attach the UEs and measure the links. @return the state at time 0 */
    Step Start();

    /**
     * @param untilNs time to run to, unless an event comes first
     * @param commands to carry out now
     * @return time reached and the events at it
     * @throw std::invalid_argument on a time in the past or a command that cannot be carried out
     */
    Step Advance(int64_t untilNs, const std::vector<SendCommand>& commands);

    /** @return the account so far */
    SimulationTotals Totals() const;

    /** Complete the record of channels, if there is one. The simulation cannot go on after it. */
    void FinishRecord();

  private:
    /** Keep an event and stop after all others of the same time. @param event to keep */
    void Report(Event event);
    /** Report every change of who serves whom from now on. */
    void ReportChanges();
    /** Measure the links, now and at every interval. */
    void Tick();

    int64_t m_reportIntervalNs;                  //!< between reports
    std::shared_ptr<ns3::FadingRecord> m_fading; //!< or null
    std::unique_ptr<Network> m_network;          //!< what is simulated
    std::unique_ptr<Transfers> m_transfers;      //!< messages in it
    std::unique_ptr<LinkMonitor> m_monitor;      //!< measures its links
    std::vector<Event> m_events;                 //!< since the last step
    bool m_stopping{false};                      //!< whether a stop is scheduled for now
};

} // namespace cosim

#endif // COSIM_SIMULATION_H
