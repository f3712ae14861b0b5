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
    auto& ring = m_slots[slot % SLOTS_KEPT];
    if (ring.number != slot)
    {
        ring.number = slot;
        ring.kept.clear();
    }
    ring.kept.push_back(Number(emission));
}

template <class Visit>
void
InterferenceField::ForEachOther(uint64_t slot, const Emission& emission, Visit visit)
{
    const auto& ring = m_slots[slot % SLOTS_KEPT];
    if (ring.number != slot)
    {
        return;
    }
    const auto received = Number(emission);
    for (const auto& other : ring.kept)
    {
        const double begin = std::max(other.emission.begin, emission.begin);
        const double end = std::min(other.emission.end, emission.end);
        if (other.emission.link != emission.link && begin < end)
        {
            visit(PowerOverNoise(other, received), begin, end);
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
InterferenceField::PowerOverNoise(const Kept& from, const Kept& to)
{
    auto& heard = m_gains[to.way];
    if (heard.size() <= from.way)
    {
        heard.resize(m_gains.size());
    }
    auto& known = heard[from.way];
    const auto version = m_versions[from.way / 2] + m_versions[to.way / 2]; // both only grow
    if (known.version == version)
    {
        return known.overNoise;
    }
    const auto& ends = from.emission.link->Ends();
    const bool isUplink = from.emission.direction == NrDirection::UPLINK;
    const double powerDbm = isUplink ? ends.childPowerDbm : ends.parentPowerDbm;
    const double watts = std::pow(10, (powerDbm - 30) / 10);
    known = {version, watts * m_gain(from.emission, to.emission) / m_noiseWatts};
    return known.overNoise;
}

InterferenceField::Kept
InterferenceField::Number(const Emission& emission)
{
    const auto number = static_cast<uint32_t>(m_versions.size());
    const auto [entry, isNew] = m_ids.try_emplace(emission.link, number);
    if (isNew)
    {
        m_versions.push_back(0);
        m_gains.resize(2 * m_versions.size());
    }
    return {emission, 2 * entry->second + static_cast<Way>(Index(emission.direction))};
}

} // namespace ns3
