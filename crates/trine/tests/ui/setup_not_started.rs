#![deny(unused_must_use)]
use trine::setup;

fn main() {
    setup().level("debug");
}
