/*
 * SPDX-License-Identifier: GPL-2.0-only
 *
 * What the test suites of the iab module share.
 */
#ifndef IAB_TEST_NETWORK_H
#define IAB_TEST_NETWORK_H

#include "ns3/constant-velocity-mobility-model.h"
#include "ns3/iab-helper.h"
#include "ns3/node.h"
#include "ns3/pointer.h"

#include <cmath>
#include <memory>
#include <string>

/**
 * @param position of the node
 * @param velocity of the node
 * @return a node with a mobility model
 */
inline ns3::Ptr<ns3::Node>
MakeRadioNode(const ns3::Vector& position, const ns3::Vector& velocity = ns3::Vector())
{
    auto mobility = ns3::CreateObject<ns3::ConstantVelocityMobilityModel>();
    mobility->SetPosition(position);
    mobility->SetVelocity(velocity);
    auto node = ns3::CreateObject<ns3::Node>();
    node->AggregateObject(mobility);
    return node;
}

/** @return a radio network with nothing random but fading and block errors, and no interference */
inline ns3::IabRadioConfig
PlainConfig()
{
    ns3::IabRadioConfig config;
    config.tddPattern = "F";
    config.accessLos = ns3::LosPolicy::ALWAYS;
    config.shadowing = false;
    config.interference = false;
    config.ueArray = {4, 4};
    return config;
}

/** One cell with links of flat channels, without interference. */
class TestCell
{
  public:
    /**
     * @param pattern TDD pattern, numerology 3, 100 MHz
     * @param config of the grid
     */
    explicit TestCell(const std::string& pattern, const ns3::ResourceGridConfig& config = {})
        : TestCell(ns3::NrFrame(3, 100000000, pattern), config)
    {
    }

    /**
     * @param frame its slots
     * @param config of the grid
     */
    explicit TestCell(const ns3::NrFrame& frame, const ns3::ResourceGridConfig& config = {})
        : m_frame(frame),
          m_grid(std::make_shared<ns3::ResourceGrid>(m_frame,
                                                     config,
                                                     std::make_shared<ns3::BlockErrorModel>())),
          m_cell(ns3::CreateObject<ns3::CellMac>())
    {
        m_cell->Configure(m_frame, ns3::HalfDuplex::NONE, m_grid, nullptr);
        m_cell->AssignStreams(3);
    }

    ~TestCell()
    {
        m_cell->Dispose();
    }

    /**
     * Add a link whose receiver counts bytes.
     *
     * @param sinrDb of both directions
     * @param mode of RLC
     * @param received counter of uplink bytes
     * @return the link
     */
    ns3::Ptr<ns3::RadioLink> AddLink(double sinrDb, ns3::RlcMode mode, uint64_t& received)
    {
        auto link = ns3::Create<ns3::RadioLink>("test", 50000000, mode);
        link->SetReceiver(
            ns3::NrDirection::UPLINK,
            ns3::RadioLink::DeliverCallback([&received](const std::vector<ns3::RlcSdu>& sdus) {
                for (const auto& sdu : sdus)
                {
                    received += sdu.bytes;
                }
            }));
        m_cell->AddLink(link);
        m_cell->UpdateQuality(link, ns3::NrDirection::UPLINK, ns3::LinkQuality::Flat(sinrDb));
        return link;
    }

    /** @return the cell */
    const ns3::Ptr<ns3::CellMac>& Cell() const
    {
        return m_cell;
    }

    /** @return what allocations carry */
    const ns3::ResourceGrid& Grid() const
    {
        return *m_grid;
    }

    /** @return its slots */
    const ns3::NrFrame& Frame() const
    {
        return m_frame;
    }

    /**
     * @param part of the cell, by its attribute
     * @return the part
     */
    ns3::Ptr<ns3::Object> Part(const std::string& part) const
    {
        ns3::PointerValue value;
        m_cell->GetAttribute(part, value);
        return value.Get<ns3::Object>();
    }

  private:
    ns3::NrFrame m_frame;                            //!< its slots
    std::shared_ptr<const ns3::ResourceGrid> m_grid; //!< what allocations carry
    ns3::Ptr<ns3::CellMac> m_cell;                   //!< the cell
};

#endif // IAB_TEST_NETWORK_H
