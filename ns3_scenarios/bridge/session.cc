/*
 * SPDX-License-Identifier: GPL-2.0-only
 */
#include "session.h"

#include "wire.h"

#include <algorithm>
#include <array>
#include <cstring>

namespace cosim
{

using nlohmann::json;

namespace
{

constexpr const char* MONITOR_ENDPOINT = "inproc://session-monitor";
// Over TCP; of a process on this machine one sees itself whether it lives.
constexpr int HEARTBEAT_INTERVAL_MS = 1000;
constexpr int HEARTBEAT_TIMEOUT_MS = 3500;
constexpr std::chrono::milliseconds LOOK_INTERVAL{500}; // at the time that is left
constexpr int LINGER_MS = 1000;                         // for the last message, e.g. an error
constexpr int64_t LARGEST_MESSAGE = 1 << 28;            // 256 MiB

} // namespace

Session::Session(const std::string& endpoint,
                 std::string id,
                 std::chrono::milliseconds deadline,
                 int peerFd,
                 const std::optional<SessionSecret>& secret)
    : m_id(std::move(id)),
      m_deadline(deadline),
      m_peerFd(peerFd),
      m_socket(m_context, zmq::socket_type::dealer),
      m_monitor(m_context, zmq::socket_type::pair)
{
    m_socket.set(zmq::sockopt::linger, LINGER_MS);
    m_socket.set(zmq::sockopt::sndtimeo, static_cast<int>(deadline.count()));
    m_socket.set(zmq::sockopt::maxmsgsize, LARGEST_MESSAGE);
    if (secret)
    {
        m_socket.set(zmq::sockopt::heartbeat_ivl, HEARTBEAT_INTERVAL_MS);
        m_socket.set(zmq::sockopt::heartbeat_timeout, HEARTBEAT_TIMEOUT_MS);
        secret->Apply(m_socket);
    }
    zmq_socket_monitor(m_socket.handle(), MONITOR_ENDPOINT, ZMQ_EVENT_DISCONNECTED);
    m_monitor.set(zmq::sockopt::linger, 0);
    m_monitor.connect(MONITOR_ENDPOINT);
    m_socket.connect(endpoint);
}

Session::~Session()
{
    // The context cannot end while the monitor is open.
    zmq_socket_monitor(m_socket.handle(), nullptr, 0);
}

void
Session::Send(const std::string& type, json body)
{
    body["v"] = PROTOCOL_VERSION;
    body["session"] = m_id;
    body["seq"] = m_sent++;
    body["type"] = type;
    const auto bytes = json::to_msgpack(body);
    if (!m_socket.send(zmq::buffer(bytes), zmq::send_flags::none))
    {
        throw PeerGone("the controllers' side took nothing for " +
                       std::to_string(m_deadline.count()) + " ms");
    }
}

json
Session::Receive()
{
    std::array<zmq::pollitem_t, 3> items{{{m_socket.handle(), 0, ZMQ_POLLIN, 0},
                                          {m_monitor.handle(), 0, ZMQ_POLLIN, 0},
                                          {nullptr, m_peerFd, ZMQ_POLLIN, 0}}};
    const size_t watched = m_peerFd < 0 ? 2 : 3;
    auto left = m_deadline;
    while (true)
    {
        if (left.count() <= 0)
        {
            throw PeerGone("the controllers' side sent nothing for " +
                           std::to_string(m_deadline.count()) + " ms");
        }
        const auto begin = std::chrono::steady_clock::now();
        zmq::poll(items.data(), watched, std::min(left, LOOK_INTERVAL));
        // Time in which this process was stopped itself (Ctrl-Z) does not count.
        const auto waited =
            std::chrono::ceil<std::chrono::milliseconds>(std::chrono::steady_clock::now() - begin);
        left -= std::min(waited, 2 * LOOK_INTERVAL);
        if (items[0].revents & ZMQ_POLLIN)
        {
            break;
        }
        const bool ended = items[2].revents & ZMQ_POLLIN;
        if (ended || ((items[1].revents & ZMQ_POLLIN) && PeerDisconnected()))
        {
            throw PeerGone("the controllers' side has died");
        }
    }
    zmq::message_t raw;
    (void)m_socket.recv(raw, zmq::recv_flags::none);
    const auto* begin = static_cast<const uint8_t*>(raw.data());
    auto message = ParseMessagePack(begin, begin + raw.size());
    CheckEnvelope(message);
    return message;
}

bool
Session::PeerDisconnected()
{
    zmq::message_t event;
    zmq::message_t address;
    (void)m_monitor.recv(event, zmq::recv_flags::none);
    (void)m_monitor.recv(address, zmq::recv_flags::none);
    uint16_t kind = 0;
    std::memcpy(&kind, event.data(), sizeof(kind));
    return kind == ZMQ_EVENT_DISCONNECTED;
}

void
Session::CheckEnvelope(const json& message)
{
    if (!message.is_object())
    {
        throw ProtocolError("a message is not a map");
    }
    const auto version = GetField<int>(message, "v");
    if (version != PROTOCOL_VERSION)
    {
        throw ProtocolError("protocol version " + std::to_string(version) +
                            ", this program speaks " + std::to_string(PROTOCOL_VERSION));
    }
    if (GetField<std::string>(message, "session") != m_id)
    {
        throw ProtocolError("a message of another session");
    }
    const auto sequence = GetField<uint64_t>(message, "seq");
    if (sequence != m_received)
    {
        throw ProtocolError("message " + std::to_string(sequence) + " where " +
                            std::to_string(m_received) + " was due");
    }
    ++m_received;
    GetField<std::string>(message, "type");
}

} // namespace cosim
