#!/usr/bin/env bash
# Has a disk be full, broken, slow or interrupted for a while, and shared memory be full, and counts what is in the log.
#
#   bash tests/faults/disk.sh              # 20,000 events of each thread, some 60 s
#   bash tests/faults/disk.sh 5000 42      # as many as said, with a seed that a run has printed
#
# Needs strace, which injects the faults; says so where there is none. Ends with 1 when written and counted events are not those that
# were emitted, when a line is torn or doubled, when a fault was not injected, and when nobody was told of one.
set -euo pipefail
cd "$(dirname "$0")/../.."

cargo build --quiet -p trine-faults
timeout 800 "${CARGO_TARGET_DIR:-target}/debug/trine-faults" disk "$@"
