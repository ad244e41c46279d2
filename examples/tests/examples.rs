//! Every small example does what its first line promises.

mod programs;

use std::{
    io::{BufRead, BufReader, Read, Write},
    net::TcpStream,
    process::Stdio,
};

use programs::{Program, Run, names};
use serde_json::json;

#[track_caller]
fn run(name: &str) -> Run {
    Program::new(name, "run").run().succeeded()
}

#[test]
fn every_example_begins_with_its_question_and_is_tested() {
    let tests = [include_str!("examples.rs"), include_str!("shop.rs"), include_str!("test_what_you_emit.rs")]
        .concat();
    let manifest = include_str!("../Cargo.toml");
    let mut count = 0;
    for file in std::fs::read_dir(env!("CARGO_MANIFEST_DIR")).unwrap() {
        let path = file.unwrap().path();
        if path.extension().is_some_and(|extension| extension == "rs") {
            let name = path.file_stem().unwrap().to_str().unwrap();
            let text = std::fs::read_to_string(&path).unwrap();
            let first = text.lines().next().unwrap();
            assert!(first.starts_with("//! ") && first.contains('?'), "{name} begins with `{first}`");
            assert!(
                include_str!("../src/lib.rs").contains(&format!("| `{name}` |")),
                "{name} is not in lib.rs"
            );
            assert!(manifest.contains(&format!("name = \"{name}\"")), "{name} is not in Cargo.toml");
            assert!(
                tests.contains(&format!("fn {name}")) || tests.contains(&format!("mod {name}")),
                "{name}"
            );
            count += 1;
        }
    }
    assert!(count >= 21, "{count}");
}

#[test]
fn quickstart_emits_three_events_with_bound_fields() {
    let events = run("quickstart").events();
    assert_eq!(names(&events), ["user_login", "page_view", "payment_process_failed"]);
    assert_eq!(events[2].level(), "error");
    assert_eq!(events[2].get("amount"), &json!(99.99));
    assert_eq!(events[2].text("request_id"), "req_123");
    assert!(!events[0].has("request_id"));
}

#[test]
fn quickstart_obeys_the_variables() {
    let run = Program::new("quickstart", "variables")
        .variable("TRINE_LEVEL", "error")
        .variable("TRINE_OUTPUT", "file:only.log,stdout")
        .variable("TRINE_FORMAT", "logfmt")
        .run()
        .succeeded();
    assert_eq!(run.stdout.lines().count(), 1);
    assert!(
        run.stdout.starts_with("event=payment_process_failed order_id=ORD-123 amount=99.99 "),
        "{}",
        run.stdout
    );
    assert_eq!(run.text_of("only.log"), run.stdout);
}

#[test]
fn write_to_a_file_makes_the_directory_and_the_lines() {
    let run = run("write_to_a_file");
    assert_eq!(names(&run.events_in("logs/app.jsonl")), ["order_created", "payment_process_started"]);
    assert_eq!(run.stdout, run.text_of("logs/app.jsonl"));
}

#[test]
fn roll_files_hourly_keeps_five_closed_files_and_whole_lines() {
    let run = run("roll_files_hourly");
    let mut files: Vec<String> = std::fs::read_dir(run.directory.join("logs/rolling"))
        .unwrap()
        .map(|file| file.unwrap().file_name().into_string().unwrap())
        .collect();
    files.sort();
    assert_eq!(files.last().unwrap(), "app.jsonl");
    assert!(run.stdout.contains(" bytes  logs/rolling/app.jsonl\n"), "{}", run.stdout);
    if cfg!(feature = "gzip") {
        return; // How many are compressed by now, and so how many files there are, depends on the time.
    }
    assert_eq!(files.len(), 6, "{files:?}");
    assert_eq!(run.stdout.lines().count(), 6, "{}", run.stdout);
    let events: Vec<_> =
        files.iter().flat_map(|file| run.events_in(&format!("logs/rolling/{file}"))).collect();
    let ids: Vec<i64> = events.iter().map(|event| event.get("item_id").as_i64().unwrap()).collect();
    let newest: Vec<i64> = (1000 - ids.len() as i64..1000).collect();
    assert_eq!(ids, newest, "the newest events, without a gap");
}

