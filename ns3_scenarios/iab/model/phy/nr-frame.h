/*
 * SPDX-License-Identifier: GPL-2.0-only
 */
#ifndef NR_FRAME_H
#define NR_FRAME_H

#include "ns3/nstime.h"

#include <functional>
#include <string>
#include <vector>

namespace ns3
{

/** Direction of a transmission over a radio link. */
enum class NrDirection : uint8_t
{
    DOWNLINK = 0, //!< from the DU to the MT or UE below it
    UPLINK = 1    //!< from the MT or UE to the DU above it
};

/** Both directions, for loops. */
constexpr NrDirection NR_DIRECTIONS[]{NrDirection::DOWNLINK, NrDirection::UPLINK};

/** @param direction any @return its place in an array of two */
constexpr std::size_t
Index(NrDirection direction)
{
    return static_cast<std::size_t>(direction);
}

/**
 * The time-frequency grid of one carrier: slots, TDD pattern, resource blocks.
 *
 * Slots are counted from time 0. Of the 14 symbols of a slot, the first is downlink control and
 * the last uplink control; a D, U or F slot leaves 12 for data, an S slot 6 for downlink data and
 * the rest for the guard period. The cell uses an F (flexible) slot for either direction
 * (TS 38.213 11.1).
 */
class NrFrame
{
  public:
    /**
     * @param numerology mu of TS 38.211 4.2, 0 to 4
     * @param bandwidthHz channel bandwidth
     * @param pattern one letter a slot, repeated: D, U, S, F, or - for a slot in which the cell is
     * silent
     * @throw std::invalid_argument on a numerology, bandwidth or pattern that cannot be used
     */
    NrFrame(uint8_t numerology, uint64_t bandwidthHz, const std::string& pattern);

    /** @return duration of a slot: 1 ms / 2^mu */
    Time SlotDuration() const;

    /** @return resource blocks in the bandwidth (TS 38.101-1/-2 Table 5.3.2-1) */
    uint16_t ResourceBlocks() const;

    /** @return subcarrier spacing in Hz */
    double SubcarrierSpacingHz() const;

    /**
     * @param slot slot number
     * @param direction of the data
     * @return OFDM symbols for data in that slot and direction
     */
    uint8_t DataSymbols(uint64_t slot, NrDirection direction) const;

    /**
     * @param slot slot number
     * @return whether the cell may use it for one direction or the other
     */
    bool IsFlexible(uint64_t slot) const;

    /**
     * Sum over the slots of a second of what each gives.
     *
     * @param direction of the data
     * @param ofSymbols what a slot with that many data symbols gives
     * @return per second
     */
    double PerSecond(NrDirection direction,
                     const std::function<double(uint8_t dataSymbols)>& ofSymbols) const;

    /**
     * @param time any time
     * @return number of the first slot that starts at or after it
     */
    uint64_t SlotAtOrAfter(Time time) const;

    /**
     * @param slot a slot number
     * @param direction of the data
     * @return the first slot from `slot` on that has data symbols in that direction
     */
    uint64_t NextSlotWith(uint64_t slot, NrDirection direction) const;

    /**
     * @param slot slot number
     * @return when it starts
     */
    Time StartOf(uint64_t slot) const;

    /**
     * @param slot a slot number
     * @return the first slot from `slot` on in which the cell is not silent
     */
    uint64_t NextActiveSlot(uint64_t slot) const;

    /** @return slots after which the pattern repeats */
    uint64_t PatternSlots() const;

    /**
     * @param first whether the present pattern comes first, or a pattern's time of silence
     * @return a frame of twice the pattern, of which the other half is silent
     */
    NrFrame TakingTurns(bool first) const;

  private:
    uint8_t m_numerology;  //!< mu
    uint16_t m_rbs;        //!< resource blocks
    std::string m_pattern; //!< TDD pattern
    Time m_slotDuration;   //!< slot duration
};

} // namespace ns3

#endif // NR_FRAME_H
