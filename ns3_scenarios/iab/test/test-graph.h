/*
 * SPDX-License-Identifier: GPL-2.0-only
 *
 * A network in which IAB nodes have several parents, for tests.
 */
#ifndef TEST_GRAPH_H
#define TEST_GRAPH_H

#include "test-network.h"

#include "ns3/simulator.h"

#include <map>
#include <string>
#include <utility>
#include <vector>

namespace ns3
{

/** What a run of a TestGraph shall do with its nodes. */
enum class Build
{
    FORWARDS, //!< make them in the order of their names
    BACKWARDS //!< and in the other
};

/**
 * A donor, relays p and q below it and x and y below these, each with a UE, "a" at x and "b" at y:
 * x and y have p as their first parent and q as their second, over the links "xq" and "yq".
 */
class TestGraph
{
  public:
    static constexpr uint32_t SDU_BYTES = 1200; //!< of the traffic that Offer makes

    /** @param config radio interface @param build in which order */
    explicit TestGraph(const IabRadioConfig& config, Build build = Build::FORWARDS)
        : m_iab(config)
    {
        m_nodes["donor"] = m_iab.InstallDonor(MakeRadioNode({0, 0, 10}));
        using Names = std::vector<std::string>;
        const auto ordered = [build](Names names) {
            return build == Build::FORWARDS ? names : Names(names.rbegin(), names.rend());
        };
        for (const auto& name : ordered({"p", "q"}))
        {
            const Vector place{100, name == "p" ? 60.0 : -60.0, 10};
            m_nodes[name] = m_iab.InstallRelay(MakeRadioNode(place), m_nodes.at("donor"), name);
        }
        for (const auto& name : ordered({"x", "y"}))
        {
            const Vector place{200, name == "x" ? 60.0 : -60.0, 10};
            m_nodes[name] = m_iab.InstallRelay(MakeRadioNode(place), m_nodes.at("p"), name);
        }
        for (const auto& name : ordered({"x", "y"}))
        {
            m_iab.AddParent(m_nodes.at(name), m_nodes.at("q"), name + "q");
        }
        for (const auto& name : ordered({"a", "b"}))
        {
            const Vector place{240, name == "a" ? 70.0 : -70.0, 1.5};
            m_nodes[name] = m_iab.InstallUe(MakeRadioNode(place), name);
        }
        for (const auto& [name, node] : m_nodes)
        {
            node->Bap()->SetUpperLayer(Callback<void, RlcSdu>([this](RlcSdu sdu) {
                const bool up = sdu.destination == Bap("donor")->Address();
                m_received[{up ? sdu.source : sdu.destination, up}] += sdu.bytes;
            }));
        }
        for (const auto& name : ordered({"a", "b"}))
        {
            m_iab.Access(m_nodes.at(name))->Start();
        }
    }

    ~TestGraph()
    {
        Simulator::Destroy();
    }

    /** Send SDUs between a UE and the donor at a rate. @param up whether upward */
    void Offer(const std::string& ue, bool up, double mbps, Time from, Time until)
    {
        const auto source = Bap(up ? ue : "donor");
        const auto sink = Bap(up ? "donor" : ue);
        const RlcSdu sdu{nullptr, SDU_BYTES, source->Address(), sink->Address(), Bearer::TASK};
        auto& accepted = m_accepted[{Bap(ue)->Address(), up}];
        for (Time when = from; when < until; when += Seconds(8 * SDU_BYTES / (mbps * 1e6)))
        {
            Simulator::Schedule(when, [source, sdu, &accepted]() {
                accepted += source->Forward(sdu) ? SDU_BYTES : 0;
            });
        }
    }

    /** Run to a time. @param until when */
    static void Run(Time until)
    {
        Simulator::Stop(until - Simulator::Now());
        Simulator::Run();
    }

    /** @return the helper */
    IabHelper& Iab()
    {
        return m_iab;
    }

    /** @return BAP entity of a node by name */
    Ptr<BapEntity> Bap(const std::string& name) const
    {
        return m_nodes.at(name)->Bap();
    }

    /** @return bytes that found room in the first queue */
    uint64_t Accepted(const std::string& ue, bool up)
    {
        return m_accepted[{Bap(ue)->Address(), up}];
    }

    /** @return bytes that came out at the other end */
    uint64_t Received(const std::string& ue, bool up)
    {
        return m_received[{Bap(ue)->Address(), up}];
    }

    /** @return devices by name */
    const std::map<std::string, Ptr<IabNetDevice>>& Nodes() const
    {
        return m_nodes;
    }

  private:
    using Flow = std::pair<BapAddress, bool>; //!< UE, whether upward

    IabHelper m_iab;                                  //!< the network
    std::map<std::string, Ptr<IabNetDevice>> m_nodes; //!< devices by name
    std::map<Flow, uint64_t> m_accepted;              //!< bytes
    std::map<Flow, uint64_t> m_received;              //!< bytes
};

} // namespace ns3

#endif // TEST_GRAPH_H
