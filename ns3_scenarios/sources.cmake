# The C++ sources, one list per target; paths are relative to ns3_scenarios/. A list that is empty
# leaves its target out.

# ns-3 modules that are linked (and whose libraries are installed beside the program).
set(COSIM_NS3_COMPONENTS
  core network stats mobility antenna propagation spectrum buildings
  bridge traffic-control internet point-to-point applications)

# Library `iab`: the radio stack; knows nothing of Python or ZeroMQ. iab/model/**, iab/helper/**.
set(IAB_SOURCES
  iab/model/phy/block-error-model.cc
  iab/model/phy/nr-tables.cc
  iab/model/phy/nr-frame.cc
  iab/model/phy/fading-record.cc
  iab/model/phy/radio-channel.cc
  iab/model/rlc/rlc-channel.cc
  iab/model/mac/radio-link.cc
  iab/model/mac/slot-scheduler.cc
  iab/model/mac/resource-grid.cc
  iab/model/mac/interference.cc
  iab/model/mac/flow-control.cc
  iab/model/mac/harq-entity.cc
  iab/model/mac/link-adaptation.cc
  iab/model/mac/mac-timing.cc
  iab/model/mac/cell-mac.cc
  iab/model/mac/cell-mac-slot.cc
  iab/model/iab/bap-entity.cc
  iab/model/iab/iab-topology.cc
  iab/model/iab/iab-net-device.cc
  iab/model/iab/access-manager.cc
  iab/model/iab/backhaul-manager.cc
  iab/model/iab/background-socket.cc
  iab/model/iab/background-user.cc
  iab/model/iab/trajectory-mobility-model.cc
  iab/helper/iab-radio-config.cc
  iab/helper/iab-helper.cc)

# Library `bridge`: messages, session, reports, transfers. bridge/**.
set(BRIDGE_SOURCES
  bridge/addressing.cc
  bridge/background.cc
  bridge/background-places.cc
  bridge/cross-traffic.cc
  bridge/description.cc
  bridge/fields.cc
  bridge/framing.cc
  bridge/last-will.cc
  bridge/limits.cc
  bridge/link-monitor.cc
  bridge/network.cc
  bridge/parent-watch.cc
  bridge/server.cc
  bridge/session.cc
  bridge/session-secret.cc
  bridge/simulation.cc
  bridge/transfers.cc
  bridge/wired-link.cc
  bridge/wire.cc)

# Program `cosim-ns3`.
set(COSIM_NS3_SOURCES
  scenarios/cosim-ns3.cc)

# Program `iab-test`: ns-3 TestSuites and their runner. `iab-test --print-test-name-list` lists the suites,
# `iab-test --suite=NAME` runs one; each name of IAB_TEST_SUITES becomes one ctest test.
set(IAB_TEST_SOURCES
  iab/test/iab-test.cc
  iab/test/nr-tables-test-suite.cc
  iab/test/mac-test-suite.cc
  iab/test/network-test-suite.cc
  iab/test/record-test-suite.cc
  iab/test/cell-validation-test-suite.cc
  iab/test/channel-validation-test-suite.cc
  iab/test/link-validation-test-suite.cc
  iab/test/access-validation-test-suite.cc
  iab/test/tree-validation-test-suite.cc
  iab/test/dag-validation-test-suite.cc
  iab/test/dag-duplex-validation-test-suite.cc
  iab/test/sharing-validation-test-suite.cc
  iab/test/background-test-suite.cc
  iab/test/trace-test-suite.cc
  bridge/test/bridge-test-suite.cc)
set(IAB_TEST_SUITES iab-nr-tables iab-mac iab-network iab-record iab-traces iab-background
  iab-cell-validation iab-channel-validation iab-link-validation iab-access-validation iab-tree-validation
  iab-dag-validation iab-dag-duplex-validation iab-sharing-validation cosim-bridge)

# Program `iab-chain`, the example of the iab module.
set(IAB_CHAIN_SOURCES
  iab/examples/rate-meter.cc
  iab/examples/relay-network.cc
  iab/examples/iab-chain.cc)
