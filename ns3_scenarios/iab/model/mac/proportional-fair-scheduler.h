/*
 * SPDX-License-Identifier: GPL-2.0-only
 */
#ifndef PROPORTIONAL_FAIR_SCHEDULER_H
#define PROPORTIONAL_FAIR_SCHEDULER_H

#include "slot-scheduler.h"

namespace ns3
{

/**
 * Proportional fair: each symbol goes to the channel with the greatest weighted ratio of
 * achievable to served rate (Kelly et al., 1998). Ties go to the channel that comes first.
 */
class ProportionalFairScheduler : public SlotScheduler
{
  public:
    /**
     * @brief Get the type ID.
     * @return the object TypeId
     */
    static TypeId GetTypeId();

    std::vector<uint8_t> Share(const std::vector<SlotCandidate>& candidates,
                               uint8_t symbols) const override;

  private:
    double m_window; //!< averaging window in slots
};

} // namespace ns3

#endif // PROPORTIONAL_FAIR_SCHEDULER_H