#[test]
fn bind_a_request_shows_children_overrides_and_unbinding() {
    let events = run("bind_a_request").events();
    let fields = |index: usize| {
        let event = &events[index];
        [event.get("user_id"), event.get("plan"), event.get("order_id")]
            .map(|value| value.as_str().unwrap_or("-"))
    };
    assert_eq!(fields(0), ["user_123", "free", "-"]);
    assert_eq!(fields(1), ["user_123", "premium", "ORD-123"]);
    assert_eq!(fields(2), ["-", "premium", "ORD-123"]);
    assert_eq!(fields(3), ["system", "free", "-"]);
    assert!(events.iter().all(|event| event.text("request_id") == "req_123"));
}

#[test]
fn scope_a_thread_keeps_the_requests_apart() {
    let events = run("scope_a_thread").events();
    for request_id in ["req_1", "req_2"] {
        let own: Vec<_> = events.iter().filter(|event| event.get("request_id") == request_id).collect();
        let seen: Vec<_> = own.iter().map(|event| (event.name(), event.get("table").as_str())).collect();
        assert_eq!(
            seen,
            [
                ("request_handle_started", None),
                ("database_query_completed", Some("users")),
                ("request_handle_completed", None)
            ]
        );
    }
    assert_eq!(events.len(), 7);
    // By its name: which thread's events stand first in the file is not promised.
    let stop = events.iter().find(|event| event.name() == "server_stop_completed").expect("the event");
    assert!(!stop.has("request_id"));
}

#[test]
fn follow_an_async_task_keeps_the_fields_across_threads() {
    let events = run("follow_an_async_task").events();
    let seen: Vec<_> = events.iter().map(|event| (event.name(), event.get("request_id").as_str())).collect();
    assert_eq!(
        seen,
        [
            ("request_handle_started", Some("req_a")),
            ("request_handle_started", Some("req_b")),
            ("request_handle_completed", Some("req_a")),
            ("request_handle_completed", Some("req_b")),
            ("server_stop_completed", None)
        ]
    );
}

#[test]
fn time_an_operation_ends_each_start_once() {
    let events = run("time_an_operation").events();
    let seen: Vec<_> = events.iter().map(|event| (event.name(), event.level())).collect();
    assert_eq!(
        seen,
        [
            ("database_query_started", "info"),
            ("database_query_completed", "info"),
            ("database_query_started", "info"),
            ("database_query_failed", "error"),
            ("database_transaction_started", "debug"),
            ("database_transaction_slow", "warning"),
            ("database_transaction_committed", "debug"),
            ("user_import_started", "info"),
            ("database_query_started", "info"),
            ("database_query_completed", "info"),
            ("user_import_completed", "info"),
        ]
    );
    assert_eq!(events[3].text("error"), "no table userz");
    assert_eq!(events[6].get("rows"), &json!(3));
    assert_eq!((events[10].text("source"), events[10].get("imported")), ("users.csv", &json!(3)));
    assert_eq!(events[8].text("parent"), events[7].text("operation_id"));
    for end in [1, 3, 5, 6, 9, 10] {
        assert!(events[end].get("duration_ms").as_f64().unwrap() >= 0.0);
    }
    assert!(!format!("{events:?}").contains("hunter2"), "an argument that is not named is no field");
}

#[test]
fn order_fulfillment_leaves_nothing_open_whatever_fails() {
    let events = run("order_fulfillment").events();
    let steps = ["payment_charge", "inventory_reserve", "shipping_create", "notification_send"];
    let reasons = ["payment_failed", "out_of_stock", "shipping_failed", "notification_failed"];
    for (order, failing) in
        [("ORD-1", 4), ("ORD-2", 0), ("ORD-3", 1), ("ORD-4", 2), ("ORD-5", 3), ("ORD-6", 3)]
    {
        let own: Vec<_> = events.iter().filter(|event| event.get("order_id") == order).collect();
        let mut expected = vec!["order_fulfill_started".to_owned()];
        for (at, step) in steps.iter().enumerate().take(failing + 1) {
            expected.push(format!("{step}_started"));
            expected.push(format!("{step}_{}", if at == failing { "failed" } else { "success" }));
        }
        expected.push(format!("order_fulfill_{}", if failing == 4 { "completed" } else { "failed" }));
        assert_eq!(own.iter().map(|event| event.name()).collect::<Vec<_>>(), expected, "{order}");
        let (begin, end) = (own[0], own[own.len() - 1]);
        assert_eq!(begin.text("operation_id"), end.text("operation_id"));
        for step in &own[1..own.len() - 1] {
            assert_eq!(step.text("parent"), begin.text("operation_id"));
        }
        match order {
            "ORD-1" => assert_eq!(end.text("status"), "shipped"),
            "ORD-6" => {
                assert_eq!((end.text("reason"), end.text("error")), ("panic", "template without a subject"));
            }
            _ => assert_eq!(end.text("reason"), reasons[failing]),
        }
    }
    let panicked: Vec<_> = events.iter().filter(|event| event.name() == "runtime_thread_panicked").collect();
    assert_eq!(panicked.len(), 1);
    assert_eq!(panicked[0].text("message"), "template without a subject");
    assert_eq!(
        events.iter().find(|event| event.name() == "payment_charge_success").unwrap().text("transaction_id"),
        "txn_789"
    );
}

