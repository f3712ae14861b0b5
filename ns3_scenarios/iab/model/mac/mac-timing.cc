/*
 * SPDX-License-Identifier: GPL-2.0-only
 */
#include "mac-timing.h"

#include "ns3/boolean.h"
#include "ns3/uinteger.h"

#include <algorithm>

namespace ns3
{

NS_OBJECT_ENSURE_REGISTERED(MacTiming);

TypeId
MacTiming::GetTypeId()
{
    static TypeId tid =
        TypeId("ns3::MacTiming")
            .SetParent<Object>()
            .SetGroupName("Iab")
            .AddConstructor<MacTiming>()
            .AddAttribute(
                "SchedulingRequest",
                "Whether an idle uplink must send a scheduling request (TS 38.321 5.4.4) and "
                "wait for its grant; else its need is known at once.",
                BooleanValue(true),
                MakeBooleanAccessor(&MacTiming::m_schedulingRequest),
                MakeBooleanChecker())
            .AddAttribute("BufferReport",
                          "Whether the grant that answers a scheduling request carries a buffer "
                          "status report (TS 38.321 5.4.5) alone, and data need a second one.",
                          BooleanValue(false),
                          MakeBooleanAccessor(&MacTiming::m_bufferReport),
                          MakeBooleanChecker())
            .AddAttribute("K1",
                          "Slots from a downlink block to its HARQ feedback (TS 38.213 9.2.3).",
                          UintegerValue(2),
                          MakeUintegerAccessor(&MacTiming::m_k1),
                          MakeUintegerChecker<uint8_t>(1, 15))
            .AddAttribute("K2",
                          "Slots from an uplink grant to its transmission (TS 38.214 6.1.2.1).",
                          UintegerValue(2),
                          MakeUintegerAccessor(&MacTiming::m_k2),
                          MakeUintegerChecker<uint8_t>(0, 32))
            .AddAttribute("L1L2",
                          "Slots from layer 2 to layer 1, for downlink data.",
                          UintegerValue(1),
                          MakeUintegerAccessor(&MacTiming::m_l1l2),
                          MakeUintegerChecker<uint8_t>(0, 32))
            .AddAttribute("DecodeLatency",
                          "Time from the end of a slot to the SDUs, requests and reports in it.",
                          TimeValue(MicroSeconds(100)),
                          MakeTimeAccessor(&MacTiming::m_decode),
                          MakeTimeChecker(Time(0)));
    return tid;
}

Time
MacTiming::DecodeLatency() const
{
    return m_decode;
}

Time
MacTiming::AfterControl(const NrFrame& frame, Time now) const
{
    const auto sent = frame.NextActiveSlot(frame.SlotAtOrAfter(now + TimeStep(1)) - 1);
    const auto known = frame.StartOf(sent + 1) + m_decode;
    return frame.StartOf(frame.NextActiveSlot(frame.SlotAtOrAfter(known)));
}

Time
MacTiming::EligibleFrom(const NrFrame& frame, NrDirection direction, Time now, bool isFirst) const
{
    if (direction == NrDirection::DOWNLINK)
    {
        return now + frame.SlotDuration() * m_l1l2;
    }
    if (!m_schedulingRequest)
    {
        return now;
    }
    const auto k2Delay = frame.SlotDuration() * m_k2;
    const auto granted = AfterControl(frame, now) + k2Delay;
    if (!m_bufferReport)
    {
        return granted;
    }
    // The first one's report is granted a block; the others' go with the data before them.
    const auto from = isFirst ? granted : now;
    const auto report = frame.NextSlotWith(frame.SlotAtOrAfter(from), NrDirection::UPLINK);
    const auto known = frame.StartOf(report + 1) + m_decode;
    return frame.StartOf(frame.NextActiveSlot(frame.SlotAtOrAfter(known))) + k2Delay;
}

Time
MacTiming::RetransmissionFrom(const NrFrame& frame, NrDirection direction, Time now) const
{
    if (direction == NrDirection::UPLINK)
    {
        const auto granted = frame.NextActiveSlot(frame.SlotAtOrAfter(now));
        return frame.StartOf(granted) + frame.SlotDuration() * m_k2;
    }
    // The UE knows already; the feedback comes m_k1 slots after the block, in uplink control.
    const auto feedback = now - m_decode + frame.SlotDuration() * (m_k1 > 0 ? m_k1 - 1 : 0);
    return AfterControl(frame, std::max(now, feedback)) + frame.SlotDuration() * m_l1l2;
}

Time
MacTiming::MeanIdleLatency(const NrFrame& frame, NrDirection direction) const
{
    constexpr int64_t SAMPLES_PER_SLOT = 8;
    const auto step = frame.SlotDuration() / SAMPLES_PER_SLOT;
    const auto samples = static_cast<int64_t>(frame.PatternSlots()) * SAMPLES_PER_SLOT;
    Time sum;
    for (int64_t i = 0; i < samples; ++i)
    {
        const auto now = step * i + step / 2;
        const auto from = frame.SlotAtOrAfter(EligibleFrom(frame, direction, now, true));
        sum += frame.StartOf(frame.NextSlotWith(from, direction) + 1) + m_decode - now;
    }
    return sum / samples;
}

} // namespace ns3
