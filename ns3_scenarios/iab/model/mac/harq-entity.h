/*
 * SPDX-License-Identifier: GPL-2.0-only
 */
#ifndef HARQ_ENTITY_H
#define HARQ_ENTITY_H

#include "interference.h"
#include "radio-link.h"
#include "resource-grid.h"
#include "transport-block.h"

#include "ns3/object.h"
#include "ns3/random-variable-stream.h"

#include <array>
#include <deque>
#include <functional>
#include <memory>
#include <vector>

namespace ns3
{

/** A block that is in the air, or waits for its retransmission. */
struct Airborne
{
    Ptr<RadioLink> link;  //!< its link
    Emission emission;    //!< where in the slot
    TransportBlock block; //!< what
};

/** What became of a transmission. */
enum class HarqOutcome : uint8_t
{
    DECODED = 0, //!< the block is there
    AGAIN = 1,   //!< it must be sent again
    LOST = 2     //!< it was sent as often as it may be
};

/**
 * The HARQ of a cell: decides which blocks are received, combines the transmissions of a block, and
 * keeps those that wait to be sent again.
 */
class HarqEntity : public Object
{
  public:
    /**
     * @brief Get the type ID.
     * @return the object TypeId
     */
    static TypeId GetTypeId();

    HarqEntity();

    /**
     * @param grid what an allocation carries
     * @param interference of all cells, or null for none
     */
    void Configure(std::shared_ptr<const ResourceGrid> grid,
                   std::shared_ptr<InterferenceField> interference);

    /**
     * @param stream random stream for block errors
     * @return number of streams used
     */
    int64_t AssignStreams(int64_t stream);

    /** @return processes of a link and direction: blocks that may be under way at a time */
    uint8_t Processes() const;

    /**
     * Decode a transmission, together with those before it of the same block.
     *
     * @param slot in which it was
     * @param airborne the transmission
     * @return what became of it; counted at the link
     */
    HarqOutcome Receive(uint64_t slot, Airborne& airborne);

    /**
     * @param airborne to be sent again when its block is due
     */
    void Keep(Airborne airborne);

    /**
     * Take the blocks that are sent again now, oldest first.
     *
     * @param direction of the data
     * @param fits whether a block that is due can be sent now; called once for each
     * @return those that fit
     */
    std::vector<Airborne> Take(NrDirection direction,
                               const std::function<bool(const Airborne&)>& fits);

    /**
     * @param direction of the data
     * @return when the first waiting block may be sent again; Time::Max() when none waits
     */
    Time EarliestDue(NrDirection direction) const;

    /**
     * @param link whose waiting blocks are void
     */
    void Forget(const Ptr<RadioLink>& link);

  protected:
    void DoDispose() override;

  private:
    /**
     * Measure the SINR of a transmission, and the interference for link adaptation.
     *
     * @param slot in which it was
     * @param airborne the transmission
     * @param order its modulation, bits per symbol
     * @return effective SINR of its own resource blocks, linear
     */
    double MeasureSinr(uint64_t slot, const Airborne& airborne, uint8_t order);

    /** Decode a transmission. @return whether the block is there now */
    bool Decode(uint64_t slot, Airborne& airborne);

    std::shared_ptr<const ResourceGrid> m_grid;        //!< what an allocation carries
    std::shared_ptr<InterferenceField> m_interference; //!< of all cells
    Ptr<UniformRandomVariable> m_draw;                 //!< of block errors
    std::array<std::deque<Airborne>, 2> m_waiting;     //!< to be sent again, by direction
    uint8_t m_processes;                               //!< of a link and direction
    uint8_t m_maxTransmissions;                        //!< of a block
    bool m_blockErrors;                                //!< whether there are any
};

} // namespace ns3

#endif // HARQ_ENTITY_H
