/*
 * SPDX-License-Identifier: GPL-2.0-only
 *
 * UEs behind relays, with constant-rate UDP traffic in one direction. Prints one JSON object. It
 * needs nothing but ns-3 and the iab module:
 *
 *   iab-chain --ues=5 --relays=2 --direction=ul --offered-mbps=100
 */
#include "rate-meter.h"
#include "relay-network.h"

#include "ns3/command-line.h"
#include "ns3/global-value.h"
#include "ns3/rng-seed-manager.h"
#include "ns3/simulator.h"
#include "ns3/string.h"
#include "ns3/udp-socket-factory.h"

#include <cmath>
#include <ctime>
#include <iostream>
#include <map>
#include <sstream>
#include <stdexcept>

using namespace ns3;

namespace
{

constexpr uint16_t PORT = 4000;
constexpr int64_t LINK_SAMPLES_MS = 20; //!< as often as links adapt by default

/** What the command line says. */
struct Options
{
    uint32_t ues{1};                            //!< number of UEs
    uint32_t relays{0};                         //!< between them and the donor
    std::string layout{"chain"};                //!< of the relays
    uint32_t bandwidthMhz{100};                 //!< channel bandwidth
    uint32_t numerology{3};                     //!< of the carrier
    double carrierGhz{28};                      //!< carrier frequency
    std::string tdd{"F"};                       //!< TDD pattern
    double offeredMbps{10};                     //!< of all UEs together
    std::string direction{"ul"};                //!< ul or dl
    std::string distanceM{"50:150"};            //!< of the UEs from their cell, LO:HI
    std::string condition{"los"};               //!< los, nlos or auto
    double speedMps{0};                         //!< of the UEs
    std::string halfDuplex{"by-depth"};         //!< of the relays
    std::string scheduler{"proportional-fair"}; //!< of all cells
    std::string sharing{"time"};                //!< of a slot
    bool schedulingRequest{true};               //!< of an idle uplink
    bool bufferReport{false};                   //!< before its data
    uint32_t harqProcesses{16};                 //!< of a link and direction
    uint32_t harqTransmissions{4};              //!< of a block
    std::string rlc{"acknowledged"};            //!< mode
    double rlcStatusDelayMs{2};                 //!< from HARQ giving up to RLC sending again
    double durationS{1};                        //!< simulated
    uint32_t seed{1};                           //!< of all random streams
};

Options
ParseOptions(int argc, char* argv[])
{
    Options options;
    CommandLine command(__FILE__);
    command.AddValue("ues", "Number of UEs", options.ues);
    command.AddValue("relays", "IAB nodes beside the donor", options.relays);
    command.AddValue("layout",
                     "chain: one behind the other, all UEs behind the last; star: all around the "
                     "donor, the UEs shared out among all cells",
                     options.layout);
    command.AddValue("bandwidth-mhz", "Channel bandwidth in MHz", options.bandwidthMhz);
    command.AddValue("numerology", "Numerology, 0 to 4", options.numerology);
    command.AddValue("carrier-ghz", "Carrier frequency in GHz", options.carrierGhz);
    command.AddValue("tdd", "TDD pattern, letters D, S, U and F", options.tdd);
    command.AddValue("offered-mbps", "UDP traffic of all UEs together", options.offeredMbps);
    command.AddValue("direction", "ul or dl", options.direction);
    command.AddValue("distance-m", "UEs' distance from their cell, LO:HI", options.distanceM);
    command.AddValue("condition", "Line of sight of the UEs: los, nlos or auto", options.condition);
    command.AddValue("speed-mps", "Speed of the UEs, away from the donor", options.speedMps);
    command.AddValue("half-duplex", "none, by-depth or dynamic", options.halfDuplex);
    command.AddValue("scheduler", "proportional-fair, round-robin or max-rate", options.scheduler);
    command.AddValue("sharing", "Of a slot among UEs: time or frequency", options.sharing);
    command.AddValue("scheduling-request",
                     "Whether an idle uplink must ask before it sends",
                     options.schedulingRequest);
    command.AddValue("buffer-report",
                     "Whether it must then report its buffer before it sends",
                     options.bufferReport);
    command.AddValue("harq-processes",
                     "Blocks of a UE and direction under way at a time, 1 to 32",
                     options.harqProcesses);
    command.AddValue("harq-transmissions",
                     "Of a block, till HARQ gives it up, 1 to 16",
                     options.harqTransmissions);
    command.AddValue("rlc", "Mode of RLC: acknowledged or unacknowledged", options.rlc);
    command.AddValue("rlc-status-delay-ms",
                     "Acknowledged: from HARQ giving a block up to RLC sending it again",
                     options.rlcStatusDelayMs);
    command.AddValue("duration", "Simulated time in s", options.durationS);
    command.AddValue("seed", "Seed of all random streams", options.seed);
    command.Parse(argc, argv);
    return options;
}

/** @return what a name stands for @throw std::invalid_argument when it stands for nothing */
template <class T>
T
Choose(const std::string& option, const std::string& name, const std::map<std::string, T>& choices)
{
    const auto found = choices.find(name);
    if (found == choices.end())
    {
        throw std::invalid_argument("'" + name + "' is no choice of --" + option);
    }
    return found->second;
}

/** @return an option's value @throw std::invalid_argument when it is not from 1 to a most */
uint8_t
Count(const std::string& option, uint32_t value, uint8_t most)
{
    if (value < 1 || value > most)
    {
        throw std::invalid_argument("--" + option + " must be from 1 to " + std::to_string(most));
    }
    return static_cast<uint8_t>(value);
}

IabRetransmissionConfig
MakeRetransmission(const Options& options)
{
    return {Count("harq-processes", options.harqProcesses, 32),
            Count("harq-transmissions", options.harqTransmissions, 16),
            Seconds(options.rlcStatusDelayMs * 1e-3)};
}

IabRadioConfig
MakeRadio(const Options& options)
{
    IabRadioConfig radio;
    radio.carrierHz = options.carrierGhz * 1e9;
    radio.bandwidthHz = uint64_t{options.bandwidthMhz} * 1000000;
    radio.numerology = static_cast<uint8_t>(options.numerology);
    radio.tddPattern = options.tdd;
    radio.accessLos = Choose<LosPolicy>(
        "condition",
        options.condition,
        {{"los", LosPolicy::ALWAYS}, {"nlos", LosPolicy::NEVER}, {"auto", LosPolicy::RANDOM}});
    radio.shadowing = false;
    radio.halfDuplex = Choose<HalfDuplex>("half-duplex",
                                          options.relays > 0 ? options.halfDuplex : "none",
                                          {{"none", HalfDuplex::NONE},
                                           {"by-depth", HalfDuplex::BY_DEPTH},
                                           {"dynamic", HalfDuplex::DYNAMIC}});
    radio.scheduler = Choose<std::string>("scheduler",
                                          options.scheduler,
                                          {{"proportional-fair", "ns3::ProportionalFairScheduler"},
                                           {"round-robin", "ns3::RoundRobinScheduler"},
                                           {"max-rate", "ns3::MaxRateScheduler"}});
    radio.grid.sharing =
        Choose<SlotSharing>("sharing",
                            options.sharing,
                            {{"time", SlotSharing::TIME}, {"frequency", SlotSharing::FREQUENCY}});
    radio.timing.schedulingRequest = options.schedulingRequest;
    radio.timing.bufferReport = options.bufferReport;
    radio.retransmission = MakeRetransmission(options);
    radio.rlcMode = Choose<RlcMode>(
        "rlc",
        options.rlc,
        {{"acknowledged", RlcMode::ACKNOWLEDGED}, {"unacknowledged", RlcMode::UNACKNOWLEDGED}});
    radio.ueArray = {4, 4};
    return radio;
}

RelayNetworkConfig
MakeConfig(const Options& options)
{
    const auto colon = options.distanceM.find(':');
    const double nearest = std::stod(options.distanceM.substr(0, colon));
    const double farthest =
        colon == std::string::npos ? nearest : std::stod(options.distanceM.substr(colon + 1));
    return {options.ues,
            options.relays,
            Choose<RelayLayout>("layout",
                                options.layout,
                                {{"chain", RelayLayout::CHAIN}, {"star", RelayLayout::STAR}}),
            nearest,
            farthest,
            options.speedMps,
            MakeRadio(options)};
}

/** @return direction of the traffic */
NrDirection
DirectionOf(const Options& options)
{
    return Choose<NrDirection>("direction",
                               options.direction,
                               {{"ul", NrDirection::UPLINK}, {"dl", NrDirection::DOWNLINK}});
}

/** Make one flow for each UE. */
std::vector<Flow>
MakeFlows(const Options& options, const RelayNetwork& network)
{
    const bool uplink = DirectionOf(options) == NrDirection::UPLINK;
    const double bitsPerS = options.offeredMbps * 1e6 / options.ues;
    std::vector<Flow> flows;
    for (const auto& ue : network.Ues())
    {
        const auto from = uplink ? ue->GetNode() : network.Server();
        const auto to = uplink ? network.Server() : ue->GetNode();
        flows.push_back({Socket::CreateSocket(from, UdpSocketFactory::GetTypeId()),
                         InetSocketAddress(RelayNetwork::AddressOf(to), PORT),
                         Seconds(8.0 * RateMeter::PACKET_BYTES / bitsPerS),
                         0});
    }
    return flows;
}

/** Open the receiving ends. */
void
Listen(const Options& options, const RelayNetwork& network, RateMeter& meter)
{
    if (DirectionOf(options) == NrDirection::UPLINK)
    {
        meter.Listen(network.Server(), PORT);
        return;
    }
    for (const auto& ue : network.Ues())
    {
        meter.Listen(ue->GetNode(), PORT);
    }
}

/** Means over all UEs' access links and over time. */
class LinkMeter
{
  public:
    /** @param network of the UEs @param direction of the traffic @param period of samples */
    LinkMeter(const RelayNetwork& network, NrDirection direction, Time period)
        : m_network(network),
          m_direction(direction),
          m_period(period)
    {
        Simulator::Schedule(m_period, &LinkMeter::SampleAgain, this);
    }

