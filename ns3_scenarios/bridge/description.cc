/*
 * SPDX-License-Identifier: GPL-2.0-only
 */
#include "description.h"

#include <map>
#include <stdexcept>

namespace cosim
{

using nlohmann::json;

namespace
{

std::array<double, 3>
ParsePosition(const json& body)
{
    return body.get<std::array<double, 3>>();
}

/**
 * @param choices what each name stands for
 * @param body the name
 * @return what it stands for
 */
template <class T>
T
ParseChoice(const std::map<std::string, T>& choices, const json& body)
{
    const auto name = body.get<std::string>();
    const auto found = choices.find(name);
    if (found == choices.end())
    {
        throw std::invalid_argument("'" + name + "' is none of the choices");
    }
    return found->second;
}

ns3::LosPolicy
ParseCondition(const json& body)
{
    return ParseChoice<ns3::LosPolicy>({{"los", ns3::LosPolicy::ALWAYS},
                                        {"nlos", ns3::LosPolicy::NEVER},
                                        {"auto", ns3::LosPolicy::RANDOM}},
                                       body);
}

ns3::ResourceGridConfig
ParseGrid(const json& body)
{
    ns3::ResourceGridConfig grid;
    grid.table = ParseChoice<ns3::NrMcsTable>({{"64qam", ns3::NrMcsTable::QAM64},
                                               {"256qam", ns3::NrMcsTable::QAM256},
                                               {"64qam-low-se", ns3::NrMcsTable::QAM64_LOW_SE}},
                                              body.at("mcs_table"));
    grid.sharing = ParseChoice<ns3::SlotSharing>(
        {{"time", ns3::SlotSharing::TIME}, {"frequency", ns3::SlotSharing::FREQUENCY}},
        body.at("sharing"));
    return grid;
}

ns3::ArraySize
ParseArray(const json& body)
{
    const auto size = body.get<std::array<uint32_t, 2>>();
    return {size[0], size[1]};
}

ns3::Time
ParseTime(const json& body)
{
    return ns3::NanoSeconds(body.get<int64_t>());
}

ns3::IabTimingConfig
ParseTiming(const json& body)
{
    ns3::IabTimingConfig timing;
    body.at("scheduling_request").get_to(timing.schedulingRequest);
    body.at("buffer_report").get_to(timing.bufferReport);
    body.at("k1").get_to(timing.k1);
    body.at("k2").get_to(timing.k2);
    timing.decode = ParseTime(body.at("decode_latency_ns"));
    timing.channelReport = ParseTime(body.at("cqi_delay_ns"));
    return timing;
}

ns3::IabRadioConfig
ParseRadio(const json& body)
{
    ns3::IabRadioConfig radio;
    body.at("carrier_hz").get_to(radio.carrierHz);
    body.at("bandwidth_hz").get_to(radio.bandwidthHz);
    body.at("numerology").get_to(radio.numerology);
    body.at("tdd_pattern").get_to(radio.tddPattern);
    body.at("environment").get_to(radio.environment);
    radio.grid = ParseGrid(body);
    radio.halfDuplex = ParseChoice<ns3::HalfDuplex>({{"none", ns3::HalfDuplex::NONE},
                                                     {"by-depth", ns3::HalfDuplex::BY_DEPTH},
                                                     {"dynamic", ns3::HalfDuplex::DYNAMIC}},
                                                    body.at("half_duplex"));
    radio.timing = ParseTiming(body);
    radio.mapping =
        ParseChoice<ns3::ChannelMapping>({{"aggregated", ns3::ChannelMapping::AGGREGATED},
                                          {"per-user", ns3::ChannelMapping::PER_USER}},
                                         body.at("backhaul_channels"));
    body.at("flow_control").get_to(radio.flowControl);
    body.at("backhaul_sectors").get_to(radio.sectors);
    body.at("scatterer_speed_mps").get_to(radio.scattererMps);
    if (!body.at("eirp_limit_dbm").is_null())
    {
        body.at("eirp_limit_dbm").get_to(radio.eirpLimitDbm);
    }
    body.at("handover_forwarding").get_to(radio.forwarding);
    body.at("interference").get_to(radio.interference);
    radio.scheduler =
        ParseChoice<std::string>({{"proportional-fair", "ns3::ProportionalFairScheduler"},
                                  {"round-robin", "ns3::RoundRobinScheduler"},
                                  {"max-rate", "ns3::MaxRateScheduler"}},
                                 body.at("scheduler"));
    radio.rlcMode = ParseChoice<ns3::RlcMode>({{"acknowledged", ns3::RlcMode::ACKNOWLEDGED},
                                               {"unacknowledged", ns3::RlcMode::UNACKNOWLEDGED}},
                                              body.at("rlc"));
    radio.accessLos = ParseCondition(body.at("access_condition"));
    radio.backhaulLos = ParseCondition(body.at("backhaul_condition"));
    body.at("shadowing").get_to(radio.shadowing);
    body.at("noise_figure_db").get_to(radio.noiseFigureDb);
    body.at("ue_power_dbm").get_to(radio.uePowerDbm);
    body.at("iab_power_dbm").get_to(radio.iabPowerDbm);
    radio.ueArray = ParseArray(body.at("ue_array"));
    radio.iabArray = ParseArray(body.at("iab_array"));
    body.at("queue_bytes").get_to(radio.queueBytes);
    radio.channelUpdate = ParseTime(body.at("channel_update_ns"));
    radio.channelRedraw = ParseTime(body.at("channel_redraw_ns"));
    radio.losUpdate = ParseTime(body.at("los_update_ns"));
    body.at("handover_hysteresis_db").get_to(radio.hysteresisDb);
    radio.timeToTrigger = ParseTime(body.at("handover_time_to_trigger_ns"));
    radio.interruption = ParseTime(body.at("handover_interruption_ns"));
    return radio;
}

std::optional<CrossTrafficDescription>
ParseCrossTraffic(const json& body)
{
    if (body.is_null())
    {
        return std::nullopt;
    }
    return CrossTrafficDescription{body.at("rate_bps").get<double>(),
                                   body.at("sigma").get<double>(),
                                   body.at("coherence_ns").get<int64_t>(),
                                   body.at("max_fraction").get<double>()};
}

NodeDescription
ParseNode(const json& body)
{
    NodeDescription node;
    body.at("name").get_to(node.name);
    body.at("kind").get_to(node.kind);
    if (!body.at("position_m").is_null())
    {
        node.positionM = ParsePosition(body.at("position_m"));
    }
    for (const auto& waypoint : body.at("waypoints"))
    {
        node.waypoints.push_back(
            {waypoint.at("time_ns").get<int64_t>(), ParsePosition(waypoint.at("position_m"))});
    }
    node.transit = ParseCrossTraffic(body.at("transit"));
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
    body.at("name").get_to(link.name);
    link.wireless = body.at("kind").get<std::string>() == "wireless";
    body.at("child").get_to(link.child);
    body.at("parent").get_to(link.parent);
    if (!link.wireless)
    {
        body.at("capacity_bps").get_to(link.capacityBps);
        body.at("delay_ns").get_to(link.delayNs);
        body.at("queue_bytes").get_to(link.queueBytes);
        body.at("queue_discipline").get_to(link.queueDiscipline);
        link.crossTraffic = ParseCrossTraffic(body.at("cross_traffic"));
    }
    return link;
}

BackgroundDescription
ParseBackground(const json& body)
{
    return {body.at("ues_per_cell").get<uint32_t>(),
            body.at("rate_bps").get<double>(),
            body.at("sigma").get<double>(),
            body.at("downlink_share").get<double>(),
            body.at("coherence_ns").get<int64_t>(),
            body.at("radius_m").get<double>()};
}

BlockageDescription
ParseBlockage(const json& body)
{
    return {body.at("link").get<std::string>(),
            body.at("start_ns").get<int64_t>(),
            body.at("end_ns").get<int64_t>(),
            body.at("loss_db").get<double>()};
}

TopologyChangeDescription
ParseTopologyChange(const json& body)
{
    return {body.at("time_ns").get<int64_t>(),
            body.at("node").get<std::string>(),
            ParseChoice<TopologyAction>({{"sleep", TopologyAction::SLEEP},
                                         {"wake", TopologyAction::WAKE},
                                         {"parent", TopologyAction::PARENT}},
                                        body.at("action")),
            body.at("parent").is_null() ? "" : body.at("parent").get<std::string>()};
}

} // namespace

bool
NodeDescription::IsRadio() const
{
    return kind == "ue" || kind == "iab" || kind == "donor";
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
    body.at("seed").get_to(description.seed);
    body.at("report_interval_ns").get_to(description.reportIntervalNs);
    description.radio = ParseRadio(body.at("radio"));
    for (const auto& node : body.at("nodes"))
    {
        description.nodes.push_back(ParseNode(node));
    }
    for (const auto& link : body.at("links"))
    {
        description.links.push_back(ParseLink(link));
    }
    description.background = ParseBackground(body.at("background"));
    for (const auto& blockage : body.at("blockages"))
    {
        description.blockages.push_back(ParseBlockage(blockage));
    }
    for (const auto& change : body.at("topology_changes"))
    {
        description.topologyChanges.push_back(ParseTopologyChange(change));
    }
    return description;
}

} // namespace cosim
