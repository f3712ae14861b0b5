/*
 * SPDX-License-Identifier: GPL-2.0-only
 */
#include "link-adaptation.h"

#include "ns3/double.h"
#include "ns3/simulator.h"

#include <algorithm>
#include <cmath>

namespace ns3
{

NS_OBJECT_ENSURE_REGISTERED(LinkAdaptation);

namespace
{

constexpr double LARGEST_MARGIN_DB = 10;
constexpr double STEPS_BACK = 9; // that one block in ten fails

} // namespace

TypeId
LinkAdaptation::GetTypeId()
{
    static TypeId tid =
        TypeId("ns3::LinkAdaptation")
            .SetParent<Object>()
            .SetGroupName("Iab")
            .AddConstructor<LinkAdaptation>()
            .AddAttribute("ReportDelay",
                          "Time from a change of the channel to an MCS that follows it (CQI report "
                          "or sounding, and its processing).",
                          TimeValue(MilliSeconds(2)),
                          MakeTimeAccessor(&LinkAdaptation::m_reportDelay),
                          MakeTimeChecker(Time(0)))
            .AddAttribute("MarginStep",
                          "By how many dB an error of a first transmission makes the choice of MCS "
                          "more careful; a success takes a ninth of it back, so that one block in "
                          "ten fails at most (outer-loop link adaptation).",
                          DoubleValue(0.5),
                          MakeDoubleAccessor(&LinkAdaptation::m_marginStepDb),
                          MakeDoubleChecker<double>(0.0));
    return tid;
}

void
LinkAdaptation::SetGrid(std::shared_ptr<const ResourceGrid> grid)
{
    m_grid = std::move(grid);
}

void
LinkAdaptation::Update(RadioLink& link, NrDirection direction, const LinkQuality& quality) const
{
    const auto now = Simulator::Now();
    const bool first = link.Mcs(direction, now) < 0;
    link.SetQuality(direction, quality, now, first ? now : now + m_reportDelay);
    Choose(link, direction);
}

void
LinkAdaptation::Correct(RadioLink& link, NrDirection direction, bool decoded) const
{
    auto& margin = link.MarginDb(direction);
    margin = decoded ? std::max(0.0, margin - m_marginStepDb / STEPS_BACK)
                     : std::min(LARGEST_MARGIN_DB, margin + m_marginStepDb);
    if (margin > 0 || link.Interference(direction) > 0)
    {
        Choose(link, direction);
    }
}

void
LinkAdaptation::Choose(RadioLink& link, NrDirection direction) const
{
    const double noise =
        std::pow(10, link.MarginDb(direction) / 10) * (1 + link.Interference(direction));
    const auto& reported = link.ReportedQuality(direction, Simulator::Now());
    const auto& quality = link.Quality(direction);
    const auto mcs = McsFor(quality, noise);
    link.SetMcs(direction, &reported == &quality ? mcs : McsFor(reported, noise), mcs);
}

int8_t
LinkAdaptation::McsFor(const LinkQuality& quality, double noise) const
{
    const auto table = m_grid->Table();
    const auto alone = NrMcsFromCqi(table, m_grid->Cqi(quality, 1));
    const auto mcs = NrMcsFromCqi(table, m_grid->Cqi(quality, noise));
    // Only blocks tell that a disturbance is over: so it never silences a link.
    return alone >= 0 ? std::max<int8_t>(mcs, 0) : mcs;
}

} // namespace ns3
