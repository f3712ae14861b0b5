/*
 * SPDX-License-Identifier: GPL-2.0-only
 */
#ifndef COSIM_PARENT_WATCH_H
#define COSIM_PARENT_WATCH_H

#include <chrono>
#include <functional>
#include <sys/types.h>
#include <thread>

namespace cosim
{

/**
 * Knows whether the process that started this one still lives, whatever this one is doing: before
 * a connection stands, and in the middle of a long step.
 *
 * The conversation polls `Fd` and ends by itself; where it does not within the grace time, for it
 * is in the middle of a step or has much to tidy up, `onOrphaned` is called in the watch's own
 * thread.
 */
class ParentWatch
{
  public:
    /**
     * @param parent process id of the process that started this one
     * @param grace for the conversation to end by itself
     * @param onOrphaned called at most once, after the grace time
     * @throw std::runtime_error when that process is gone already
     */
    ParentWatch(pid_t parent, std::chrono::milliseconds grace, std::function<void()> onOrphaned);
    ~ParentWatch();
    ParentWatch(const ParentWatch&) = delete;
    ParentWatch& operator=(const ParentWatch&) = delete;

    /** @return a descriptor that is readable once the parent has ended */
    int Fd() const;

    /** @param timeout longest wait @return whether the parent ended within it */
    bool WaitForEnd(std::chrono::milliseconds timeout) const;

  private:
    int m_fd;              //!< pidfd of the parent
    std::jthread m_thread; //!< waits for its end
};

} // namespace cosim

#endif // COSIM_PARENT_WATCH_H
