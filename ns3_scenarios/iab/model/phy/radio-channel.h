/*
 * SPDX-License-Identifier: GPL-2.0-only
 */
#ifndef RADIO_CHANNEL_H
#define RADIO_CHANNEL_H

#include "block-error-model.h"
#include "fading-record.h"
#include "link-quality.h"
#include "nr-frame.h"

#include "ns3/channel-condition-model.h"
#include "ns3/mobility-model.h"
#include "ns3/object.h"
#include "ns3/phased-array-model.h"
#include "ns3/spectrum-model.h"
#include "ns3/spectrum-value.h"
#include "ns3/three-gpp-channel-model.h"
#include "ns3/three-gpp-propagation-loss-model.h"
#include "ns3/three-gpp-spectrum-propagation-loss-model.h"

#include <map>
#include <memory>
#include <string>
#include <vector>

namespace ns3
{

/** How line of sight is decided. */
enum class LosPolicy
{
    ALWAYS, //!< always in line of sight
    NEVER,  //!< never in line of sight
    RANDOM  //!< by the probability of TR 38.901 Table 7.4.2-1
};

/** What all radio links of one kind have in common. */
struct RadioChannelConfig
{
    double carrierHz;        //!< carrier frequency
    std::string environment; //!< UMi-StreetCanyon, UMa or RMa (TR 38.901 7.2)
    LosPolicy los;           //!< line of sight
    bool shadowing;          //!< log-normal shadowing of TR 38.901 7.4.1
    double noiseFigureDb;    //!< of the receiver
    Time losUpdate;          //!< how long a drawn line-of-sight state lasts, 0: forever
    Time redraw;             //!< how long a drawn small-scale channel lasts, 0: forever
    double scattererMps;     //!< speed of scatterers, for their Doppler (TR 38.901 7.6.10)
};

/** One end of a radio link. */
struct RadioEnd
{
    Ptr<MobilityModel> mobility; //!< where it is
    Ptr<PhasedArrayModel> array; //!< its panel, which always faces the other end
};

/**
 * The channel of TR 38.901 between two ends, from ns-3's own models: path loss, shadowing and
 * beamformed small-scale fading.
 */
class RadioChannel : public Object
{
  public:
    /**
     * @brief Get the type ID.
     * @return the object TypeId
     */
    static TypeId GetTypeId();

    /**
     * @param config of the links
     * @param frame the carrier's grid
     * @throw std::invalid_argument on an unknown environment
     */
    void Configure(const RadioChannelConfig& config, const NrFrame& frame);

    /**
     * Fix the random streams.
     *
     * @param stream first stream to use
     * @return number of streams used
     */
    int64_t AssignStreams(int64_t stream);

    /**
     * @param record of the small-scale channels; null: they are drawn, and not kept
     */
    void SetFadingRecord(std::shared_ptr<FadingRecord> record);

    /**
     * @param a one end
     * @param b the other end
     * @return gain of path loss and shadowing in dB (negative); nearer than 1 m, that of free space
     * at 1 m
     */
    double LargeScaleGainDb(Ptr<MobilityModel> a, Ptr<MobilityModel> b) const;

    /**
     * Point both panels at each other.
     *
     * @param a one end
     * @param b the other end
     */
    static void PointAtEachOther(const RadioEnd& a, const RadioEnd& b);

    /**
     * Choose the beams of both ends and evaluate the channel: along the line of sight where there
     * is one, else along the best cluster, as a beam sweep would find it.
     *
     * @param a one end
     * @param b the other end
     * @return linear gain for each resource block, the same in both directions
     */
    std::vector<double> BeamformedGains(const RadioEnd& a, const RadioEnd& b) const;

    /**
     * Gains of two ends whose beams are matched, without small-scale fading; points the beams.
     *
     * @param a one end
     * @param b the other end
     * @return linear, for each resource block
     */
    std::vector<double> FlatGains(const RadioEnd& a, const RadioEnd& b);

    /**
     * Gain from a transmitter to a receiver that it is not meant for: path loss, shadowing, the
     * patterns of both arrays with the beams that they have now, and of their elements, which face
     * the peers of their links. Small-scale fading is left out.
     *
     * @param from the transmitter
     * @param fromPeer whom it transmits to
     * @param to the receiver
     * @param toPeer whom it listens to
     * @return linear
     */
    double LeakageGain(const RadioEnd& from,
                       const RadioEnd& fromPeer,
                       const RadioEnd& to,
                       const RadioEnd& toPeer) const;

    /**
     * @param gains linear, for each resource block
     * @param txPowerDbm transmit power over the whole band
     * @param extraLossDb blockage
     * @param errors model whose modulations are asked for
     * @return what the link can carry
     */
    LinkQuality Quality(const std::vector<double>& gains,
                        double txPowerDbm,
                        double extraLossDb,
                        const BlockErrorModel& errors) const;

    /** @return whether the small-scale channel changes though neither end moves */
    bool HasMovingScatterers() const;

    /** @return noise power over the whole band in W */
    double NoiseWatts() const;

    /** @return resource blocks of the carrier */
    uint16_t ResourceBlocks() const;

  protected:
    void DoDispose() override;

  private:
    /** A pair of beams, and the drawn channel that it was chosen for. */
    struct BeamPair
    {
        Time drawn;                        //!< when the channel was drawn
        PhasedArrayModel::ComplexVector a; //!< of one end
        PhasedArrayModel::ComplexVector b; //!< of the other end
    };

    /**
     * Draw the small-scale channel when it is due, and choose the beams.
     *
     * @param a one end
     * @param b the other end
     * @return the channel now
     */
    BeamformedFading Draw(const RadioEnd& a, const RadioEnd& b) const;

    /**
     * Choose the beams of both ends, anew when the channel was drawn anew.
     *
     * @param a one end
     * @param b the other end
     */
    void ChooseBeams(const RadioEnd& a, const RadioEnd& b) const;

    /**
     * Try the directions of all clusters, as a beam sweep does, and keep the best.
     *
     * @param a one end
     * @param b the other end
     * @param params of their channel
     */
    void SweepBeams(const RadioEnd& a,
                    const RadioEnd& b,
                    const MatrixBasedChannelModel::ChannelParams& params) const;

    /**
     * @param a one end
     * @param b the other end
     * @return power per resource block that arrives of 1 W over the band, without path loss
     */
    Ptr<const SpectrumValue> ReceivedPsd(const RadioEnd& a, const RadioEnd& b) const;

    Ptr<ChannelConditionModel> m_condition;            //!< line of sight
    Ptr<ThreeGppPropagationLossModel> m_pathLoss;      //!< path loss and shadowing
    Ptr<ThreeGppChannelModel> m_fading;                //!< small-scale channel
    Ptr<ThreeGppSpectrumPropagationLossModel> m_beams; //!< beamforming over it
    Ptr<SpectrumValue> m_unitPsd;                      //!< 1 W over the band
    double m_scattererMps{0};                          //!< speed of scatterers
    double m_noiseWattsPerRb{0};                       //!< receiver noise
    double m_nearestGainDb{0};                         //!< in free space, at the least distance
    uint16_t m_rbs{0};                                 //!< resource blocks
    std::shared_ptr<FadingRecord> m_record;            //!< or null
    mutable std::map<uint64_t, BeamPair> m_beamPairs;  //!< of links out of sight, by arrays
};

} // namespace ns3

#endif // RADIO_CHANNEL_H
