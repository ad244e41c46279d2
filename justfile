# Shows these verbs.
default:
    @just --list

# Formatting, lints and types: a look before a commit.
check:
    cargo fmt --all --check
    cargo clippy --workspace --all-targets --all-features -- -D warnings

# Everything that must pass: `just test`, `just test --fast`.
test *options:
    bash scripts/test.sh {{options}}

# Trine beside its rivals; options as in bench/README.md.
bench *options:
    bash bench/run.sh {{options}}

# The documentation, in a browser.
docs:
    cargo doc --workspace --no-deps --open

# Formats, and mends what clippy can mend.
fix:
    cargo clippy --workspace --all-targets --all-features --fix --allow-dirty --allow-staged
    cargo fmt --all

# Looks for inputs that break a promise, 20 seconds per target or as many as said.
fuzz *options:
    bash scripts/fuzz.sh {{options}}
