/*
 * SPDX-License-Identifier: GPL-2.0-only
 */
#ifndef COSIM_SERVER_H
#define COSIM_SERVER_H

#include "iab/model/phy/fading-record.h"
#include "session.h"

#include <memory>

namespace cosim
{

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
 * @return how it ended; what went wrong is on standard error and, if possible, was sent
 */
Ending Serve(Session& session, const std::shared_ptr<ns3::FadingRecord>& fading);

} // namespace cosim

#endif // COSIM_SERVER_H
