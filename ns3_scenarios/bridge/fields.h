/*
 * SPDX-License-Identifier: GPL-2.0-only
 */
#ifndef COSIM_FIELDS_H
#define COSIM_FIELDS_H

#include <array>
#include <cmath>
#include <concepts>
#include <cstdint>
#include <limits>
#include <nlohmann/json.hpp>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>

namespace cosim
{

/** A message that does not follow the protocol. */
class ProtocolError : public std::runtime_error
{
  public:
    using std::runtime_error::runtime_error;
};

/**
 * Read MessagePack that anybody may have written.
 *
 * @param begin first byte
 * @param end behind the last
 * @return what it says
 * @throw ProtocolError when it is none, or nested deeper than any message of this protocol
 */
nlohmann::json ParseMessagePack(const uint8_t* begin, const uint8_t* end);

/** @return the value of a field @throw ProtocolError when there is none */
const nlohmann::json& FieldOf(const nlohmann::json& body, std::string_view key);

/** @throw ProtocolError that tells of a value's wrong type or range */
[[noreturn]] void RefuseValue(const std::string& key, const std::string& wanted);

/**
 * A number as T, of exactly that kind: nlohmann's own conversions turn -1 into a huge size, and
 * what a float beyond the range becomes is undefined.
 *
 * @param value to convert
 * @param key that the error names
 * @return the value
 * @throw ProtocolError when it is of another type, or T cannot hold it
 */
template <class T>
T
ConvertValue(const nlohmann::json& value, const std::string& key)
{
    if constexpr (std::same_as<T, bool>)
    {
        if (!value.is_boolean())
        {
            RefuseValue(key, "true or false");
        }
    }
    else if constexpr (std::integral<T>)
    {
        const bool fits = value.is_number_unsigned()
                              ? std::in_range<T>(value.get<uint64_t>())
                              : value.is_number_integer() && std::in_range<T>(value.get<int64_t>());
        if (!fits)
        {
            RefuseValue(key, "an integer in range");
        }
    }
    else if constexpr (std::floating_point<T>)
    {
        if (!value.is_number() || !std::isfinite(value.get<T>()))
        {
            RefuseValue(key, "a finite number");
        }
    }
    else
    {
        static_assert(std::same_as<T, std::string>);
        if (!value.is_string())
        {
            RefuseValue(key, "a text");
        }
    }
    return value.get<T>();
}

/** @param body a map @param key of it @return the value as T @throw ProtocolError otherwise */
template <class T>
T
GetField(const nlohmann::json& body, const std::string& key)
{
    return ConvertValue<T>(FieldOf(body, key), key);
}

/** @param body a map @param key of it @param target takes the value, see `GetField` */
template <class T>
void
ReadField(const nlohmann::json& body, const std::string& key, T& target)
{
    target = GetField<T>(body, key);
}

/** @param body a map @param key of it @return the list @throw ProtocolError otherwise */
const nlohmann::json& GetList(const nlohmann::json& body, std::string_view key);

/** @param body a map @param key of it @return N numbers @throw ProtocolError otherwise */
template <class T, std::size_t N>
std::array<T, N>
GetArray(const nlohmann::json& body, const std::string& key)
{
    const auto& list = GetList(body, key);
    if (list.size() != N)
    {
        RefuseValue(key, "a list of " + std::to_string(N));
    }
    std::array<T, N> values{};
    for (std::size_t i = 0; i < N; ++i)
    {
        values[i] = ConvertValue<T>(list[i], key);
    }
    return values;
}

} // namespace cosim

#endif // COSIM_FIELDS_H
