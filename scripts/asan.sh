#!/usr/bin/env bash
# The tests under AddressSanitizer: reads and writes outside of what was allocated, after it was freed, and what was never freed.
#
#   bash scripts/asan.sh                    the ring, the library with the tests of whole processes, the questions
#   bash scripts/asan.sh trine-ring         one of them: trine-ring, trine, trine-query
#
# Builds everything once more, into target/asan: some ten minutes on two cores, and so no part of scripts/test.sh. Of the library's test
# files, those that put values of every kind through ring, worker and black box.
#
# Exit code: 0 without a finding, 1 with one, 2 when it cannot run here.
set -eu
cd "$(dirname "$0")/.."

command -v cargo >/dev/null || { echo 'asan: no cargo; get it from https://rustup.rs' >&2 && exit 2; }
host=$(rustc -vV | sed -n 's/^host: //p')
case $host in
x86_64-unknown-linux-gnu | aarch64-unknown-linux-gnu) ;;
*) echo "asan: not on $host: the sanitizer wants Linux with glibc" >&2 && exit 2 ;;
esac

# The stable compiler takes unstable flags when asked to. With a target named, they are not for build scripts and proc macros.
export RUSTC_BOOTSTRAP=1 RUSTFLAGS='-Zsanitizer=address -Cforce-frame-pointers=yes'
export CARGO_TARGET_DIR=${CARGO_TARGET_DIR:-$PWD/target}/asan
# Callsites that were recovered, and what statics hold at the end, are kept for the life of the process: that is no leak. Faults that
# tests make on purpose go to the handlers that those tests are about.
export ASAN_OPTIONS=detect_leaks=0:handle_segv=0:handle_sigbus=0:handle_abort=0:handle_sigill=0:handle_sigfpe=0:use_sigaltstack=0
unset "${!TRINE_@}"

# Tests of bounds in time and memory, and of how calls are inlined: what is checked here takes ten times as long, and more memory.
skips=()
for test in a_stack_trace_comes_when eight_threads_lose_nothing flush_waits_for_an_output_that_recovers forks_amid_emitting_threads \
    lines_for_a_file_that_is_no_output ten_thousand_short_lived_threads with_two_outputs_of_which_one_is_broken; do
    skips+=(--skip "$test")
done

run() {
    echo "── $*"
    cargo test --target "$host" --locked --no-fail-fast "$@" -- "${skips[@]}" || exit 1
}

files=()
for file in process values_by_worker values_by_inline values_with_code foreign_values context batches stages errors operations; do
    files+=(--test "$file")
done
packages=("$@")
[ $# -gt 0 ] || packages=(trine-ring trine trine-query)
for package in "${packages[@]}"; do
    case $package in
    trine-ring) run -p trine-ring --lib --all-features ;;
    trine) run -p trine --lib "${files[@]}" ;;
    trine-query) run -p trine-query --lib ;;
    *) echo "asan: unknown \`$package\`; allowed: trine-ring, trine, trine-query" >&2 && exit 2 ;;
    esac
done
echo 'asan: no finding'
