#!/usr/bin/env bash
# Everything that must pass, in short steps; stops at the first that does not, and shows what it said.
#
#   bash scripts/test.sh               everything, but of the benchmark only Trine and the floors, and no Spark
#   bash scripts/test.sh --fast        formatting, lints and tests only, with what is installed
#   bash scripts/test.sh --with-bench  all of the benchmark, with tiny input: builds every rival, some ten minutes more
#   bash scripts/test.sh --with-spark  questions as SQL asked of real Spark too: some four minutes more
#
# Needs rustup's cargo and a C compiler, which is Rust's linker too. The real programs that tests talk to are installed first
# (scripts/install-test-tools.sh: Debian packages as root, Python packages in target/); what cannot be is skipped, and named at
# the end with the way to get it. Steps write to target/test-logs/.
set -euo pipefail
cd "$(dirname "$0")/.."

fast=false bench=false spark=false
for option in "$@"; do
    case $option in
    --fast) fast=true ;;
    --with-bench) bench=true ;;
    --with-spark) spark=true ;;
    *) echo "test: unknown option \`$option\`; allowed: --fast, --with-bench, --with-spark" >&2 && exit 2 ;;
    esac
done

# Crates that whoever links Trine with its default features builds, itself included; and those that must never be among them.
CRATES_MAX=14
CRATES_FORBIDDEN='^(arrow|async-std|parquet|prost|regex|serde|serde_core|serde_json|smol|syn|tokio)(-[a-z]+)* v'
# What may differ from one machine to the next and changes what tests see.
unset "${!TRINE_@}" NO_COLOR RUSTFLAGS
export CARGO_TERM_COLOR=never RUST_BACKTRACE=1
export CARGO_TARGET_DIR=${CARGO_TARGET_DIR:-$PWD/target}
logs=$CARGO_TARGET_DIR/test-logs
mkdir -p "$logs"

steps=0 closing=() skipped=()

# step TITLE COMMAND...: runs it with its output in a file, which is shown when it fails.
step() {
    local title=$1 begin=$SECONDS
    shift
    steps=$((steps + 1))
    log=$logs/$(printf '%02d' "$steps").log
    printf '── %s\n' "$title"
    if ! "$@" >"$log" 2>&1; then
        tail -n 300 "$log"
        printf '\nFAILED: %s\n  %s\n  its whole output: %s\n' "$title" "$*" "$log"
        exit 1
    fi
    printf '   ok, %d s\n' $((SECONDS - begin))
}

# tests TITLE COMMAND...: a step whose runner's closing lines are kept for the end.
tests() {
    step "$@"
    local line
    while IFS= read -r line; do closing+=("$line"); done < <(grep -E '^ *Summary \[|^test result: ' "$log" | grep -v ' 0 passed; 0 failed;')
}

# skip WHAT HOW
skip() {
    skipped+=("$1: $2")
    printf '── %s\n   skipped\n' "$1"
}

has() { "$@" >/dev/null 2>&1; }

# The features of trine, as its manifest lists them.
features() {
    sed -n '/^\[features\]/,/^\[dependencies\]/p' crates/trine/Cargo.toml | sed -n 's/^\([a-z0-9_-]*\) = .*/\1/p' | grep -vx default
}

# What is promised to build: no feature, each alone, all of them.
feature_combinations() {
    local feature
    "${lint[@]}" -p trine --no-default-features "${deny[@]}"
    for feature in $(features); do
        "${lint[@]}" -p trine --no-default-features --features "$feature" "${deny[@]}"
    done
    "${lint[@]}" -p trine -p trine-ring --all-targets --all-features "${deny[@]}"
}

dependencies() {
    local crates
    crates=$(cargo tree --locked -p trine --edges normal,build --prefix none | sort -u)
    echo "$crates"
    if grep -E "$CRATES_FORBIDDEN" <<<"$crates"; then
        echo 'these must not be among the dependencies of trine with its default features'
        return 1
    fi
    if [ "$(wc -l <<<"$crates")" -gt "$CRATES_MAX" ]; then
        echo "more than $CRATES_MAX crates"
        return 1
    fi
}

ring_models() {
    RUSTFLAGS='--cfg loom' CARGO_TARGET_DIR=$CARGO_TARGET_DIR/loom cargo test -p trine-ring --lib --release models
}

documentation() { RUSTDOCFLAGS=-Dwarnings cargo doc --workspace --no-deps --all-features; }