    /** Take note of all links as they are now. */
    void Sample()
    {
        for (const auto& ue : m_network.Ues())
        {
            const auto link = m_network.Iab().AccessLinkOf(ue);
            m_sinrDb += link->Quality(m_direction).sinrDb -
                        10 * std::log10(1 + link->Interference(m_direction));
            if (const auto mcs = link->Mcs(m_direction, Simulator::Now()); mcs >= 0)
            {
                m_mcs += mcs;
                ++m_usable;
            }
        }
        m_samples += static_cast<double>(m_network.Ues().size());
    }

    /** @return mean SINR in dB, with the interference that blocks met on average */
    double SinrDb() const
    {
        return m_sinrDb / m_samples;
    }

    /** @return mean MCS index of links while they can be used, not a number when none ever can */
    double Mcs() const
    {
        return m_mcs / m_usable;
    }

  private:
    void SampleAgain()
    {
        Sample();
        Simulator::Schedule(m_period, &LinkMeter::SampleAgain, this);
    }

    const RelayNetwork& m_network; //!< of the UEs
    NrDirection m_direction;       //!< of the traffic
    Time m_period;                 //!< of samples
    double m_sinrDb{0};            //!< sum of all samples
    double m_mcs{0};               //!< sum of the samples that have one
    double m_usable{0};            //!< those that have
    double m_samples{0};           //!< links times instants
};

/** @return share of first transmissions over the UEs' access links that failed */
double
BlockErrorRate(const RelayNetwork& network, NrDirection direction)
{
    uint64_t blocks = 0;
    uint64_t errors = 0;
    for (const auto& ue : network.Ues())
    {
        const auto& count = network.Iab().AccessLinkOf(ue)->Blocks(direction);
        blocks += count.blocks;
        errors += count.firstErrors;
    }
    return blocks > 0 ? double(errors) / double(blocks) : std::nan("");
}

/** CPU time of the process. */
struct CpuTime
{
    double setupS; //!< until the network is built and its channels are drawn
    double runS;   //!< of the simulation
};

/** @return CPU time of the process so far in s */
double
CpuSeconds()
{
    return double(std::clock()) / CLOCKS_PER_SEC;
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
             const RelayNetwork& network,
             const RateMeter& meter,
             const LinkMeter& links,
             const CpuTime& cpu)
{
    const auto delays = meter.SortedDelaysMs();
    double sumMs = 0;
    for (const auto delay : delays)
    {
        sumMs += delay;
    }
    double totalMbps = 0;
    std::string perUe;
    for (const auto& flow : meter.Flows())
    {
        const double mbps = 8e-6 * flow.receivedBytes / options.durationS;
        totalMbps += mbps;
        perUe += (perUe.empty() ? "" : ", ") + JsonNumber(mbps);
    }
    uint32_t handovers = 0;
    for (const auto& ue : network.Ues())
    {
        handovers += network.Iab().Access(ue)->Handovers();
    }
    std::cout << "{\"goodput_mbps\": " << JsonNumber(totalMbps) << ", \"per_ue_mbps\": [" << perUe
              << "], \"delay_ms_mean\": "
              << JsonNumber(delays.empty() ? std::nan("") : sumMs / double(delays.size()))
              << ", \"delay_ms_p99\": " << JsonNumber(Quantile(delays, 0.99))
              << ", \"sinr_db_mean\": " << JsonNumber(links.SinrDb())
              << ", \"mcs_mean\": " << JsonNumber(links.Mcs())
              << ", \"bler\": " << JsonNumber(BlockErrorRate(network, DirectionOf(options)))
              << ", \"handovers\": " << handovers << ", \"cpu_s\": " << JsonNumber(cpu.runS)
              << ", \"setup_cpu_s\": " << JsonNumber(cpu.setupS)
              << ", \"sim_s\": " << JsonNumber(options.durationS) << "}\n";
}

} // namespace

int
main(int argc, char* argv[])
{
    // The same order of events as ns-3's default, in less time.
    GlobalValue::Bind("SchedulerType", StringValue("ns3::PriorityQueueScheduler"));
    const auto options = ParseOptions(argc, argv);
    RngSeedManager::SetRun(options.seed);
    try
    {
        const RelayNetwork network(MakeConfig(options));
        RateMeter meter(MakeFlows(options, network));
        Listen(options, network, meter);
        LinkMeter links(network, DirectionOf(options), MilliSeconds(LINK_SAMPLES_MS));
        meter.Start();
        const double setupS = CpuSeconds();
        Simulator::Stop(Seconds(options.durationS));
        Simulator::Run();
        const CpuTime cpu{setupS, CpuSeconds() - setupS};
        links.Sample();
        PrintResults(options, network, meter, links, cpu);
    }
    catch (const std::exception& error)
    {
        std::cerr << "iab-chain: " << error.what() << "\n";
        return 2;
    }
    Simulator::Destroy();
    return 0;
}
