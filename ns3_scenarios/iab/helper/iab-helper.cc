/*
 * SPDX-License-Identifier: GPL-2.0-only
 */
#include "iab-helper.h"

#include "ns3/assert.h"
#include "ns3/double.h"
#include "ns3/object-factory.h"
#include "ns3/isotropic-antenna-model.h"
#include "ns3/pointer.h"
#include "ns3/uinteger.h"
#include "ns3/uniform-planar-array.h"

#include <cmath>

namespace ns3
{

IabHelper::IabHelper(const IabRadioConfig& config)
    : m_config(config),
      m_frame(std::make_shared<NrFrame>(config.numerology, config.bandwidthHz, config.tddPattern)),
      m_topology(CreateObject<IabTopology>()),
      m_book(std::make_shared<IabAddressBook>()),
      m_nextStream(config.firstStream)
{
    m_accessChannel = CreateChannel(config.accessLos, config.losUpdate, config.channelRedraw);
    m_backhaulChannel = CreateChannel(config.backhaulLos, Time(0), Time(0));
}

Ptr<RadioChannel>
IabHelper::CreateChannel(LosPolicy los, Time losUpdate, Time redraw)
{
    auto channel = CreateObject<RadioChannel>();
    channel->Configure({m_config.carrierHz,
                        m_config.environment,
                        los,
                        m_config.shadowing,
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
IabHelper::CreateDevice(Ptr<Node> node, bool withCell)
{
    NS_ASSERT_MSG(node->GetObject<MobilityModel>(), "a radio node needs a mobility model");
    auto device = CreateObject<IabNetDevice>();
    m_topology->Add(device->Bap());
    if (withCell)
    {
        auto cell = CreateObject<CellMac>();
        cell->SetFrame(m_frame);
        device->Bap()->SetCell(cell);
        m_cells.push_back({device->Bap(), node->GetObject<MobilityModel>()});
    }
    node->AddDevice(device);
    const auto gateway = m_donor ? m_donor->Bap()->Address() : device->Bap()->Address();
    device->SetAddressBook(m_book, gateway);
    return device;
}

Ptr<IabNetDevice>
IabHelper::InstallDonor(Ptr<Node> node)
{
    NS_ASSERT_MSG(!m_donor, "an IAB network has one donor");
    m_donor = CreateDevice(node, true);
    return m_donor;
}

Ptr<IabNetDevice>
IabHelper::InstallRelay(Ptr<Node> node, Ptr<IabNetDevice> parent, const std::string& linkName)
{
    auto device = CreateDevice(node, true);
    auto link = Create<RadioLink>(linkName, m_config.queueBytes);
    const RadioEnd child{node->GetObject<MobilityModel>(), CreateArray(m_config.iabArray)};
    const RadioEnd above{parent->GetNode()->GetObject<MobilityModel>(),
                         CreateArray(m_config.iabArray)};
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
    auto device = CreateDevice(node, false);
    auto link = Create<RadioLink>(linkName, m_config.queueBytes);
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
    access->SetUe(device->Bap(), link, end, CreateArray(m_config.iabArray));
    access->SetNetwork(m_topology, m_accessChannel, m_cells);
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
    const auto above = serving->GetNode()->GetObject<MobilityModel>();
    auto link = Create<RadioLink>("background", m_config.queueBytes);
    // A flat channel with the gain of matched beams: enough for traffic that only takes its share.
    const auto elements = static_cast<double>(m_config.ueArray.rows) * m_config.ueArray.columns *
                          m_config.iabArray.rows * m_config.iabArray.columns;
    const auto gainDb =
        m_accessChannel->LargeScaleGainDb(node->GetObject<MobilityModel>(), above) +
        10 * std::log10(elements);
    const std::vector<double> gains(m_frame->ResourceBlocks(), std::pow(10, gainDb / 10));
    const auto up = m_accessChannel->Quality(gains, m_config.uePowerDbm, 0);
    const auto down = m_accessChannel->Quality(gains, m_config.iabPowerDbm, 0);
    link->SetQuality(NrDirection::UPLINK, up.efficiency, up.sinrDb);
    link->SetQuality(NrDirection::DOWNLINK, down.efficiency, down.sinrDb);
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
                m_backhaulChannel->Quality(backhaul.gains, m_config.iabPowerDbm, lossDb);
            for (const auto direction : NR_DIRECTIONS)
            {
                backhaul.link->SetQuality(direction, quality.efficiency, quality.sinrDb);
            }
            backhaul.cell->Wake();
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
