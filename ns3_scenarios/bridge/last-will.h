/*
 * SPDX-License-Identifier: GPL-2.0-only
 */
#ifndef COSIM_LAST_WILL_H
#define COSIM_LAST_WILL_H

#include <chrono>
#include <cstdint>
#include <string>

namespace cosim
{

/** What is to be done for a parent that died: it cannot do it itself any more. */
struct LastWill
{
    std::string endpoint; //!< whose socket and private directory are removed
    std::string from;     //!< manifest that takes the place of `to`; empty is none
    std::string to;       //!< see `from`
    std::chrono::steady_clock::time_point began{std::chrono::steady_clock::now()}; //!< of the run

    /**
     * Do it; what fails is left.
     *
     * @param reachedNs simulated time that the run reached, which the manifest is to tell
     * beside the real time that it took
     */
    void Execute(int64_t reachedNs) const;
};

} // namespace cosim

#endif // COSIM_LAST_WILL_H
