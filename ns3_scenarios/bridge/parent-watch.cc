/*
 * SPDX-License-Identifier: GPL-2.0-only
 */
#include "parent-watch.h"

#include <cerrno>
#include <cstring>
#include <poll.h>
#include <stdexcept>
#include <string>
#include <sys/syscall.h>
#include <unistd.h>

namespace cosim
{

namespace
{

constexpr std::chrono::milliseconds LOOK_INTERVAL{200}; // how soon the thread can be told to stop

} // namespace

ParentWatch::ParentWatch(pid_t parent,
                         std::chrono::milliseconds grace,
                         std::function<void()> onOrphaned)
    : m_fd(static_cast<int>(syscall(SYS_pidfd_open, parent, 0)))
{
    if (m_fd < 0 && errno != ESRCH)
    {
        throw std::runtime_error(std::string("the parent process cannot be watched: ") +
                                 std::strerror(errno));
    }
    if (m_fd < 0 || getppid() != parent) // the number may be another process's by now
    {
        throw std::runtime_error(
            "the process that started this one was gone before the simulation began");
    }
    m_thread = std::jthread([this, grace, onOrphaned](const std::stop_token& stop) {
        while (!WaitForEnd(LOOK_INTERVAL))
        {
            if (stop.stop_requested())
            {
                return;
            }
        }
        const auto limit = std::chrono::steady_clock::now() + grace;
        while (std::chrono::steady_clock::now() < limit)
        {
            if (stop.stop_requested())
            {
                return;
            }
            std::this_thread::sleep_for(LOOK_INTERVAL);
        }
        onOrphaned();
    });
}

ParentWatch::~ParentWatch()
{
    m_thread.request_stop();
    m_thread.join();
    close(m_fd);
}

int
ParentWatch::Fd() const
{
    return m_fd;
}

bool
ParentWatch::WaitForEnd(std::chrono::milliseconds timeout) const
{
    pollfd item{m_fd, POLLIN, 0};
    return poll(&item, 1, static_cast<int>(timeout.count())) > 0;
}

} // namespace cosim
