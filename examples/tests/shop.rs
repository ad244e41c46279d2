//! The shop emits what it says, and says what is.

mod programs;

use std::collections::BTreeMap;

use programs::{Event, Program, Run, names};

const SMALL: &[&str] = &["--events", "20000", "--threads", "3"];

/// A number of the summary: `events  1,000,004  emitted` under `events`.
#[track_caller]
fn figure(summary: &str, name: &str) -> u64 {
    let row = summary.lines().find(|line| line.split_whitespace().next() == Some(name));
    let row = row.unwrap_or_else(|| panic!("no `{name}` in\n{summary}"));
    row.split_whitespace().nth(1).unwrap().replace(',', "").parse().unwrap_or_else(|_| panic!("{row}"))
}

#[track_caller]
fn check_mistake(arguments: &[&str], message: &str) {
    let run = Program::new("shop", &format!("mistake{}", arguments.join("").replace('/', "-")))
        .arguments(arguments)
        .run();
    assert_eq!(run.code, Some(2), "{arguments:?}");
    assert!(run.stderr.starts_with(&format!("error: {message}\n")), "{}", run.stderr);
    assert!(run.stderr.contains("usage: shop"), "{}", run.stderr);
    assert_eq!(run.stdout, "");
}

/// The events of each order, in the order of the file.
fn by_order(events: &[Event]) -> BTreeMap<&str, Vec<&Event>> {
    let mut orders = BTreeMap::<_, Vec<_>>::new();
    for event in events {
        orders.entry(event.text("order_id")).or_default().push(event);
    }
    orders
}

fn small(case: &str) -> (Run, Vec<Event>) {
    let run = Program::new("shop", case).arguments(SMALL).run().succeeded();
    let events = run.events_in("logs/shop.jsonl");
    (run, events)
}

#[test]
fn shop_counts_in_its_summary_what_stands_in_the_file() {
    let (run, events) = small("summary");
    assert!((20_000..20_000 + 3 * 10).contains(&events.len()), "{}", events.len());
    assert_eq!(figure(&run.stdout, "events"), events.len() as u64);
    assert_eq!(figure(&run.stdout, "lost"), 0);
    assert!(figure(&run.stdout, "rate") > 0);
    assert!(run.stdout.starts_with(&format!("\n{} orders on 3 threads.\n", {
        let orders = by_order(&events).len().to_string();
        format!("{},{}", &orders[..orders.len() - 3], &orders[orders.len() - 3..])
    })));
    let bytes = run.text_of("logs/shop.jsonl").len();
    assert!(run.stdout.contains(&format!("{:.1} MB  logs/shop.jsonl", bytes as f64 / 1e6)), "{}", run.stdout);
    assert_eq!(run.events().len(), 3, "three sample lines");
    assert_eq!(run.stderr, "");
}

#[test]
fn shop_counts_the_failures_of_each_operation() {
    let (run, events) = small("failures");
    let count = |name: String| events.iter().filter(|event| event.name() == name).count() as u64;
    for operation in
        ["order_fulfill", "payment_charge", "inventory_reserve", "shipping_create", "notification_send"]
    {
        assert_eq!(figure(&run.stdout, operation), count(format!("{operation}_started")), "{operation}");
        let row = run.stdout.lines().find(|line| line.trim_start().starts_with(operation)).unwrap();
        let failed: u64 = row.split_whitespace().nth(2).unwrap().replace(',', "").parse().unwrap();
        assert_eq!(failed, count(format!("{operation}_failed")), "{operation}");
        assert!(failed > 0, "{operation} never fails in this run");
    }
}

#[test]
fn shop_keeps_the_order_of_each_thread() {
    let (_, events) = small("threads");
    let mut last = BTreeMap::<u64, (String, u64)>::new();
    for event in &events {
        let worker = event.get("worker").as_u64().unwrap();
        let number: u64 = event.text("order_id")["ORD-".len()..].parse().unwrap();
        assert_eq!((number - 100_000) % 3, worker);
        let time = event.text("timestamp").to_owned();
        if let Some((time_before, number_before)) = last.insert(worker, (time.clone(), number)) {
            assert!(time >= time_before, "{time_before} before {time}");
            assert!(number >= number_before, "order {number_before} before {number}");
        }
    }
    assert_eq!(last.len(), 3);
}

#[test]
fn shop_ends_every_operation_that_it_starts() {
    let (_, events) = small("ends");
    for (order, events) in by_order(&events) {
        let names: Vec<&str> = events.iter().map(|event| event.name()).collect();
        assert_eq!(names[0], "order_fulfill_started", "{order}");
        for name in &names {
            if let Some(operation) = name.strip_suffix("_started") {
                let is_end = |other: &&&str| {
                    other
                        .strip_prefix(operation)
                        .is_some_and(|status| ["_success", "_completed", "_failed"].contains(&status))
                };
                assert_eq!(names.iter().filter(is_end).count(), 1, "{order}: {name} in {names:?}");
            }
        }
        let last = events.last().unwrap();
        match last.name() {
            "order_fulfill_completed" => assert_eq!(last.text("status"), "shipped"),
            "order_fulfill_failed" => assert_eq!(last.level(), "error"),
            other => panic!("{order} ends with {other}"),
        }
    }
}

