/*
 * SPDX-License-Identifier: GPL-2.0-only
 */
#ifndef COSIM_SESSION_H
#define COSIM_SESSION_H

#include "fields.h"
#include "session-secret.h"

#include <chrono>
#include <cstdint>
#include <nlohmann/json.hpp>
#include <optional>
#include <stdexcept>
#include <string>
#include <zmq.hpp>

namespace cosim
{

/** The controllers' side ended or fell silent. */
class PeerGone : public std::runtime_error
{
  public:
    using std::runtime_error::runtime_error;
};

/**
 * The conversation with the controllers' side: numbered messages of one session over a ZeroMQ
 * DEALER socket, MessagePack maps. No wait is without a deadline, and a peer that goes away ends
 * it at once (socket monitor, ZMTP heartbeats).
 */
class Session
{
  public:
    /**
     * @param endpoint that the other side has bound
     * @param id of the session, which every message carries
     * @param deadline of each wait
     * @param peerFd descriptor that is readable once the other side has ended; -1 is none
     * @param secret that the other side asks for, over TCP
     */
    Session(const std::string& endpoint,
            std::string id,
            std::chrono::milliseconds deadline,
            int peerFd = -1,
            const std::optional<SessionSecret>& secret = std::nullopt);
    ~Session();
    Session(const Session&) = delete;
    Session& operator=(const Session&) = delete;

    /**
     * @param type of the message
     * @param body its fields
     */
    void Send(const std::string& type, nlohmann::json body);

    /**
     * Wait for the next message.
     *
     * @return the message, with at least `type`
     * @throw PeerGone when the peer ends or the deadline passes
     * @throw ProtocolError when it is no message of this session or out of order
     */
    nlohmann::json Receive();

  private:
    /** @return whether the monitor says that the peer is gone */
    bool PeerDisconnected();
    /** @param message to check @throw ProtocolError when it does not belong here */
    void CheckEnvelope(const nlohmann::json& message);

    std::string m_id;                     //!< of the session
    std::chrono::milliseconds m_deadline; //!< of each wait
    int m_peerFd;                         //!< readable once the other side has ended, or -1
    zmq::context_t m_context;             //!< of the sockets
    zmq::socket_t m_socket;               //!< the conversation
    zmq::socket_t m_monitor;              //!< connection events
    uint64_t m_sent{0};                   //!< sequence number of the next message sent
    uint64_t m_received{0};               //!< sequence number of the next message received
};

} // namespace cosim

#endif // COSIM_SESSION_H