#[test]
fn several_outputs_get_what_each_asked_for() {
    let run = run("several_outputs");
    assert_eq!(run.stdout, "");
    let all = run.events_in("logs/several/all.jsonl");
    let expected =
        ["payment_gateway_selected", "order_created", "api_ratelimit_exceeded", "payment_process_failed"];
    assert_eq!(names(&all), expected);
    let warnings = run.text_of("logs/several/warnings.log");
    let warnings: Vec<&str> = warnings.lines().map(|line| line.split(' ').next().unwrap()).collect();
    assert_eq!(warnings, ["event=api_ratelimit_exceeded", "event=payment_process_failed"]);
    let watched: Vec<&str> = run.stderr.lines().collect();
    assert_eq!(watched.len(), 3, "{}", run.stderr);
    for (line, name) in watched.iter().zip(&expected[1..]) {
        assert!(line.contains(name) && !line.starts_with('{'), "{line}");
    }
}

#[test]
fn change_levels_at_run_time_turns_payment_on_and_all_off() {
    let run = run("change_levels_at_run_time");
    let events = run.events();
    let seen: Vec<_> = events.iter().map(|event| (event.name(), event.text("request_id"))).collect();
    assert_eq!(
        seen,
        [
            ("payment_process_success", "req_1"),
            ("payment_gateway_selected", "req_2"),
            ("payment_process_success", "req_2")
        ]
    );
    assert!(run.stderr.contains("unknown level `debgu`"), "{}", run.stderr);
    assert!(run.stderr.contains("did you mean `debug`?"), "{}", run.stderr);
}

#[test]
fn values_are_written_as_json_has_them() {
    let stdout = run("values").stdout;
    for expected in [
        r#""small":-7,"large":340282366920938463463374607431768211455,"ratio":0.1,"nan":"NaN""#,
        r#""text":"line\nbreak \"quoted\" 🦀","letter":"ß","flag":true"#,
        r#""some":1,"none":null"#,
        r#""array":[1.5,2.5],"vec":["a",null],"counts":{"login":[1,2],"logout":[]}"#,
        r#""elapsed_ms":1234.5,"elapsed_s":1.2345,"since":"1970-01-01T00:00:00.000000Z""#,
        r#""ip":"127.0.0.1","peer":"10.0.0.1:8080""#,
        r#""error":"invalid digit found in string","path":"/tmp","range":"1..5""#,
        r#""user_id":"user_123","x-forwarded-for":"10.0.0.1""#,
    ] {
        assert!(stdout.contains(expected), "{expected}\nis not in\n{stdout}");
    }
}