#[test]
fn shop_emits_the_guides_flow() {
    let (_, events) = small("flow");
    let flow = |end: &str| {
        let orders = by_order(&events);
        let order = orders.values().find(|order| order.iter().any(|event| event.name() == end)).unwrap();
        order.iter().map(|event| event.name().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(
        flow("notification_send_success"),
        [
            "order_fulfill_started",
            "payment_charge_started",
            "payment_charge_success",
            "inventory_reserve_started",
            "inventory_reserve_success",
            "shipping_create_started",
            "shipping_create_success",
            "notification_send_started",
            "notification_send_success",
            "order_fulfill_completed"
        ]
    );
    assert_eq!(
        flow("shipping_create_failed")[5..],
        [
            "shipping_create_started",
            "shipping_create_failed",
            "payment_refund_started",
            "payment_refund_completed",
            "order_fulfill_failed"
        ]
    );
    // The parcel is on its way all the same.
    assert_eq!(
        flow("notification_send_failed")[8..],
        ["notification_send_failed", "order_fulfill_completed"]
    );
    for event in events.iter().filter(|event| event.has("duration_ms")) {
        assert!(event.get("duration_ms").as_f64().unwrap() >= 0.0, "{event:?}");
    }
}

#[test]
fn shop_has_the_same_orders_in_every_run() {
    let of_orders = |case| {
        let (_, events) = small(case);
        let flow =
            |events: &Vec<&Event>| events.iter().map(|event| event.name().to_owned()).collect::<Vec<_>>();
        by_order(&events).iter().map(|(id, events)| ((*id).to_owned(), flow(events))).collect::<Vec<_>>()
    };
    assert_eq!(of_orders("first"), of_orders("second"));
}

#[test]
fn shop_starts_a_fresh_file() {
    let program = Program::new("shop", "fresh").arguments(&["--events", "10", "--threads", "1"]);
    let directory = program.run().succeeded().directory;
    let file = directory.join("logs/shop.jsonl");
    std::fs::write(&file, "old\n").unwrap();
    let file = file.to_str().unwrap();
    let run = Program::new("shop", "fresh2")
        .arguments(&["--events=10", "--threads=1", "--output", file])
        .run()
        .succeeded();
    assert_eq!(names(&run.events_in(file)).len(), 10);
}

#[test]
fn shop_obeys_the_variables_and_says_so() {
    let events = ["--events", "2000"];
    let level =
        Program::new("shop", "level").arguments(&events).variable("TRINE_LEVEL", "error").run().succeeded();
    let lines = level.events_in("logs/shop.jsonl");
    assert!(!lines.is_empty() && lines.iter().all(|event| event.level() == "error"));
    assert_eq!(figure(&level.stdout, "events"), lines.len() as u64);
    assert!(level.stdout.contains("were on, by the level you set"), "{}", level.stdout);

    let debug =
        Program::new("shop", "debug").arguments(&events).variable("TRINE_LEVEL", "debug").run().succeeded();
    assert!(names(&debug.events_in("logs/shop.jsonl")).contains(&"payment_risk_scored"));

    let stdout = Program::new("shop", "stdout")
        .arguments(&events)
        .variable("TRINE_OUTPUT", "stdout")
        .run()
        .succeeded();
    assert!(!stdout.directory.join("logs").exists());
    assert_eq!(stdout.events().len() as u64, figure(&stdout.stderr, "events"));
    assert_eq!(stdout.events().len(), stdout.stdout.lines().count(), "nothing but events");
    assert!(stdout.stderr.contains("not counted there"), "{}", stdout.stderr);

    let off = Program::new("shop", "off").arguments(&events).variable("TRINE_LEVEL", "off").run().succeeded();
    assert_eq!(figure(&off.stdout, "events"), 0);
}

#[test]
fn shop_says_which_option_is_wrong() {
    check_mistake(
        &["--events", "many"],
        "`--events` is `many`; allowed: a whole number from 1 to 1000000000",
    );
    check_mistake(&["--events", "0"], "`--events` is `0`; allowed: a whole number from 1 to 1000000000");
    check_mistake(&["--threads=257"], "`--threads` is `257`; allowed: a whole number from 1 to 256");
    check_mistake(&["--output"], "`--output` needs a value");
    check_mistake(&["--evnets", "5"], "unknown option `--evnets`");
    check_mistake(&["--output", "."], "`.` is no file; allowed: a file, or a path where there is none");
    let help = Program::new("shop", "help").arguments(&["--help"]).run().succeeded();
    assert!(help.stdout.starts_with("usage: shop"), "{}", help.stdout);
}

/// The shell limits the size of files, which no option or variable can.
#[test]
#[cfg(target_os = "linux")]
fn shop_fails_when_the_file_lacks_events() {
    let program = Program::new("shop", "full").command();
    let script = r#"trap '' XFSZ; ulimit -f 8; exec "$0" --events 1000 --threads 2"#;
    let output = std::process::Command::new("bash")
        .args(["-c", script])
        .arg(program.get_program())
        .current_dir(program.get_current_dir().unwrap())
        .output()
        .unwrap();
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{stderr}");
    assert!(stderr.contains("events were emitted, but `logs/shop.jsonl` has"), "{stderr}");
    let stdout = String::from_utf8_lossy(&output.stdout);
    assert!(figure(&stdout, "lost") + figure(&stdout, "waiting") > 0, "{stdout}");
}
