/*
 * SPDX-License-Identifier: GPL-2.0-only
 */
#ifndef COSIM_SERVER_H
#define COSIM_SERVER_H

#include "session.h"

#include "ns3/fading-record.h"

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>

namespace cosim
{

/** What other threads may read of a conversation. */
struct Progress
{
    std::atomic<int64_t> reachedNs{0};   //!< simulated time at the end of the last step
    std::atomic<bool> isPeerGone{false}; //!< that was noticed and said; what is left is to tidy up
};

/** How a conversation ended; the program's exit status. */
enum class Ending : int
{
    FINISHED = 0,  //!< in good order
    REJECTED = 2,  //!< the network cannot be built as described
    FAILED = 3,    //!< an error, which the other side was told of
    PEER_GONE = 4, //!< the other side ended or fell silent
};

/**
 * Hold a whole conversation: hello, configuration, steps, totals.
 *
 * @param session with the controllers' side
 * @param fading record of the small-scale channels, or null
 * @param progress for other threads to read
 * @return how it ended; what went wrong is on standard error and, if possible, was sent
 */
Ending Serve(Session& session,
             const std::shared_ptr<ns3::FadingRecord>& fading,
             Progress& progress);

/**
 * Say on standard error what went wrong.
 *
 * @param problem in words
 * @param simTimeNs simulated time at which it happened, or that was known to be reached
 */
void Complain(const std::string& problem, int64_t simTimeNs);

} // namespace cosim

#endif // COSIM_SERVER_H
