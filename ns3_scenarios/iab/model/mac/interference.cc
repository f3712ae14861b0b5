/*
 * SPDX-License-Identifier: GPL-2.0-only
 */
#include "interference.h"

#include <algorithm>
#include <cmath>

namespace ns3
{

namespace
{
constexpr std::size_t SLOTS_KEPT = 16; // a slot is asked for soon after its end
} // namespace

InterferenceField::InterferenceField(GainFunction gain, double noiseWatts)
    : m_gain(std::move(gain)),
      m_noiseWatts(noiseWatts),
      m_slots(SLOTS_KEPT)
{
}

void
InterferenceField::Add(uint64_t slot, const Emission& emission)
{
    auto& kept = m_slots[slot % SLOTS_KEPT];
    if (kept.number != slot)
    {
        kept.number = slot;
        kept.emissions.clear();
    }
    kept.emissions.push_back(emission);
}

template <class Visit>
void
InterferenceField::ForEachOther(uint64_t slot, const Emission& emission, Visit visit)
{
    const auto& kept = m_slots[slot % SLOTS_KEPT];
    if (kept.number != slot)
    {
        return;
    }
    for (const auto& other : kept.emissions)
    {
        const double begin = std::max(other.begin, emission.begin);
        const double end = std::min(other.end, emission.end);
        if (other.link != emission.link && begin < end)
        {
            visit(PowerOverNoise(other, emission), begin, end);
        }
    }
}

double
InterferenceField::OverNoise(uint64_t slot, const Emission& emission)
{
    double sum = 0;
    ForEachOther(slot, emission, [&sum, &emission](double power, double begin, double end) {
        sum += power * (end - begin) / (emission.end - emission.begin);
    });
    return sum;
}

std::vector<double>
InterferenceField::OverNoiseByBlock(uint64_t slot, const Emission& emission)
{
    std::vector<double> blocks(static_cast<std::size_t>(emission.end - emission.begin), 0.0);
    ForEachOther(slot, emission, [&blocks, &emission](double power, double begin, double end) {
        for (auto block = begin; block < end; ++block)
        {
            blocks[static_cast<std::size_t>(block - emission.begin)] += power;
        }
    });
    return blocks;
}

void
InterferenceField::Moved(const RadioLink* link)
{
    if (const auto found = m_ids.find(link); found != m_ids.end())
    {
        ++m_versions[found->second];
    }
}

double
InterferenceField::PowerOverNoise(const Emission& from, const Emission& to)
{
    const auto a = NumberOf(from.link);
    const auto b = NumberOf(to.link);
    const auto pair = (uint64_t{a} << 34) | (uint64_t{b} << 2) | (Index(from.direction) << 1) |
                      Index(to.direction);
    const auto version = (uint64_t{m_versions[a]} << 32) | m_versions[b];
    auto& known = m_gains[pair];
    if (known.version == version)
    {
        return known.overNoise;
    }
    const auto& ends = from.link->Ends();
    const double powerDbm =
        from.direction == NrDirection::UPLINK ? ends.childPowerDbm : ends.parentPowerDbm;
    const double watts = std::pow(10, (powerDbm - 30) / 10);
    known = {version, watts * m_gain(from, to) / m_noiseWatts};
    return known.overNoise;
}

uint32_t
InterferenceField::NumberOf(const RadioLink* link)
{
    const auto number = static_cast<uint32_t>(m_versions.size());
    const auto [entry, isNew] = m_ids.try_emplace(link, number);
    if (isNew)
    {
        m_versions.push_back(0);
    }
    return entry->second;
}

} // namespace ns3
