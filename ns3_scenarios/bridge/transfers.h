/*
 * SPDX-License-Identifier: GPL-2.0-only
 */
#ifndef COSIM_TRANSFERS_H
#define COSIM_TRANSFERS_H

#include "framing.h"
#include "network.h"

#include "ns3/ipv4-address.h"
#include "ns3/socket.h"

#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <string>

namespace cosim
{

/** A command of the controllers: carry a message as real packets. */
struct SendCommand
{
    uint64_t transferId;     //!< unique in a run
    std::string source;      //!< node name
    std::string destination; //!< node name
    uint64_t sizeBytes;      //!< payload and padding
    bool reliable;           //!< TCP rather than UDP
    Bytes payload;           //!< leading bytes
};

/** The last byte of a message reached its destination. */
struct DeliveryEvent
{
    int64_t timeNs;          //!< when
    uint64_t transferId;     //!< which
    std::string source;      //!< node name
    std::string destination; //!< node name
    uint64_t sizeBytes;      //!< payload and padding
    int64_t sentNs;          //!< when it was commanded
    Bytes payload;           //!< leading bytes, as they came out of the packets
};

/** Account of all transfers. */
struct TransferTotals
{
    uint64_t sentMessages{0};      //!< commanded
    uint64_t sentBytes{0};         //!< commanded
    uint64_t deliveredMessages{0}; //!< complete at the destination
    uint64_t deliveredBytes{0};    //!< complete at the destination
    uint64_t inFlightMessages{0};  //!< neither delivered nor given up
    uint64_t inFlightBytes{0};     //!< neither delivered nor given up
    uint64_t lostMessages{0};      //!< datagrams that are overdue
    uint64_t lostBytes{0};         //!< datagrams that are overdue
};

/**
 * Carries messages between nodes over ns-3's TCP and UDP: one lasting TCP connection for each pair
 * of nodes that talk, one datagram for each unreliable message.
 */
class Transfers
{
  public:
    /** Called when a message is complete. */
    using DeliveryHandler = std::function<void(const DeliveryEvent&)>;

    /**
     * @param network whose nodes talk
     * @param handler of deliveries
     */
    Transfers(const Network& network, DeliveryHandler handler);

    /**
     * @param command to carry out now
     * @throw std::invalid_argument on unknown nodes, sizes that cannot be, or a used id
     */
    void Send(const SendCommand& command);

    /** @return the account */
    TransferTotals Totals() const;

  private:
    /** A TCP connection and what waits for room in its buffer. */
    struct Connection
    {
        ns3::Ptr<ns3::Socket> socket;              //!< of the sender
        std::deque<ns3::Ptr<ns3::Packet>> waiting; //!< not yet handed to TCP
    };

    /** A message under way. */
    struct Flight
    {
        std::string source;      //!< node name
        std::string destination; //!< node name
        int64_t sentNs;          //!< when it was commanded
        uint64_t sizeBytes;      //!< payload and padding
        bool reliable;           //!< TCP rather than UDP
    };

    /** Open a node's receiving sockets. @param node the node */
    void Listen(const NetworkNode& node);
    /** @param command the command @throw std::invalid_argument when it cannot be carried out */
    void Check(const SendCommand& command) const;
    /** @param source node name @param destination node name @return their connection */
    Connection& Connect(const std::string& source, const std::string& destination);
    /** Hand to TCP what fits. @param connection whose */
    static void Pump(Connection& connection);
    /** Send one datagram. @param command to send */
    void SendDatagram(const SendCommand& command);
    /** Read what a TCP socket received. @param socket whose */
    void ReadStream(ns3::Ptr<ns3::Socket> socket);
    /** Read the datagrams of a UDP socket. @param socket whose */
    void ReadDatagrams(ns3::Ptr<ns3::Socket> socket);
    /** A frame is complete at its destination. @param frame the frame */
    void Complete(const Frame& frame);

    const Network& m_network;                                                //!< nodes
    DeliveryHandler m_handler;                                               //!< of deliveries
    std::map<std::pair<std::string, std::string>, Connection> m_connections; //!< by ends
    std::map<std::string, ns3::Ptr<ns3::Socket>> m_datagramSockets;          //!< by node
    std::vector<ns3::Ptr<ns3::Socket>> m_listeners;                          //!< kept open
    std::map<ns3::Ptr<ns3::Socket>, std::unique_ptr<FrameReader>> m_readers; //!< by stream
    std::map<uint64_t, Flight> m_flights;                                    //!< by transfer id
    TransferTotals m_totals;                                                 //!< account
};

} // namespace cosim

#endif // COSIM_TRANSFERS_H
