/*
 * SPDX-License-Identifier: GPL-2.0-only
 */
#include "transfers.h"

#include "ns3/inet-socket-address.h"
#include "ns3/simulator.h"
#include "ns3/tcp-socket-factory.h"
#include "ns3/udp-socket-factory.h"

#include <algorithm>
#include <stdexcept>

namespace cosim
{

using namespace ns3;

namespace
{

constexpr uint16_t STREAM_PORT = 5001;
constexpr uint16_t DATAGRAM_PORT = 5000;
constexpr uint64_t LARGEST_DATAGRAM = 65000;        // leaves room for the headers in 65535
constexpr uint64_t LARGEST_MESSAGE = 1ULL << 40;    // 1 TiB: a larger size is a mistake
constexpr int64_t DATAGRAM_OVERDUE_NS = 1000000000; // no queue here holds one for so long

} // namespace

Transfers::Transfers(const Network& network, DeliveryHandler handler)
    : m_network(network),
      m_handler(std::move(handler))
{
    for (const auto& [name, node] : network.Nodes())
    {
        Listen(node);
    }
}

void
Transfers::Listen(const NetworkNode& node)
{
    auto datagrams = Socket::CreateSocket(node.node, UdpSocketFactory::GetTypeId());
    datagrams->Bind(InetSocketAddress(Ipv4Address::GetAny(), DATAGRAM_PORT));
    datagrams->SetRecvCallback(MakeCallback(&Transfers::ReadDatagrams, this));
    m_datagramSockets[node.name] = datagrams;

    auto listener = Socket::CreateSocket(node.node, TcpSocketFactory::GetTypeId());
    listener->Bind(InetSocketAddress(Ipv4Address::GetAny(), STREAM_PORT));
    listener->Listen();
    listener->SetAcceptCallback(
        MakeNullCallback<bool, Ptr<Socket>, const Address&>(),
        Callback<void, Ptr<Socket>, const Address&>([this](Ptr<Socket> accepted, const Address&) {
            m_readers[accepted] =
                std::make_unique<FrameReader>([this](const Frame& frame) { Complete(frame); });
            accepted->SetRecvCallback(MakeCallback(&Transfers::ReadStream, this));
        }));
    m_listeners.push_back(listener);
}

void
Transfers::Check(const SendCommand& command) const
{
    for (const auto& name : {command.source, command.destination})
    {
        if (!m_network.Nodes().contains(name))
        {
            throw std::invalid_argument("send: no node '" + name + "'");
        }
    }
    if (command.source == command.destination)
    {
        throw std::invalid_argument("send: '" + command.source + "' sends to itself");
    }
    const auto largest = command.reliable ? LARGEST_MESSAGE : LARGEST_DATAGRAM;
    if (command.sizeBytes > largest || command.payload.size() > command.sizeBytes)
    {
        throw std::invalid_argument("send: transfer " + std::to_string(command.transferId) +
                                    ": a size of " + std::to_string(command.sizeBytes) +
                                    " bytes cannot be sent");
    }
    if (m_flights.contains(command.transferId))
    {
        throw std::invalid_argument("send: transfer " + std::to_string(command.transferId) +
                                    " is under way already");
    }
}

void
Transfers::Send(const SendCommand& command)
{
    Check(command);
    m_flights[command.transferId] = {command.source,
                                     command.destination,
                                     Simulator::Now().GetNanoSeconds(),
                                     command.sizeBytes,
                                     command.reliable};
    ++m_totals.sentMessages;
    m_totals.sentBytes += command.sizeBytes;
    if (!command.reliable)
    {
        SendDatagram(command);
        return;
    }
    auto& connection = Connect(command.source, command.destination);
    for (auto& packet : WriteFrame({command.transferId, command.sizeBytes, command.payload}))
    {
        connection.waiting.push_back(packet);
    }
    Pump(connection);
}

void
Transfers::SendDatagram(const SendCommand& command)
{
    auto datagram = Create<Packet>();
    for (const auto& packet : WriteFrame({command.transferId, command.sizeBytes, command.payload}))
    {
        datagram->AddAtEnd(packet);
    }
    const auto& destination = m_network.Nodes().at(command.destination);
    m_datagramSockets.at(command.source)
        ->SendTo(datagram, 0, InetSocketAddress(destination.address, DATAGRAM_PORT));
}

Transfers::Connection&
Transfers::Connect(const std::string& source, const std::string& destination)
{
    const auto [found, fresh] = m_connections.try_emplace({source, destination});
    auto& connection = found->second;
    if (fresh)
    {
        const auto& nodes = m_network.Nodes();
        connection.socket =
            Socket::CreateSocket(nodes.at(source).node, TcpSocketFactory::GetTypeId());
        const Callback<void, Ptr<Socket>> pump([&connection](Ptr<Socket>) { Pump(connection); });
        connection.socket->SetConnectCallback(pump, MakeNullCallback<void, Ptr<Socket>>());
        connection.socket->SetSendCallback(Callback<void, Ptr<Socket>, uint32_t>(
            [&connection](Ptr<Socket>, uint32_t) { Pump(connection); }));
        connection.socket->Connect(InetSocketAddress(nodes.at(destination).address, STREAM_PORT));
    }
    return connection;
}

void
Transfers::Pump(Connection& connection)
{
    while (!connection.waiting.empty())
    {
        auto& packet = connection.waiting.front();
        const auto room = connection.socket->GetTxAvailable();
        const auto part = std::min(room, packet->GetSize());
        if (part == 0 || connection.socket->Send(packet->CreateFragment(0, part)) < 0)
        {
            return;
        }
        if (part == packet->GetSize())
        {
            connection.waiting.pop_front();
        }
        else
        {
            packet = packet->CreateFragment(part, packet->GetSize() - part);
        }
    }
}

void
Transfers::ReadStream(Ptr<Socket> socket)
{
    auto& reader = *m_readers.at(socket);
    while (auto packet = socket->Recv())
    {
        if (packet->GetSize() == 0)
        {
            return;
        }
        reader.Feed(packet);
    }
}

void
Transfers::ReadDatagrams(Ptr<Socket> socket)
{
    while (auto packet = socket->Recv())
    {
        FrameReader([this](const Frame& frame) { Complete(frame); }).Feed(packet);
    }
}

void
Transfers::Complete(const Frame& frame)
{
    const auto found = m_flights.find(frame.transferId);
    if (found == m_flights.end())
    {
        throw std::logic_error("transfer " + std::to_string(frame.transferId) +
                               " arrived that was never sent");
    }
    const auto& flight = found->second;
    ++m_totals.deliveredMessages;
    m_totals.deliveredBytes += frame.sizeBytes;
    const DeliveryEvent event{Simulator::Now().GetNanoSeconds(),
                              frame.transferId,
                              flight.source,
                              flight.destination,
                              frame.sizeBytes,
                              flight.sentNs,
                              frame.payload};
    m_flights.erase(found);
    m_handler(event);
}

TransferTotals
Transfers::Totals() const
{
    auto totals = m_totals;
    const auto nowNs = Simulator::Now().GetNanoSeconds();
    for (const auto& [id, flight] : m_flights)
    {
        const bool lost = !flight.reliable && nowNs - flight.sentNs > DATAGRAM_OVERDUE_NS;
        ++(lost ? totals.lostMessages : totals.inFlightMessages);
        (lost ? totals.lostBytes : totals.inFlightBytes) += flight.sizeBytes;
    }
    return totals;
}

} // namespace cosim
