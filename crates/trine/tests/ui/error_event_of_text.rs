fn main() {
    trine::log_error_event("payment", "process", "card declined");
}
