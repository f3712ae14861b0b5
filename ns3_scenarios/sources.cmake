# The C++ sources, one list per target; paths are relative to ns3_scenarios/. A list that is empty
# leaves its target out. Those of the module iab stand in iab/CMakeLists.txt, where ns-3 looks for them.

# ns-3 modules that are linked (and whose libraries are installed beside the program).
set(COSIM_NS3_COMPONENTS
  core network stats mobility antenna propagation spectrum buildings
  bridge traffic-control internet point-to-point applications)

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

# Program `iab-test`: the suites of the module, those of the bridge, and their runner.
# `iab-test --print-test-name-list` lists the suites, `iab-test --suite=NAME` runs one; each name of
# IAB_TEST_SUITES becomes one ctest test.
set(IAB_TEST_SOURCES
  scenarios/iab-test.cc
  bridge/test/bridge-test-suite.cc)
set(IAB_TEST_SUITES iab-nr-tables iab-block-errors iab-mac iab-network iab-record iab-traces iab-background
  iab-separable-channel iab-cell-validation iab-channel-validation iab-link-validation
  iab-interference-validation iab-peers-validation iab-access-validation iab-tree-validation iab-dag-validation iab-dag-duplex-validation iab-sharing-validation
  cosim-bridge)
