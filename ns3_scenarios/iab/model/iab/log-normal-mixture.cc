/*
 * SPDX-License-Identifier: GPL-2.0-only
 */
#include "log-normal-mixture.h"

#include "ns3/rng-stream.h"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace ns3
{

NS_OBJECT_ENSURE_REGISTERED(LogNormalMixtureVariable);

TypeId
LogNormalMixtureVariable::GetTypeId()
{
    static TypeId tid = TypeId("ns3::LogNormalMixtureVariable")
                            .SetParent<RandomVariableStream>()
                            .SetGroupName("Iab")
                            .AddConstructor<LogNormalMixtureVariable>();
    return tid;
}

void
LogNormalMixtureVariable::Add(double weight, double median, double sigma)
{
    const double before = m_components.empty() ? 0 : m_components.back().upTo;
    m_components.push_back({before + weight, median, sigma});
}

double
LogNormalMixtureVariable::Uniform() const
{
    const double drawn = Peek()->RandU01();
    return IsAntithetic() ? 1 - drawn : drawn;
}

double
LogNormalMixtureVariable::GetValue()
{
    if (m_components.empty())
    {
        return 0;
    }
    const double place = Uniform() * m_components.back().upTo;
    const auto component = std::find_if(m_components.begin(),
                                        m_components.end() - 1,
                                        [place](const auto& each) { return place < each.upTo; });
    // Box and Muller (1958); a draw of 0 or 1 cannot happen.
    const double radius = std::sqrt(-2 * std::log(Uniform()));
    const double normal = radius * std::cos(2 * std::numbers::pi * Uniform());
    return component->median * std::exp(component->sigma * normal);
}

} // namespace ns3
