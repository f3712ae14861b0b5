/*
 * SPDX-License-Identifier: GPL-2.0-only
 */
#include "slot-scheduler.h"

#include "ns3/uinteger.h"

#include <algorithm>

namespace ns3
{

NS_OBJECT_ENSURE_REGISTERED(SlotScheduler);
NS_OBJECT_ENSURE_REGISTERED(ProportionalFairScheduler);
NS_OBJECT_ENSURE_REGISTERED(RoundRobinScheduler);
NS_OBJECT_ENSURE_REGISTERED(MaxRateScheduler);

TypeId
SlotScheduler::GetTypeId()
{
    static TypeId tid =
        TypeId("ns3::SlotScheduler")
            .SetParent<Object>()
            .SetGroupName("Iab")
            .AddAttribute("LeastUnits",
                          "Smallest allocation in units, unless the backlog needs less: every "
                          "allocation pays for its own DM-RS.",
                          UintegerValue(6),
                          MakeUintegerAccessor(&SlotScheduler::m_leastUnits),
                          MakeUintegerChecker<uint8_t>(1));
    return tid;
}

std::vector<uint8_t>
SlotScheduler::Share(const std::vector<SlotCandidate>& candidates, uint8_t units) const
{
    std::vector<uint8_t> share(candidates.size(), 0);
    while (units > 0)
    {
        std::size_t best = candidates.size();
        double bestPriority = 0;
        for (std::size_t i = 0; i < candidates.size(); ++i)
        {
            if (share[i] >= candidates[i].neededUnits)
            {
                continue;
            }
            const auto priority = Priority(candidates[i], share[i]);
            if (best == candidates.size() || priority > bestPriority)
            {
                best = i;
                bestPriority = priority;
            }
        }
        if (best == candidates.size())
        {
            break;
        }
        const auto missing = static_cast<uint8_t>(candidates[best].neededUnits - share[best]);
        const auto given = std::min({missing, m_leastUnits, units});
        share[best] = static_cast<uint8_t>(share[best] + given);
        units = static_cast<uint8_t>(units - given);
    }
    return share;
}

TypeId
ProportionalFairScheduler::GetTypeId()
{
    static TypeId tid = TypeId("ns3::ProportionalFairScheduler")
                            .SetParent<SlotScheduler>()
                            .SetGroupName("Iab")
                            .AddConstructor<ProportionalFairScheduler>();
    return tid;
}

double
ProportionalFairScheduler::Priority(const SlotCandidate& candidate, uint8_t givenUnits) const
{
    // One bit keeps a channel that was never served comparable with the others.
    const double served =
        1 + candidate.averageBitsPerSlot + givenUnits * candidate.bitsPerUnit / candidate.window;
    return candidate.weight * candidate.bitsPerUnit / served;
}

TypeId
RoundRobinScheduler::GetTypeId()
{
    static TypeId tid = TypeId("ns3::RoundRobinScheduler")
                            .SetParent<SlotScheduler>()
                            .SetGroupName("Iab")
                            .AddConstructor<RoundRobinScheduler>();
    return tid;
}

double
RoundRobinScheduler::Priority(const SlotCandidate& candidate, uint8_t givenUnits) const
{
    // Who has units of this slot already comes after everybody else. Among equals, where not all
    // can have the same of a slot, who has had less of those before comes first.
    constexpr double AFTER_ALL = 1e12; // slots, more than there are
    constexpr double OF_EQUALS = 1e-2; // less than a slot, for an average of up to 18 units
    const double turn =
        givenUnits > 0 ? AFTER_ALL + givenUnits : static_cast<double>(candidate.lastServed);
    const double bits = std::max(candidate.bitsPerUnit, 1.0);
    return -turn - OF_EQUALS * candidate.averageBitsPerSlot / bits;
}

TypeId
MaxRateScheduler::GetTypeId()
{
    static TypeId tid = TypeId("ns3::MaxRateScheduler")
                            .SetParent<SlotScheduler>()
                            .SetGroupName("Iab")
                            .AddConstructor<MaxRateScheduler>();
    return tid;
}

double
MaxRateScheduler::Priority(const SlotCandidate& candidate, uint8_t) const
{
    return candidate.bitsPerUnit;
}

} // namespace ns3
