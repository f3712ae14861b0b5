/*
 * SPDX-License-Identifier: GPL-2.0-only
 */
#ifndef RESOURCE_GRID_H
#define RESOURCE_GRID_H

#include "ns3/block-error-model.h"
#include "ns3/link-quality.h"
#include "ns3/nr-frame.h"
#include "ns3/nr-tables.h"

#include <array>
#include <memory>
#include <vector>

namespace ns3
{

/** How the data part of a slot is cut into units that are given to users. */
enum class SlotSharing : uint8_t
{
    TIME = 0,     //!< a unit is an OFDM symbol over the whole band: one analog beam at a time
    FREQUENCY = 1 //!< a unit is a group of resource blocks over the whole slot
};

/** What the grid is made for. */
struct ResourceGridConfig
{
    NrMcsTable table{NrMcsTable::QAM64};    //!< MCS and CQI tables
    SlotSharing sharing{SlotSharing::TIME}; //!< units
    uint8_t dmrsResourceElements{6};        //!< DM-RS per RB and allocation, TS 38.211 7.4.1.1.2
    double targetBler{0.1};                 //!< of CQI (TS 38.214 5.2.2.1)
};

/**
 * What an allocation in a slot carries: transport block sizes for every MCS and number of units,
 * and which CQI a link of a given quality reports. Computed once for a carrier.
 */
class ResourceGrid
{
  public:
    /**
     * @param frame the carrier's slots
     * @param config what the grid is made for
     * @param errors model of block errors
     */
    ResourceGrid(const NrFrame& frame,
                 const ResourceGridConfig& config,
                 std::shared_ptr<const BlockErrorModel> errors);

    /**
     * @param dataSymbols of the slot
     * @return units that the slot has
     */
    uint8_t Units(uint8_t dataSymbols) const;

    /**
     * @param mcs index
     * @param units of the allocation
     * @param dataSymbols of the slot
     * @return transport block size in bits
     */
    uint32_t BlockBits(int8_t mcs, uint8_t units, uint8_t dataSymbols) const;

    /**
     * @param units of the allocation
     * @return its resource blocks
     */
    uint16_t ResourceBlocks(uint8_t units) const;

    /**
     * @param units of the allocation
     * @param dataSymbols of the slot
     * @return resource elements for data
     */
    uint32_t ResourceElements(uint8_t units, uint8_t dataSymbols) const;

    /**
     * @param mcs index
     * @param bytes to carry
     * @param dataSymbols of the slot
     * @return fewest units that carry them, or all units of the slot
     */
    uint8_t UnitsFor(int8_t mcs, uint32_t bytes, uint8_t dataSymbols) const;

    /**
     * @param quality of a link's channel
     * @param noise how many times the receiver's own there is
     * @return the highest CQI that meets the target block error rate
     */
    uint8_t Cqi(const LinkQuality& quality, double noise) const;

    /** @return how a slot is cut into units */
    SlotSharing Sharing() const;

    /** @return the MCS and CQI tables in use */
    NrMcsTable Table() const;

    /** @return model of block errors */
    const BlockErrorModel& Errors() const;

  private:
    /**
     * @param scheme that is used
     * @return SINR at which a block of a full slot meets the target
     */
    double Threshold(const NrMcs& scheme) const;

    /** @return position of an entry of the table of block sizes */
    std::size_t Index(int8_t mcs, uint8_t units, uint8_t dataSymbols) const;

    ResourceGridConfig m_config;                      //!< what the grid is made for
    std::shared_ptr<const BlockErrorModel> m_errors;  //!< block errors
    uint16_t m_rbs;                                   //!< resource blocks of the carrier
    uint8_t m_groups;                                 //!< resource block groups
    std::vector<uint32_t> m_blockBits;                //!< by MCS, units and data symbols
    std::array<double, NR_CQI_MAX> m_cqiThresholds{}; //!< linear SINR
};

} // namespace ns3

#endif // RESOURCE_GRID_H
