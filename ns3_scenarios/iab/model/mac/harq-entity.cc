/*
 * SPDX-License-Identifier: GPL-2.0-only
 */
#include "harq-entity.h"

#include "ns3/boolean.h"
#include "ns3/simulator.h"
#include "ns3/uinteger.h"

#include <algorithm>

namespace ns3
{

NS_OBJECT_ENSURE_REGISTERED(HarqEntity);

namespace
{
constexpr uint8_t MOST_BITS = 8; // of a symbol: the modulation that tells high SINRs apart
} // namespace

TypeId
HarqEntity::GetTypeId()
{
    static TypeId tid =
        TypeId("ns3::HarqEntity")
            .SetParent<Object>()
            .SetGroupName("Iab")
            .AddConstructor<HarqEntity>()
            .AddAttribute("Processes",
                          "Blocks of a link and direction that may be under way at a time (TS "
                          "38.214 5.1: at most 16, of some UEs 32).",
                          UintegerValue(16),
                          MakeUintegerAccessor(&HarqEntity::m_processes),
                          MakeUintegerChecker<uint8_t>(1, 32))
            .AddAttribute("MaxTransmissions",
                          "Transmissions of a block before HARQ gives it up.",
                          UintegerValue(4),
                          MakeUintegerAccessor(&HarqEntity::m_maxTransmissions),
                          MakeUintegerChecker<uint8_t>(1, 16))
            .AddAttribute("BlockErrors",
                          "Whether blocks can fail.",
                          BooleanValue(true),
                          MakeBooleanAccessor(&HarqEntity::m_blockErrors),
                          MakeBooleanChecker());
    return tid;
}

HarqEntity::HarqEntity()
    : m_draw(CreateObject<UniformRandomVariable>())
{
}

void
HarqEntity::Configure(std::shared_ptr<const ResourceGrid> grid,
                      std::shared_ptr<InterferenceField> interference)
{
    m_grid = std::move(grid);
    m_interference = std::move(interference);
}

int64_t
HarqEntity::AssignStreams(int64_t stream)
{
    m_draw->SetStream(stream);
    return 1;
}

uint8_t
HarqEntity::Processes() const
{
    return m_processes;
}

HarqOutcome
HarqEntity::Receive(uint64_t slot, Airborne& airborne)
{
    const bool decoded = Decode(slot, airborne);
    if (decoded)
    {
        return HarqOutcome::DECODED;
    }
    auto& count = airborne.link->Blocks(airborne.emission.direction);
    count.firstErrors += airborne.block.transmissions <= 1 ? 1 : 0;
    if (airborne.block.transmissions < m_maxTransmissions)
    {
        return HarqOutcome::AGAIN;
    }
    ++count.lost;
    return HarqOutcome::LOST;
}

double
HarqEntity::MeasureSinr(uint64_t slot, const Airborne& airborne, uint8_t order)
{
    const auto& [link, emission, block] = airborne;
    const auto& quality = link->Quality(emission.direction);
    if (m_grid->Sharing() == SlotSharing::TIME)
    {
        const double interference = m_interference ? m_interference->OverNoise(slot, emission) : 0;
        link->MeasureInterference(emission.direction, interference);
        return quality.Effective(1 + interference, order);
    }
    const auto first = static_cast<uint16_t>(emission.begin);
    const std::vector<double> quiet(m_grid->ResourceBlocks(block.units), 0.0);
    const auto interference =
        m_interference ? m_interference->OverNoiseByBlock(slot, emission) : quiet;
    const auto sinr = [&](const std::vector<double>& overNoise, uint8_t bits) {
        return quality.EffectiveOf(first, overNoise, bits, m_grid->Errors());
    };
    // As a CQI (TS 38.214 5.2.2.1) it is what the allocation can carry that counts: interference
    // that would do as much harm if it were the same on all resource blocks.
    const double harm =
        interference == quiet ? 0 : sinr(quiet, MOST_BITS) / sinr(interference, MOST_BITS) - 1;
    link->MeasureInterference(emission.direction, std::max(0.0, harm));
    return sinr(interference, order);
}

bool
HarqEntity::Decode(uint64_t slot, Airborne& airborne)
{
    if (!m_blockErrors)
    {
        return true;
    }
    auto& block = airborne.block;
    const auto order = GetNrMcs(m_grid->Table(), block.mcs).modulationOrder;
    const auto information =
        m_grid->Errors().Information(order, MeasureSinr(slot, airborne, order));
    const double failure =
        block.Combine(m_grid->ResourceElements(block.units, block.dataSymbols), information);
    // What is beyond one in a hundred million is not worth a draw.
    return failure < 1e-8 || m_draw->GetValue() >= failure;
}

void
HarqEntity::Keep(Airborne airborne)
{
    m_waiting[Index(airborne.emission.direction)].push_back(std::move(airborne));
}

std::vector<Airborne>
HarqEntity::Take(NrDirection direction, const std::function<bool(const Airborne&)>& fits)
{
    auto& waiting = m_waiting[Index(direction)];
    std::vector<Airborne> taken;
    for (auto entry = waiting.begin(); entry != waiting.end();)
    {
        if (entry->block.due > Simulator::Now() || !fits(*entry))
        {
            ++entry;
            continue;
        }
        taken.push_back(std::move(*entry));
        entry = waiting.erase(entry);
    }
    return taken;
}

Time
HarqEntity::EarliestDue(NrDirection direction) const
{
    auto earliest = Time::Max();
    for (const auto& waiting : m_waiting[Index(direction)])
    {
        earliest = std::min(earliest, waiting.block.due);
    }
    return earliest;
}

void
HarqEntity::Forget(const Ptr<RadioLink>& link)
{
    for (auto& waiting : m_waiting)
    {
        std::erase_if(waiting, [&link](const Airborne& block) { return block.link == link; });
    }
}

void
HarqEntity::DoDispose()
{
    for (auto& waiting : m_waiting)
    {
        waiting.clear();
    }
    m_interference = nullptr;
    Object::DoDispose();
}

} // namespace ns3
