/*
 * SPDX-License-Identifier: GPL-2.0-only
 *
 * The ns-3 side of cosim: builds the network that the controllers' side describes and runs it in
 * lock-step with them. `cosim run` starts it; nobody else needs to.
 */
#include "bridge/server.h"

#include "ns3/command-line.h"

#include <exception>
#include <iostream>
#include <string>
#include <string_view>

int
main(int argc, char* argv[])
{
    if (argc == 2 && std::string_view(argv[1]) == "--version")
    {
        std::cout << "cosim-ns3 " COSIM_VERSION " (ns-" NS3_VERSION ")\n";
        return 0;
    }
    std::string endpoint;
    std::string session;
    int deadlineMs = 60000;
    ns3::CommandLine command(__FILE__);
    command.AddValue("endpoint", "ZeroMQ endpoint that the controllers' side has bound", endpoint);
    command.AddValue("session", "Id of the session", session);
    command.AddValue("deadline-ms", "Longest wait for a message, in ms", deadlineMs);
    command.Parse(argc, argv);
    if (endpoint.empty() || session.empty())
    {
        std::cerr << "cosim-ns3: --endpoint and --session are needed; see --help\n";
        return 2;
    }
    try
    {
        cosim::Session conversation(endpoint, session, std::chrono::milliseconds(deadlineMs));
        return static_cast<int>(cosim::Serve(conversation));
    }
    catch (const std::exception& error)
    {
        std::cerr << "cosim-ns3: " << error.what() << "\n";
        return static_cast<int>(cosim::Ending::FAILED);
    }
}
