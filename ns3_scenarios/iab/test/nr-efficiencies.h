/*
 * SPDX-License-Identifier: GPL-2.0-only
 *
 * The efficiencies that TS 38.214 prints beside modulation and code rate, in bits per symbol.
 */
#ifndef NR_EFFICIENCIES_H
#define NR_EFFICIENCIES_H

#include "ns3/nr-tables.h"

#include <array>
#include <vector>

namespace ns3
{

/** @return efficiencies by MCS index: Tables 5.1.3.1-1, -2 and -3, last column */
inline const std::vector<double>&
NrMcsEfficiencies(NrMcsTable table)
{
    static const std::array efficiencies{
        std::vector<double>{0.2344, 0.3066, 0.3770, 0.4902, 0.6016, 0.7402, 0.8770, 1.0273,
                            1.1758, 1.3262, 1.3281, 1.4766, 1.6953, 1.9141, 2.1602, 2.4063,
                            2.5703, 2.5664, 2.7305, 3.0293, 3.3223, 3.6094, 3.9023, 4.2129,
                            4.5234, 4.8164, 5.1152, 5.3320, 5.5547},
        std::vector<double>{0.2344, 0.3770, 0.6016, 0.8770, 1.1758, 1.4766, 1.6953,
                            1.9141, 2.1602, 2.4063, 2.5703, 2.7305, 3.0293, 3.3223,
                            3.6094, 3.9023, 4.2129, 4.5234, 4.8164, 5.1152, 5.3320,
                            5.5547, 5.8906, 6.2266, 6.5703, 6.9141, 7.1602, 7.4063},
        std::vector<double>{0.0586, 0.0781, 0.0977, 0.1250, 0.1523, 0.1934, 0.2344, 0.3066,
                            0.3770, 0.4902, 0.6016, 0.7402, 0.8770, 1.0273, 1.1758, 1.3281,
                            1.4766, 1.6953, 1.9141, 2.1602, 2.4063, 2.5664, 2.7305, 3.0293,
                            3.3223, 3.6094, 3.9023, 4.2129, 4.5234}};
    return efficiencies.at(static_cast<std::size_t>(table));
}

/** @return efficiency of a CQI from 1 on: Tables 5.2.2.1-2, -3 and -4, last column */
inline double
NrCqiEfficiency(NrMcsTable table, uint8_t cqi)
{
    static const std::vector<double> efficiencies{
        0.1523, 0.2344, 0.3770, 0.6016, 0.8770, 1.1758, 1.4766, 1.9141, 2.4063,
        2.7305, 3.3223, 3.9023, 4.5234, 5.1152, 5.5547, 0.1523, 0.3770, 0.8770,
        1.4766, 1.9141, 2.4063, 2.7305, 3.3223, 3.9023, 4.5234, 5.1152, 5.5547,
        6.2266, 6.9141, 7.4063, 0.0586, 0.0977, 0.1523, 0.2344, 0.3770, 0.6016,
        0.8770, 1.1758, 1.4766, 1.9141, 2.4063, 2.7305, 3.3223, 3.9023, 4.5234};
    return efficiencies.at(static_cast<std::size_t>(table) * NR_CQI_MAX + cqi - 1);
}

} // namespace ns3

#endif // NR_EFFICIENCIES_H
