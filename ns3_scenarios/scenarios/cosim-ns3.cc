#include "ns3/core-module.h"

#include <iostream>
#include <string_view>

int
main(int argc, char* argv[])
{
    if (argc == 2 && std::string_view(argv[1]) == "--version")
    {
        std::cout << "cosim-ns3 0.1.0 (ns-3.44)\n";
        return 0;
    }
    std::cerr << "usage: cosim-ns3 --version\n";
    return 2;
}
