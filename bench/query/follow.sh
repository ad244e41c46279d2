#!/usr/bin/env bash
# Following, at a given rate: a log grows while `trine query --follow` counts its events by name, pinned to one core.
#
#   bash bench/query/follow.sh                              500,000 events a second, for 15 seconds
#   bash bench/query/follow.sh rates=500000,1000000 seconds=10
#   bash bench/query/follow.sh rotate=200                   renames the file every 200 MB, as a rotating writer does
#
# Prints a Markdown table. The file goes to TMPDIR (/tmp, some 140 MB a second), and away at the end. Needs two cores: the writer has one.
set -euo pipefail
cd "$(dirname "$0")/../.."

target=${CARGO_TARGET_DIR:-$PWD/target}
cargo build --release --quiet -p trine-cli
export PYTHONDONTWRITEBYTECODE=1
exec "${PYTHON:-python3}" bench/query/follow/main.py "$target/release/trine" "$@"
