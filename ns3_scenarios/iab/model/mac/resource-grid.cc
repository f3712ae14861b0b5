/*
 * SPDX-License-Identifier: GPL-2.0-only
 */
#include "resource-grid.h"

#include <algorithm>
#include <cmath>

namespace ns3
{

namespace
{

constexpr uint8_t MAX_SYMBOLS = 14; // of a slot, TS 38.211 Table 4.3.2-1
constexpr uint8_t FULL_SLOT_SYMBOLS = 12;
constexpr uint8_t MAX_GROUPS = 18;   // TS 38.214 5.1.2.2.1: a bitmap of at most 18 groups
constexpr uint32_t SUBCARRIERS = 12; // of a resource block, TS 38.211 4.4.4.1
constexpr std::size_t UNITS_WIDTH = MAX_GROUPS + 1;
constexpr std::size_t SYMBOLS_WIDTH = MAX_SYMBOLS + 1;

} // namespace

ResourceGrid::ResourceGrid(const NrFrame& frame,
                           const ResourceGridConfig& config,
                           std::shared_ptr<const BlockErrorModel> errors)
    : m_config(config),
      m_errors(std::move(errors)),
      m_rbs(frame.ResourceBlocks()),
      m_groups(static_cast<uint8_t>(std::min<uint16_t>(MAX_GROUPS, frame.ResourceBlocks()))),
      m_blockBits(NrMcsCount(config.table) * UNITS_WIDTH * SYMBOLS_WIDTH, 0)
{
    for (int8_t mcs = 0; mcs < NrMcsCount(config.table); ++mcs)
    {
        const auto scheme = GetNrMcs(config.table, mcs);
        for (uint8_t symbols = 1; symbols <= MAX_SYMBOLS; ++symbols)
        {
            for (uint8_t units = 1; units <= Units(symbols); ++units)
            {
                m_blockBits[Index(mcs, units, symbols)] =
                    NrTransportBlockBits(scheme,
                                         ResourceBlocks(units),
                                         config.sharing == SlotSharing::TIME ? units : symbols,
                                         config.dmrsResourceElements);
            }
        }
    }
    for (uint8_t cqi = 1; cqi <= NR_CQI_MAX; ++cqi)
    {
        m_cqiThresholds[cqi - 1] = Threshold(GetNrCqi(config.table, cqi));
    }
}

uint8_t
ResourceGrid::Units(uint8_t dataSymbols) const
{
    return m_config.sharing == SlotSharing::TIME ? dataSymbols : (dataSymbols ? m_groups : 0);
}

uint32_t
ResourceGrid::BlockBits(int8_t mcs, uint8_t units, uint8_t dataSymbols) const
{
    return m_blockBits[Index(mcs, units, dataSymbols)];
}

uint16_t
ResourceGrid::ResourceBlocks(uint8_t units) const
{
    const bool time = m_config.sharing == SlotSharing::TIME;
    return time ? m_rbs : static_cast<uint16_t>(m_rbs * units / m_groups);
}

uint32_t
ResourceGrid::ResourceElements(uint8_t units, uint8_t dataSymbols) const
{
    const bool time = m_config.sharing == SlotSharing::TIME;
    const uint32_t perRb = SUBCARRIERS * (time ? units : dataSymbols);
    return ResourceBlocks(units) *
           (perRb - std::min<uint32_t>(perRb, m_config.dmrsResourceElements));
}

uint8_t
ResourceGrid::UnitsFor(int8_t mcs, uint32_t bytes, uint8_t dataSymbols) const
{
    const auto all = Units(dataSymbols);
    // Block size is close to linear in units: guess, then correct.
    const auto full = BlockBits(mcs, all, dataSymbols);
    const auto bits = 8ULL * bytes;
    if (bits >= full)
    {
        return all;
    }
    auto units = static_cast<uint8_t>(std::max<uint64_t>(1, bits * all / full));
    while (units < all && BlockBits(mcs, units, dataSymbols) < bits)
    {
        ++units;
    }
    return units;
}

uint8_t
ResourceGrid::Cqi(const LinkQuality& quality, double noise) const
{
    uint8_t known = 0; // modulation that the SINR is of
    double sinr = 0;
    for (uint8_t cqi = NR_CQI_MAX; cqi > 0; --cqi)
    {
        const auto order = GetNrCqi(m_config.table, cqi).modulationOrder;
        if (order != known)
        {
            known = order;
            sinr = quality.Effective(noise, order);
        }
        if (sinr >= m_cqiThresholds[cqi - 1])
        {
            return cqi;
        }
    }
    return 0;
}

SlotSharing
ResourceGrid::Sharing() const
{
    return m_config.sharing;
}

NrMcsTable
ResourceGrid::Table() const
{
    return m_config.table;
}

const BlockErrorModel&
ResourceGrid::Errors() const
{
    return *m_errors;
}

double
ResourceGrid::Threshold(const NrMcs& scheme) const
{
    const auto bits =
        NrTransportBlockBits(scheme, m_rbs, FULL_SLOT_SYMBOLS, m_config.dmrsResourceElements);
    const double elements =
        m_rbs * (SUBCARRIERS * FULL_SLOT_SYMBOLS - m_config.dmrsResourceElements);
    double lowDb = -20;
    double highDb = 50;
    while (highDb - lowDb > 1e-3)
    {
        const double middleDb = (lowDb + highDb) / 2;
        const auto information =
            m_errors->Information(scheme.modulationOrder, std::pow(10, middleDb / 10));
        const bool fails =
            BlockErrorModel::BlockErrorRate(bits, elements, information) > m_config.targetBler;
        (fails ? lowDb : highDb) = middleDb;
    }
    return std::pow(10, highDb / 10);
}

std::size_t
ResourceGrid::Index(int8_t mcs, uint8_t units, uint8_t dataSymbols) const
{
    return (static_cast<std::size_t>(mcs) * UNITS_WIDTH + units) * SYMBOLS_WIDTH + dataSymbols;
}

} // namespace ns3
