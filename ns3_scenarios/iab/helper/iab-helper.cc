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
#include <utility>

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

/**
 * Streams by name and not by order, so that the same network built in another order is the same.
 *
 * @param name of what draws
 * @return first of 32 random streams (FNV-1a; ns-3 leaves numbers below 2^63 to its users)
 */
int64_t
StreamOf(const std::string& name)
{
    constexpr int64_t FIRST = 1 << 20; // those below are the caller's
    constexpr int64_t WIDTH = 32;
    constexpr uint64_t NAMES = uint64_t{1} << 40;
    uint64_t hash = 0xcbf29ce484222325;
    for (const auto character : name)
    {
        hash = (hash ^ static_cast<uint8_t>(character)) * 0x100000001b3;
    }
    return FIRST + WIDTH * static_cast<int64_t>(hash % NAMES);
}

} // namespace

IabHelper::IabHelper(const IabRadioConfig& config)
    : m_config(config),
      m_frame(std::make_shared<NrFrame>(config.numerology, config.bandwidthHz, config.tddPattern)),
      m_errors(std::make_shared<BlockErrorModel>()),
      m_grid(std::make_shared<ResourceGrid>(*m_frame, config.grid, m_errors)),
      m_topology(CreateObject<IabTopology>()),
      m_book(std::make_shared<IabAddressBook>()),
      m_backhaul(CreateObject<BackhaulManager>()),
      m_nextStream(config.firstStream)
{
    m_backgroundChannel = CreateChannel(config.accessLos, config.shadowing, Time(0), Time(0));
    m_nextStream += m_backgroundChannel->AssignStreams(m_nextStream);
    // Interference draws nothing at random: when it is first felt depends on the traffic, and the
    // same seed must give the same channel whatever the traffic.
    m_accessLeakage = CreateChannel(WithoutChance(config.accessLos), false, Time(0), Time(0));
    m_backhaulLeakage = CreateChannel(WithoutChance(config.backhaulLos), false, Time(0), Time(0));
    if (config.interference)
    {
        m_interference = std::make_shared<InterferenceField>(
            [this](const Emission& from, const Emission& to) { return GainBetween(from, to); },
            m_backgroundChannel->NoiseWatts());
    }
    m_config.uePowerDbm = LimitedPowerDbm(config.uePowerDbm, config.ueArray);
    m_config.iabPowerDbm = LimitedPowerDbm(config.iabPowerDbm, config.iabArray);
    m_backhaul->SetAttribute("Interruption", TimeValue(config.interruption));
    m_backhaul->SetAttribute("FailureTime", TimeValue(config.backhaulFailure));
    m_backhaul->SetNetwork(m_topology, [size = config.iabArray]() { return CreateArray(size); });
    m_backhaul->SetPhy(m_errors, m_interference, m_config.iabPowerDbm);
    m_backhaul->TraceConnectWithoutContext(
        "Awake",
        Callback<void, Ptr<BapEntity>, bool>([this](Ptr<BapEntity>, bool) {
            for (const auto& ue : m_ues)
            {
                m_access.at(ue)->Reselect();
            }
            for (const auto& access : m_backgroundAccess)
            {
                access->Reselect();
            }
        }));
}

void
IabHelper::SetFadingRecord(std::shared_ptr<FadingRecord> record)
{
    m_fadingRecord = std::move(record);
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
    const auto& sending = from.link->Ends();
    const auto& hearing = to.link->Ends();
    const auto& transmitter = sentUp ? sending.child : sending.parent;
    const auto& receiver = heardAbove ? hearing.parent : hearing.child;
    if (transmitter.mobility == receiver.mobility)
    {
        return 0; // one node: the links of one cell share its slot, and the MT does not hear the DU
    }
    const bool backhaul = from.link->ChildCell() && to.link->ChildCell();
    const auto& channel = backhaul ? m_backhaulLeakage : m_accessLeakage;
    return channel->LeakageGain(transmitter,
                                sentUp ? sending.parent : sending.child,
                                receiver,
                                heardAbove ? hearing.child : hearing.parent);
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
    return channel;
}

