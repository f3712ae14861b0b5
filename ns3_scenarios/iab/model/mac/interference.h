/*
 * SPDX-License-Identifier: GPL-2.0-only
 */
#ifndef INTERFERENCE_H
#define INTERFERENCE_H

#include "radio-link.h"

#include <cstdint>
#include <functional>
#include <unordered_map>
#include <vector>

namespace ns3
{

/** A transmission in a slot: who, which way, and in which part of it. */
struct Emission
{
    const RadioLink* link; //!< link of the transmission
    NrDirection direction; //!< of the transmission
    double begin;          //!< as a part of the slot's symbols; or, sharing in frequency, its first
                           //!< resource block
    double end;            //!< likewise; or the resource block after its last
};

/**
 * Who transmits in which slot, and how much of it everybody else receives.
 *
 * Cells add what they schedule at the start of a slot and ask at its end, when all is known. Gains
 * between a transmitter and a receiver that it is not meant for are kept until one of them moved.
 */
class InterferenceField
{
  public:
    /** Gives the linear gain from the transmitter of one emission to the receiver of another. */
    using GainFunction = std::function<double(const Emission& from, const Emission& to)>;

    /**
     * @param gain between two links
     * @param noiseWatts receiver noise over the whole band
     */
    InterferenceField(GainFunction gain, double noiseWatts);

    /**
     * @param slot number of the slot
     * @param emission in it
     */
    void Add(uint64_t slot, const Emission& emission);

    /**
     * @param slot number of the slot
     * @param emission that is received
     * @return power of the others over noise power at its receiver, mean over its part of the slot
     */
    double OverNoise(uint64_t slot, const Emission& emission);

    /**
     * @param slot number of the slot
     * @param emission that is received, a run of resource blocks
     * @return power of the others over noise power at its receiver, on each of them
     */
    std::vector<double> OverNoiseByBlock(uint64_t slot, const Emission& emission);

    /**
     * Forget the gains to and from a link, because one of its ends or beams moved.
     *
     * @param link that moved
     */
    void Moved(const RadioLink* link);

  private:
    /** Small number of a direction of a link: its transmitter and its receiver. */
    using Way = uint32_t;

    /** An emission, and whose. */
    struct Kept
    {
        Emission emission; //!< it
        Way way;           //!< of its link and direction
    };

    /** Emissions of one slot. */
    struct Slot
    {
        uint64_t number{0};     //!< which slot it holds
        std::vector<Kept> kept; //!< in the order in which they were added
    };

    /**
     * Call a function with each other emission that overlaps: its power over noise power, and the
     * part that both have.
     *
     * @param slot number of the slot
     * @param emission that is received
     * @param visit the function
     */
    template <class Visit>
    void ForEachOther(uint64_t slot, const Emission& emission, Visit visit);

    /** @return power received over noise power; the power of an end is spread over the band */
    double PowerOverNoise(const Kept& from, const Kept& to);

    /** @return the emission and its number */
    Kept Number(const Emission& emission);

    /** What is known of a pair of links. */
    struct PairGain
    {
        uint64_t version{UINT64_MAX}; //!< sum of both links' when it was taken
        double overNoise{0};          //!< received W over noise
    };

    GainFunction m_gain;                                  //!< between two links
    double m_noiseWatts;                                  //!< receiver noise
    std::vector<Slot> m_slots;                            //!< ring of the last slots
    std::vector<std::vector<PairGain>> m_gains;           //!< by ways: to, then from
    std::unordered_map<const RadioLink*, uint32_t> m_ids; //!< small numbers for links
    std::vector<uint64_t> m_versions;                     //!< by link number; grows when it moves
};

} // namespace ns3

#endif // INTERFERENCE_H
