/*
 * SPDX-License-Identifier: GPL-2.0-only
 */
#ifndef COSIM_CROSS_TRAFFIC_H
#define COSIM_CROSS_TRAFFIC_H

#include "description.h"

#include "ns3/event-id.h"
#include "ns3/object.h"
#include "ns3/point-to-point-net-device.h"
#include "ns3/random-variable-stream.h"

namespace cosim
{

/**
 * Other people's traffic on a wire: Poisson arrivals of jumbo frames at a log-normal rate. They
 * share the device's queue with the IP packets and end at the other side of the wire.
 */
class CrossTraffic : public ns3::Object
{
  public:
    /**
     * @brief Get the type ID.
     * @return the object TypeId
     */
    static ns3::TypeId GetTypeId();

    CrossTraffic();

    /**
     * @param device that transmits
     * @param capacityBps of the wire
     * @param description of the traffic
     */
    void Configure(ns3::Ptr<ns3::PointToPointNetDevice> device,
                   uint64_t capacityBps,
                   const CrossTrafficDescription& description);

    /** Start to transmit. */
    void Start();

    /**
     * @param stream first random stream to use
     * @return number of streams used
     */
    int64_t AssignStreams(int64_t stream);

    /** @return bytes offered since the start */
    uint64_t OfferedBytes() const;

  protected:
    void DoDispose() override;

  private:
    /** Draw a new rate. */
    void Redraw();

    /** Transmit one frame and wait for the next. */
    void Transmit();

    ns3::Ptr<ns3::PointToPointNetDevice> m_device;           //!< transmitter
    ns3::Ptr<ns3::NormalRandomVariable> m_normal;            //!< standard normal draws
    ns3::Ptr<ns3::ExponentialRandomVariable> m_interarrival; //!< of frames
    CrossTrafficDescription m_description{};                 //!< parameters
    uint64_t m_capacityBps{0};                               //!< of the wire
    double m_rateBps{0};                                     //!< present rate
    uint64_t m_offeredBytes{0};                              //!< counter
    ns3::EventId m_redraw;                                   //!< next draw
    ns3::EventId m_transmit;                                 //!< next frame
};

} // namespace cosim

#endif // COSIM_CROSS_TRAFFIC_H
