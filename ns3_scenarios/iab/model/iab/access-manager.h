/*
 * SPDX-License-Identifier: GPL-2.0-only
 */
#ifndef ACCESS_MANAGER_H
#define ACCESS_MANAGER_H

#include "iab-topology.h"

#include "ns3/object.h"
#include "ns3/radio-channel.h"
#include "ns3/traced-callback.h"

#include <memory>
#include <vector>

namespace ns3
{

/** A cell that a UE may be served by. */
struct ServingCandidate
{
    Ptr<BapEntity> bap;          //!< the IAB node or donor
    Ptr<MobilityModel> mobility; //!< where it is
    /** Panel for this UE. One for each pair: ns-3 keeps a channel by its two arrays. */
    Ptr<PhasedArrayModel> array;
};

/**
 * Keeps one UE served: measures all cells, hands over by event A3 (TS 38.331 5.5.4.4), and adapts
 * the serving link to the channel.
 */
class AccessManager : public Object
{
  public:
    /**
     * @brief Get the type ID.
     * @return the object TypeId
     */
    static TypeId GetTypeId();

    /** Signature of the attachment trace: UE, new serving node, old one (null at first). */
    using AttachmentCallback = void (*)(Ptr<BapEntity>, Ptr<BapEntity>, Ptr<BapEntity>);

    /**
     * @param ue its BAP entity
     * @param link its radio link, used with whichever cell serves it
     * @param end its mobility and panel
     */
    void SetUe(Ptr<BapEntity> ue, Ptr<RadioLink> link, const RadioEnd& end);

    /**
     * @param errors model whose modulations the link is adapted for
     * @param interference told when the UE's gains change, or null
     */
    void SetPhy(std::shared_ptr<const BlockErrorModel> errors,
                std::shared_ptr<InterferenceField> interference);

    /**
     * @param topology that the UE is moved in
     * @param channel of access links
     * @param candidates cells that may serve it
     */
    void SetNetwork(Ptr<IabTopology> topology,
                    Ptr<RadioChannel> channel,
                    const std::vector<ServingCandidate>& candidates);

    /** Signature of the trace of SINR: UE, direction, dB. */
    using SinrCallback = void (*)(Ptr<BapEntity>, NrDirection, double);

    /** Attach to the best cell, then follow the UE at every update period. */
    void Start();

    /**
     * @param lossDb extra loss between the UE and every cell
     */
    void SetBlockage(double lossDb);

    /** @return the loss of SetBlockage in dB */
    double GetBlockage() const;

    /** A node has gone to sleep or woken up: leave the former at once, consider the latter. */
    void Reselect();

    /** @return handovers so far */
    uint32_t Handovers() const;

  protected:
    void DoDispose() override;

  private:
    /** Periodic measurement, handover decision and link adaptation. */
    void Update();

    /**
     * Measure all cells.
     *
     * @return large-scale gain in dB for each candidate
     */
    std::vector<double> Measure();

    /**
     * Event A3: whether a neighbour was better by the hysteresis for the time to trigger.
     *
     * @param gainsDb of the candidates
     */
    void ConsiderHandover(const std::vector<double>& gainsDb);

    /**
     * @param target index of the new serving cell
     */
    void HandOver(std::size_t target);

    /** Recompute the quality of the serving link. */
    void AdaptLink();

    Ptr<BapEntity> m_ue;                               //!< the UE
    Ptr<RadioLink> m_link;                             //!< its radio link
    RadioEnd m_end;                                    //!< its mobility and panel
    Ptr<IabTopology> m_topology;                       //!< tree that it is part of
    Ptr<RadioChannel> m_channel;                       //!< access channel
    std::vector<ServingCandidate> m_candidates;        //!< cells
    std::shared_ptr<const BlockErrorModel> m_errors;   //!< for link adaptation
    std::shared_ptr<InterferenceField> m_interference; //!< of all cells
    std::size_t m_serving{0};                          //!< index of the serving cell
    std::size_t m_better{0};                           //!< neighbour that has been better
    Time m_betterSince;                                //!< since when; negative when none is
    Vector m_measuredAt;                               //!< position at the newest measurement
    double m_blockageDb{0};                            //!< extra loss
    uint32_t m_handovers{0};                           //!< counter
    EventId m_update;                                  //!< next update
    Time m_updatePeriod;                               //!< time between updates
    double m_hysteresisDb;                             //!< A3 offset and hysteresis
    Time m_timeToTrigger;                              //!< A3 time to trigger
    Time m_interruption;                               //!< handover interruption time
    bool m_forwarding;                                 //!< of data at a handover
    bool m_reselecting{false};                         //!< consider a handover though it stands
    bool m_fading;                                     //!< small-scale
    double m_uePowerDbm;                               //!< uplink power
    double m_cellPowerDbm;                             //!< downlink power
    TracedCallback<Ptr<BapEntity>, Ptr<BapEntity>, Ptr<BapEntity>> m_attachmentTrace; //!< trace
    TracedCallback<Ptr<BapEntity>, NrDirection, double> m_sinrTrace;                  //!< trace
};

} // namespace ns3

#endif // ACCESS_MANAGER_H
