#!/usr/bin/env bash
# Installs the foreign contestants' compilers and libraries from Debian packages, where that is allowed.
# Without them the benchmark runs all the same and lists them as skipped.
set -u

packages=(golang-go golang-github-rs-zerolog-dev golang-go.uber-zap-dev g++ libspdlog-dev)

missing=()
for package in "${packages[@]}"; do
    dpkg-query -W -f='${Status}' "$package" 2>/dev/null | grep -q 'install ok installed' || missing+=("$package")
done
if [ ${#missing[@]} -eq 0 ]; then
    echo "bench/setup.sh: everything is installed"
    exit 0
fi
if ! command -v apt-get >/dev/null; then
    echo "bench/setup.sh: no apt-get here; zerolog, zap and C++ spdlog will be skipped" >&2
    exit 0
fi
run=()
if [ "$(id -u)" -ne 0 ]; then
    if ! sudo -n true 2>/dev/null; then
        echo "bench/setup.sh: not allowed to install; run: sudo apt-get install ${missing[*]}" >&2
        exit 0
    fi
    run=(sudo)
fi
"${run[@]}" apt-get update -q >/dev/null && "${run[@]}" apt-get -o DPkg::Lock::Timeout=300 install -y -q "${missing[@]}" >/dev/null ||
    echo "bench/setup.sh: could not install ${missing[*]}; the contestants that need them will be skipped" >&2
