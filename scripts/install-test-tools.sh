#!/usr/bin/env bash
# Installs the real programs that tests talk to, from Debian packages, where that is allowed. Without them those tests are
# skipped, and scripts/test.sh says so.
set -u

packages=(prometheus)

missing=()
for package in "${packages[@]}"; do
    dpkg-query -W -f='${Status}' "$package" 2>/dev/null | grep -q 'install ok installed' || missing+=("$package")
done
if [ ${#missing[@]} -eq 0 ]; then
    echo "install-test-tools: everything is installed"
    exit 0
fi
if ! command -v apt-get >/dev/null; then
    echo "install-test-tools: no apt-get here; not installed: ${missing[*]}" >&2
    exit 1
fi
run=()
if [ "$(id -u)" -ne 0 ]; then
    if ! sudo -n true 2>/dev/null; then
        echo "install-test-tools: not allowed to install; run: sudo apt-get install ${missing[*]}" >&2
        exit 1
    fi
    run=(sudo -n)
fi
install=("${run[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends "${missing[@]}")
if "${install[@]}" >/dev/null 2>&1; then exit 0; fi
# The lists of packages may be missing, or old.
"${run[@]}" apt-get update -q >/dev/null && "${install[@]}" >/dev/null && exit 0
echo "install-test-tools: could not install ${missing[*]}" >&2
exit 1
