/*
 * SPDX-License-Identifier: GPL-2.0-only
 */
#ifndef SEPARABLE_CHANNEL_MODEL_H
#define SEPARABLE_CHANNEL_MODEL_H

#include "ns3/three-gpp-channel-model.h"

namespace ns3
{

/**
 * ns-3's small-scale channel of TR 38.901, the same in less time.
 *
 * The phase of a ray between two elements (Eq. 7.5-22) is that at the receiving one times that at
 * the transmitting one. ThreeGppChannelModel takes the sines and cosines of both anew for each pair
 * of elements; here each element has those of its own, once. All that is random stays its own.
 * Arrays of two polarizations are left to it altogether.
 */
class SeparableChannelModel : public ThreeGppChannelModel
{
  public:
    /**
     * @brief Get the type ID.
     * @return the object TypeId
     */
    static TypeId GetTypeId();

  protected:
    Ptr<ChannelMatrix> GetNewChannel(Ptr<const ThreeGppChannelParams> channelParams,
                                     Ptr<const ParamsTable> table3gpp,
                                     const Ptr<const MobilityModel> sMob,
                                     const Ptr<const MobilityModel> uMob,
                                     Ptr<const PhasedArrayModel> sAntenna,
                                     Ptr<const PhasedArrayModel> uAntenna) const override;

  private:
    /**
     * @param params of the channel
     * @param raysPerCluster that it has
     * @param s transmitting array
     * @param u receiving array
     * @return amplitude of each ray without its path, by cluster and ray: what polarizations and
     * initial phases make of the arrays' patterns
     */
    static std::vector<std::complex<double>> Amplitudes(const ThreeGppChannelParams& params,
                                                        std::size_t raysPerCluster,
                                                        const PhasedArrayModel& s,
                                                        const PhasedArrayModel& u);

    /**
     * Add the ray in line of sight (Eq. 7.5-29 and 7.5-30).
     *
     * @param params of the channel
     * @param sAt where the transmitter is
     * @param uAt where the receiver is
     * @param s transmitting array
     * @param u receiving array
     * @param channel that it is added to
     */
    void AddLineOfSight(const ThreeGppChannelParams& params,
                        const Vector& sAt,
                        const Vector& uAt,
                        const PhasedArrayModel& s,
                        const PhasedArrayModel& u,
                        Complex3DVector& channel) const;
};

} // namespace ns3

#endif // SEPARABLE_CHANNEL_MODEL_H
