/*
 * SPDX-License-Identifier: GPL-2.0-only
 */
#include "iab-helper.h"

#include "ns3/assert.h"
#include "ns3/boolean.h"
#include "ns3/double.h"
#include "ns3/isotropic-antenna-model.h"
#include "ns3/object-factory.h"
#include "ns3/pointer.h"
#include "ns3/uinteger.h"
#include "ns3/uniform-planar-array.h"

#include <algorithm>
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
      m_backhaul(CreateObject<BackhaulManager>()),
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
            [this](const Emission& from, const Emission& to) { return GainBetween(from, to); },
            m_accessChannel->NoiseWatts());
    }
    m_config.uePowerDbm = LimitedPowerDbm(config.uePowerDbm, config.ueArray);
    m_config.iabPowerDbm = LimitedPowerDbm(config.iabPowerDbm, config.iabArray);
    m_backhaul->SetAttribute("Interruption", TimeValue(config.interruption));
    m_backhaul->SetNetwork(m_topology, m_backhaulChannel, [size = config.iabArray]() {
        return CreateArray(size);
    });
    m_backhaul->SetPhy(m_errors, m_interference, m_config.iabPowerDbm);
    m_backhaul->TraceConnectWithoutContext(
        "Awake",
        Callback<void, Ptr<BapEntity>, bool>([this](Ptr<BapEntity>, bool) {
            for (const auto& [device, access] : m_access)
            {
                access->Reselect();
            }
        }));
}

double
IabHelper::LimitedPowerDbm(double powerDbm, const ArraySize& array) const
{
    const double arrayGainDb = 10 * std::log10(double(array.rows) * array.columns);
    return std::min(powerDbm, m_config.eirpLimitDbm - arrayGainDb);
}

double
IabHelper::GainBetween(const Emission& from, const Emission& to) const
{
    const bool sentUp = from.direction == NrDirection::UPLINK;
    const bool heardAbove = to.direction == NrDirection::UPLINK;
    const auto& transmitter = sentUp ? from.link->Ends().child : from.link->Ends().parent;
    const auto& receiver = heardAbove ? to.link->Ends().parent : to.link->Ends().child;
    if (transmitter.mobility == receiver.mobility)
    {
        return 0; // one node: the links of one cell share its slot, and the MT does not hear the DU
    }
    const bool backhaul = from.link->ChildCell() && to.link->ChildCell();
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
                        redraw,
                        m_config.scattererMps},
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

Ptr<CellMac>
IabHelper::CreateCell()
{
    auto cell = CreateObject<CellMac>();
    const auto part = [&cell](const std::string& name) {
        PointerValue value;
        cell->GetAttribute(name, value);
        return value.Get<Object>();
    };
    const auto& timing = m_config.timing;
    part("Timing")->SetAttribute("SchedulingRequest", BooleanValue(timing.schedulingRequest));
    part("Timing")->SetAttribute("BufferReport", BooleanValue(timing.bufferReport));
    part("Timing")->SetAttribute("K1", UintegerValue(timing.k1));
    part("Timing")->SetAttribute("K2", UintegerValue(timing.k2));
    part("Timing")->SetAttribute("DecodeLatency", TimeValue(timing.decode));
    part("Adaptation")->SetAttribute("ReportDelay", TimeValue(timing.channelReport));
    const auto limit = m_config.flowControl ? m_config.queueBytes / 2 : 0;
    part("FlowControl")->SetAttribute("Limit", UintegerValue(limit));
    cell->SetAttribute("Scheduler",
                       PointerValue(ObjectFactory(m_config.scheduler).Create<SlotScheduler>()));
    cell->Configure(*m_frame, m_config.halfDuplex, m_grid, m_interference);
    m_nextStream += cell->AssignStreams(m_nextStream);
    return cell;
}

void
IabHelper::InstallCell(const Ptr<IabNetDevice>& device)
{
    device->Bap()->AddCell(CreateCell());
    m_cells.push_back({device->Bap(), device->GetNode()->GetObject<MobilityModel>(), nullptr});
}

void
IabHelper::AddSector(const Vector& offset)
{
    if (m_sectors > 0)
    {
        m_donor->Bap()->AddCell(CreateCell());
    }
    m_donor->Bap()->SetSectorAzimuth(m_sectors++, std::atan2(offset.y, offset.x));
}

Ptr<IabNetDevice>
IabHelper::InstallDonor(Ptr<Node> node)
{
    NS_ASSERT_MSG(!m_donor, "an IAB network has one donor");
    m_donor = CreateDevice(node);
    InstallCell(m_donor);
    m_backhaul->AddDonor(m_donor->Bap(), node->GetObject<MobilityModel>());
    return m_donor;
}

Ptr<IabNetDevice>
IabHelper::InstallRelay(Ptr<Node> node, Ptr<IabNetDevice> parent, const std::string& linkName)
{
    auto device = CreateDevice(node);
    InstallCell(device);
    auto link =
        Create<RadioLink>(linkName, m_config.queueBytes, m_config.rlcMode, m_config.mapping);
    link->SetChildCell(PeekPointer(device->Bap()->Cell()));
    const auto mobility = node->GetObject<MobilityModel>();
    if (m_config.sectors && parent == m_donor)
    {
        const auto donor = m_donor->GetNode()->GetObject<MobilityModel>();
        AddSector(mobility->GetPosition() - donor->GetPosition());
    }
    m_backhaulLinks[device] = link;
    m_backhaul->AddRelay(device->Bap(), mobility, link, parent->Bap());
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
                                                            "Forwarding",
                                                            BooleanValue(m_config.forwarding),
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
    const auto cell =
        serving->Bap()->CellTowards(child.mobility->GetPosition() - above.mobility->GetPosition());
    // A flat channel with the gain of matched beams: enough for traffic that only takes its share.
    const std::vector<double> gains(m_frame->ResourceBlocks(),
                                    m_backgroundChannel->LeakageGain(child, above));
    for (const auto direction : NR_DIRECTIONS)
    {
        const double powerDbm =
            direction == NrDirection::UPLINK ? m_config.uePowerDbm : m_config.iabPowerDbm;
        cell->UpdateQuality(link,
                            direction,
                            m_backgroundChannel->Quality(gains, powerDbm, 0, *m_errors));
    }
    m_topology->Add(user->Bap());
    m_topology->Connect(user->Bap(), serving->Bap(), link, cell);
    user->SetServing(serving->Bap());
    m_topology->CountUser(user->Bap(), Bearer::BACKGROUND);
    m_nextStream += user->AssignStreams(m_nextStream);
}

void
IabHelper::SetIpv4Address(Ptr<IabNetDevice> device, Ipv4Address address)
{
    (*m_book)[address] = device->Bap()->Address();
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

Ptr<BackhaulManager>
IabHelper::Backhaul() const
{
    return m_backhaul;
}

Ptr<RadioLink>
IabHelper::BackhaulOf(Ptr<IabNetDevice> device) const
{
    return m_backhaulLinks.at(device);
}

Ptr<RadioLink>
IabHelper::AccessLinkOf(Ptr<IabNetDevice> ue) const
{
    return m_accessLinks.at(ue);
}

} // namespace ns3
