/*
 * SPDX-License-Identifier: GPL-2.0-only
 *
 * UEs behind a chain of IAB relays, with constant-rate UDP traffic in one direction.
 *
 *   server ---- donor ~~~~ relay 1 ~~~~ ... ~~~~ relay R ~~~~ UE 1 .. UE N
 *
 * Prints one JSON object. It needs nothing but ns-3 and the iab module:
 *
 *   iab-chain --ues=5 --relays=2 --direction=ul --offered-mbps=100
 */
#include "iab/helper/iab-helper.h"

#include "ns3/command-line.h"
#include "ns3/constant-position-mobility-model.h"
#include "ns3/data-rate.h"
#include "ns3/inet-socket-address.h"
#include "ns3/internet-stack-helper.h"
#include "ns3/ipv4-static-routing-helper.h"
#include "ns3/point-to-point-helper.h"
#include "ns3/rng-seed-manager.h"
#include "ns3/simulator.h"
#include "ns3/string.h"
#include "ns3/udp-socket-factory.h"

#include <algorithm>
#include <cmath>
#include <ctime>
#include <iostream>
#include <numbers>
#include <sstream>

using namespace ns3;

namespace
{

constexpr uint32_t PACKET_BYTES = 1400;
constexpr uint16_t PORT = 4000;
constexpr double RELAY_SPACING_M = 150;
const Ipv4Mask RADIO_MASK("255.255.0.0");

/** What the command line says. */
struct Options
{
    uint32_t ues{1};                 //!< number of UEs
    uint32_t relays{0};              //!< between them and the donor
    uint32_t bandwidthMhz{100};      //!< channel bandwidth
    uint32_t numerology{3};          //!< of the carrier
    std::string tdd{"DSUU"};         //!< TDD pattern
    double offeredMbps{10};          //!< of all UEs together
    std::string direction{"ul"};     //!< ul or dl
    std::string distanceM{"50:150"}; //!< of the UEs from their cell, LO:HI
    std::string condition{"los"};    //!< los, nlos or auto
    double durationS{1};             //!< simulated
    uint32_t seed{1};                //!< of all random streams
};

/** Delays and bytes of one UE's packets. */
struct Flow
{
    Ptr<Socket> sender;        //!< of the packets
    InetSocketAddress to;      //!< where they go
    Time interval;             //!< between packets
    uint64_t receivedBytes{0}; //!< that arrived
};

/** Offers packets at a constant rate and measures them at the other end. */
class Meter
{
  public:
    /** @param flow to start @param offset of its first packet */
    void Start(Flow& flow, Time offset)
    {
        Simulator::Schedule(offset, &Meter::Send, this, &flow);
    }

    /** @param socket that received @param flow that it belongs to */
    void Receive(Ptr<Socket> socket, Flow* flow)
    {
        while (auto packet = socket->Recv())
        {
            int64_t sentNs = 0;
            packet->CopyData(reinterpret_cast<uint8_t*>(&sentNs), sizeof(sentNs));
            m_delaysMs.push_back((Simulator::Now().GetNanoSeconds() - sentNs) * 1e-6);
            flow->receivedBytes += packet->GetSize();
        }
    }

    /** @return delays of all packets in ms, sorted */
    std::vector<double> SortedDelaysMs() const
    {
        auto sorted = m_delaysMs;
        std::sort(sorted.begin(), sorted.end());
        return sorted;
    }

  private:
    /** @param flow whose next packet is due */
    void Send(Flow* flow)
    {
        const int64_t nowNs = Simulator::Now().GetNanoSeconds();
        auto packet = Create<Packet>(reinterpret_cast<const uint8_t*>(&nowNs), sizeof(nowNs));
        packet->AddAtEnd(Create<Packet>(PACKET_BYTES - sizeof(nowNs)));
        flow->sender->SendTo(packet, 0, flow->to);
        Simulator::Schedule(flow->interval, &Meter::Send, this, flow);
    }

