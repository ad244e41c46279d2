//! Emission, side by side: every contestant in its own process, interleaved, medians, ratios.
//!
//! `bash bench/run.sh` is the way in; `README.md` says what each row means and what is fair about it.

mod alloc;
mod check;
mod clock;
mod contestant;
mod contestants;
mod drive;
mod entries;
mod extras;
mod measure;
mod output;
mod workload;

use std::process::ExitCode;

#[global_allocator]
static ALLOCATOR: alloc::Counting = alloc::Counting;

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let args: Vec<&str> = args.iter().map(String::as_str).collect();
    match args.as_slice() {
        ["one", contestant, measure, path, amount] => drive::one::main(contestant, measure, path, amount),
        ["run", options @ ..] => drive::run::main(options),
        ["check"] => check::main(),
        ["extras", options @ ..] => extras::main(options),
        _ => {
            eprintln!(
                "usage: trine-bench run [quick] [only=NAME,..] [keep] | check | extras [build|callsites|idle|black_box] .."
            );
            ExitCode::from(2)
        }
    }
}
