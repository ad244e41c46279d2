//! Any value makes one line that reads back as the same data, when the emitting thread itself renders and writes.
#![forbid(unsafe_code)]

mod any_value;
mod lines;

#[test]
fn any_value_makes_one_line_that_reads_back() {
    any_value::any_values_make_one_line_that_reads_back(trine::Delivery::Inline);
}
