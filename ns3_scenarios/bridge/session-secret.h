/*
 * SPDX-License-Identifier: GPL-2.0-only
 */
#ifndef COSIM_SESSION_SECRET_H
#define COSIM_SESSION_SECRET_H

#include <string>
#include <zmq.hpp>

namespace cosim
{

/**
 * The secret that both sides of a conversation over TCP have: the CURVE key of the controllers'
 * side. Who has not its public half can neither connect to it nor read what is sent.
 */
class SessionSecret
{
  public:
    /**
     * @param path of a file with 64 hexadecimal digits
     * @throw std::runtime_error when it has not, or cannot be read
     */
    static SessionSecret Read(const std::string& path);

    /** @return the session's id: the public half, in Z85 */
    const std::string& Id() const;

    /** @param socket that is to connect with this secret */
    void Apply(zmq::socket_t& socket) const;

  private:
    /** @param publicKey in Z85 */
    explicit SessionSecret(std::string publicKey);

    std::string m_publicKey; //!< of the controllers' side, in Z85
};

} // namespace cosim

#endif // COSIM_SESSION_SECRET_H
