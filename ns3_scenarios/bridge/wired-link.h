/*
 * SPDX-License-Identifier: GPL-2.0-only
 */
#ifndef COSIM_WIRED_LINK_H
#define COSIM_WIRED_LINK_H

#include "cross-traffic.h"
#include "description.h"

#include "ns3/node.h"
#include "ns3/point-to-point-net-device.h"
#include "ns3/queue-disc.h"

namespace cosim
{

/** One direction of a wired link. */
struct WireEnd
{
    ns3::Ptr<ns3::PointToPointNetDevice> device; //!< transmitter
    ns3::Ptr<ns3::QueueDisc> discipline;         //!< before its queue, or null
    ns3::Ptr<CrossTraffic> crossTraffic;         //!< or null

    /** @return bytes that wait */
    uint64_t WaitingBytes() const;
};

/** A wired link of the built network. */
struct Wire
{
    LinkDescription description; //!< as asked for
    WireEnd up;                  //!< from child to parent
    WireEnd down;                //!< from parent to child
};

/**
 * Lay a wire between two nodes that have an internet stack.
 *
 * @param description of the wire
 * @param child its lower end
 * @param parent its upper end
 * @param stream first random stream to use, advanced by those used
 * @return the wire, without addresses
 */
Wire LayWire(const LinkDescription& description,
             const ns3::Ptr<ns3::Node>& child,
             const ns3::Ptr<ns3::Node>& parent,
             int64_t& stream);

} // namespace cosim

#endif // COSIM_WIRED_LINK_H
