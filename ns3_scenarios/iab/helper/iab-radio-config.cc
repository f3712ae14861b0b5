/*
 * SPDX-License-Identifier: GPL-2.0-only
 */
#include "iab-radio-config.h"

#include "ns3/boolean.h"
#include "ns3/double.h"
#include "ns3/enum.h"
#include "ns3/string.h"
#include "ns3/uinteger.h"

#include <algorithm>

namespace ns3
{

namespace
{

/** @return a checker of the names of LosPolicy */
Ptr<const AttributeChecker>
LosChecker()
{
    return MakeEnumChecker(LosPolicy::ALWAYS,
                           "Always",
                           LosPolicy::NEVER,
                           "Never",
                           LosPolicy::RANDOM,
                           "Random");
}

/** @return rows and columns, at least one each */
ArraySize
ToArraySize(const Vector2D& size)
{
    return {static_cast<uint32_t>(std::max(size.x, 1.0)),
            static_cast<uint32_t>(std::max(size.y, 1.0))};
}

} // namespace

NS_OBJECT_ENSURE_REGISTERED(IabRadioConfig);

TypeId
IabRadioConfig::GetTypeId()
{
    static TypeId tid =
        TypeId("ns3::IabRadioConfig")
            .SetParent<ObjectBase>()
            .SetGroupName("Iab")
            .AddAttribute("Carrier",
                          "Carrier frequency in Hz.",
                          DoubleValue(28e9),
                          MakeDoubleAccessor(&IabRadioConfig::carrierHz),
                          MakeDoubleChecker<double>(0.5e9, 100e9))
            .AddAttribute("Bandwidth",
                          "Channel bandwidth in Hz.",
                          UintegerValue(100000000),
                          MakeUintegerAccessor(&IabRadioConfig::bandwidthHz),
                          MakeUintegerChecker<uint64_t>())
            .AddAttribute("Numerology",
                          "Mu of TS 38.211 4.2.",
                          UintegerValue(3),
                          MakeUintegerAccessor(&IabRadioConfig::numerology),
                          MakeUintegerChecker<uint8_t>(0, 4))
            .AddAttribute("TddPattern",
                          "A letter a slot: D, S, U, F.",
                          StringValue("DSUU"),
                          MakeStringAccessor(&IabRadioConfig::tddPattern),
                          MakeStringChecker())
            .AddAttribute("Environment",
                          "UMi-StreetCanyon, UMa or RMa (TR 38.901 7.2).",
                          StringValue("UMi-StreetCanyon"),
                          MakeStringAccessor(&IabRadioConfig::environment),
                          MakeStringChecker())
            .AddAttribute("AccessLos",
                          "Line of sight of access links.",
                          EnumValue(LosPolicy::RANDOM),
                          MakeEnumAccessor<LosPolicy>(&IabRadioConfig::accessLos),
                          LosChecker())
            .AddAttribute("BackhaulLos",
                          "Line of sight of backhaul links.",
                          EnumValue(LosPolicy::ALWAYS),
                          MakeEnumAccessor<LosPolicy>(&IabRadioConfig::backhaulLos),
                          LosChecker())
            .AddAttribute("Shadowing",
                          "Whether there is any (TR 38.901 7.4.1).",
                          BooleanValue(true),
                          MakeBooleanAccessor(&IabRadioConfig::shadowing),
                          MakeBooleanChecker())
            .AddAttribute("ScattererSpeed",
                          "For their Doppler on access links, in m/s (TR 38.901 7.6.10).",
                          DoubleValue(0),
                          MakeDoubleAccessor(&IabRadioConfig::scattererMps),
                          MakeDoubleChecker<double>(0))
            .AddAttribute("NoiseFigure",
                          "Of every receiver, in dB.",
                          DoubleValue(5),
                          MakeDoubleAccessor(&IabRadioConfig::noiseFigureDb),
                          MakeDoubleChecker<double>(0))
            .AddAttribute("UePower",
                          "Transmit power of a UE in dBm.",
                          DoubleValue(23),
                          MakeDoubleAccessor(&IabRadioConfig::uePowerDbm),
                          MakeDoubleChecker<double>())
            .AddAttribute("IabPower",
                          "Transmit power of an IAB node, MT and DU, in dBm.",
                          DoubleValue(30),
                          MakeDoubleAccessor(&IabRadioConfig::iabPowerDbm),
                          MakeDoubleChecker<double>())
            .AddAttribute("EirpLimit",
                          "Of every transmitter, in dBm: less power if its array is large.",
                          DoubleValue(INFINITY),
                          MakeDoubleAccessor(&IabRadioConfig::eirpLimitDbm),
                          MakeDoubleChecker<double>())
            .AddAttribute(
                "UeArray",
                "Rows and columns of a UE's panel.",
                Vector2DValue(Vector2D(2, 2)),
                MakeVector2DAccessor(&IabRadioConfig::SetUeArray, &IabRadioConfig::GetUeArray),
                MakeVector2DChecker())
            .AddAttribute(
                "IabArray",
                "Rows and columns of an IAB node's panel.",
                Vector2DValue(Vector2D(8, 8)),
                MakeVector2DAccessor(&IabRadioConfig::SetIabArray, &IabRadioConfig::GetIabArray),
                MakeVector2DChecker());
    return tid;
}

TypeId
IabRadioConfig::GetInstanceTypeId() const
{
    return GetTypeId();
}

IabRadioConfig::IabRadioConfig()
{
    ConstructSelf(AttributeConstructionList());
}

void
IabRadioConfig::SetUeArray(Vector2D size)
{
    ueArray = ToArraySize(size);
}

Vector2D
IabRadioConfig::GetUeArray() const
{
    return Vector2D(ueArray.rows, ueArray.columns);
}

void
IabRadioConfig::SetIabArray(Vector2D size)
{
    iabArray = ToArraySize(size);
}

Vector2D
IabRadioConfig::GetIabArray() const
{
    return Vector2D(iabArray.rows, iabArray.columns);
}

} // namespace ns3
