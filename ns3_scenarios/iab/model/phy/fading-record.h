/*
 * SPDX-License-Identifier: GPL-2.0-only
 */
#ifndef FADING_RECORD_H
#define FADING_RECORD_H

#include "ns3/phased-array-model.h"

#include <cstdint>
#include <fstream>
#include <functional>
#include <string>
#include <vector>

namespace ns3
{

/** The small-scale channel between two ends at a moment, through the beams that they chose. */
struct BeamformedFading
{
    PhasedArrayModel::ComplexVector beamA; //!< of one end
    PhasedArrayModel::ComplexVector beamB; //!< of the other end
    std::vector<double> psd;               //!< by resource block, W/Hz of 1 W over the band
};

/** Which small-scale channel is asked for. A record holds it in front of each answer. */
struct FadingCall
{
    int64_t timeNs;     //!< simulated time
    uint32_t nodeA;     //!< id of one end
    uint32_t nodeB;     //!< id of the other end
    uint32_t elementsA; //!< of its panel
    uint32_t elementsB; //!< of its panel
    uint64_t rbs;       //!< resource blocks

    bool operator==(const FadingCall&) const = default;
};

/**
 * Stands between who asks for small-scale channels and the model that draws them.
 *
 * What is asked for, and in which order, depends on the network and on time, never on what is sent:
 * so a record of one run serves every other run of the same network.
 */
class FadingRecord
{
  public:
    virtual ~FadingRecord() = default;

    /**
     * @param call which channel
     * @param draw draws it
     * @return the channel
     * @throw std::runtime_error when the record is of another run
     */
    virtual BeamformedFading Get(const FadingCall& call,
                                 const std::function<BeamformedFading()>& draw) = 0;

    /** All channels up to and including the present time have been asked for; no more will be. */
    virtual void Finish() = 0;
};

/**
 * Writes down what is drawn. A record that could not be written to its end, or would be larger than
 * MOST_BYTES, lacks its last entry; the run goes on.
 */
class FadingRecorder : public FadingRecord
{
  public:
    static constexpr std::streamoff MOST_BYTES = 256 << 20; //!< of a record

    /**
     * @param path file to write
     * @param mostBytes that the record may have, about
     */
    explicit FadingRecorder(const std::string& path, std::streamoff mostBytes = MOST_BYTES);
    BeamformedFading Get(const FadingCall& call,
                         const std::function<BeamformedFading()>& draw) override;
    void Finish() override;

  private:
    std::ofstream m_file;       //!< bad when it cannot be written, or has become too large
    std::streamoff m_mostBytes; //!< that it may have, about
};

/** Gives what was written down, and draws nothing. */
class FadingPlayer : public FadingRecord
{
  public:
    /** @param path file of a whole record */
    explicit FadingPlayer(const std::string& path);
    BeamformedFading Get(const FadingCall& call,
                         const std::function<BeamformedFading()>& draw) override;
    void Finish() override;

  private:
    std::string m_path;   //!< for errors
    std::ifstream m_file; //!< at the next entry
};

} // namespace ns3

#endif // FADING_RECORD_H