    std::vector<double> m_delaysMs; //!< of all packets
};

Options
ParseOptions(int argc, char* argv[])
{
    Options options;
    CommandLine command(__FILE__);
    command.AddValue("ues", "Number of UEs", options.ues);
    command.AddValue("relays", "IAB nodes between the UEs' cell and the donor", options.relays);
    command.AddValue("bandwidth-mhz", "Channel bandwidth in MHz", options.bandwidthMhz);
    command.AddValue("numerology", "Numerology, 0 to 3", options.numerology);
    command.AddValue("tdd", "TDD pattern, letters D, S and U", options.tdd);
    command.AddValue("offered-mbps", "UDP traffic of all UEs together", options.offeredMbps);
    command.AddValue("direction", "ul or dl", options.direction);
    command.AddValue("distance-m", "UEs' distance from their cell, LO:HI", options.distanceM);
    command.AddValue("condition", "Line of sight of the UEs: los, nlos or auto", options.condition);
    command.AddValue("duration", "Simulated time in s", options.durationS);
    command.AddValue("seed", "Seed of all random streams", options.seed);
    command.Parse(argc, argv);
    return options;
}

IabRadioConfig
MakeRadio(const Options& options)
{
    IabRadioConfig radio;
    radio.bandwidthHz = uint64_t{options.bandwidthMhz} * 1000000;
    radio.numerology = static_cast<uint8_t>(options.numerology);
    radio.tddPattern = options.tdd;
    radio.accessLos = options.condition == "los"    ? LosPolicy::ALWAYS
                      : options.condition == "nlos" ? LosPolicy::NEVER
                                                    : LosPolicy::RANDOM;
    radio.shadowing = false;
    radio.halfDuplex = options.relays > 0 ? HalfDuplex::BY_DEPTH : HalfDuplex::NONE;
    radio.ueArray = {4, 4};
    return radio;
}

Ptr<Node>
MakeNode(const Vector& position)
{
    auto mobility = CreateObject<ConstantPositionMobilityModel>();
    mobility->SetPosition(position);
    auto node = CreateObject<Node>();
    node->AggregateObject(mobility);
    return node;
}

/** The chain, built and addressed. */
class Chain
{
  public:
    /** @param options of the command line */
    explicit Chain(const Options& options)
        : m_iab(MakeRadio(options))
    {
        auto donor = MakeNode({0, 0, 10});
        m_server = CreateObject<Node>();
        m_nodes = {donor};
        for (uint32_t relay = 1; relay <= options.relays; ++relay)
        {
            m_nodes.push_back(MakeNode({relay * RELAY_SPACING_M, 0, 10}));
        }
        DropUes(options);
        Ipv4StaticRoutingHelper staticRouting;
        InternetStackHelper internet;
        internet.SetIpv6StackInstall(false);
        internet.SetRoutingHelper(staticRouting);
        for (const auto& node : m_nodes)
        {
            internet.Install(node);
        }
        internet.Install(m_server);
        InstallRadio(options);
        ConnectServer(donor);
    }

    /** @return the radio network */
    const IabHelper& Iab() const
    {
        return m_iab;
    }

    /** @return devices of the UEs */
    const std::vector<Ptr<IabNetDevice>>& Ues() const
    {
        return m_ues;
    }

    /** @return the host behind the donor */
    Ptr<Node> Server() const
    {
        return m_server;
    }

    /** @param node one with an address @return its address */
    static Ipv4Address AddressOf(const Ptr<Node>& node)
    {
        return node->GetObject<Ipv4>()->GetAddress(1, 0).GetLocal();
    }

  private:
    /** Put the UEs around the last cell. @param options of the command line */
    void DropUes(const Options& options)
    {
        const auto colon = options.distanceM.find(':');
        const double low = std::stod(options.distanceM.substr(0, colon));
        const double high =
            colon == std::string::npos ? low : std::stod(options.distanceM.substr(colon + 1));
        auto draw = CreateObject<UniformRandomVariable>();
        draw->SetStream(1);
        const double cellX = options.relays * RELAY_SPACING_M;
        for (uint32_t ue = 0; ue < options.ues; ++ue)
        {
            const double distance = draw->GetValue(low, high);
            // Away from the other cells, so that the last one serves them.
            const double angle = draw->GetValue(-0.5, 0.5) * std::numbers::pi / 2;
            m_nodes.push_back(
                MakeNode({cellX + distance * std::cos(angle), distance * std::sin(angle), 1.5}));
        }
    }

