/*
 * SPDX-License-Identifier: GPL-2.0-only
 */
#include "last-will.h"

#include <exception>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <string_view>
#include <system_error>

namespace cosim
{

namespace
{

/** Put the times into a manifest, in the room that the file has: the disk may be full. */
void
TellTimes(const std::string& manifest, int64_t reachedNs, std::chrono::duration<double> wall)
{
    const auto room = std::filesystem::file_size(manifest);
    std::fstream file(manifest, std::ios::in | std::ios::out);
    auto fields = nlohmann::ordered_json::parse(file);
    fields["simulated_s"] = reachedNs / 1e9;
    fields["wall_s"] = wall.count();
    auto text = fields.dump(2) + "\n";
    if (text.size() <= room)
    {
        text.resize(room, ' ');
        file.clear(); // it was read to its end
        file.seekp(0);
        file << text;
    }
}

} // namespace

void
LastWill::Execute(int64_t reachedNs) const
{
    constexpr std::string_view IPC = "ipc://";
    std::error_code ignored;
    if (endpoint.starts_with(IPC))
    {
        const std::filesystem::path socket(endpoint.substr(IPC.size()));
        std::filesystem::remove(socket, ignored);
        std::filesystem::remove(socket.parent_path(), ignored);
    }
    if (from.empty())
    {
        return;
    }
    try
    {
        TellTimes(from, reachedNs, std::chrono::steady_clock::now() - began);
    }
    catch (const std::exception&)
    {
        // It says all the rest as it is.
    }
    std::filesystem::rename(from, to, ignored);
}

} // namespace cosim