# The unit tests, and the test files that are about features. Not all: the compiler's messages in tests/ui name more types then.
all_features() {
    local file options=()
    for file in $(grep -l 'feature = ' crates/trine/tests/*.rs); do options+=(--test "$(basename "$file" .rs)"); done
    cargo test -p trine -p trine-ring --all-features --lib "${options[@]}"
}

fuzz_seeds() { (cd fuzz && cargo test); }

kills() { bash tests/faults/kill.sh; }

disk_trouble() { bash tests/faults/disk.sh 5000; }

# contestants OPTION...: the benchmark's tests, with those features.
contestants() { (cd bench && CARGO_TARGET_DIR=$CARGO_TARGET_DIR/bench cargo test "$@"); }

echo '── tools'
has cargo --version || { echo 'FAILED: no cargo; get it from https://rustup.rs' && exit 1; }
has cc --version || { echo 'FAILED: no C compiler, which Rust links with; get it with: apt-get install gcc' && exit 1; }
printf '   %s\n' "$(rustc --version)"
# What cannot be installed is found missing below.
$fast || bash scripts/install-test-tools.sh 2>&1 | sed 's/^/   /' || true

required=()
if has promtool --version && has prometheus --version; then
    required+=(prometheus)
else
    skip 'Prometheus reading our metrics' 'bash scripts/install-test-tools.sh packages'
fi
for module in duckdb chdb; do
    if has "$CARGO_TARGET_DIR/test-tools/bin/python" -c "import $module" || has python3 -c "import $module"; then
        required+=("$module")
    else
        skip "questions answered as $module answers them" "bash scripts/install-test-tools.sh $module"
    fi
done
if $spark; then
    required+=(pyspark)
else
    skip 'Spark answering questions as SQL' 'bash scripts/install-test-tools.sh spark; bash scripts/test.sh --with-spark'
fi
if has chromium --version; then
    required+=(chromium)
else
    skip 'pages in a browser' 'bash scripts/install-test-tools.sh chromium'
fi
# A test that needs one of these fails where it would be skipped else.
export TEST_TOOLS_REQUIRED="${required[*]}"

if has cargo fmt --version; then
    step 'formatting' cargo fmt --all --check -- -l
    step 'formatting of the fuzz targets' cargo fmt --manifest-path fuzz/Cargo.toml --check -- -l
else
    skip 'formatting' 'rustup component add rustfmt'
fi

lint=(cargo clippy) deny=(-- -D warnings)
if has cargo clippy --version; then
    step 'lints' cargo clippy --workspace --all-targets -- -D warnings
    $fast || step 'lints of the fuzz targets' cargo clippy --manifest-path fuzz/Cargo.toml --all-targets -- -D warnings
else
    lint=(cargo check) deny=()
    skip 'lints' 'rustup component add clippy'
fi

if ! $fast; then
    step 'features of trine: none, each, all' feature_combinations
    step 'dependencies of trine' dependencies
    oldest=$(sed -n 's/^rust-version = "\(.*\)"/\1/p' Cargo.toml)
    if has cargo "+$oldest" --version; then
        step "Rust $oldest, the oldest promised" cargo "+$oldest" check -p trine --all-features --target-dir "$CARGO_TARGET_DIR/oldest"
    else
        skip "Rust $oldest, the oldest promised" "rustup toolchain install $oldest --profile minimal"
    fi
    step 'documentation, without warnings' documentation
    tests 'the ring under a model checker' ring_models
    tests 'kept inputs of the fuzz targets' fuzz_seeds
    step 'kills at random moments' kills
    step 'a disk in trouble' disk_trouble
    if $bench; then
        tests 'the benchmark, with tiny input' contestants --release
    else
        tests 'the benchmark without rivals, with tiny input' contestants --no-default-features --features trine
        skip "the benchmark's rivals" 'bash scripts/test.sh --with-bench'
    fi
fi

tests 'examples in the documentation' cargo test --workspace --doc
tests 'trine and its ring with all features' all_features
$fast || tests 'trine without features' cargo test -p trine --no-default-features --lib
if has cargo nextest --version; then
    tests 'tests' cargo nextest run --workspace --no-fail-fast
else
    tests 'tests' cargo test --workspace --lib --bins --examples --tests --no-fail-fast
    skip 'cargo-nextest (the tests ran with cargo test)' 'cargo install cargo-nextest --locked'
fi

printf '\n%d steps passed in %d s.\n' "$steps" "$SECONDS"
for what in "${skipped[@]}"; do printf 'skipped: %s\n' "$what"; done
printf '%s\n' "${closing[@]}"
