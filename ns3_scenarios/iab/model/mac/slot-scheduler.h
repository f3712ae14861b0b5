/*
 * SPDX-License-Identifier: GPL-2.0-only
 */
#ifndef SLOT_SCHEDULER_H
#define SLOT_SCHEDULER_H

#include "ns3/object.h"

#include <cstdint>
#include <vector>

namespace ns3
{

/**
 * An RLC channel that asks for units of a slot (see ResourceGrid).
 */
struct SlotCandidate
{
    double weight;             //!< users that the channel carries
    double averageBitsPerSlot; //!< its served rate until now
    double window;             //!< of that average, in slots
    double bitsPerUnit;        //!< what one unit carries at its MCS
    uint8_t neededUnits;       //!< that its backlog fills
    uint64_t lastServed;       //!< slot in which it was served last
};

/**
 * Shares the units of a slot among channels.
 */
class SlotScheduler : public Object
{
  public:
    /**
     * @brief Get the type ID.
     * @return the object TypeId
     */
    static TypeId GetTypeId();

    /**
     * @param candidates channels with a backlog, in a fixed order
     * @param units to share
     * @return units for each candidate
     */
    std::vector<uint8_t> Share(const std::vector<SlotCandidate>& candidates, uint8_t units) const;

  protected:
    /**
     * @param candidate a channel
     * @param givenUnits that it has in this slot already
     * @return how much it deserves the next units; the greatest wins, the first of equals
     */
    virtual double Priority(const SlotCandidate& candidate, uint8_t givenUnits) const = 0;

  private:
    uint8_t m_leastUnits; //!< smallest allocation unless the backlog is smaller
};

/**
 * Proportional fair: weighted ratio of achievable to served rate (Kelly, Maulloo and Tan, 1998).
 */
class ProportionalFairScheduler : public SlotScheduler
{
  public:
    /**
     * @brief Get the type ID.
     * @return the object TypeId
     */
    static TypeId GetTypeId();

  protected:
    double Priority(const SlotCandidate& candidate, uint8_t givenUnits) const override;
};

/** Round robin: who was served longest ago. */
class RoundRobinScheduler : public SlotScheduler
{
  public:
    /**
     * @brief Get the type ID.
     * @return the object TypeId
     */
    static TypeId GetTypeId();

  protected:
    double Priority(const SlotCandidate& candidate, uint8_t givenUnits) const override;
};

/** Maximum rate: who has the best channel. */
class MaxRateScheduler : public SlotScheduler
{
  public:
    /**
     * @brief Get the type ID.
     * @return the object TypeId
     */
    static TypeId GetTypeId();

  protected:
    double Priority(const SlotCandidate& candidate, uint8_t givenUnits) const override;
};

} // namespace ns3

#endif // SLOT_SCHEDULER_H