    /** Install the devices, donor first. @param options of the command line */
    void InstallRadio(const Options& options)
    {
        Ptr<IabNetDevice> above;
        for (std::size_t i = 0; i < m_nodes.size(); ++i)
        {
            const auto& node = m_nodes[i];
            Ptr<IabNetDevice> device;
            if (i == 0)
            {
                device = m_iab.InstallDonor(node);
            }
            else if (i <= options.relays)
            {
                device = m_iab.InstallRelay(node, above, "relay" + std::to_string(i));
            }
            else
            {
                device = m_iab.InstallUe(node, "ue" + std::to_string(i - options.relays));
                m_ues.push_back(device);
            }
            above = i <= options.relays ? device : above;
            Address(node, device, Ipv4Address(0x0a010001 + static_cast<uint32_t>(i)), RADIO_MASK);
            m_iab.SetIpv4Address(device, Ipv4Address(0x0a010001 + static_cast<uint32_t>(i)));
            if (i > 0)
            {
                SetDefaultRoute(node, AddressOf(m_nodes[0]));
            }
        }
        for (const auto& ue : m_ues)
        {
            m_iab.Access(ue)->Start();
        }
    }

    /** Wire the server to the donor. @param donor the donor's node */
    void ConnectServer(const Ptr<Node>& donor)
    {
        PointToPointHelper wire;
        wire.SetDeviceAttribute("DataRate", DataRateValue(DataRate("100Gbps")));
        wire.SetChannelAttribute("Delay", TimeValue(Time(0)));
        wire.SetQueue("ns3::DropTailQueue<Packet>", "MaxSize", StringValue("100MB"));
        wire.DisableFlowControl();
        const auto devices = wire.Install(m_server, donor);
        const Ipv4Mask mask("255.255.255.252");
        Address(m_server, devices.Get(0), Ipv4Address("10.2.0.1"), mask);
        Address(donor, devices.Get(1), Ipv4Address("10.2.0.2"), mask);
        SetDefaultRoute(m_server, Ipv4Address("10.2.0.2"));
    }

    /** Give a device its address. */
    static void Address(const Ptr<Node>& node,
                        const Ptr<NetDevice>& device,
                        Ipv4Address address,
                        Ipv4Mask mask)
    {
        auto ipv4 = node->GetObject<Ipv4>();
        const auto interface = ipv4->AddInterface(device);
        ipv4->AddAddress(interface, Ipv4InterfaceAddress(address, mask));
        ipv4->SetUp(interface);
    }

    /** Send everything else to a gateway. */
    static void SetDefaultRoute(const Ptr<Node>& node, Ipv4Address gateway)
    {
        Ipv4StaticRoutingHelper()
            .GetStaticRouting(node->GetObject<Ipv4>())
            ->SetDefaultRoute(gateway, 1);
    }

