/*
 * SPDX-License-Identifier: GPL-2.0-only
 */
#include "wired-link.h"

#include "ns3/data-rate.h"
#include "ns3/point-to-point-helper.h"
#include "ns3/queue.h"
#include "ns3/string.h"
#include "ns3/traffic-control-helper.h"

#include <map>

namespace cosim
{

using namespace ns3;

namespace
{

/** @return ns-3's name of a queue discipline that stands before the device's own queue, or "" */
std::string
TypeOf(const std::string& discipline)
{
    static const std::map<std::string, std::string> types{{"codel", "ns3::CoDelQueueDisc"},
                                                          {"fq-codel", "ns3::FqCoDelQueueDisc"},
                                                          {"pie", "ns3::PieQueueDisc"}};
    const auto found = types.find(discipline);
    return found == types.end() ? "" : found->second;
}

/** Put a queue discipline before the devices' queues. @return one for each device */
QueueDiscContainer
InstallDiscipline(const LinkDescription& description, const NetDeviceContainer& devices)
{
    TrafficControlHelper control;
    const auto type = TypeOf(description.queueDiscipline);
    const auto packets = std::max(1U, description.queueBytes / 1500);
    const bool inBytes = type != "ns3::FqCoDelQueueDisc"; // which counts in packets alone
    control.SetRootQueueDisc(type,
                             "MaxSize",
                             StringValue(inBytes ? std::to_string(description.queueBytes) + "B"
                                                 : std::to_string(packets) + "p"));
    return control.Install(devices);
}

} // namespace

uint64_t
WireEnd::WaitingBytes() const
{
    return device->GetQueue()->GetNBytes() + (discipline ? discipline->GetNBytes() : 0);
}

Wire
LayWire(const LinkDescription& description,
        const Ptr<Node>& child,
        const Ptr<Node>& parent,
        int64_t& stream)
{
    const bool dropTail = TypeOf(description.queueDiscipline).empty();
    PointToPointHelper helper;
    helper.SetDeviceAttribute("DataRate", DataRateValue(DataRate(description.capacityBps)));
    helper.SetChannelAttribute("Delay", TimeValue(NanoSeconds(description.delayNs)));
    // What waits, waits where it is managed: in the device, or before it.
    helper.SetQueue("ns3::DropTailQueue<Packet>",
                    "MaxSize",
                    StringValue(dropTail ? std::to_string(description.queueBytes) + "B" : "2p"));
    if (dropTail)
    {
        helper.DisableFlowControl();
    }
    const auto devices = helper.Install(child, parent);
    QueueDiscContainer disciplines;
    if (!dropTail)
    {
        disciplines = InstallDiscipline(description, devices);
    }
    Wire wire{description, {}, {}};
    uint32_t index = 0;
    for (auto* end : {&wire.up, &wire.down})
    {
        end->device = DynamicCast<PointToPointNetDevice>(devices.Get(index));
        end->discipline = dropTail ? nullptr : disciplines.Get(index);
        ++index;
        if (description.crossTraffic)
        {
            end->crossTraffic = CreateObject<CrossTraffic>();
            end->crossTraffic->Configure(end->device,
                                         description.capacityBps,
                                         *description.crossTraffic);
            stream += end->crossTraffic->AssignStreams(stream);
        }
    }
    return wire;
}

} // namespace cosim
