/*
 * SPDX-License-Identifier: GPL-2.0-only
 */
#include "iab-helper.h"

#include "ns3/assert.h"
#include "ns3/double.h"
#include "ns3/isotropic-antenna-model.h"
#include "ns3/object-factory.h"
#include "ns3/pointer.h"
#include "ns3/uinteger.h"
#include "ns3/uniform-planar-array.h"

#include <cmath>

namespace ns3
{

namespace
{

/** @return the line of sight to assume where none may be drawn: out of sight unless always in it */
LosPolicy
WithoutChance(LosPolicy los)
{
    return los == LosPolicy::RANDOM ? LosPolicy::NEVER : los;
}

} // namespace

IabHelper::IabHelper(const IabRadioConfig& config)
    : m_config(config),
      m_frame(std::make_shared<NrFrame>(config.numerology, config.bandwidthHz, config.tddPattern)),
      m_errors(std::make_shared<ErrorModel>()),
      m_grid(std::make_shared<ResourceGrid>(*m_frame, config.grid, m_errors)),
      m_topology(CreateObject<IabTopology>()),
      m_book(std::make_shared<IabAddressBook>()),
      m_nextStream(config.firstStream)
{
    const Time ever(0);
    const auto shadowing = config.shadowing;
    m_accessChannel =
        CreateChannel(config.accessLos, shadowing, config.losUpdate, config.channelRedraw);
    m_backhaulChannel = CreateChannel(config.backhaulLos, shadowing, ever, ever);
    m_backgroundChannel = CreateChannel(config.accessLos, shadowing, ever, ever);
    // Interference draws nothing at random: when it is first felt depends on the traffic, and the
    // same seed must give the same channel whatever the traffic.
    m_accessLeakage = CreateChannel(WithoutChance(config.accessLos), false, ever, ever);
    m_backhaulLeakage = CreateChannel(WithoutChance(config.backhaulLos), false, ever, ever);
    if (config.interference)
    {
        m_interference = std::make_shared<InterferenceField>(
            [this](const RadioLink& from, const RadioLink& to, NrDirection direction) {
                return GainBetween(from, to, direction);
            },
            m_accessChannel->NoiseWatts());
    }
}

std::shared_ptr<const NrFrame>
IabHelper::FrameAt(uint32_t depth) const
{
    if (m_config.halfDuplex == HalfDuplex::NONE)
    {
        return m_frame;
    }
    const std::string silence(m_config.tddPattern.size(), '-');
    const auto pattern =
        depth % 2 == 0 ? m_config.tddPattern + silence : silence + m_config.tddPattern;
    return std::make_shared<NrFrame>(m_config.numerology, m_config.bandwidthHz, pattern);
}

double
IabHelper::GainBetween(const RadioLink& from, const RadioLink& to, NrDirection direction) const
{
    const bool up = direction == NrDirection::UPLINK;
    const auto& transmitter = up ? from.Ends().child : from.Ends().parent;
    const auto& receiver = up ? to.Ends().parent : to.Ends().child;
    if (transmitter.mobility == receiver.mobility)
    {
        return 0; // one node, in the same direction: the links of one cell, which share its slot
    }
    const bool backhaul = from.ChildCell() && to.ChildCell();
    const auto& channel = backhaul ? m_backhaulLeakage : m_accessLeakage;
    return channel->LeakageGain(transmitter, receiver);
}

Ptr<RadioChannel>
IabHelper::CreateChannel(LosPolicy los, bool shadowing, Time losUpdate, Time redraw)
{
    auto channel = CreateObject<RadioChannel>();
    channel->Configure({m_config.carrierHz,
                        m_config.environment,
                        los,
                        shadowing,
                        m_config.noiseFigureDb,
                        losUpdate,
                        redraw},
                       *m_frame);
    m_nextStream += channel->AssignStreams(m_nextStream);
    return channel;
}

Ptr<PhasedArrayModel>
IabHelper::CreateArray(const ArraySize& size)
{
    // Isotropic elements: a node has panels in all directions, and the one in use faces its peer.
    return CreateObjectWithAttributes<UniformPlanarArray>(
        "NumRows",
        UintegerValue(size.rows),
        "NumColumns",
        UintegerValue(size.columns),
        "AntennaElement",
        PointerValue(CreateObject<IsotropicAntennaModel>()));
}

Ptr<IabNetDevice>
IabHelper::CreateDevice(Ptr<Node> node)
{
    NS_ASSERT_MSG(node->GetObject<MobilityModel>(), "a radio node needs a mobility model");
    auto device = CreateObject<IabNetDevice>();
    m_topology->Add(device->Bap());
    node->AddDevice(device);
    const auto gateway = m_donor ? m_donor->Bap()->Address() : device->Bap()->Address();
    device->SetAddressBook(m_book, gateway);
    return device;
}

void
IabHelper::InstallCell(const Ptr<IabNetDevice>& device, uint32_t depth)
{
    auto cell = CreateObject<CellMac>();
    cell->SetAttribute("Scheduler",
                       PointerValue(ObjectFactory(m_config.scheduler).Create<SlotScheduler>()));
    cell->Configure(FrameAt(depth), m_grid, m_interference);
    m_nextStream += cell->AssignStreams(m_nextStream);
    device->Bap()->SetCell(cell);
    m_depths[device] = depth;
    m_cells.push_back({device->Bap(), device->GetNode()->GetObject<MobilityModel>(), nullptr});
}

Ptr<IabNetDevice>
IabHelper::InstallDonor(Ptr<Node> node)
{
    NS_ASSERT_MSG(!m_donor, "an IAB network has one donor");
    m_donor = CreateDevice(node);
    InstallCell(m_donor, 0);
    return m_donor;
}

Ptr<IabNetDevice>
IabHelper::InstallRelay(Ptr<Node> node, Ptr<IabNetDevice> parent, const std::string& linkName)
{
    auto device = CreateDevice(node);
    InstallCell(device, m_depths.at(parent) + 1);
    auto link = Create<RadioLink>(linkName, m_config.queueBytes, m_config.rlcMode);
    link->SetChildCell(PeekPointer(device->Bap()->Cell()));
    const RadioEnd child{node->GetObject<MobilityModel>(), CreateArray(m_config.iabArray)};
    const RadioEnd above{parent->GetNode()->GetObject<MobilityModel>(),
                         CreateArray(m_config.iabArray)};
    link->SetEnds({child, above, m_config.iabPowerDbm, m_config.iabPowerDbm});
    m_backhauls[device] = {link,
                           parent->Bap()->Cell(),
                           m_backhaulChannel->BeamformedGains(child, above)};
    m_topology->Connect(device->Bap(), parent->Bap(), link);
    SetBackhaulBlockage(linkName, 0);
    return device;
}

Ptr<IabNetDevice>
IabHelper::InstallUe(Ptr<Node> node, const std::string& linkName)
{
    auto device = CreateDevice(node);
    auto link = Create<RadioLink>(linkName, m_config.queueBytes, m_config.rlcMode);
    auto access = CreateObjectWithAttributes<AccessManager>("UpdatePeriod",
                                                            TimeValue(m_config.channelUpdate),
                                                            "Hysteresis",
                                                            DoubleValue(m_config.hysteresisDb),
                                                            "TimeToTrigger",
                                                            TimeValue(m_config.timeToTrigger),
                                                            "Interruption",
                                                            TimeValue(m_config.interruption),
                                                            "UePower",
                                                            DoubleValue(m_config.uePowerDbm),
                                                            "CellPower",
                                                            DoubleValue(m_config.iabPowerDbm));
    const RadioEnd end{node->GetObject<MobilityModel>(), CreateArray(m_config.ueArray)};
    access->SetUe(device->Bap(), link, end);
    auto candidates = m_cells;
    for (auto& candidate : candidates)
    {
        candidate.array = CreateArray(m_config.iabArray);
    }
    access->SetPhy(m_errors, m_interference);
    access->SetNetwork(m_topology, m_accessChannel, candidates);
    m_topology->CountUser(device->Bap(), Bearer::TASK);
    m_access[device] = access;
    m_accessLinks[device] = link;
    return device;
}

void
IabHelper::InstallBackgroundUser(Ptr<IabNetDevice> serving,
                                 Ptr<Node> node,
                                 Ptr<BackgroundUser> user)
{
    auto link = Create<RadioLink>("background", m_config.queueBytes, m_config.rlcMode);
    const RadioEnd child{node->GetObject<MobilityModel>(), CreateArray(m_config.ueArray)};
    const RadioEnd above{serving->GetNode()->GetObject<MobilityModel>(),
                         CreateArray(m_config.iabArray)};
    m_backgroundChannel->PointAtEachOther(child, above);
    link->SetEnds({child, above, m_config.uePowerDbm, m_config.iabPowerDbm});
    // A flat channel with the gain of matched beams: enough for traffic that only takes its share.
    const std::vector<double> gains(m_frame->ResourceBlocks(),
                                    m_backgroundChannel->LeakageGain(child, above));
    for (const auto direction : NR_DIRECTIONS)
    {
        const double powerDbm =
            direction == NrDirection::UPLINK ? m_config.uePowerDbm : m_config.iabPowerDbm;
        serving->Bap()->Cell()->UpdateQuality(
            link,
            direction,
            m_backgroundChannel->Quality(gains, powerDbm, 0, *m_errors));
    }
    m_topology->Add(user->Bap());
    m_topology->Connect(user->Bap(), serving->Bap(), link);
    m_topology->CountUser(user->Bap(), Bearer::BACKGROUND);
    m_nextStream += user->AssignStreams(m_nextStream);
}

void
IabHelper::SetIpv4Address(Ptr<IabNetDevice> device, Ipv4Address address)
{
    (*m_book)[address] = device->Bap()->Address();
}

void
IabHelper::SetBackhaulBlockage(const std::string& linkName, double lossDb)
{
    for (const auto& [device, backhaul] : m_backhauls)
    {
        if (backhaul.link->Name() == linkName)
        {
            const auto quality =
                m_backhaulChannel->Quality(backhaul.gains, m_config.iabPowerDbm, lossDb, *m_errors);
            for (const auto direction : NR_DIRECTIONS)
            {
                backhaul.cell->UpdateQuality(backhaul.link, direction, quality);
            }
        }
    }
}

Ptr<AccessManager>
IabHelper::Access(Ptr<IabNetDevice> ue) const
{
    return m_access.at(ue);
}

Ptr<IabNetDevice>
IabHelper::Donor() const
{
    return m_donor;
}

Ptr<IabTopology>
IabHelper::Topology() const
{
    return m_topology;
}

Ptr<RadioLink>
IabHelper::BackhaulOf(Ptr<IabNetDevice> device) const
{
    return m_backhauls.at(device).link;
}

Ptr<RadioLink>
IabHelper::AccessLinkOf(Ptr<IabNetDevice> ue) const
{
    return m_accessLinks.at(ue);
}

} // namespace ns3
