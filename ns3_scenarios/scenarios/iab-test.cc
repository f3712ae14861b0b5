/*
 * SPDX-License-Identifier: GPL-2.0-only
 *
 * Runs the test suites of the iab module and of the bridge; see --help of ns-3's test runner.
 */
#include "ns3/test.h"

int
main(int argc, char* argv[])
{
    return ns3::TestRunner::Run(argc, argv);
}
