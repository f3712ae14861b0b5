#!/usr/bin/env bash
# Makes sure that the machine has what pip cannot bring: a C++ compiler, ZeroMQ and JSON headers, and a
# Python that can make virtual environments. Installs the missing Debian packages as root or with
# passwordless sudo; otherwise prints the line to type and stops. With the argument `browser` it does the
# same for Chromium, which the tests of reports need, and nothing else.
set -euo pipefail
cd "$(dirname "$0")/.."

part=${1:-build}
missing=()

need() { # need PACKAGE COMMAND...: PACKAGE is missing unless COMMAND succeeds
    local package=$1
    shift
    "$@" >/dev/null 2>&1 || missing+=("$package")
}

has_header() {
    echo "#include <$1>" | "${CXX:-c++}" -std=c++20 -E -x c++ - -o /dev/null
}

find_browser() {
    command -v chromium || command -v chromium-browser
}

find_missing() {
    missing=()
    if [[ $part == browser ]]; then
        need chromium find_browser
        return
    fi
    need g++ "${CXX:-c++}" --version
    need libzmq3-dev has_header zmq.h
    need cppzmq-dev has_header zmq.hpp
    need nlohmann-json3-dev has_header nlohmann/json.hpp
    need python3-venv scripts/find-python.sh
}

apt_get() {
    "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -qq -o DPkg::Lock::Timeout=300 "$@"
}

stop() {
    echo "set-up: $1" >&2
    exit 1
}

find_missing
if ((${#missing[@]} == 0)); then
    [[ $part == browser ]] && echo "set-up: Chromium is here" ||
        echo "set-up: compiler, headers and Python are here"
    exit 0
fi
# Without a compiler no header can be looked for and all count as missing; apt-get skips what is there.
line="apt-get install -y --no-install-recommends ${missing[*]}"

command -v apt-get >/dev/null ||
    stop "missing (Debian's names): ${missing[*]}; install them with this system's package manager"
as_root=()
if ((EUID != 0)); then
    as_root=(sudo -n)
    sudo -n true 2>/dev/null ||
        stop "packages are missing; type this, then repeat: sudo apt-get update && sudo $line"
fi

echo "set-up: installing Debian packages: ${missing[*]}"
if ! apt_get install -y --no-install-recommends "${missing[@]}" >/dev/null 2>&1; then
    apt_get update
    apt_get install -y --no-install-recommends "${missing[@]}" >/dev/null ||
        stop "apt-get failed; this is what has to succeed: $line"
fi

find_missing
((${#missing[@]} == 0)) ||
    stop "still missing after apt-get: ${missing[*]} (Python must be 3.11 or newer; PYTHON=/path/to/it names another)"
