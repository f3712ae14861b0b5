/*
 * SPDX-License-Identifier: GPL-2.0-only
 */
#include "limits.h"

#include "ns3/rlc-channel.h"

#include <algorithm>
#include <cmath>
#include <set>
#include <sstream>
#include <stdexcept>

namespace cosim
{

namespace
{

constexpr double NS_PER_US = 1e3;
constexpr double LONGEST_NS = 4e18;       // some 120 years; int64 ends at 9.2e18
constexpr double FARTHEST_M = 1e6;        // from the origin
constexpr double LARGEST_BPS = 1e13;      // 10 Tbit/s
constexpr double STRONGEST_DB = 1000;     // beyond any loss or power, and far from overflow
constexpr double WIDEST_SIGMA = 20;       // of ln(rate): exp(20) is 5e8
constexpr double FASTEST_MPS = 1000;      // far beyond the 500 km/h of TR 38.901 7.1
constexpr uint32_t SMALLEST_PACKET = 29;  // a byte behind the headers of IPv4 and UDP
constexpr uint32_t LARGEST_PACKET = 1500; // MTU
constexpr uint32_t MOST_UES = 10000;      // of a cell
constexpr double MOST_COMPONENTS = 100;   // of a mixture
constexpr double LEAST_WEIGHT = 1e-9;     // of one of them, where all have 1
constexpr double ROUNDING = 1e-9;         // of a sum
constexpr std::size_t MOST_NODES = 5000;  // their addresses and links
constexpr uint32_t LARGEST_ARRAY = 64;    // rows and columns of a panel

/** @throw std::invalid_argument unless the value of the field is from low to high */
void
Within(const std::string& field, double value, double low, double high)
{
    if (!(value >= low && value <= high))
    {
        std::ostringstream text;
        text << field << " is " << value << ", not from " << low << " to " << high;
        throw std::invalid_argument(text.str());
    }
}

void
CheckPosition(const std::string& field, const std::array<double, 3>& position)
{
    for (const auto coordinate : position)
    {
        Within(field, coordinate, -FARTHEST_M, FARTHEST_M);
    }
}

void
CheckTraffic(const std::string& field, const std::optional<CrossTrafficDescription>& traffic)
{
    if (!traffic)
    {
        return;
    }
    Within(field + ".rate_bps", traffic->rateBps, 0, LARGEST_BPS);
    Within(field + ".sigma", traffic->sigma, 0, WIDEST_SIGMA);
    Within(field + ".coherence_ns", traffic->coherenceNs, NS_PER_US, LONGEST_NS);
    Within(field + ".max_fraction", traffic->maxFraction, 0, 1);
}

void
CheckMixture(const std::string& field, const std::vector<LogNormalDescription>& mixture)
{
    Within("components of " + field, static_cast<double>(mixture.size()), 1, MOST_COMPONENTS);
    double weight = 0;
    double mean = 0;
    for (const auto& part : mixture)
    {
        Within(field + ".weight", part.weight, LEAST_WEIGHT, 1);
        Within(field + ".median", part.median, 0, LARGEST_BPS / LEAST_WEIGHT);
        Within(field + ".sigma", part.sigma, 0, WIDEST_SIGMA);
        weight += part.weight;
        mean += part.weight * part.median * std::exp(part.sigma * part.sigma / 2);
    }
    Within("mean of " + field, mean / weight, 0, LARGEST_BPS * (1 + ROUNDING));
}

void
CheckArray(const std::string& field, const ns3::ArraySize& array)
{
    Within(field + ".rows", array.rows, 1, LARGEST_ARRAY);
    Within(field + ".columns", array.columns, 1, LARGEST_ARRAY);
}

void
CheckRadio(const ns3::IabRadioConfig& radio)
{
    // TR 38.901 7.2: what the channel model is made for.
    Within("radio.carrier_hz", radio.carrierHz, 0.5e9, 100e9);
    Within("radio.bandwidth_hz", static_cast<double>(radio.bandwidthHz), 1, 2e9);
    Within("radio.numerology", radio.numerology, 0, 4);
    Within("radio.noise_figure_db", radio.noiseFigureDb, -STRONGEST_DB, STRONGEST_DB);
    Within("radio.ue_power_dbm", radio.uePowerDbm, -STRONGEST_DB, STRONGEST_DB);
    Within("radio.iab_power_dbm", radio.iabPowerDbm, -STRONGEST_DB, STRONGEST_DB);
    Within("radio.handover_hysteresis_db", radio.hysteresisDb, 0, STRONGEST_DB);
    Within("radio.eirp_limit_dbm", radio.eirpLimitDbm, -STRONGEST_DB, INFINITY);
    Within("radio.scatterer_speed_mps", radio.scattererMps, 0, FASTEST_MPS);
    Within("radio.queue_bytes", radio.queueBytes, 1, 1e9);
    Within("radio.k1", radio.timing.k1, 1, 15);                                // TS 38.213 9.2.3
    Within("radio.k2", radio.timing.k2, 0, 32);                                // TS 38.214 6.1.2.1
    Within("radio.harq_processes", radio.retransmission.harqProcesses, 1, 32); // TS 38.214 5.1
    Within("radio.harq_transmissions", radio.retransmission.harqTransmissions, 1, 16);
    CheckArray("radio.ue_array", radio.ueArray);
    CheckArray("radio.iab_array", radio.iabArray);
    for (const auto& [field, time] :
         {std::pair<const char*, ns3::Time>{"radio.channel_update_ns", radio.channelUpdate},
          {"radio.channel_redraw_ns", radio.channelRedraw}})
    {
        Within(field, static_cast<double>(time.GetNanoSeconds()), NS_PER_US, LONGEST_NS);
    }
    for (const auto& [field, time] :
         {std::pair<const char*, ns3::Time>{"radio.los_update_ns", radio.losUpdate},
          {"radio.decode_latency_ns", radio.timing.decode},
          {"radio.rlc_status_delay_ns", radio.retransmission.statusDelay},
          {"radio.cqi_delay_ns", radio.timing.channelReport},
          {"radio.handover_time_to_trigger_ns", radio.timeToTrigger},
          {"radio.handover_interruption_ns", radio.interruption},
          {"radio.backhaul_failure_ns", radio.backhaulFailure}})
    {
        Within(field, static_cast<double>(time.GetNanoSeconds()), 0, LONGEST_NS);
    }
    static const std::set<std::string> ENVIRONMENTS{"UMi-StreetCanyon", "UMa", "RMa"};
    if (!ENVIRONMENTS.contains(radio.environment))
    {
        throw std::invalid_argument("radio.environment '" + radio.environment + "' is unknown");
    }
}

void
CheckNode(const NodeDescription& node)
{
    static const std::set<std::string> KINDS{"ue", "iab", "donor", "core", "cloud"};
    const auto field = "nodes." + node.name;
    if (!KINDS.contains(node.kind))
    {
        throw std::invalid_argument(field + ".kind '" + node.kind + "' is unknown");
    }
    if (node.positionM)
    {
        CheckPosition(field + ".position_m", *node.positionM);
    }
    double lastNs = -1;
    for (const auto& waypoint : node.waypoints)
    {
        const auto timeNs = static_cast<double>(waypoint.timeNs);
        Within(field + ".waypoints.time_ns", timeNs, 0, LONGEST_NS);
        if (timeNs <= lastNs)
        {
            throw std::invalid_argument(field + ".waypoints do not follow each other in time");
        }
        lastNs = timeNs;
        CheckPosition(field + ".waypoints.position_m", waypoint.positionM);
    }
    Within(field + ".background_ues", node.backgroundUes, 0, MOST_UES);
    if (node.transit)
    {
        Within(field + ".transit.ues", node.transit->ues, 0, MOST_UES);
        CheckMixture(field + ".transit.demand_bps", node.transit->demandBps);
    }
}

void
CheckLink(const LinkDescription& link, const std::set<std::string>& nodes)
{
    const auto field = "links." + link.name;
    for (const auto& end : {link.child, link.parent})
    {
        if (!nodes.contains(end))
        {
            throw std::invalid_argument(field + " ends at '" + end + "', which is no node");
        }
    }
    if (link.child == link.parent)
    {
        throw std::invalid_argument(field + " has one node at both ends");
    }
    if (!link.wireless)
    {
        Within(field + ".capacity_bps", static_cast<double>(link.capacityBps), 1, LARGEST_BPS);
        Within(field + ".delay_ns", static_cast<double>(link.delayNs), 0, LONGEST_NS);
        Within(field + ".queue_bytes", link.queueBytes, 1, 4e9);
    }
    CheckTraffic(field + ".cross_traffic", link.crossTraffic);
    if (link.crossTraffic)
    {
        const auto most = link.crossTraffic->maxFraction * static_cast<double>(link.capacityBps);
        Within(field + ".cross_traffic: max_fraction of the capacity", most, 1, LARGEST_BPS);
    }
}

} // namespace

void
CheckLimits(const NetworkDescription& description)
{
    Within("report_interval_ns",
           static_cast<double>(description.reportIntervalNs),
           NS_PER_US,
           LONGEST_NS);
    Within("seed", static_cast<double>(description.seed), 0, 9.3e18);
    CheckRadio(description.radio);
    Within("number of nodes", static_cast<double>(description.nodes.size()), 1, MOST_NODES);
    std::set<std::string> names;
    for (const auto& node : description.nodes)
    {
        CheckNode(node);
        names.insert(node.name);
    }
    for (const auto& link : description.links)
    {
        CheckLink(link, names);
    }
    const auto& background = description.background;
    Within("background.packet_bytes", background.packetBytes, SMALLEST_PACKET, LARGEST_PACKET);
    const auto header = ns3::RlcChannel::HEADER_BYTES;
    const auto room = std::max(description.radio.queueBytes, header) - header;
    const auto largestBurst = room / background.packetBytes;
    Within("background.burst_packets", background.burstPackets, 1, largestBurst);
    Within("background.speed_mps", background.speedMps, 0, FASTEST_MPS);
    CheckMixture("background.demand_bps", background.demandBps);
    Within("background.downlink_share", background.downlinkShare, 0, LARGEST_BPS);
    Within("background.coherence_ns",
           static_cast<double>(background.coherenceNs),
           NS_PER_US,
           LONGEST_NS);
    Within("background.radius_m", background.radiusM, 0, FARTHEST_M);
    for (const auto& blockage : description.blockages)
    {
        const auto startNs = static_cast<double>(blockage.startNs);
        Within("blockages.start_ns", startNs, 0, LONGEST_NS);
        Within("blockages.end_ns", static_cast<double>(blockage.endNs), startNs, LONGEST_NS);
        Within("blockages.loss_db", blockage.lossDb, -STRONGEST_DB, STRONGEST_DB);
    }
}

} // namespace cosim
