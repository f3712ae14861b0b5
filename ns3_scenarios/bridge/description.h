/*
 * SPDX-License-Identifier: GPL-2.0-only
 */
#ifndef COSIM_DESCRIPTION_H
#define COSIM_DESCRIPTION_H

#include "ns3/iab-helper.h"

#include <array>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

namespace cosim
{

/** A moment of a trajectory. */
struct WaypointDescription
{
    int64_t timeNs;                  //!< when
    std::array<double, 3> positionM; //!< where
};

/** Other people's traffic on a wired link. */
struct CrossTrafficDescription
{
    double rateBps;      //!< mean
    double sigma;        //!< standard deviation of ln(rate)
    int64_t coherenceNs; //!< time between draws
    double maxFraction;  //!< of the capacity; what is drawn above it is cut
};

/** A log-normal distribution that is part of a mixture. */
struct LogNormalDescription
{
    double weight; //!< share of the draws, relative to the others'
    double median; //!< of it
    double sigma;  //!< standard deviation of the natural logarithm
};

/** Users of an IAB node on other carriers. */
struct TransitDescription
{
    uint32_t ues;                                //!< so many
    std::vector<LogNormalDescription> demandBps; //!< uplink demand of each
};

/** One node of the network. */
struct NodeDescription
{
    std::string name;                               //!< unique
    std::string kind;                               //!< ue, iab, donor, core or cloud
    std::optional<std::array<double, 3>> positionM; //!< of a radio node
    std::vector<WaypointDescription> waypoints;     //!< of a moving UE
    uint32_t backgroundUes{0};                      //!< of the cell
    std::optional<TransitDescription> transit;      //!< of an IAB node's other carriers
    std::vector<std::string> path;                  //!< backhaul links that its packets prefer

    /** @return whether it has a radio */
    bool IsRadio() const;
};

/** A fixed link between a node and the one above it. */
struct LinkDescription
{
    std::string name;                                    //!< unique
    bool wireless;                                       //!< radio or wire
    std::string child;                                   //!< nearer the UEs
    std::string parent;                                  //!< nearer the cloud
    uint64_t capacityBps{0};                             //!< of a wire
    int64_t delayNs{0};                                  //!< of a wire
    uint32_t queueBytes{0};                              //!< of a wire
    std::string queueDiscipline{"drop-tail"};            //!< of a wire
    std::optional<CrossTrafficDescription> crossTraffic; //!< on a wire
};

/** What background traffic is made of. */
enum class BackgroundTraffic
{
    BACKLOG, //!< bursts of bytes in the radio queues
    PACKETS  //!< UDP packets of UEs that have an IP stack
};

/** Background UEs of every cell. */
struct BackgroundDescription
{
    BackgroundTraffic traffic;                   //!< of them and of IAB nodes' other carriers
    uint32_t packetBytes;                        //!< of an IP packet
    uint32_t burstPackets;                       //!< that come at a time
    double speedMps;                             //!< of each, to places in the discs; 0: they stay
    std::vector<LogNormalDescription> demandBps; //!< uplink demand of one
    double downlinkShare;                        //!< downlink over uplink demand
    int64_t coherenceNs;                         //!< time between draws
    double radiusM; //!< they are uniform in a disc of this radius around their cell
};

/** Extra loss on a radio link for a while. */
struct BlockageDescription
{
    std::string link; //!< name of a backhaul or access link
    int64_t startNs;  //!< from
    int64_t endNs;    //!< until
    double lossDb;    //!< how much
};

/** What happens to an IAB node. */
enum class TopologyAction
{
    SLEEP, //!< it serves nobody
    WAKE,  //!< it serves again
    PARENT //!< it gets another parent
};

/** A change of the tree. */
struct TopologyChangeDescription
{
    int64_t timeNs;        //!< when
    std::string node;      //!< name of an IAB node
    TopologyAction action; //!< what
    std::string parent;    //!< name of the new parent, or empty
};

/** All that the handshake says about the network. */
struct NetworkDescription
{
    uint64_t seed;                                          //!< of all random streams
    int64_t reportIntervalNs;                               //!< between link reports
    ns3::IabRadioConfig radio;                              //!< radio interface
    std::vector<NodeDescription> nodes;                     //!< all nodes
    std::vector<LinkDescription> links;                     //!< all fixed links
    BackgroundDescription background;                       //!< of every cell
    std::vector<BlockageDescription> blockages;             //!< to happen
    std::vector<TopologyChangeDescription> topologyChanges; //!< to happen
};

/** @param position in m @return the same for ns-3 */
ns3::Vector ToVector(const std::array<double, 3>& position);

/** @return name of the access link of a UE */
std::string AccessLinkName(const std::string& ue);

/**
 * @param body of the configuration message
 * @return the description
 * @throw std::exception, with what is wrong, on anything that is missing or of a wrong type
 */
NetworkDescription ParseDescription(const nlohmann::json& body);

} // namespace cosim

#endif // COSIM_DESCRIPTION_H
