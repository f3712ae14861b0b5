/*
 * SPDX-License-Identifier: GPL-2.0-only
 */
#ifndef IAB_RADIO_CONFIG_H
#define IAB_RADIO_CONFIG_H

#include "ns3/cell-mac.h"
#include "ns3/nstime.h"
#include "ns3/object-base.h"
#include "ns3/vector.h"

#include <cmath>
#include <string>

namespace ns3
{

/** Size of a planar array. */
struct ArraySize
{
    uint32_t rows;    //!< elements in a column
    uint32_t columns; //!< elements in a row
};

/** Delays of the MAC; see MacTiming and LinkAdaptation. */
struct IabTimingConfig
{
    bool schedulingRequest{true};        //!< an idle uplink must ask first
    bool bufferReport{false};            //!< and then report its buffer, before it may send
    uint8_t k1{2};                       //!< slots to HARQ feedback
    uint8_t k2{2};                       //!< slots from grant to uplink data
    Time decode{MicroSeconds(100)};      //!< end of a slot to what is in it
    Time channelReport{MilliSeconds(2)}; //!< change of the channel to a new MCS
};

/** What becomes of blocks that are not received; see HarqEntity and CellMac. */
struct IabRetransmissionConfig
{
    uint8_t harqProcesses{16};         //!< blocks of a link and direction under way at a time
    uint8_t harqTransmissions{4};      //!< of a block, till HARQ gives it up
    Time statusDelay{MilliSeconds(2)}; //!< from there to RLC sending its data again
};

/**
 * The radio interface of an IAB network.
 *
 * Its members can be set before it is made, too, as ns-3's Attributes of this type: with
 * Config::SetDefault, on a command line or in a file of defaults. See GetTypeId.
 */
struct IabRadioConfig : public ObjectBase
{
    IabRadioConfig();

    /**
     * @brief Get the type ID.
     * @return the object TypeId
     */
    static TypeId GetTypeId();
    TypeId GetInstanceTypeId() const override;

    double carrierHz{28e9};                                  //!< carrier frequency
    uint64_t bandwidthHz{100000000};                         //!< channel bandwidth
    uint8_t numerology{3};                                   //!< mu of TS 38.211 4.2
    std::string tddPattern{"DSUU"};                          //!< see NrFrame
    ResourceGridConfig grid;                                 //!< tables, sharing of a slot, DM-RS
    IabTimingConfig timing;                                  //!< delays of the MAC
    IabRetransmissionConfig retransmission;                  //!< by HARQ and RLC
    RlcMode rlcMode{RlcMode::ACKNOWLEDGED};                  //!< of all links
    ChannelMapping mapping{ChannelMapping::AGGREGATED};      //!< of users to backhaul channels
    bool flowControl{false};                                 //!< hop by hop, at half a queue
    bool sectors{false};                                     //!< a cell for each backhaul link
    HalfDuplex halfDuplex{HalfDuplex::BY_DEPTH};             //!< of IAB nodes
    bool interference{true};                                 //!< between the links
    std::string scheduler{"ns3::ProportionalFairScheduler"}; //!< type name
    std::string environment{"UMi-StreetCanyon"};             //!< TR 38.901 environment
    LosPolicy accessLos{LosPolicy::RANDOM};                  //!< line of sight of access links
    LosPolicy backhaulLos{LosPolicy::ALWAYS};                //!< line of sight of backhaul links
    bool shadowing{true};                                    //!< TR 38.901 7.4.1
    double scattererMps{0};                                  //!< speed, for their Doppler
    double noiseFigureDb{5};                                 //!< of every receiver
    double uePowerDbm{23};                                   //!< transmit power of a UE
    double iabPowerDbm{30};        //!< transmit power of an IAB node, MT and DU
    double eirpLimitDbm{INFINITY}; //!< of every transmitter: less power if its array is large
    ArraySize ueArray{2, 2};       //!< panel of a UE
    ArraySize iabArray{8, 8};      //!< panel of an IAB node
    uint32_t queueBytes{2000000};  //!< limit of each RLC channel's queue
    Time channelUpdate{MilliSeconds(20)};   //!< measurement and adaptation of access links
    Time channelRedraw{MilliSeconds(200)};  //!< new small-scale channel of access links
    Time losUpdate;                         //!< new line-of-sight state of access links
    double hysteresisDb{3};                 //!< A3
    Time timeToTrigger{MilliSeconds(100)};  //!< A3
    Time interruption{MilliSeconds(20)};    //!< of a handover
    Time backhaulFailure{MilliSeconds(50)}; //!< till a backhaul link that fails is given up
    bool forwarding{true};                  //!< of data at a handover, else they are lost
    int64_t firstStream{1000};              //!< random streams of background UEs, from here

  private:
    void SetUeArray(Vector2D size);
    Vector2D GetUeArray() const;
    void SetIabArray(Vector2D size);
    Vector2D GetIabArray() const;
};

} // namespace ns3

#endif // IAB_RADIO_CONFIG_H
