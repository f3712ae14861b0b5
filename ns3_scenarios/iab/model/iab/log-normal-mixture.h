/*
 * SPDX-License-Identifier: GPL-2.0-only
 */
#ifndef LOG_NORMAL_MIXTURE_H
#define LOG_NORMAL_MIXTURE_H

#include "ns3/random-variable-stream.h"

#include <vector>

namespace ns3
{

/**
 * A mixture of log-normal distributions: the model of the rate that a UE wants of J. Ding et al.,
 * "Measurement-driven capability modeling for mobile network in large-scale urban environment",
 * IEEE MASS 2016. Without a component it is always 0.
 */
class LogNormalMixtureVariable : public RandomVariableStream
{
  public:
    /**
     * @brief Get the type ID.
     * @return the object TypeId
     */
    static TypeId GetTypeId();

    /**
     * Add a component.
     *
     * @param weight its share of the draws, relative to the others'
     * @param median of it
     * @param sigma standard deviation of the natural logarithm
     */
    void Add(double weight, double median, double sigma);

    /** @return a draw */
    double GetValue() override;

  private:
    /** One of the distributions. */
    struct Component
    {
        double upTo;   //!< weights up to this one
        double median; //!< of it
        double sigma;  //!< standard deviation of the natural logarithm
    };

    /** @return a uniform draw, from 0 to 1 */
    double Uniform() const;

    std::vector<Component> m_components; //!< of the mixture
};

} // namespace ns3

#endif // LOG_NORMAL_MIXTURE_H
