#!/usr/bin/env bash
# Asking, side by side: `trine query` against DuckDB, ClickHouse, ripgrep and angle-grinder, over the same file, as whole processes.
#
#   bash bench/query/compare.sh                   5 million events (1.4 GB, and as much again for compressed ones), 5 rounds
#   bash bench/query/compare.sh events=1000000 rounds=3
#   bash bench/query/compare.sh only=trine,duckdb log=shop.jsonl others=no
#
# Prints a Markdown table; what is missing is named with the way to get it. The file goes to TMPDIR (/tmp), and away at the end.
# DuckDB and ClickHouse come from PyPI: bash scripts/install-test-tools.sh has both; PYTHON=… takes another Python.
set -euo pipefail
cd "$(dirname "$0")/../.."

target=${CARGO_TARGET_DIR:-$PWD/target}
python=${PYTHON:-$target/test-tools/bin/python}
command -v "$python" >/dev/null || python=python3
cargo build --release --quiet -p trine-cli
export PYTHONDONTWRITEBYTECODE=1
exec "$python" bench/query/compare/main.py "$target/release/trine" "$@"
