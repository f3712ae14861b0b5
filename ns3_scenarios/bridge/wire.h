/*
 * SPDX-License-Identifier: GPL-2.0-only
 */
#ifndef COSIM_WIRE_H
#define COSIM_WIRE_H

#include "simulation.h"

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

namespace cosim
{

/** Version of the protocol between this program and the controllers' side. */
constexpr int PROTOCOL_VERSION = 1;

/** A request to run. */
struct AdvanceRequest
{
    int64_t untilNs;                   //!< time to run to
    std::vector<SendCommand> commands; //!< to carry out first
};

/**
 * @param body of an advance message
 * @return the request
 * @throw std::exception on anything that is missing, unknown or of a wrong type
 */
AdvanceRequest ReadAdvance(const nlohmann::json& body);

/** @param step to write @return body of a step message */
nlohmann::json WriteStep(const Step& step);

/** @param totals to write @return body of a totals message */
nlohmann::json WriteTotals(const SimulationTotals& totals);

} // namespace cosim

#endif // COSIM_WIRE_H
