#!/usr/bin/env bash
# The benchmark: builds the contestants and runs them side by side.
#
#   bash bench/run.sh                 everything, about twelve minutes after the first build
#   bash bench/run.sh quick           a minute or two, no extras: for a look, not for a record
#   bash bench/run.sh keep            as without it, and writes results/<date>-<machine>.md
#   bash bench/run.sh only=trine,slog-json [rounds=N]
#   bash bench/run.sh check           only looks whether every contestant writes the right lines
#   bash bench/run.sh extras [build] [callsites] [idle] [black_box]
set -eu
cd "$(dirname "$0")"

target=${CARGO_TARGET_DIR:-$PWD/target}
foreign=$target/foreign
mkdir -p "$foreign"

if command -v go >/dev/null && [ -d /usr/share/gocode/src/github.com/rs/zerolog ]; then
    # Debian keeps Go libraries in a GOPATH of its own.
    GO111MODULE=off GOPATH=/usr/share/gocode GOCACHE=$target/gocache go build -o "$foreign/go" ./go ||
        echo "bench/run.sh: zerolog and zap did not build" >&2
fi
if command -v g++ >/dev/null && [ -e /usr/include/spdlog/spdlog.h ] &&
    [ "$foreign/cpp" -ot cpp/main.cpp -o "$foreign/cpp" -ot cpp/workload.h ]; then
    g++ -O2 -std=c++17 -DSPDLOG_COMPILED_LIB -DSPDLOG_FMT_EXTERNAL cpp/main.cpp -o "$foreign/cpp" \
        -lspdlog -lfmt -lpthread || echo "bench/run.sh: C++ spdlog did not build" >&2
fi

cargo build --release --quiet
case "${1:-}" in
check | extras) exec "$target/release/trine-bench" "$@" ;;
*) exec "$target/release/trine-bench" run "$@" ;;
esac
