#!/usr/bin/env bash
# Kills a program that emits, at random moments, inside its system calls and for want of memory, flips bits in what it left, and counts
# what is in its log.
#
#   bash tests/faults/kill.sh          # 200 kills, and all else: what CI runs, a minute or two
#   bash tests/faults/kill.sh 2000     # as many as said
#   bash tests/faults/kill.sh 50 42    # with a seed that a run has printed
#
# Prints the seed, a line for every fifty kills, and the figure. Ends with 1 when an event is lost, doubled, torn or out of its
# thread's order; and when the same kills without a black box lose nothing, since then they prove nothing.
set -euo pipefail
cd "$(dirname "$0")/../.."

kills=${1:-200}
seed=${2:-$(od -An -N6 -tu8 /dev/urandom | tr -d ' ')}
cargo build --quiet -p trine-faults
faults=${CARGO_TARGET_DIR:-target}/debug/trine-faults
timeout 120 "$faults" control 20 "$seed"
timeout $((60 + kills)) "$faults" kill "$kills" "$seed"
timeout 600 "$faults" write 60 "$seed"
timeout 900 "$faults" calls 400 "$seed"
# Where files are small and threads many, each takes six seconds.
timeout 600 "$faults" memory 10 "$seed"
timeout 300 "$faults" flip 200 "$seed"
