/*
 * SPDX-License-Identifier: GPL-2.0-only
 */
#include "block-error-model.h"

#include "ns3/assert.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <numbers>
#include <numeric>

namespace ns3
{

namespace
{

constexpr double TABLE_LOW_DB = -30;
constexpr double TABLE_STEP_DB = 0.5;
constexpr int TABLE_SIZE = 161;               // up to 50 dB
constexpr uint32_t LARGEST_CODE_BLOCK = 8448; // TS 38.212 5.2.2, base graph 1
constexpr int NOISE_POINTS = 61;              // quadrature over +-6 standard deviations
constexpr double NOISE_RANGE = 6;
constexpr int MODULATIONS = 4; // 4, 16, 64 and 256 QAM

/** Amplitudes of one dimension of square QAM, scaled to unit power per complex symbol. */
std::vector<double>
Amplitudes(int levels)
{
    std::vector<double> amplitudes;
    double power = 0;
    for (int i = 0; i < levels; ++i)
    {
        amplitudes.push_back(2 * i - levels + 1);
        power += 2 * amplitudes.back() * amplitudes.back() / levels;
    }
    for (auto& amplitude : amplitudes)
    {
        amplitude /= std::sqrt(power);
    }
    return amplitudes;
}

/** @return bits that label an amplitude: neighbours differ in one of them */
unsigned
GrayLabel(unsigned position)
{
    return position ^ (position >> 1);
}

/**
 * Information density of one dimension, by bit.
 *
 * @param likelihoods of what was received, by amplitude that may have been sent
 * @param sent position of the amplitude that was sent
 * @return sum over the bits that label it
 */
double
BitDensity(const std::vector<double>& likelihoods, unsigned sent)
{
    const double all = std::accumulate(likelihoods.begin(), likelihoods.end(), 0.0);
    double odds = 1; // likelihood of a bit's two values together over that of the one sent
    int bits = 0;
    for (unsigned bit = 1; bit < likelihoods.size(); bit *= 2)
    {
        double same = 0;
        for (unsigned other = 0; other < likelihoods.size(); ++other)
        {
            const bool differs = (GrayLabel(other) ^ GrayLabel(sent)) & bit;
            same += differs ? 0 : likelihoods[other];
        }
        odds *= all / same;
        ++bits;
    }
    return bits - std::log2(odds);
}

/**
 * Information density of one dimension, by quadrature over the noise.
 *
 * @param levels amplitudes per dimension
 * @param sinr linear, per complex symbol
 * @return twice the mean and variance of a dimension: those of a complex symbol
 */
SymbolInformation
IntegrateInformation(int levels, double sinr)
{
    const auto amplitudes = Amplitudes(levels);
    const double sigma = std::sqrt(1 / (2 * sinr));
    const double step = 2 * NOISE_RANGE / (NOISE_POINTS - 1);
    double mean = 0;
    double variance = 0;
    std::vector<double> likelihoods(amplitudes.size());
    const int half = levels / 2; // the other amplitudes mirror these
    for (int sent = 0; sent < half; ++sent)
    {
        double first = 0;
        double second = 0;
        double weights = 0;
        for (int i = 0; i < NOISE_POINTS; ++i)
        {
            const double z = -NOISE_RANGE + i * step;
            const double weight = std::exp(-z * z / 2);
            for (int other = 0; other < levels; ++other)
            {
                const double d = (amplitudes[sent] - amplitudes[other]) / sigma;
                likelihoods[other] = std::exp(-(d * d + 2 * d * z) / 2);
            }
            const double density = BitDensity(likelihoods, sent);
            first += weight * density;
            second += weight * density * density;
            weights += weight;
        }
        first /= weights;
        mean += first / half;
        variance += (second / weights - first * first) / half;
    }
    return {2 * std::max(mean, 0.0), 2 * std::max(variance, 1e-12)};
}

int
TableOf(uint8_t modulationOrder)
{
    NS_ASSERT_MSG(modulationOrder >= 2 && modulationOrder <= 8 && modulationOrder % 2 == 0,
                  "no square QAM of " << +modulationOrder << " bits");
    return modulationOrder / 2 - 1;
}

double
GaussianTail(double x)
{
    return 0.5 * std::erfc(x / std::numbers::sqrt2);
}

} // namespace

BlockErrorModel::BlockErrorModel(double gapDb)
    : m_gap(std::pow(10, gapDb / 10))
{
    for (int modulation = 0; modulation < MODULATIONS; ++modulation)
    {
        std::vector<SymbolInformation> table;
        for (int i = 0; i < TABLE_SIZE; ++i)
        {
            const double sinr = std::pow(10, (TABLE_LOW_DB + i * TABLE_STEP_DB) / 10);
            table.push_back(IntegrateInformation(2 << modulation, sinr));
        }
        m_tables.push_back(table);
    }
}

SymbolInformation
BlockErrorModel::Information(uint8_t modulationOrder, double sinr) const
{
    const auto& table = m_tables[TableOf(modulationOrder)];
    const double db = 10 * std::log10(std::max(sinr / m_gap, 1e-30));
    const double position =
        std::clamp((db - TABLE_LOW_DB) / TABLE_STEP_DB, 0.0, TABLE_SIZE - 1.001);
    const auto low = static_cast<std::size_t>(position);
    const double part = position - static_cast<double>(low);
    return {table[low].bits + part * (table[low + 1].bits - table[low].bits),
            table[low].variance + part * (table[low + 1].variance - table[low].variance)};
}

double
BlockErrorModel::BlockErrorRate(uint32_t bits, double symbols, const SymbolInformation& information)
{
    if (bits == 0)
    {
        return 0;
    }
    const double parts = std::ceil(static_cast<double>(bits) / LARGEST_CODE_BLOCK);
    const double n = symbols / parts;
    const double k = bits / parts;
    const double margin = n * information.bits - k + std::log2(n) / 2;
    const double failure = GaussianTail(margin / std::sqrt(n * information.variance));
    return parts == 1 ? failure : 1 - std::pow(1 - failure, parts);
}

double
BlockErrorModel::SinrOfInformation(uint8_t modulationOrder, double bits) const
{
    const auto& table = m_tables[TableOf(modulationOrder)];
    const auto above =
        std::lower_bound(table.begin(),
                         table.end(),
                         bits,
                         [](const SymbolInformation& a, double b) { return a.bits < b; });
    const auto high = std::clamp<std::ptrdiff_t>(above - table.begin(), 1, TABLE_SIZE - 1);
    const double span = table[high].bits - table[high - 1].bits;
    const double part = span > 0 ? std::clamp((bits - table[high - 1].bits) / span, 0.0, 1.0) : 0.0;
    return m_gap * std::pow(10, (TABLE_LOW_DB + (high - 1 + part) * TABLE_STEP_DB) / 10);
}

} // namespace ns3
