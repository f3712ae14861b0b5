/*
 * SPDX-License-Identifier: GPL-2.0-only
 */
#ifndef COSIM_FRAMING_H
#define COSIM_FRAMING_H

#include "ns3/callback.h"
#include "ns3/packet.h"

#include <cstdint>
#include <functional>
#include <vector>

namespace cosim
{

/** Bytes of a payload. */
using Bytes = std::vector<uint8_t>;

/** A message as it is written into a stream or a datagram: header, payload, zero padding. */
struct Frame
{
    uint64_t transferId; //!< unique in a run
    uint64_t sizeBytes;  //!< payload and padding
    Bytes payload;       //!< leading bytes that matter
};

/** Size of the header: transfer id, size, payload length; big-endian. */
constexpr uint32_t FRAME_HEADER_BYTES = 20;

/**
 * @param frame to write
 * @return packets that hold header and payload, and the padding; padding takes no memory
 */
std::vector<ns3::Ptr<ns3::Packet>> WriteFrame(const Frame& frame);

/**
 * Reads frames from a byte stream, whatever the packets it comes in.
 */
class FrameReader
{
  public:
    /** Called with each complete frame. */
    using Handler = std::function<void(const Frame&)>;

    /**
     * @param handler of complete frames
     */
    explicit FrameReader(Handler handler);

    /**
     * @param packet next bytes of the stream
     */
    void Feed(const ns3::Ptr<const ns3::Packet>& packet);

  private:
    /** @return bytes of header and payload that are still to come */
    uint64_t MissingHead() const;
    /** Decode the header once it is complete. */
    void ReadHeader();

    Handler m_handler;          //!< of complete frames
    Bytes m_head;               //!< header and payload so far
    bool m_headerRead{false};   //!< whether m_frame and the two below hold
    Frame m_frame{};            //!< being read
    uint64_t m_payloadBytes{0}; //!< its payload's length
    uint64_t m_paddingLeft{0};  //!< padding still to come
};

} // namespace cosim

#endif // COSIM_FRAMING_H
