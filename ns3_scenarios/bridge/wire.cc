/*
 * SPDX-License-Identifier: GPL-2.0-only
 */
#include "wire.h"

#include "fields.h"

#include <stdexcept>

namespace cosim
{

using nlohmann::json;

namespace
{

SendCommand
ReadSend(const json& body)
{
    const auto type = GetField<std::string>(body, "type");
    if (type != "send")
    {
        throw std::invalid_argument("unknown command '" + type + "'");
    }
    const auto transport = GetField<std::string>(body, "transport");
    if (transport != "tcp" && transport != "udp")
    {
        throw std::invalid_argument("unknown transport '" + transport + "'");
    }
    const auto& payload = FieldOf(body, "payload");
    if (!payload.is_binary())
    {
        RefuseValue("payload", "binary");
    }
    return {GetField<uint64_t>(body, "transfer_id"),
            GetField<std::string>(body, "source"),
            GetField<std::string>(body, "destination"),
            GetField<uint64_t>(body, "size_bytes"),
            transport == "tcp",
            payload.get_binary()};
}

json
WriteLink(const LinkReport& report)
{
    return {{"link", report.link},
            {"transmitter", report.transmitter},
            {"receiver", report.receiver},
            {"capacity_bps", report.capacityBps},
            {"latency_ns", report.latencyNs},
            {"queue_bytes", report.queueBytes},
            {"queue_delay_ns", report.queueDelayNs},
            {"hol_delay_ns", report.holDelayNs},
            {"mcs", report.mcs},
            {"sinr_db", report.sinrDb},
            {"used_fraction", report.usedFraction}};
}

/** Writes each kind of event; the tag is what the other side tells them apart by. */
struct EventWriter
{
    json operator()(const DeliveryEvent& event) const
    {
        return {{"type", "delivery"},
                {"time_ns", event.timeNs},
                {"transfer_id", event.transferId},
                {"source", event.source},
                {"destination", event.destination},
                {"size_bytes", event.sizeBytes},
                {"sent_ns", event.sentNs},
                {"payload", json::binary(event.payload)}};
    }

    json operator()(const ReportEvent& event) const
    {
        json links = json::array();
        for (const auto& link : event.links)
        {
            links.push_back(WriteLink(link));
        }
        return {{"type", "report"}, {"time_ns", event.timeNs}, {"links", std::move(links)}};
    }

    json operator()(const AttachmentEvent& event) const
    {
        return {{"type", "attachment"},
                {"time_ns", event.timeNs},
                {"ue", event.ue},
                {"serving", event.serving},
                {"previous", event.previous}};
    }

    json operator()(const ParentEvent& event) const
    {
        return {{"type", "parent"},
                {"time_ns", event.timeNs},
                {"node", event.node},
                {"parent", event.parent},
                {"previous", event.previous},
                {"link", event.link}};
    }
};

} // namespace

AdvanceRequest
ReadAdvance(const json& body)
{
    AdvanceRequest request{GetField<int64_t>(body, "until_ns"), {}};
    for (const auto& command : GetList(body, "commands"))
    {
        request.commands.push_back(ReadSend(command));
    }
    return request;
}

json
WriteStep(const Step& step)
{
    json events = json::array();
    for (const auto& event : step.events)
    {
        events.push_back(std::visit(EventWriter(), event));
    }
    return {{"now_ns", step.nowNs}, {"events", std::move(events)}};
}

json
WriteTotals(const SimulationTotals& totals)
{
    const auto& transfers = totals.transfers;
    return {{"sent_messages", transfers.sentMessages},
            {"sent_bytes", transfers.sentBytes},
            {"delivered_messages", transfers.deliveredMessages},
            {"delivered_bytes", transfers.deliveredBytes},
            {"in_flight_messages", transfers.inFlightMessages},
            {"in_flight_bytes", transfers.inFlightBytes},
            {"lost_messages", transfers.lostMessages},
            {"lost_bytes", transfers.lostBytes},
            {"handovers", totals.handovers},
            {"background_bytes", totals.backgroundBytes},
            {"simulator_events", totals.simulatorEvents}};
}

} // namespace cosim
