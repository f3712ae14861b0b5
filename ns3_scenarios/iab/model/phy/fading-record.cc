/*
 * SPDX-License-Identifier: GPL-2.0-only
 */
#include "fading-record.h"

#include <complex>
#include <stdexcept>
#include <type_traits>

namespace ns3
{

namespace
{

// Entries are these bytes, then the doubles that they announce; the last entry announces none.
static_assert(std::has_unique_object_representations_v<FadingCall>);
constexpr FadingCall LAST{-1, 0, 0, 0, 0, 0};

template <class T>
void
Write(std::ofstream& file, const T* values, std::size_t count)
{
    file.write(reinterpret_cast<const char*>(values),
               static_cast<std::streamsize>(count * sizeof(T)));
}

template <class T>
void
Read(std::ifstream& file, T* values, std::size_t count)
{
    file.read(reinterpret_cast<char*>(values), static_cast<std::streamsize>(count * sizeof(T)));
}

} // namespace

FadingRecorder::FadingRecorder(const std::string& path, std::streamoff mostBytes)
    : m_file(path, std::ios::binary | std::ios::trunc),
      m_mostBytes(mostBytes)
{
}

BeamformedFading
FadingRecorder::Get(const FadingCall& call, const std::function<BeamformedFading()>& draw)
{
    auto fading = draw();
    if (m_file.tellp() > m_mostBytes)
    {
        m_file.setstate(std::ios::failbit);
    }
    Write(m_file, &call, 1);
    Write(m_file, &fading.beamA[0], fading.beamA.GetSize());
    Write(m_file, &fading.beamB[0], fading.beamB.GetSize());
    Write(m_file, fading.psd.data(), fading.psd.size());
    return fading;
}

void
FadingRecorder::Finish()
{
    Write(m_file, &LAST, 1);
    m_file.close();
}

FadingPlayer::FadingPlayer(const std::string& path)
    : m_path(path),
      m_file(path, std::ios::binary)
{
}

BeamformedFading
FadingPlayer::Get(const FadingCall& call, const std::function<BeamformedFading()>& /* draw */)
{
    FadingCall found{};
    Read(m_file, &found, 1);
    BeamformedFading fading{PhasedArrayModel::ComplexVector(call.elementsA),
                            PhasedArrayModel::ComplexVector(call.elementsB),
                            std::vector<double>(call.rbs)};
    if (found == call)
    {
        Read(m_file, &fading.beamA[0], call.elementsA);
        Read(m_file, &fading.beamB[0], call.elementsB);
        Read(m_file, fading.psd.data(), call.rbs);
    }
    if (found != call || !m_file)
    {
        throw std::runtime_error("the channel record " + m_path +
                                 " is not of this run; run it with --channel-cache off");
    }
    return fading;
}

void
FadingPlayer::Finish()
{
}

} // namespace ns3
