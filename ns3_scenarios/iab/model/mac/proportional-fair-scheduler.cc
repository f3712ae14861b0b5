/*
 * SPDX-License-Identifier: GPL-2.0-only
 */
#include "proportional-fair-scheduler.h"

#include "ns3/double.h"

#include <algorithm>
#include <cmath>

namespace ns3
{

NS_OBJECT_ENSURE_REGISTERED(SlotScheduler);
NS_OBJECT_ENSURE_REGISTERED(ProportionalFairScheduler);

TypeId
SlotScheduler::GetTypeId()
{
    static TypeId tid = TypeId("ns3::SlotScheduler").SetParent<Object>().SetGroupName("Iab");
    return tid;
}

TypeId
ProportionalFairScheduler::GetTypeId()
{
    static TypeId tid =
        TypeId("ns3::ProportionalFairScheduler")
            .SetParent<SlotScheduler>()
            .SetGroupName("Iab")
            .AddConstructor<ProportionalFairScheduler>()
            .AddAttribute("Window",
                          "Averaging window of the served rate, in slots; must be that of the MAC.",
                          DoubleValue(100.0),
                          MakeDoubleAccessor(&ProportionalFairScheduler::m_window),
                          MakeDoubleChecker<double>(1.0));
    return tid;
}

std::vector<uint8_t>
ProportionalFairScheduler::Share(const std::vector<SlotCandidate>& candidates,
                                 uint8_t symbols) const
{
    std::vector<uint8_t> share(candidates.size(), 0);
    std::vector<double> served(candidates.size());
    std::vector<uint8_t> needed(candidates.size());
    for (std::size_t i = 0; i < candidates.size(); ++i)
    {
        // One bit keeps a channel that was never served comparable with the others.
        served[i] = candidates[i].averageBitsPerSlot + 1;
        const auto need = std::ceil(8.0 * candidates[i].queuedBytes / candidates[i].bitsPerSymbol);
        needed[i] = static_cast<uint8_t>(std::min<double>(need, symbols));
    }
    for (uint8_t symbol = 0; symbol < symbols; ++symbol)
    {
        std::size_t best = candidates.size();
        double bestMetric = 0;
        for (std::size_t i = 0; i < candidates.size(); ++i)
        {
            const auto metric = candidates[i].weight * candidates[i].bitsPerSymbol / served[i];
            if (share[i] < needed[i] && metric > bestMetric)
            {
                best = i;
                bestMetric = metric;
            }
        }
        if (best == candidates.size())
        {
            break;
        }
        ++share[best];
        served[best] += candidates[best].bitsPerSymbol / m_window;
    }
    return share;
}

} // namespace ns3