#[test]
fn keep_secrets_out_masks_by_type_key_and_form() {
    let events = run("keep_secrets_out").events();
    assert_eq!(events[0].text("database"), r#"Database { host: "db.internal", password: *** }"#);
    assert_eq!(events[1].text("reason"), "cannot reach postgres://shop:***@db.internal/orders");
    assert_eq!(events[2].get("headers"), &json!({"accept": "text/html", "x-api-key": "***"}));
    assert_eq!(events[2].text("email"), "u***@example.com");
    assert_eq!(
        (events[3].text("user_nickname"), events[3].text("note")),
        ("***", "write to a***@example.com")
    );
    assert!(!events[3].text("phone").contains("7946"));
    assert_eq!(events[4].text("parser_token"), "}");
}

#[test]
fn own_value_nests_and_writes_text() {
    let events = run("own_value").events();
    assert_eq!(events[0].get("total"), &json!({"amount": 99.99, "currency": "USD"}));
    assert_eq!(events[0].text("order_id"), "ORD-00123");
    assert_eq!(events[0].text("carrier"), "Bicycle");
    assert_eq!(events[1].get("refunds")[1], json!({"amount": 2.5, "currency": "EUR"}));
}

#[test]
fn own_sink_sends_each_event_as_a_datagram() {
    let stdout = run("own_sink").stdout;
    let lines: Vec<&str> = stdout.lines().collect();
    assert_eq!(lines.len(), 2);
    for (line, name) in lines.iter().zip(["user_login", "page_view"]) {
        let (head, event) = line.split_once(": ").unwrap();
        // The bytes include the end of the line.
        assert_eq!(head, format!("received {} bytes", event.len() + 1));
        assert!(event.starts_with(&format!("{{\"event\":\"{name}\",")), "{line}");
    }
}

#[test]
fn own_encoder_puts_the_priority_in_front() {
    let stdout = run("own_encoder").stdout;
    let starts: Vec<&str> = stdout.lines().map(|line| line.split(',').next().unwrap()).collect();
    assert_eq!(starts, [r#"<6>{"event":"user_login""#, r#"<3>{"event":"payment_process_failed""#]);
}

#[test]
fn compose_a_name_refuses_names_made_of_data() {
    let events = run("compose_a_name").events();
    assert_eq!(
        names(&events),
        ["order_create_success", "order_process_started", "order_fulfill_completed", "order_name_rejected"]
    );
    assert!(events[3].text("error").contains("upper-case"), "{:?}", events[3]);
}

#[test]
fn names_as_constants_are_used_and_taken_apart() {
    let run = run("names_as_constants");
    assert_eq!(
        names(&run.events()),
        ["auth_login_success", "auth_login_failed", "payment_process_started", "payment_process_failed"]
    );
    assert!(run.stdout.contains("auth_login_failed: auth / login / failed  (a failure)\n"), "{}", run.stdout);
}

#[test]
fn say_what_failed_tells_errors_of_one_kind_from_others() {
    let run = run("say_what_failed");
    let events = run.events();
    let told: Vec<_> = events.iter().filter(|event| event.name() == "order_create_failed").collect();
    let kinds: Vec<_> = told.iter().map(|event| event.text("error_fingerprint")).collect();
    assert!(kinds[0] == kinds[1] && kinds[0] != kinds[2], "{kinds:?}");
    assert_eq!((told[0].text("error_type"), told[0].text("error_code")), ("OrderError", "quantity"));
    assert_eq!(told[0].get("error_chain"), &json!(["invalid digit found in string"]));
    assert_eq!((told[3].text("error_type"), told[3].has("error_code")), ("Empty", false));
    let ends: Vec<_> = events.iter().filter(|event| event.name() == "order_read_failed").collect();
    assert_eq!(ends.len(), 3);
    assert_eq!(ends[0].text("error_fingerprint"), kinds[0], "the same, whoever tells it");
    let panicked = events.last().unwrap();
    assert_eq!((panicked.name(), panicked.text("thread")), ("runtime_thread_panicked", "kitchen"));
    assert_eq!(panicked.text("message"), "out of flour");
}

#[test]
fn inline_for_scripts_keeps_the_order_of_all_that_is_printed() {
    let stdout = run("inline_for_scripts").stdout;
    let lines: Vec<&str> = stdout.lines().collect();
    assert_eq!(lines.len(), 9);
    for (index, step) in lines.chunks(3).enumerate() {
        let number = index + 1;
        assert_eq!(step[0], format!("step {number} begins"));
        assert!(
            step[1].starts_with(&format!(r#"{{"event":"script_step_completed","step":{number},"#)),
            "{}",
            step[1]
        );
        assert_eq!(step[2], format!("step {number} is over"));
    }
}

#[test]
#[cfg(unix)]
fn flush_on_sigterm_writes_all_and_ends_as_the_signal_says() {
    use std::os::unix::process::ExitStatusExt;

    let mut command = Program::new("flush_on_sigterm", "run").command();
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    // A pipe holds less than 1000 lines, so somebody must read while the program waits for its signal.
    let mut stdout = child.stdout.take().unwrap();
    let reader = std::thread::spawn(move || {
        let mut text = String::new();
        stdout.read_to_string(&mut text).map(|_| text).unwrap()
    });
    let mut ready = String::new();
    BufReader::new(child.stderr.take().unwrap()).read_line(&mut ready).unwrap();
    assert!(ready.contains(&format!("kill {}", child.id())), "{ready}");
    let killed = std::process::Command::new("kill").arg(child.id().to_string()).status().unwrap();
    assert!(killed.success());
    assert_eq!(child.wait().unwrap().signal(), Some(15));
    let stdout = reader.join().unwrap();
    assert_eq!(stdout.lines().count(), 1000);
    assert!(stdout.lines().last().unwrap().starts_with(r#"{"event":"job_run_completed","job_id":1000,"#));
}

#[test]
fn watch_health_sees_the_output_that_takes_nothing() {
    let run = run("watch_health");
    let events = run.events();
    assert_eq!(names(&events), ["order_created", "order_created", "order_created", "log_health_checked"]);
    assert_eq!(events[3].get("waiting"), &json!(3));
    assert!(events[3].get("sink_errors").as_i64().unwrap() >= 1);
    assert!(run.stderr.contains("cannot write to file:missing/directory/app.jsonl"), "{}", run.stderr);
    assert!(run.stderr.contains("the process ends with 4 events that no output has taken"), "{}", run.stderr);
}

#[test]
fn count_events_counts_names_operations_and_what_it_is_told() {
    let run = run("count_events");
    let lines: Vec<&str> = run.stdout.lines().filter(|line| !line.starts_with('{')).collect();
    assert_eq!(
        lines,
        [
            "      3  cache_hit",
            "      1  cache_miss",
            "      1  image_resize_completed",
            "      1  image_resize_failed",
            "      3  image_resize_started",
            "image_resize: 3 runs, 1 failed, 1 in flight; 185 ms on average, 99 % within some 239 ms",
        ]
    );
    let events = run.events();
    let said: Vec<_> = events.iter().filter(|event| event.has("event_count")).collect();
    let counts =
        said.iter().map(|event| (event.name(), event.level(), event.get("event_count").as_i64().unwrap()));
    assert_eq!(
        counts.collect::<Vec<_>>(),
        [
            ("api_request_completed", "info", 1),
            ("api_request_completed", "info", 2),
            ("api_request_failed", "error", 1)
        ]
    );
    assert!(said.iter().all(|event| (0.0..60.0).contains(&event.get("time_since_reset").as_f64().unwrap())));
    let summary = events.last().unwrap();
    assert_eq!(summary.name(), "metrics_summary");
    assert_eq!(summary.get("metrics"), &json!({"api_request_completed": 2, "api_request_failed": 1}));
}

#[test]
fn serve_metrics_answers_until_it_is_told_to_end() {
    let mut command = Program::new("serve_metrics", "run").command();
    let mut child =
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
    let mut stdout = BufReader::new(child.stdout.take().unwrap());
    let mut first = String::new();
    stdout.read_line(&mut first).unwrap();
    let address = first.trim_end().strip_prefix("curl http://").unwrap().strip_suffix("/metrics").unwrap();
    let ask = |path: &str| {
        let mut client = TcpStream::connect(address).unwrap();
        write!(client, "GET {path} HTTP/1.1\r\nHost: {address}\r\n\r\n").unwrap();
        let mut answer = String::new();
        client.read_to_string(&mut answer).map(|_| answer).unwrap()
    };
    let metrics = ask("/metrics");
    for line in [
        r#"trine_events_total{event="invoice_print_completed",level="info"} 3"#,
        r#"trine_operation_runs_total{operation="invoice_print",outcome="failed"} 1"#,
        r#"trine_operation_duration_seconds_bucket{operation="invoice_print",le="0.125"} 2"#,
        r#"trine_operation_duration_seconds_count{operation="invoice_print"} 4"#,
    ] {
        assert!(metrics.contains(&format!("\n{line}\n")), "{line}\nis not in\n{metrics}");
    }
    assert!(ask("/healthz").ends_with("\r\n\r\nok\n"));
    child.stdin.take().unwrap().write_all(b"\n").unwrap();
    assert!(child.wait().unwrap().success());
    assert!(TcpStream::connect(address).is_err(), "the port is free again");
}

#[test]
fn read_a_config_file_obeys_the_file() {
    let run = run("read_a_config_file");
    let starts: Vec<&str> = run.stdout.lines().map(|line| line.split(' ').next().unwrap()).collect();
    assert_eq!(
        starts,
        ["event=payment_gateway_selected", "event=order_created", "event=api_ratelimit_exceeded"]
    );
    assert_eq!(names(&run.events_in("logs/configured.jsonl")), ["api_ratelimit_exceeded"]);
    assert_eq!(run.stderr, "");
}

#[test]
fn read_a_config_file_obeys_variables_over_the_file() {
    let run = Program::new("read_a_config_file", "variables")
        .variable("TRINE_OUTPUT", "stdout")
        .variable("TRINE_LEVEL", "warning")
        .run()
        .succeeded();
    assert_eq!(names(&run.events()), ["api_ratelimit_exceeded"]);
}
