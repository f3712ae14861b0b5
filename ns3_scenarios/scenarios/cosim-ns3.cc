/*
 * SPDX-License-Identifier: GPL-2.0-only
 *
 * The ns-3 side of cosim: builds the network that the controllers' side describes and runs it in
 * lock-step with them. `cosim run` starts it; nobody else needs to.
 */
#include "bridge/last-will.h"
#include "bridge/parent-watch.h"
#include "bridge/server.h"
#include "bridge/session-secret.h"

#include "ns3/command-line.h"
#include "ns3/global-value.h"
#include "ns3/string.h"

#include <chrono>
#include <exception>
#include <iostream>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unistd.h>

namespace
{

constexpr std::chrono::milliseconds GRACE{1000}; // for a step under way when the parent dies

/** @return what writes or plays the record of channels in a file; null without a file's name */
std::shared_ptr<ns3::FadingRecord>
OpenFadingRecord(const std::string& recordPath, const std::string& replayPath)
{
    if (!replayPath.empty())
    {
        return std::make_shared<ns3::FadingPlayer>(replayPath);
    }
    return recordPath.empty() ? nullptr : std::make_shared<ns3::FadingRecorder>(recordPath);
}

} // namespace

int
main(int argc, char* argv[])
{
    if (argc == 2 && std::string_view(argv[1]) == "--version")
    {
        std::cout << "cosim-ns3 " COSIM_VERSION " (ns-" NS3_VERSION ")\n";
        return 0;
    }
    std::string session;
    std::string secretFile;
    int deadlineMs = 60000;
    int parent = 0;
    cosim::LastWill will;
    cosim::Progress progress;
    std::string fadingTo;
    std::string fadingFrom;
    // The same order of events as ns-3's default, in less time.
    ns3::GlobalValue::Bind("SchedulerType", ns3::StringValue("ns3::PriorityQueueScheduler"));
    ns3::CommandLine command(__FILE__);
    command.AddValue("endpoint",
                     "ZeroMQ endpoint that the controllers' side has bound",
                     will.endpoint);
    command.AddValue("session", "Id of the session", session);
    command.AddValue("secret-file",
                     "File with the secret of a conversation over TCP, instead of --session",
                     secretFile);
    command.AddValue("deadline-ms", "Longest wait for a message, in ms", deadlineMs);
    command.AddValue("parent", "Process that started this one; 0: do not watch it", parent);
    command.AddValue("will-from", "File to put in the place of --will-to if it dies", will.from);
    command.AddValue("will-to", "See --will-from", will.to);
    command.AddValue("fading-to", "File to record small-scale channels in", fadingTo);
    command.AddValue("fading-from",
                     "Record of the same network, not to draw small-scale channels anew",
                     fadingFrom);
    command.Parse(argc, argv);
    if (will.endpoint.empty() || session.empty() == secretFile.empty())
    {
        std::cerr << "cosim-ns3: --endpoint and either --session or --secret-file are needed; "
                     "see --help\n";
        return 2;
    }
    try
    {
        std::unique_ptr<cosim::ParentWatch> watch;
        if (parent > 0)
        {
            watch = std::make_unique<cosim::ParentWatch>(parent, GRACE, [&will, &progress]() {
                if (!progress.isPeerGone)
                {
                    cosim::Complain("the controllers' side has died in the middle of a step",
                                    progress.reachedNs);
                }
                will.Execute(progress.reachedNs);
                _exit(static_cast<int>(cosim::Ending::PEER_GONE));
            });
        }
        std::optional<cosim::SessionSecret> secret;
        if (!secretFile.empty())
        {
            secret = cosim::SessionSecret::Read(secretFile);
            session = secret->Id();
        }
        const std::chrono::milliseconds deadline(deadlineMs);
        const int parentFd = watch ? watch->Fd() : -1;
        cosim::Session conversation(will.endpoint, session, deadline, parentFd, secret);
        const auto fading = OpenFadingRecord(fadingTo, fadingFrom);
        const auto ending = cosim::Serve(conversation, fading, progress);
        // A process that is killed closes its sockets a moment before it has ended.
        if (ending == cosim::Ending::PEER_GONE && watch && watch->WaitForEnd(GRACE))
        {
            will.Execute(progress.reachedNs);
        }
        return static_cast<int>(ending);
    }
    catch (const std::exception& error)
    {
        std::cerr << "cosim-ns3: " << error.what() << "\n";
        if (parent > 0 && getppid() != parent)
        {
            will.Execute(progress.reachedNs);
        }
        return static_cast<int>(cosim::Ending::FAILED);
    }
}