    IabHelper m_iab;                      //!< radio network
    Ptr<Node> m_server;                   //!< behind the donor
    std::vector<Ptr<Node>> m_nodes;       //!< donor, relays, UEs
    std::vector<Ptr<IabNetDevice>> m_ues; //!< devices of the UEs
};

/** Make one flow for each UE. */
std::vector<Flow>
MakeFlows(const Options& options, const Chain& chain)
{
    const bool uplink = options.direction == "ul";
    const double bitsPerS = options.offeredMbps * 1e6 / options.ues;
    std::vector<Flow> flows;
    uint16_t port = PORT;
    for (const auto& ue : chain.Ues())
    {
        const auto from = uplink ? ue->GetNode() : chain.Server();
        const auto to = uplink ? chain.Server() : ue->GetNode();
        flows.push_back({Socket::CreateSocket(from, UdpSocketFactory::GetTypeId()),
                         InetSocketAddress(Chain::AddressOf(to), port++),
                         Seconds(8.0 * PACKET_BYTES / bitsPerS),
                         0});
    }
    return flows;
}

/** Open the receiving end of each flow and start it. */
void
StartFlows(const Options& options, const Chain& chain, std::vector<Flow>& flows, Meter& meter)
{
    for (std::size_t i = 0; i < flows.size(); ++i)
    {
        auto& flow = flows[i];
        const auto node = options.direction == "ul" ? chain.Server() : chain.Ues()[i]->GetNode();
        auto receiver = Socket::CreateSocket(node, UdpSocketFactory::GetTypeId());
        receiver->Bind(InetSocketAddress(Ipv4Address::GetAny(), flow.to.GetPort()));
        receiver->SetRecvCallback(Callback<void, Ptr<Socket>>(
            [&meter, &flow](Ptr<Socket> socket) { meter.Receive(socket, &flow); }));
        meter.Start(flow, flow.interval * static_cast<int64_t>(i + 1) / int64_t(flows.size() + 1));
    }
}

/** @return a mean over the UEs' access links */
template <class Measure>
double
MeanOverUes(const Chain& chain, Measure measure)
{
    double sum = 0;
    for (const auto& ue : chain.Ues())
    {
        sum += measure(*chain.Iab().AccessLinkOf(ue));
    }
    return sum / static_cast<double>(chain.Ues().size());
}

/** @return share of first transmissions over the UEs' access links that failed */
double
BlockErrorRate(const Chain& chain, NrDirection direction)
{
    uint64_t blocks = 0;
    uint64_t errors = 0;
    for (const auto& ue : chain.Ues())
    {
        const auto& count = chain.Iab().AccessLinkOf(ue)->Blocks(direction);
        blocks += count.blocks;
        errors += count.firstErrors;
    }
    return blocks > 0 ? double(errors) / double(blocks) : std::nan("");
}

double
Quantile(const std::vector<double>& sorted, double q)
{
    return sorted.empty() ? std::nan("")
                          : sorted[static_cast<std::size_t>(q * double(sorted.size() - 1))];
}

std::string
JsonNumber(double value)
{
    std::ostringstream text;
    text << value;
    return std::isfinite(value) ? text.str() : "null";
}

void
PrintResults(const Options& options,
             const Chain& chain,
             const std::vector<Flow>& flows,
             const Meter& meter,
             double cpuS)
{
    const auto direction = options.direction == "ul" ? NrDirection::UPLINK : NrDirection::DOWNLINK;
    const auto delays = meter.SortedDelaysMs();
    double sumMs = 0;
    for (const auto delay : delays)
    {
        sumMs += delay;
    }
    double totalMbps = 0;
    std::string perUe;
    for (const auto& flow : flows)
    {
        const double mbps = 8e-6 * flow.receivedBytes / options.durationS;
        totalMbps += mbps;
        perUe += (perUe.empty() ? "" : ", ") + JsonNumber(mbps);
    }
    uint32_t handovers = 0;
    for (const auto& ue : chain.Ues())
    {
        handovers += chain.Iab().Access(ue)->Handovers();
    }
    std::cout << "{\"goodput_mbps\": " << JsonNumber(totalMbps) << ", \"per_ue_mbps\": [" << perUe
              << "], \"delay_ms_mean\": "
              << JsonNumber(delays.empty() ? std::nan("") : sumMs / double(delays.size()))
              << ", \"delay_ms_p99\": " << JsonNumber(Quantile(delays, 0.99))
              << ", \"sinr_db_mean\": "
              << JsonNumber(MeanOverUes(
                     chain,
                     [=](const RadioLink& link) { return link.Quality(direction).sinrDb; }))
              << ", \"mcs_mean\": "
              << JsonNumber(MeanOverUes(chain,
                                        [=](const RadioLink& link) {
                                            return double(link.Mcs(direction, Simulator::Now()));
                                        }))
              << ", \"bler\": " << JsonNumber(BlockErrorRate(chain, direction))
              << ", \"handovers\": " << handovers << ", \"cpu_s\": " << JsonNumber(cpuS)
              << ", \"sim_s\": " << JsonNumber(options.durationS) << "}\n";
}

} // namespace

int
main(int argc, char* argv[])
{
    const auto options = ParseOptions(argc, argv);
    RngSeedManager::SetRun(options.seed);
    try
    {
        const Chain chain(options);
        auto flows = MakeFlows(options, chain);
        Meter meter;
        StartFlows(options, chain, flows, meter);
        const auto begin = std::clock();
        Simulator::Stop(Seconds(options.durationS));
        Simulator::Run();
        const double cpuS = double(std::clock() - begin) / CLOCKS_PER_SEC;
        PrintResults(options, chain, flows, meter, cpuS);
    }
    catch (const std::exception& error)
    {
        std::cerr << "iab-chain: " << error.what() << "\n";
        return 2;
    }
    Simulator::Destroy();
    return 0;
}
