/*
 * SPDX-License-Identifier: GPL-2.0-only
 */
#include "session-secret.h"

#include <array>
#include <cctype>
#include <cstdint>
#include <fstream>
#include <stdexcept>

namespace cosim
{

namespace
{

constexpr size_t KEY_BYTES = 32;
using Z85Key = std::array<char, 41>; // with the terminating zero

std::array<uint8_t, KEY_BYTES>
ParseHex(const std::string& text, const std::string& path)
{
    std::array<uint8_t, KEY_BYTES> key;
    bool valid = text.size() == 2 * KEY_BYTES;
    for (const unsigned char digit : text)
    {
        valid = valid && std::isxdigit(digit);
    }
    if (!valid)
    {
        throw std::runtime_error("the session secret " + path + " is not 64 hexadecimal digits");
    }
    for (size_t i = 0; i < KEY_BYTES; ++i)
    {
        key[i] = static_cast<uint8_t>(std::stoi(text.substr(2 * i, 2), nullptr, 16));
    }
    return key;
}

void
Require(int result)
{
    if (result != 0)
    {
        throw std::runtime_error("libzmq was built without CURVE");
    }
}

} // namespace

SessionSecret::SessionSecret(std::string publicKey)
    : m_publicKey(std::move(publicKey))
{
}

SessionSecret
SessionSecret::Read(const std::string& path)
{
    std::string text;
    if (!(std::ifstream(path) >> text))
    {
        throw std::runtime_error("the session secret " + path + " cannot be read");
    }
    const auto key = ParseHex(text, path);
    Z85Key secretKey;
    Z85Key publicKey;
    zmq_z85_encode(secretKey.data(), key.data(), key.size());
    Require(zmq_curve_public(publicKey.data(), secretKey.data()));
    return SessionSecret(publicKey.data());
}

const std::string&
SessionSecret::Id() const
{
    return m_publicKey;
}

void
SessionSecret::Apply(zmq::socket_t& socket) const
{
    Z85Key ownPublic;
    Z85Key ownSecret;
    Require(zmq_curve_keypair(ownPublic.data(), ownSecret.data()));
    socket.set(zmq::sockopt::curve_serverkey, m_publicKey);
    socket.set(zmq::sockopt::curve_publickey, std::string(ownPublic.data()));
    socket.set(zmq::sockopt::curve_secretkey, std::string(ownSecret.data()));
}

} // namespace cosim
