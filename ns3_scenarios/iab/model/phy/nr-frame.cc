/*
 * SPDX-License-Identifier: GPL-2.0-only
 */
#include "nr-frame.h"

#include <map>
#include <stdexcept>
#include <utility>

namespace ns3
{

namespace
{

constexpr uint8_t FULL_SLOT_SYMBOLS = 12;   // 14 less one DL and one UL control symbol
constexpr uint8_t SPECIAL_SLOT_SYMBOLS = 6; // downlink part of an S slot
constexpr uint64_t MHZ = 1000000;

// TS 38.101-1 and TS 38.101-2 Table 5.3.2-1: {numerology, bandwidth in MHz} -> resource blocks. At
// 240 kHz, which these tables leave out, what the guard bands of TS 38.101-2 Table 5.3.3-2 leave.
const std::map<std::pair<uint8_t, uint64_t>, uint16_t>&
ResourceBlockTable()
{
    static const std::map<std::pair<uint8_t, uint64_t>, uint16_t> table{
        {{0, 5}, 25},    {{0, 10}, 52},   {{0, 15}, 79},   {{0, 20}, 106},  {{0, 25}, 133},
        {{0, 30}, 160},  {{0, 40}, 216},  {{0, 50}, 270},  {{1, 5}, 11},    {{1, 10}, 24},
        {{1, 15}, 38},   {{1, 20}, 51},   {{1, 25}, 65},   {{1, 30}, 78},   {{1, 40}, 106},
        {{1, 50}, 133},  {{1, 60}, 162},  {{1, 70}, 189},  {{1, 80}, 217},  {{1, 90}, 245},
        {{1, 100}, 273}, {{2, 50}, 66},   {{2, 100}, 132}, {{2, 200}, 264}, {{3, 50}, 32},
        {{3, 100}, 66},  {{3, 200}, 132}, {{3, 400}, 264}, {{4, 100}, 32},  {{4, 200}, 64},
        {{4, 400}, 128}};
    return table;
}

uint16_t
LookUpResourceBlocks(uint8_t numerology, uint64_t bandwidthHz)
{
    const auto& table = ResourceBlockTable();
    const auto found = table.find({numerology, bandwidthHz / MHZ});
    if (found == table.end() || bandwidthHz % MHZ != 0)
    {
        throw std::invalid_argument("no channel of " + std::to_string(bandwidthHz) +
                                    " Hz at numerology " + std::to_string(numerology) +
                                    " in TS 38.101 Table 5.3.2-1");
    }
    return found->second;
}

void
CheckPattern(const std::string& pattern)
{
    if (pattern.find_first_not_of("DSUF-") != std::string::npos ||
        pattern.find_first_of("UF") == std::string::npos ||
        pattern.find_first_of("DSF") == std::string::npos)
    {
        throw std::invalid_argument("TDD pattern '" + pattern +
                                    "' must be of D, S, U, F and - with both directions in it");
    }
}

} // namespace

NrFrame::NrFrame(uint8_t numerology, uint64_t bandwidthHz, const std::string& pattern)
    : m_numerology(numerology),
      m_rbs(LookUpResourceBlocks(numerology, bandwidthHz)),
      m_pattern(pattern),
      m_slotDuration(NanoSeconds(1000000 >> numerology)) // TS 38.211 Table 4.3.2-1
{
    CheckPattern(pattern);
}

Time
NrFrame::SlotDuration() const
{
    return m_slotDuration;
}

uint16_t
NrFrame::ResourceBlocks() const
{
    return m_rbs;
}

double
NrFrame::SubcarrierSpacingHz() const
{
    return 15e3 * (1 << m_numerology);
}

uint8_t
NrFrame::DataSymbols(uint64_t slot, NrDirection direction) const
{
    const char kind = m_pattern[slot % m_pattern.size()];
    if (kind == 'F')
    {
        return FULL_SLOT_SYMBOLS;
    }
    if (direction == NrDirection::UPLINK)
    {
        return kind == 'U' ? FULL_SLOT_SYMBOLS : 0;
    }
    return kind == 'D' ? FULL_SLOT_SYMBOLS : (kind == 'S' ? SPECIAL_SLOT_SYMBOLS : 0);
}

bool
NrFrame::IsFlexible(uint64_t slot) const
{
    return m_pattern[slot % m_pattern.size()] == 'F';
}

double
NrFrame::PerSecond(NrDirection direction, const std::function<double(uint8_t)>& ofSymbols) const
{
    double sum = 0;
    for (std::size_t slot = 0; slot < m_pattern.size(); ++slot)
    {
        if (const auto symbols = DataSymbols(slot, direction); symbols > 0)
        {
            sum += ofSymbols(symbols);
        }
    }
    return sum / (m_pattern.size() * m_slotDuration.GetSeconds());
}

uint64_t
NrFrame::SlotAtOrAfter(Time time) const
{
    const auto duration = m_slotDuration.GetTimeStep();
    return (time.GetTimeStep() + duration - 1) / duration;
}

uint64_t
NrFrame::NextSlotWith(uint64_t slot, NrDirection direction) const
{
    while (DataSymbols(slot, direction) == 0)
    {
        ++slot;
    }
    return slot;
}

Time
NrFrame::StartOf(uint64_t slot) const
{
    return TimeStep(m_slotDuration.GetTimeStep() * slot);
}

uint64_t
NrFrame::NextActiveSlot(uint64_t slot) const
{
    while (m_pattern[slot % m_pattern.size()] == '-')
    {
        ++slot;
    }
    return slot;
}

uint64_t
NrFrame::PatternSlots() const
{
    return m_pattern.size();
}

NrFrame
NrFrame::TakingTurns(bool first) const
{
    const std::string silence(m_pattern.size(), '-');
    auto frame = *this;
    frame.m_pattern = first ? m_pattern + silence : silence + m_pattern;
    return frame;
}

} // namespace ns3
