/*
 * SPDX-License-Identifier: GPL-2.0-only
 */
#include "server.h"

#include "simulation.h"
#include "wire.h"

#include "ns3/simulator.h"

#include <chrono>
#include <iostream>
#include <memory>
#include <unistd.h>

namespace cosim
{

using nlohmann::json;

namespace
{

void
SendHello(Session& session)
{
    session.Send("hello",
                 {{"program", "cosim-ns3"},
                  {"program_version", COSIM_VERSION},
                  {"ns3_version", NS3_VERSION},
                  {"pid", getpid()}});
}

/** @throw ProtocolError unless the message is of the expected type */
void
Expect(const json& message, const std::string& type)
{
    const auto got = GetField<std::string>(message, "type");
    if (got != type)
    {
        throw ProtocolError("'" + got + "' where '" + type + "' was due");
    }
}

/** @return the simulation, or null when it was rejected */
std::unique_ptr<Simulation>
Configure(Session& session, const std::shared_ptr<ns3::FadingRecord>& fading, Step& initial)
{
    const auto message = session.Receive();
    Expect(message, "config");
    try
    {
        auto simulation =
            std::make_unique<Simulation>(ParseDescription(FieldOf(message, "network")), fading);
        initial = simulation->Start();
        return simulation;
    }
    catch (const std::exception& error)
    {
        Complain(std::string("rejected: ") + error.what(), 0);
        session.Send("reject", {{"reason", error.what()}});
        return nullptr;
    }
}

void
RunSteps(Session& session, Simulation& simulation, Progress& progress)
{
    std::chrono::nanoseconds simulating{0}; // real time, for who wants to know the coupling's share
    while (true)
    {
        const auto message = session.Receive();
        if (message["type"] == "finish")
        {
            session.Send("totals",
                         {{"totals", WriteTotals(simulation.Totals())},
                          {"simulating_wall_ns", simulating.count()}});
            simulation.FinishRecord();
            return;
        }
        Expect(message, "advance");
        const auto request = ReadAdvance(message);
        const auto begin = std::chrono::steady_clock::now();
        const auto step = simulation.Advance(request.untilNs, request.commands);
        progress.reachedNs = step.nowNs;
        simulating += std::chrono::steady_clock::now() - begin;
        session.Send("step", WriteStep(step));
    }
}

} // namespace

void
Complain(const std::string& problem, int64_t simTimeNs)
{
    std::cerr << "cosim-ns3: " << problem << " (at simulated time " << simTimeNs * 1e-9 << " s)"
              << std::endl;
}

Ending
Serve(Session& session, const std::shared_ptr<ns3::FadingRecord>& fading, Progress& progress)
{
    // Outlives the try block, so that an error is reported with the time at which it happened.
    std::unique_ptr<Simulation> simulation;
    const auto nowNs = [&simulation]() {
        return simulation ? ns3::Simulator::Now().GetNanoSeconds() : 0;
    };
    try
    {
        SendHello(session);
        Step initial;
        simulation = Configure(session, fading, initial);
        if (!simulation)
        {
            return Ending::REJECTED;
        }
        session.Send("ready", WriteStep(initial));
        RunSteps(session, *simulation, progress);
        return Ending::FINISHED;
    }
    catch (const PeerGone& error)
    {
        progress.isPeerGone = true;
        Complain(error.what(), nowNs());
        return Ending::PEER_GONE;
    }
    catch (const std::exception& error)
    {
        Complain(error.what(), nowNs());
        session.Send("error", {{"reason", error.what()}, {"sim_time_ns", nowNs()}});
        return Ending::FAILED;
    }
}

} // namespace cosim
