/*
 * SPDX-License-Identifier: GPL-2.0-only
 */
#include "rlc-channel.h"

#include <algorithm>

namespace ns3
{

RlcChannel::RlcChannel(uint32_t limitBytes)
    : m_limitBytes(limitBytes)
{
}

bool
RlcChannel::Enqueue(const RlcSdu& sdu, Time now, Time grantDelay)
{
    const auto bytes = sdu.bytes + HEADER_BYTES;
    if (m_queuedBytes + bytes > m_limitBytes)
    {
        m_droppedBytes += sdu.bytes;
        ++m_droppedSdus;
        return false;
    }
    if (m_queue.empty())
    {
        m_eligibleFrom = now + grantDelay;
    }
    m_queue.push_back({sdu, bytes, now});
    m_queuedBytes += bytes;
    return true;
}

std::vector<RlcSdu>
RlcChannel::Dequeue(uint32_t bytes)
{
    std::vector<RlcSdu> complete;
    while (bytes > 0 && !m_queue.empty())
    {
        auto& head = m_queue.front();
        const auto taken = std::min(bytes, head.left);
        head.left -= taken;
        bytes -= taken;
        m_queuedBytes -= taken;
        if (head.left == 0)
        {
            complete.push_back(std::move(head.sdu));
            m_queue.pop_front();
        }
    }
    return complete;
}

std::vector<RlcSdu>
RlcChannel::Flush()
{
    std::vector<RlcSdu> all;
    all.reserve(m_queue.size());
    for (auto& waiting : m_queue)
    {
        all.push_back(std::move(waiting.sdu));
    }
    m_queue.clear();
    m_queuedBytes = 0;
    return all;
}

uint32_t
RlcChannel::QueuedBytes() const
{
    return m_queuedBytes;
}

uint64_t
RlcChannel::DroppedBytes() const
{
    return m_droppedBytes;
}

uint64_t
RlcChannel::DroppedSdus() const
{
    return m_droppedSdus;
}

Time
RlcChannel::EligibleFrom() const
{
    return m_eligibleFrom;
}

Time
RlcChannel::HeadOfLineDelay(Time now) const
{
    return m_queue.empty() ? Time(0) : now - m_queue.front().since;
}

} // namespace ns3