Ptr<RadioChannel>
IabHelper::CreateLinkChannel(const std::string& linkName,
                             LosPolicy los,
                             Time losUpdate,
                             Time redraw)
{
    auto channel = CreateChannel(los, m_config.shadowing, losUpdate, redraw);
    channel->AssignStreams(StreamOf(linkName));
    channel->SetFadingRecord(m_fadingRecord);
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
IabHelper::CreateCell(const std::string& name)
{
    auto cell = CreateObject<CellMac>();
    const auto part = [&cell](const std::string& attribute) {
        PointerValue value;
        cell->GetAttribute(attribute, value);
        return value.Get<Object>();
    };
    const auto& timing = m_config.timing;
    part("Timing")->SetAttribute("SchedulingRequest", BooleanValue(timing.schedulingRequest));
    part("Timing")->SetAttribute("BufferReport", BooleanValue(timing.bufferReport));
    part("Timing")->SetAttribute("K1", UintegerValue(timing.k1));
    part("Timing")->SetAttribute("K2", UintegerValue(timing.k2));
    part("Timing")->SetAttribute("DecodeLatency", TimeValue(timing.decode));
    part("Adaptation")->SetAttribute("ReportDelay", TimeValue(timing.channelReport));
    const auto& again = m_config.retransmission;
    part("Harq")->SetAttribute("Processes", UintegerValue(again.harqProcesses));
    part("Harq")->SetAttribute("MaxTransmissions", UintegerValue(again.harqTransmissions));
    cell->SetAttribute("StatusDelay", TimeValue(again.statusDelay));
    const auto limit = m_config.flowControl ? m_config.queueBytes / 2 : 0;
    part("FlowControl")->SetAttribute("Limit", UintegerValue(limit));
    cell->SetAttribute("Scheduler",
                       PointerValue(ObjectFactory(m_config.scheduler).Create<SlotScheduler>()));
    cell->Configure(*m_frame, m_config.halfDuplex, m_grid, m_interference);
    cell->AssignStreams(StreamOf("cell of " + name));
    return cell;
}

void
IabHelper::InstallCell(const Ptr<IabNetDevice>& device, const std::string& name)
{
    device->Bap()->AddCell(CreateCell(name));
    m_cells[name] = {device->Bap(), device->GetNode()->GetObject<MobilityModel>(), nullptr};
}

Ptr<IabNetDevice>
IabHelper::InstallDonor(Ptr<Node> node)
{
    NS_ASSERT_MSG(!m_donor, "an IAB network has one donor");
    m_donor = CreateDevice(node);
    InstallCell(m_donor, "donor");
    m_backhaul->AddDonor(m_donor->Bap(), node->GetObject<MobilityModel>());
    return m_donor;
}

Ptr<IabNetDevice>
IabHelper::InstallRelay(Ptr<Node> node, Ptr<IabNetDevice> parent, const std::string& linkName)
{
    auto device = CreateDevice(node);
    InstallCell(device, linkName);
    auto link = CreateBackhaul(device, parent, linkName);
    m_backhaulLinks[device] = link;
    m_backhaul->AddRelay(device->Bap(),
                         node->GetObject<MobilityModel>(),
                         link,
                         CreateBackhaulChannel(linkName),
                         parent->Bap());
    return device;
}

Ptr<RadioLink>
IabHelper::AddParent(Ptr<IabNetDevice> relay, Ptr<IabNetDevice> parent, const std::string& linkName)
{
    auto link = CreateBackhaul(relay, parent, linkName);
    m_backhaul->AddParent(relay->Bap(), link, CreateBackhaulChannel(linkName), parent->Bap());
    return link;
}

Ptr<RadioLink>
IabHelper::CreateBackhaul(const Ptr<IabNetDevice>& relay,
                          const Ptr<IabNetDevice>& parent,
                          const std::string& name)
{
    auto link = Create<RadioLink>(name, m_config.queueBytes, m_config.rlcMode, m_config.mapping);
    link->SetChildCell(PeekPointer(relay->Bap()->Cell()));
    if (m_config.sectors)
    {
        const auto offset = relay->GetNode()->GetObject<MobilityModel>()->GetPosition() -
                            parent->GetNode()->GetObject<MobilityModel>()->GetPosition();
        parent->Bap()->AddCell(CreateCell("sector towards " + name),
                               std::atan2(offset.y, offset.x));
    }
    return link;
}

Ptr<RadioChannel>
IabHelper::CreateBackhaulChannel(const std::string& linkName)
{
    return CreateLinkChannel(linkName, m_config.backhaulLos, Time(0), Time(0));
}

Ptr<IabNetDevice>
IabHelper::InstallUe(Ptr<Node> node, const std::string& linkName)
{
    auto device = CreateDevice(node);
    auto link = Create<RadioLink>(linkName, m_config.queueBytes, m_config.rlcMode);
    const auto channel =
        CreateLinkChannel(linkName, m_config.accessLos, m_config.losUpdate, m_config.channelRedraw);
    m_topology->CountUser(device->Bap(), Bearer::TASK);
    m_ues.push_back(device);
    m_access[device] = CreateAccess(device->Bap(), node, link, channel);
    m_accessLinks[device] = link;
    return device;
}

Ptr<AccessManager>
IabHelper::CreateAccess(const Ptr<BapEntity>& bap,
                        const Ptr<Node>& node,
                        const Ptr<RadioLink>& link,
                        const Ptr<RadioChannel>& channel)
{
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
    access->SetUe(bap, link, {node->GetObject<MobilityModel>(), CreateArray(m_config.ueArray)});
    std::vector<ServingCandidate> candidates;
    for (const auto& [name, cell] : m_cells)
    {
        candidates.push_back({cell.bap, cell.mobility, CreateArray(m_config.iabArray)});
    }
    access->SetPhy(m_errors, m_interference);
    access->SetNetwork(m_topology, channel, candidates);
    return access;
}

void
IabHelper::InstallBackgroundUser(Ptr<IabNetDevice> serving,
                                 Ptr<Node> node,
                                 Ptr<BackgroundUser> user)
{
    m_topology->Add(user->Bap());
    Attach(user->Bap(), node, serving, user);
}

Ptr<IabNetDevice>
IabHelper::InstallBackgroundDevice(Ptr<IabNetDevice> serving,
                                   Ptr<Node> node,
                                   Ptr<BackgroundUser> user)
{
    auto device = CreateDevice(node);
    Attach(device->Bap(), node, serving, user);
    return device;
}

void
IabHelper::Attach(const Ptr<BapEntity>& bap,
                  const Ptr<Node>& node,
                  const Ptr<IabNetDevice>& serving,
                  const Ptr<BackgroundUser>& user)
{
    auto link = Create<RadioLink>("background", m_config.queueBytes, m_config.rlcMode);
    if (serving)
    {
        ConnectFixed(bap, node, serving, link);
        user->SetServing(serving->Bap());
    }
    else
    {
        if (!m_movingChannel)
        {
            m_movingChannel =
                CreateChannel(m_config.accessLos, m_config.shadowing, m_config.losUpdate, Time(0));
            m_movingChannel->AssignStreams(StreamOf("moving background UEs"));
        }
        const auto access = CreateAccess(bap, node, link, m_movingChannel);
        access->SetAttribute("Fading", BooleanValue(false));
        m_backgroundAccess.push_back(access);
    }
    m_topology->CountUser(bap, Bearer::BACKGROUND);
    m_nextStream += user->AssignStreams(m_nextStream);
}

void
IabHelper::ConnectFixed(const Ptr<BapEntity>& bap,
                        const Ptr<Node>& node,
                        const Ptr<IabNetDevice>& serving,
                        const Ptr<RadioLink>& link)
{
    const RadioEnd child{node->GetObject<MobilityModel>(), CreateArray(m_config.ueArray)};
    const RadioEnd above{serving->GetNode()->GetObject<MobilityModel>(),
                         CreateArray(m_config.iabArray)};
    // A flat channel with the gain of matched beams: enough for traffic that only takes its share.
    const auto gains = m_backgroundChannel->FlatGains(child, above);
    link->SetEnds({child, above, m_config.uePowerDbm, m_config.iabPowerDbm});
    const auto cell = serving->Bap()->Cell();
    for (const auto direction : NR_DIRECTIONS)
    {
        const double powerDbm =
            direction == NrDirection::UPLINK ? m_config.uePowerDbm : m_config.iabPowerDbm;
        cell->UpdateQuality(link,
                            direction,
                            m_backgroundChannel->Quality(gains, powerDbm, 0, *m_errors));
    }
    m_topology->Connect(bap, serving->Bap(), link);
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

const std::vector<Ptr<AccessManager>>&
IabHelper::BackgroundAccess() const
{
    return m_backgroundAccess;
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
