/*
 * SPDX-License-Identifier: GPL-2.0-only
 */
#include "rlc-channel.h"

#include <algorithm>

namespace ns3
{

RlcChannel::RlcChannel(uint32_t limitBytes, RlcMode mode)
    : m_limitBytes(limitBytes),
      m_mode(mode)
{
}

bool
RlcChannel::Enqueue(const RlcSdu& sdu, Time now, Time eligible)
{
    const auto bytes = sdu.bytes + HEADER_BYTES;
    if (m_queuedBytes + bytes > m_limitBytes)
    {
        m_droppedBytes += sdu.bytes;
        ++m_droppedSdus;
        return false;
    }
    m_entries.push_back({sdu, bytes, bytes, false, now, eligible});
    m_queuedBytes += bytes;
    return true;
}

RlcPdu
RlcChannel::Dequeue(uint32_t bytes)
{
    RlcPdu pdu;
    while (bytes > 0 && !m_resend.empty())
    {
        auto& segment = m_resend.front();
        const auto taken = std::min(bytes, segment.bytes);
        pdu.push_back({segment.sequence, taken});
        segment.bytes -= taken;
        bytes -= taken;
        m_queuedBytes -= taken;
        if (segment.bytes == 0)
        {
            m_resend.pop_front();
        }
    }
    while (bytes > 0 && m_nextUnsent < m_firstSequence + m_entries.size())
    {
        auto& entry = *Find(m_nextUnsent);
        const auto taken = std::min(bytes, entry.unsent);
        pdu.push_back({m_nextUnsent, taken});
        entry.unsent -= taken;
        bytes -= taken;
        m_queuedBytes -= taken;
        SkipSent();
    }
    return pdu;
}

std::vector<RlcSdu>
RlcChannel::Received(const RlcPdu& pdu)
{
    for (const auto& segment : pdu)
    {
        if (auto* entry = Find(segment.sequence))
        {
            entry->missing -= std::min(segment.bytes, entry->missing);
        }
    }
    return Release();
}

std::vector<RlcSdu>
RlcChannel::Lost(const RlcPdu& pdu)
{
    if (m_mode == RlcMode::ACKNOWLEDGED)
    {
        m_unreported.push_back(pdu);
        return {};
    }
    for (const auto& segment : pdu)
    {
        auto* entry = Find(segment.sequence);
        if (entry && !entry->lost)
        {
            entry->lost = true;
            // What is left of it would be sent in vain.
            m_queuedBytes -= entry->unsent;
            entry->unsent = 0;
            ++m_lostSdus;
        }
    }
    SkipSent();
    return Release();
}

void
RlcChannel::ReportLost()
{
    if (m_unreported.empty())
    {
        return;
    }
    for (const auto& segment : m_unreported.front())
    {
        m_resend.push_back(segment);
        m_queuedBytes += segment.bytes;
    }
    m_unreported.pop_front();
}

std::vector<RlcSdu>
RlcChannel::Flush()
{
    std::vector<RlcSdu> all;
    for (auto& entry : m_entries)
    {
        if (!entry.lost)
        {
            all.push_back(std::move(entry.sdu));
        }
    }
    m_firstSequence += m_entries.size();
    m_nextUnsent = m_firstSequence;
    m_entries.clear();
    m_unreported.clear();
    m_resend.clear();
    m_queuedBytes = 0;
    return all;
}

void
RlcChannel::Reestablish()
{
    m_unreported.clear();
    m_resend.clear();
    m_queuedBytes = 0;
    for (auto& entry : m_entries)
    {
        entry.unsent = entry.lost ? 0 : entry.sdu.bytes + HEADER_BYTES;
        entry.missing = entry.unsent;
        m_queuedBytes += entry.unsent;
    }
    m_nextUnsent = m_firstSequence;
}

RlcMode
RlcChannel::Mode() const
{
    return m_mode;
}

uint32_t
RlcChannel::QueuedBytes() const
{
    return m_queuedBytes;
}

uint32_t
RlcChannel::EligibleBytes(Time now) const
{
    auto bytes = m_queuedBytes;
    for (auto entry = m_entries.rbegin(); entry != m_entries.rend() && entry->eligible > now;
         ++entry)
    {
        bytes -= entry->unsent;
    }
    return bytes;
}

uint64_t
RlcChannel::DroppedBytes() const
{
    return m_droppedBytes;
}

uint64_t
RlcChannel::LostSdus() const
{
    return m_lostSdus;
}

uint64_t
RlcChannel::DroppedSdus() const
{
    return m_droppedSdus;
}

Time
RlcChannel::EligibleFrom() const
{
    return m_resend.empty() ? m_entries[m_nextUnsent - m_firstSequence].eligible : Time(0);
}

Time
RlcChannel::HeadOfLineDelay(Time now) const
{
    if (m_queuedBytes == 0)
    {
        return Time(0);
    }
    const auto oldest = m_resend.empty() ? m_nextUnsent : m_resend.front().sequence;
    const auto index = std::min<uint64_t>(oldest - m_firstSequence, m_entries.size() - 1);
    return now - m_entries[index].since;
}

RlcChannel::Entry*
RlcChannel::Find(uint64_t sequence)
{
    const bool here = sequence >= m_firstSequence && sequence < m_firstSequence + m_entries.size();
    return here ? &m_entries[sequence - m_firstSequence] : nullptr;
}

std::vector<RlcSdu>
RlcChannel::Release()
{
    std::vector<RlcSdu> released;
    while (!m_entries.empty() && (m_entries.front().lost || m_entries.front().missing == 0))
    {
        if (!m_entries.front().lost)
        {
            released.push_back(std::move(m_entries.front().sdu));
        }
        m_entries.pop_front();
        ++m_firstSequence;
    }
    m_nextUnsent = std::max(m_nextUnsent, m_firstSequence);
    return released;
}

void
RlcChannel::SkipSent()
{
    while (m_nextUnsent < m_firstSequence + m_entries.size() && Find(m_nextUnsent)->unsent == 0)
    {
        ++m_nextUnsent;
    }
}

} // namespace ns3
