/*
 * SPDX-License-Identifier: GPL-2.0-only
 */
#include "framing.h"

#include <algorithm>

namespace cosim
{

using namespace ns3;

namespace
{

void
PutBigEndian(Bytes& bytes, uint64_t value, int width)
{
    for (int shift = 8 * (width - 1); shift >= 0; shift -= 8)
    {
        bytes.push_back(static_cast<uint8_t>(value >> shift));
    }
}

uint64_t
GetBigEndian(const Bytes& bytes, std::size_t offset, int width)
{
    uint64_t value = 0;
    for (int i = 0; i < width; ++i)
    {
        value = value << 8 | bytes[offset + i];
    }
    return value;
}

} // namespace

std::vector<Ptr<Packet>>
WriteFrame(const Frame& frame)
{
    Bytes head;
    head.reserve(FRAME_HEADER_BYTES + frame.payload.size());
    PutBigEndian(head, frame.transferId, 8);
    PutBigEndian(head, frame.sizeBytes, 8);
    PutBigEndian(head, frame.payload.size(), 4);
    head.insert(head.end(), frame.payload.begin(), frame.payload.end());
    std::vector<Ptr<Packet>> packets{
        Create<Packet>(head.data(), static_cast<uint32_t>(head.size()))};
    constexpr uint64_t LARGEST_PADDING = 1 << 30; // a packet's size is 32 bits wide
    for (auto left = frame.sizeBytes - frame.payload.size(); left > 0;)
    {
        const auto part = std::min(left, LARGEST_PADDING);
        packets.push_back(Create<Packet>(static_cast<uint32_t>(part)));
        left -= part;
    }
    return packets;
}

FrameReader::FrameReader(Handler handler)
    : m_handler(std::move(handler))
{
}

uint64_t
FrameReader::MissingHead() const
{
    const auto wanted = FRAME_HEADER_BYTES + (m_headerRead ? m_payloadBytes : 0);
    return wanted - m_head.size();
}

void
FrameReader::ReadHeader()
{
    m_frame.transferId = GetBigEndian(m_head, 0, 8);
    m_frame.sizeBytes = GetBigEndian(m_head, 8, 8);
    m_payloadBytes = GetBigEndian(m_head, 16, 4);
    m_paddingLeft = m_frame.sizeBytes - m_payloadBytes;
    m_headerRead = true;
}

void
FrameReader::Feed(const Ptr<const Packet>& packet)
{
    uint32_t offset = 0;
    while (offset < packet->GetSize())
    {
        const uint64_t left = packet->GetSize() - offset;
        if (const auto missing = MissingHead(); missing > 0)
        {
            const auto taken = static_cast<uint32_t>(std::min(left, missing));
            const auto before = m_head.size();
            m_head.resize(before + taken);
            packet->CreateFragment(offset, taken)->CopyData(m_head.data() + before, taken);
            offset += taken;
        }
        else
        {
            const auto taken = std::min(left, m_paddingLeft);
            m_paddingLeft -= taken;
            offset += static_cast<uint32_t>(taken);
        }
        if (!m_headerRead && m_head.size() == FRAME_HEADER_BYTES)
        {
            ReadHeader();
        }
        if (m_headerRead && MissingHead() == 0 && m_paddingLeft == 0)
        {
            m_frame.payload.assign(m_head.begin() + FRAME_HEADER_BYTES, m_head.end());
            m_head.clear();
            m_headerRead = false;
            m_handler(m_frame);
        }
    }
}

} // namespace cosim
