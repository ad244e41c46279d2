#!/usr/bin/env bash
# Installs the real programs that tests talk to: Debian packages, where that is allowed (Prometheus, and a browser of 315 MB), and
# DuckDB and ClickHouse for Python, in target/test-tools (1 GB). Without them those tests are skipped, and scripts/test.sh says so.
#
#   bash scripts/install-test-tools.sh            all of them but Spark
#   bash scripts/install-test-tools.sh packages   or one of them
#   bash scripts/install-test-tools.sh duckdb
#   bash scripts/install-test-tools.sh chdb
#   bash scripts/install-test-tools.sh chromium
#   bash scripts/install-test-tools.sh spark      only when named: Spark for Python, 1 GB; needs Java 17
set -u
cd "$(dirname "$0")/.."

packages=(prometheus)
duckdb='duckdb>=1.5,<3'
chdb='chdb>=3,<5'
spark='pyspark>=4,<5'

install_packages() {
    local package missing=() run=() install
    for package in "$@"; do
        dpkg-query -W -f='${Status}' "$package" 2>/dev/null | grep -q 'install ok installed' || missing+=("$package")
    done
    [ ${#missing[@]} -gt 0 ] || return 0
    if ! command -v apt-get >/dev/null; then
        echo "install-test-tools: no apt-get here; not installed: ${missing[*]}" >&2
        return 1
    fi
    if [ "$(id -u)" -ne 0 ]; then
        if ! sudo -n true 2>/dev/null; then
            echo "install-test-tools: not allowed to install; run: sudo apt-get install ${missing[*]}" >&2
            return 1
        fi
        run=(sudo -n)
    fi
    install=("${run[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends -o DPkg::Lock::Timeout=120 "${missing[@]}")
    if "${install[@]}" >/dev/null 2>&1; then return 0; fi
    # The lists of packages may be missing, or old.
    "${run[@]}" apt-get update -q >/dev/null && "${install[@]}" >/dev/null && return 0
    echo "install-test-tools: could not install ${missing[*]}" >&2
    return 1
}

# A package for Python: its module, and which versions.
install_python() {
    local tools=${CARGO_TARGET_DIR:-$PWD/target}/test-tools
    "$tools/bin/python" -c "import $1" 2>/dev/null && return 0
    if ! python3 -m venv "$tools" >/dev/null 2>&1; then
        echo 'install-test-tools: no python3 with venv here; get it with: apt-get install python3-venv' >&2
        return 1
    fi
    "$tools/bin/pip" install --quiet --disable-pip-version-check "$2" && return 0
    echo "install-test-tools: could not install $1 from PyPI" >&2
    return 1
}

failed=0
case ${1:-all} in
packages) install_packages "${packages[@]}" || failed=1 ;;
chromium) install_packages chromium || failed=1 ;;
duckdb) install_python duckdb "$duckdb" || failed=1 ;;
chdb) install_python chdb "$chdb" || failed=1 ;;
spark) install_python pyspark "$spark" || failed=1 ;;
all)
    install_packages "${packages[@]}" || failed=1
    install_python duckdb "$duckdb" || failed=1
    install_python chdb "$chdb" || failed=1
    install_packages chromium || failed=1
    ;;
*) echo "install-test-tools: unknown part \`$1\`; allowed: packages, duckdb, chdb, chromium, spark" >&2 && exit 2 ;;
esac
[ $failed -eq 0 ] && echo 'install-test-tools: everything is installed'
exit $failed
