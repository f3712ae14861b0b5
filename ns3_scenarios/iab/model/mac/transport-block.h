/*
 * SPDX-License-Identifier: GPL-2.0-only
 */
#ifndef TRANSPORT_BLOCK_H
#define TRANSPORT_BLOCK_H

#include "ns3/block-error-model.h"
#include "ns3/rlc-channel.h"

namespace ns3
{

/**
 * A transport block on its way through HARQ: what it carries and what was received of it so far.
 */
struct TransportBlock
{
    uint16_t channel;         //!< RLC channel that it belongs to, by number in its link
    uint8_t process;          //!< HARQ process
    RlcPdu pdu;               //!< what it carries
    int8_t mcs;               //!< of its first transmission, which retransmissions keep
    uint8_t units;            //!< size of the allocation
    uint8_t dataSymbols;      //!< of the slot it was made for
    uint32_t bits;            //!< size
    uint64_t epoch;           //!< of the link; a handover makes earlier blocks void
    uint8_t transmissions{0}; //!< so far
    double elements{0};       //!< resource elements received, all transmissions together
    double information{0};    //!< bits of information in them
    double variance{0};       //!< of that information
    double lastFailure{1};    //!< probability that all transmissions so far fail together
    Time due{};               //!< when it may be retransmitted

    /**
     * Receive one more transmission and combine it with those before (incremental redundancy: the
     * information adds up).
     *
     * @param resourceElements of the transmission
     * @param symbol information of one symbol
     * @return probability that the block still cannot be decoded, given that it could not before
     */
    double Combine(double resourceElements, const SymbolInformation& symbol)
    {
        ++transmissions;
        elements += resourceElements;
        information += resourceElements * symbol.bits;
        variance += resourceElements * symbol.variance;
        const double failure =
            BlockErrorModel::BlockErrorRate(bits,
                                            elements,
                                            {information / elements, variance / elements});
        const double conditional = lastFailure > 0 ? failure / lastFailure : 0;
        lastFailure = failure;
        return conditional < 1 ? conditional : 1;
    }
};

} // namespace ns3

#endif // TRANSPORT_BLOCK_H
