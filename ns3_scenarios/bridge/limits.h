/*
 * SPDX-License-Identifier: GPL-2.0-only
 */
#ifndef COSIM_LIMITS_H
#define COSIM_LIMITS_H

#include "description.h"

namespace cosim
{

/**
 * Refuse values that ns-3 would abort at, or that would never end: the description comes from
 * another process, which may be wrong.
 *
 * @param description of the right types
 * @throw std::invalid_argument that names the field
 */
void CheckLimits(const NetworkDescription& description);

} // namespace cosim

#endif // COSIM_LIMITS_H
