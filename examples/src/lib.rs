//! One small program per question; run one with `cargo run --example NAME`. `shop` is a whole service, and
//! `guide_01_basic_event_logging` to `guide_21_custom_processors` are the guide to structured events, section by section: `guide/README.md`.
//!
//! | question | program |
//! |---|---|
//! | How do I start? | `quickstart` |
//! | How do I write to a file? | `write_to_a_file` |
//! | How do I keep log files from growing without end? | `roll_files_hourly` |
//! | How do people see one thing and machines another? | `several_outputs` |
//! | How does the person who runs my program decide what is logged? | `read_a_config_file` |
//! | How do I turn debug events on without a restart? | `change_levels_at_run_time` |
//! | How do all events of a request carry its id? | `bind_a_request` |
//! | ... without a logger passed through every function? | `scope_a_thread` |
//! | ... in an async task? | `follow_an_async_task` |
//! | How do I say that something began, how long it took, and whether it went well? | `time_an_operation` |
//! | How do I follow an order through four domains, with every start ended? | `order_fulfillment` |
//! | What can be the value of a field? | `values` |
//! | How is a type of my own written? | `own_value` |
//! | How do I keep the names of all events in one place? | `names_as_constants` |
//! | How do I say what an error was, with its causes, so that errors of one kind can be counted? | `say_what_failed` |
//! | What if a name is known at run time only? | `compose_a_name` |
//! | How do I test what my code emits? | `test_what_you_emit` |
//! | How do I know that my events arrive? | `watch_health` |
//! | How many of what happened, and how long did it take? | `count_events` |
//! | How does Prometheus read it? | `serve_metrics` |
//! | What becomes of the last events on SIGTERM? | `flush_on_sigterm` |
//! | How does each event stand on stdout before the next statement runs? | `inline_for_scripts` |
//! | How do I keep secrets out of the log, those that Trine knows and those of my own? | `keep_secrets_out` |
//! | How do I send events to a place for which there is no sink? | `own_sink` |
//! | How do I give lines a form of my own? | `own_encoder` |
//! | What does a whole service look like? | `shop` |
