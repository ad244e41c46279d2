#!/usr/bin/env bash
# Fuzzes every target, or those named; stops at the first finding.
#
#   bash scripts/fuzz.sh                  20 seconds per target
#   bash scripts/fuzz.sh 600              ten minutes per target
#   bash scripts/fuzz.sh 60 record ring   one minute for each of these
#
# Begins with the kept inputs (fuzz/seeds/TARGET); what it finds on the way is left in fuzz/corpus/TARGET, and an input that
# breaks a promise in fuzz/artifacts/TARGET. Once it is mended, put that input into fuzz/seeds/TARGET: it is a test from then on.
#
# Exit code: 0 without a finding, 1 with one, 2 when it cannot run here.
set -eu
cd "$(dirname "$0")/.."

seconds=20
case "${1:-}" in
'' | *[!0-9]*) ;;
*) seconds=$1 && shift ;;
esac

# `cargo fuzz` passes unstable flags to the compiler (sanitizers, coverage); the stable one takes them when asked to.
export RUSTC_BOOTSTRAP=1

command -v cargo >/dev/null || { echo 'fuzz: no cargo; get it from https://rustup.rs' >&2 && exit 2; }
command -v c++ >/dev/null || { echo 'fuzz: libFuzzer needs a C++ compiler; get it with: apt-get install g++' >&2 && exit 2; }
if ! cargo fuzz --version >/dev/null 2>&1; then
    echo '── cargo-fuzz is missing: cargo install cargo-fuzz'
    RUSTC_BOOTSTRAP=0 cargo install cargo-fuzz --debug --locked || exit 2
fi

# Callsites of dead processes are kept for the life of whoever reads them.
export ASAN_OPTIONS=${ASAN_OPTIONS:-detect_leaks=0}
cd fuzz
targets=("$@")
[ $# -gt 0 ] || for program in fuzz_targets/*.rs; do targets+=("$(basename "$program" .rs)"); done
for target in "${targets[@]}"; do
    echo "── $target: $seconds s"
    mkdir -p "corpus/$target"
    # The lines of a run that goes well are kept back; those of one that does not are what the reader wants.
    log=$(mktemp)
    if ! cargo fuzz run --fuzz-dir . --features fuzzer "$target" "corpus/$target" "seeds/$target" -- \
        -max_total_time="$seconds" -max_len=4096 -timeout=10 -rss_limit_mb=2048 -print_final_stats=1 >"$log" 2>&1; then
        cat "$log"
        echo "fuzz: $target: a finding; the input is in fuzz/artifacts/$target"
        exit 1
    fi
    grep -E '^stat::(number_of_executed_units|average_exec_per_sec|new_units_added|peak_rss_mb)' "$log" || tail -n 3 "$log"
    rm -f "$log"
done
echo "fuzz: ${#targets[@]} targets, $seconds s each, no finding"
