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

/** Put the time into a manifest, in the room that the file has: the disk may be full. */
void
TellTime(const std::string& manifest, int64_t reachedNs)
{
    const auto room = std::filesystem::file_size(manifest);
    std::fstream file(manifest, std::ios::in | std::ios::out);
    auto fields = nlohmann::ordered_json::parse(file);
    fields["simulated_s"] = reachedNs / 1e9;
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
        TellTime(from, reachedNs);
    }
    catch (const std::exception&)
    {
        // It says all the rest as it is.
    }
    std::filesystem::rename(from, to, ignored);
}

} // namespace cosim
