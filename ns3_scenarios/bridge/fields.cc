/*
 * SPDX-License-Identifier: GPL-2.0-only
 */
#include "fields.h"

namespace cosim
{

using nlohmann::json;

namespace
{

constexpr std::size_t DEEPEST = 16; // the configuration message needs 6

/** Builds the message, and stops at a depth at which the recursive parser is far from its end. */
class ShallowBuilder : public nlohmann::detail::json_sax_dom_parser<json>
{
  public:
    using Base = nlohmann::detail::json_sax_dom_parser<json>;
    using Base::Base;

    bool start_object(std::size_t length) // NOLINT: the names are nlohmann's
    {
        return Deeper() && Base::start_object(length);
    }

    bool end_object() // NOLINT
    {
        --m_depth;
        return Base::end_object();
    }

    bool start_array(std::size_t length) // NOLINT
    {
        return Deeper() && Base::start_array(length);
    }

    bool end_array() // NOLINT
    {
        --m_depth;
        return Base::end_array();
    }

  private:
    /** @return whether there may be one more level */
    bool Deeper()
    {
        if (++m_depth > DEEPEST)
        {
            throw ProtocolError("a message is nested too deeply");
        }
        return true;
    }

    std::size_t m_depth{0}; //!< open maps and lists
};

} // namespace

json
ParseMessagePack(const uint8_t* begin, const uint8_t* end)
{
    json message;
    ShallowBuilder builder(message, true);
    try
    {
        json::sax_parse(begin, end, &builder, json::input_format_t::msgpack);
    }
    catch (const json::exception& error)
    {
        throw ProtocolError(std::string("a message that is no MessagePack: ") + error.what());
    }
    return message;
}

const json&
FieldOf(const json& body, std::string_view key)
{
    if (!body.is_object())
    {
        throw ProtocolError("a " + std::string(body.type_name()) + " where a map with '" +
                            std::string(key) + "' was due");
    }
    const auto found = body.find(key);
    if (found == body.end())
    {
        throw ProtocolError("field '" + std::string(key) + "' is missing");
    }
    return *found;
}

void
RefuseValue(const std::string& key, const std::string& wanted)
{
    throw ProtocolError("field '" + key + "' is not " + wanted);
}

const json&
GetList(const json& body, std::string_view key)
{
    const auto& list = FieldOf(body, key);
    if (!list.is_array())
    {
        RefuseValue(std::string(key), "a list");
    }
    return list;
}

} // namespace cosim
