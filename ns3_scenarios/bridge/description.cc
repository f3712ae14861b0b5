/*
 * SPDX-License-Identifier: GPL-2.0-only
 */
#include "description.h"

#include "fields.h"
#include "limits.h"

#include <map>
#include <stdexcept>

namespace cosim
{

using nlohmann::json;

namespace
{

/**
 * @param choices what each name stands for
 * @param body a map
 * @param key of it, whose value is the name
 * @return what it stands for
 */
template <class T>
T
ParseChoice(const std::map<std::string, T>& choices, const json& body, const std::string& key)
{
    const auto name = GetField<std::string>(body, key);
    const auto found = choices.find(name);
    if (found == choices.end())
    {
        throw std::invalid_argument("'" + name + "' is none of the choices of '" + key + "'");
    }
    return found->second;
}

ns3::LosPolicy
ParseCondition(const json& body, const std::string& key)
{
    return ParseChoice<ns3::LosPolicy>({{"los", ns3::LosPolicy::ALWAYS},
                                        {"nlos", ns3::LosPolicy::NEVER},
                                        {"auto", ns3::LosPolicy::RANDOM}},
                                       body,
                                       key);
}

ns3::ResourceGridConfig
ParseGrid(const json& body)
{
    ns3::ResourceGridConfig grid;
    grid.table = ParseChoice<ns3::NrMcsTable>({{"64qam", ns3::NrMcsTable::QAM64},
                                               {"256qam", ns3::NrMcsTable::QAM256},
                                               {"64qam-low-se", ns3::NrMcsTable::QAM64_LOW_SE}},
                                              body,
                                              "mcs_table");
    grid.sharing = ParseChoice<ns3::SlotSharing>(
        {{"time", ns3::SlotSharing::TIME}, {"frequency", ns3::SlotSharing::FREQUENCY}},
        body,
        "sharing");
    return grid;
}

ns3::ArraySize
ParseArray(const json& body, const std::string& key)
{
    const auto size = GetArray<uint32_t, 2>(body, key);
    return {size[0], size[1]};
}

ns3::Time
ParseTime(const json& body, const std::string& key)
{
    return ns3::NanoSeconds(GetField<int64_t>(body, key));
}

ns3::IabTimingConfig
ParseTiming(const json& body)
{
    ns3::IabTimingConfig timing;
    ReadField(body, "scheduling_request", timing.schedulingRequest);
    ReadField(body, "buffer_report", timing.bufferReport);
    ReadField(body, "k1", timing.k1);
    ReadField(body, "k2", timing.k2);
    timing.decode = ParseTime(body, "decode_latency_ns");
    timing.channelReport = ParseTime(body, "cqi_delay_ns");
    return timing;
}

ns3::IabRetransmissionConfig
ParseRetransmission(const json& body)
{
    ns3::IabRetransmissionConfig again;
    ReadField(body, "harq_processes", again.harqProcesses);
    ReadField(body, "harq_transmissions", again.harqTransmissions);
    again.statusDelay = ParseTime(body, "rlc_status_delay_ns");
    return again;
}

ns3::IabRadioConfig
ParseRadio(const json& body)
{
    ns3::IabRadioConfig radio;
    ReadField(body, "carrier_hz", radio.carrierHz);
    ReadField(body, "bandwidth_hz", radio.bandwidthHz);
    ReadField(body, "numerology", radio.numerology);
    ReadField(body, "tdd_pattern", radio.tddPattern);
    ReadField(body, "environment", radio.environment);
    radio.grid = ParseGrid(body);
    radio.halfDuplex = ParseChoice<ns3::HalfDuplex>({{"none", ns3::HalfDuplex::NONE},
                                                     {"by-depth", ns3::HalfDuplex::BY_DEPTH},
                                                     {"dynamic", ns3::HalfDuplex::DYNAMIC}},
                                                    body,
                                                    "half_duplex");
    radio.timing = ParseTiming(body);
    radio.mapping =
        ParseChoice<ns3::ChannelMapping>({{"aggregated", ns3::ChannelMapping::AGGREGATED},
                                          {"per-user", ns3::ChannelMapping::PER_USER}},
                                         body,
                                         "backhaul_channels");
    ReadField(body, "flow_control", radio.flowControl);
    ReadField(body, "backhaul_sectors", radio.sectors);
    ReadField(body, "scatterer_speed_mps", radio.scattererMps);
    if (!FieldOf(body, "eirp_limit_dbm").is_null())
    {
        ReadField(body, "eirp_limit_dbm", radio.eirpLimitDbm);
    }
    ReadField(body, "handover_forwarding", radio.forwarding);
    ReadField(body, "interference", radio.interference);
    radio.scheduler =
        ParseChoice<std::string>({{"proportional-fair", "ns3::ProportionalFairScheduler"},
                                  {"round-robin", "ns3::RoundRobinScheduler"},
                                  {"max-rate", "ns3::MaxRateScheduler"}},
                                 body,
                                 "scheduler");
    radio.retransmission = ParseRetransmission(body);
    radio.rlcMode = ParseChoice<ns3::RlcMode>({{"acknowledged", ns3::RlcMode::ACKNOWLEDGED},
                                               {"unacknowledged", ns3::RlcMode::UNACKNOWLEDGED}},
                                              body,
                                              "rlc");
    radio.accessLos = ParseCondition(body, "access_condition");
    radio.backhaulLos = ParseCondition(body, "backhaul_condition");
    ReadField(body, "shadowing", radio.shadowing);
    ReadField(body, "noise_figure_db", radio.noiseFigureDb);
    ReadField(body, "ue_power_dbm", radio.uePowerDbm);
    ReadField(body, "iab_power_dbm", radio.iabPowerDbm);
    radio.ueArray = ParseArray(body, "ue_array");
    radio.iabArray = ParseArray(body, "iab_array");
    ReadField(body, "queue_bytes", radio.queueBytes);
    radio.channelUpdate = ParseTime(body, "channel_update_ns");
    radio.channelRedraw = ParseTime(body, "channel_redraw_ns");
    radio.losUpdate = ParseTime(body, "los_update_ns");
    ReadField(body, "handover_hysteresis_db", radio.hysteresisDb);
    radio.timeToTrigger = ParseTime(body, "handover_time_to_trigger_ns");
    radio.interruption = ParseTime(body, "handover_interruption_ns");
    radio.backhaulFailure = ParseTime(body, "backhaul_failure_ns");
    return radio;
}

std::optional<CrossTrafficDescription>
ParseCrossTraffic(const json& body)
{
    if (body.is_null())
    {
        return std::nullopt;
    }
    return CrossTrafficDescription{GetField<double>(body, "rate_bps"),
                                   GetField<double>(body, "sigma"),
                                   GetField<int64_t>(body, "coherence_ns"),
                                   GetField<double>(body, "max_fraction")};
}

std::vector<LogNormalDescription>
ParseMixture(const json& body, const std::string& field)
{
    std::vector<LogNormalDescription> mixture;
    for (const auto& part : GetList(body, field))
    {
        mixture.push_back({GetField<double>(part, "weight"),
                           GetField<double>(part, "median"),
                           GetField<double>(part, "sigma")});
    }
    return mixture;
}

std::optional<TransitDescription>
ParseTransit(const json& body)
{
    if (body.is_null())
    {
        return std::nullopt;
    }
    return TransitDescription{GetField<uint32_t>(body, "ues"), ParseMixture(body, "demand_bps")};
}

NodeDescription
ParseNode(const json& body)
{
    NodeDescription node;
    ReadField(body, "name", node.name);
    ReadField(body, "kind", node.kind);
    if (!FieldOf(body, "position_m").is_null())
    {
        node.positionM = GetArray<double, 3>(body, "position_m");
    }
    for (const auto& waypoint : GetList(body, "waypoints"))
    {
        node.waypoints.push_back(
            {GetField<int64_t>(waypoint, "time_ns"), GetArray<double, 3>(waypoint, "position_m")});
    }
    ReadField(body, "background_ues", node.backgroundUes);
    node.transit = ParseTransit(FieldOf(body, "transit"));
    for (const auto& link : GetList(body, "path"))
    {
        node.path.push_back(ConvertValue<std::string>(link, "path"));
    }
    if (node.IsRadio() && !node.positionM)
    {
        throw std::invalid_argument("node '" + node.name + "' has a radio but no position");
    }
    return node;
}

LinkDescription
ParseLink(const json& body)
{
    LinkDescription link;
    ReadField(body, "name", link.name);
    link.wireless = GetField<std::string>(body, "kind") == "wireless";
    ReadField(body, "child", link.child);
    ReadField(body, "parent", link.parent);
    if (!link.wireless)
    {
        ReadField(body, "capacity_bps", link.capacityBps);
        ReadField(body, "delay_ns", link.delayNs);
        ReadField(body, "queue_bytes", link.queueBytes);
        ReadField(body, "queue_discipline", link.queueDiscipline);
        link.crossTraffic = ParseCrossTraffic(FieldOf(body, "cross_traffic"));
    }
    return link;
}

BackgroundDescription
ParseBackground(const json& body)
{
    return {ParseChoice<BackgroundTraffic>(
                {{"backlog", BackgroundTraffic::BACKLOG}, {"packets", BackgroundTraffic::PACKETS}},
                body,
                "traffic"),
            GetField<uint32_t>(body, "packet_bytes"),
            GetField<uint32_t>(body, "burst_packets"),
            GetField<double>(body, "speed_mps"),
            ParseMixture(body, "demand_bps"),
            GetField<double>(body, "downlink_share"),
            GetField<int64_t>(body, "coherence_ns"),
            GetField<double>(body, "radius_m")};
}

BlockageDescription
ParseBlockage(const json& body)
{
    return {GetField<std::string>(body, "link"),
            GetField<int64_t>(body, "start_ns"),
            GetField<int64_t>(body, "end_ns"),
            GetField<double>(body, "loss_db")};
}

TopologyChangeDescription
ParseTopologyChange(const json& body)
{
    return {GetField<int64_t>(body, "time_ns"),
            GetField<std::string>(body, "node"),
            ParseChoice<TopologyAction>({{"sleep", TopologyAction::SLEEP},
                                         {"wake", TopologyAction::WAKE},
                                         {"parent", TopologyAction::PARENT}},
                                        body,
                                        "action"),
            FieldOf(body, "parent").is_null() ? "" : GetField<std::string>(body, "parent")};
}

} // namespace

bool
NodeDescription::IsRadio() const
{
    return kind == "ue" || kind == "iab" || kind == "donor";
}

ns3::Vector
ToVector(const std::array<double, 3>& position)
{
    return {position[0], position[1], position[2]};
}

std::string
AccessLinkName(const std::string& ue)
{
    return ue + "-access";
}

NetworkDescription
ParseDescription(const json& body)
{
    NetworkDescription description;
    ReadField(body, "seed", description.seed);
    ReadField(body, "report_interval_ns", description.reportIntervalNs);
    description.radio = ParseRadio(FieldOf(body, "radio"));
    for (const auto& node : GetList(body, "nodes"))
    {
        description.nodes.push_back(ParseNode(node));
    }
    for (const auto& link : GetList(body, "links"))
    {
        description.links.push_back(ParseLink(link));
    }
    description.background = ParseBackground(FieldOf(body, "background"));
    for (const auto& blockage : GetList(body, "blockages"))
    {
        description.blockages.push_back(ParseBlockage(blockage));
    }
    for (const auto& change : FieldOf(body, "topology_changes"))
    {
        description.topologyChanges.push_back(ParseTopologyChange(change));
    }
    CheckLimits(description);
    return description;
}

} // namespace cosim
