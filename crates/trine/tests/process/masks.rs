//! The canary: a secret goes in by every way there is, and comes out by none.
//!
//! A ring is looked into while it is full of what was emitted; outputs are read in every format, by worker and by caller.

use std::{collections::BTreeMap, fmt, fs, io, panic::catch_unwind, thread, time::Duration};

use trine::{
    Batcher, Delivery, ErrorContext, EventEdit, Format, Output, Secret, Value, ValueWriter, Verdict, batch,
    bind, debug, error, info, log_error_event,
    mask::{self, Masked, Masks, Pseudonymizer, Treatment},
    scope, timed,
};

use crate::{
    black_box::Process,
    stage::{Case, Place, Stage},
};

/// What must be nowhere. Random enough for detectors that go by looks, and in no word.
const CANARY: &str = "zX9kQ4Lw2vB7nT1mRf6Y";
/// What it begins with: of a text that is cut, not even this may be left.
const CANARY_BEGINS: &str = "zX9k";
/// The secret in a plain text.
const CANARY_URL: &str = "redis://:zX9kQ4Lw2vB7nT1mRf6Y@cache";
/// What must be there, in every ring and output: without it nothing would be proved.
const SEEN: &str = "seen-beside-the-secret";
/// Events of [`secrets_of_all_kinds`] that outputs get, at least.
const EVENTS_MIN: usize = 30;

const FORMATS: [Format; 3] = [Format::Json, Format::Logfmt, Format::Pretty];

pub(crate) const CASES: &[Case] = &[
    Case::new(
        "a_secret_is_in_no_ring_and_no_output_of_the_worker",
        |place| program(place, Delivery::Worker),
        |stage| {
            let program = stage.program().env("TRINE_CONFIG", config(stage)).env("TRINE_BLACK_BOX", "off");
            let mut running = program.start();
            assert_eq!(running.hear(), "ready");
            let rings = Process::new(running.pid()).rings;
            running.go_on();
            running.finish().assert_success();
            assert!(rings.iter().any(|ring| holds(ring, SEEN)), "nothing was emitted");
            for ring in &rings {
                assert!(!holds(ring, CANARY_BEGINS), "a ring holds the secret: {}", around(ring));
            }
            assert_clean_outputs(stage);
        },
    ),
    Case::new(
        "a_secret_is_in_no_output_that_callers_write",
        |place| program(place, Delivery::Inline),
        |stage| {
            let mut running = stage.program().env("TRINE_CONFIG", config(stage)).start();
            assert_eq!(running.hear(), "ready");
            running.go_on();
            running.finish().assert_success();
            assert_clean_outputs(stage);
        },
    ),
    Case::new(
        "masks_set_at_run_time_hold_at_once_for_events_that_were_emitted_before",
        |place| {
            let greet =
                || info!("user_greeting_sent", nickname = CANARY, text = format!("nickname={CANARY}"));
            let log = || info!(bind!(nickname = CANARY), "user_greeting_sent");
            place.to_file().start();
            for masks in [
                Masks::new(),
                Masks::new().key("nickname", Treatment::Redact),
                Masks::new().allow("nickname"),
            ] {
                mask::set_masks(masks);
                greet();
                log();
            }
        },
        |stage| {
            stage.run().assert_quiet_success();
            let lines = fs::read_to_string(stage.path("app.jsonl")).unwrap();
            let shown: Vec<_> = lines.lines().map(|line| line.matches(CANARY).count()).collect();
            assert_eq!(shown, [2, 1, 0, 0, 2, 1], "{lines}");
        },
    ),
    Case::new(
        "a_pseudonym_by_key_is_the_same_wherever_the_value_stands",
        |place| {
            let pseudonyms = Pseudonymizer::new("the key of a test, and no secret").unwrap();
            let masks = Masks::new().key("user_id", Treatment::Pseudonym).pseudonym_key(pseudonyms.clone());
            let stage = |event: &mut EventEdit<'_>| {
                event.set("stage_user_id", "42");
                Verdict::Keep
            };
            place.to_file().masks(masks).stage(stage).start();
            let batcher = Batcher::new(1);
            info!("page_view", user_id = 42, inside = map(&[("user_id", "42")]), shown = ?Masked::new(42, Treatment::Pseudonym));
            info!(bind!(user_id = "42"), "page_view");
            batch!(batcher, "page_view", user_id = %42);
            timed!("page_view_run", user_id = 42).complete();
            place.say(pseudonyms.of("42"));
        },
        |stage| {
            let outcome = stage.run();
            outcome.assert_quiet_success();
            let lines = fs::read_to_string(stage.path("app.jsonl")).unwrap();
            assert!(!lines.contains("42\"") && !lines.contains("\"user_id\":42"), "{lines}");
            // Three in the first, one in each of the others, and the stage's five.
            assert_eq!(lines.matches(outcome.stdout.trim()).count(), 3 + 4 + 5, "{lines}");
        },
    ),
    Case::new(
        "a_pseudonym_key_in_a_variable_joins_processes_and_a_bad_one_is_told",
        |place| {
            place.to_file().start();
            place.say(mask::pseudonym("user@example.com"));
        },
        |stage| {
            fs::write(stage.path("keys.toml"), "[masks]\npseudonym_key_env = \"SHOP_KEY\"\n").unwrap();
            let run = |key: &str| {
                let program =
                    stage.program().env("TRINE_CONFIG", stage.path("keys.toml")).env("SHOP_KEY", key);
                program.start().finish()
            };
            let [a, b, c] = ["a", "a", "b"].map(|key| run(&key.repeat(32)));
            a.assert_quiet_success();
            assert!(a.stdout == b.stdout && a.stdout != c.stdout, "{} {} {}", a.stdout, b.stdout, c.stdout);
            let bad = run("short");
            assert!(
                bad.stderr.contains("variable `SHOP_KEY`: a key of 5 bytes; allowed: 16 to 4096"),
                "{}",
                bad.stderr
            );
            assert!(!bad.stderr.contains("short"), "{}", bad.stderr);
        },
    ),
];

/// A file that names a key of its own.
fn config(stage: &Stage) -> std::path::PathBuf {
    let path = stage.path("masks.toml");
    fs::write(&path, "[masks]\nkeys = { nickname = \"redact\" }\n").unwrap();
    path
}

fn program(place: &Place, delivery: Delivery) {
    let early = bind!(early_password = CANARY, nickname = CANARY);
    let mut setup = trine::setup()
        .level("trace,quiet=warning")
        .delivery(delivery)
        .masks(Masks::new().key("maiden_name", Treatment::Redact))
        .stage(|event: &mut EventEdit<'_>| {
            event.set("stage_password", CANARY).set("stage_note", &format!("token={CANARY}"));
            event.set("stage_map", &map(&[("api_key", CANARY)]));
            Verdict::Keep
        });
    for format in FORMATS {
        setup = setup.output(Output::file(place.path(&format!("{format:?}"))).format(format));
    }
    setup.start();
    secrets_of_all_kinds(&early);
    assert_captured();
    assert_eq!(trine::flush(Duration::from_secs(30)), 0);
    place.say("ready");
    place.wait();
    // Only their form gives these away, and only the worker looks for it: they may lie in a ring, and not in an output.
    info!(
        "plain_text_said",
        seen = SEEN,
        text = format!("GET /?api_key={CANARY}"),
        url = format!("amqp://app:{CANARY}@mq")
    );
    debug!(
        "plain_text_said",
        header = format!("Authorization: Bearer {CANARY}"),
        json = format!("{{\"password\":\"{CANARY}\"}}")
    );
}

/// Tests see what outputs would.
fn assert_captured() {
    let captured = trine::testing::capture();
    secrets_of_all_kinds(&bind!(password = CANARY));
    info!("plain_text_said", text = format!("api_key={CANARY}"));
    let events = format!("{:?}", captured.events());
    assert!(events.contains(SEEN) && !events.contains(CANARY), "{}", around(events.as_bytes()));
}

/// Everything that can be the value of a field.
fn secrets_of_all_kinds(early: &trine::Logger) {
    let secret = Secret::new(CANARY);
    let owned = CANARY.to_owned();
    let form = format!("password={CANARY}");
    let failed = Failed(Some(Box::new(Failed(None))));

    // By type.
    info!("secret_value_seen", seen = SEEN, secret, shown = %secret, debug = ?secret, list = [secret], some = Some(secret));
    // By key: text, number, bytes, list, map, own type, nothing.
    info!(
        early,
        "key_text_seen",
        seen = SEEN,
        password = CANARY,
        api_key = owned,
        maiden_name = CANARY,
        nickname = CANARY
    );
    info!(
        "key_spelled_seen",
        seen = SEEN,
        userPassword = CANARY,
        "http.request.header.authorization" = CANARY
    );
    info!(
        "key_bytes_seen",
        seen = SEEN,
        private_key = CANARY.as_bytes(),
        client_secret = owned.as_bytes().to_vec()
    );
    info!("key_written_seen", seen = SEEN, token = %CANARY, cookie = ?CANARY, credentials = map(&[("a", CANARY)]));
    info!(
        "key_list_seen",
        seen = SEEN,
        passwords = vec![CANARY, CANARY],
        card_number = CANARY,
        iban = [CANARY]
    );
    // By key, inside.
    info!("key_inside_seen", seen = SEEN, map = map(&[("X-Api-Key", CANARY)]), nested = nested(5), own = Own);
    // By form, in what is written at the call.
    info!("form_written_seen", seen = SEEN, shown = %form, debug = ?form, list = [&form], map = map(&[("a", &form), (&form, "b")]));
    info!("form_debug_seen", seen = SEEN, login = ?Login { password: CANARY }, pairs = ?[("password", CANARY)]);
    let wrapped =
        Wrapped { password: Some(CANARY), pretty: vec![("api_key", CANARY)], secret: CANARY.as_bytes() };
    info!("form_debug_seen", seen = SEEN, wrapped = ?wrapped, text = format_args!("{wrapped:#?}").to_string());
    // Errors, their causes, and values that panic.
    error!(cause: &failed, "cause_seen", seen = SEEN, reason = %failed);
    for cut in 0..CANARY_URL.len() {
        error!(cause: &Long(cut), "cause_cut_seen", seen = SEEN);
    }
    error!("panic_seen", seen = SEEN, shown = %Panics, debug = ?Panics, value = Panics);
    // Contexts.
    let log = bind!(password = CANARY, note = form, inside = map(&[("api_key", CANARY)]), secret);
    info!(log, "logger_seen", seen = SEEN);
    info!(log.with("refresh_token", &CANARY), "logger_seen", seen = SEEN);
    {
        let _scope = scope!(scoped_password = CANARY, scoped_note = form);
        info!("scope_seen", seen = SEEN);
        error!(log, "scope_seen", seen = SEEN);
    }
    // Operations.
    let operation = timed!(log, "operation_run", seen = SEEN, password = CANARY, map = map(&[("api_key", CANARY)]), shown = %form);
    operation.record("token", CANARY);
    operation.record("note", &form);
    operation.record("inside", map(&[("api_key", CANARY)]));
    operation.fail(&failed);
    let outcome: Result<(), Failed> = timed!("operation_run", password = CANARY).run(|| Err(Failed(None)));
    assert!(outcome.is_err());
    // One whose keys name nothing, one whose start no output wants.
    timed!("operation_inside_run", seen = SEEN, map = map(&[("api_key", CANARY)]), shown = %form).complete();
    timed!("quiet_operation_run", seen = SEEN, map = map(&[("api_key", CANARY)]), shown = %form)
        .fail(&failed);
    let panicked = catch_unwind(|| {
        timed!("operation_run", seen = SEEN).run(|| -> Result<(), Failed> { panic!("token={CANARY}") })
    });
    assert!(panicked.is_err());
    // Threads that panic; errors that were put together by hand.
    let panicked = thread::spawn(|| panic!("{SEEN}: Authorization: Bearer {CANARY}")).join();
    assert!(panicked.is_err());
    let context = ErrorContext::new("PaymentError", format!("{SEEN}: {form}"))
        .stack_trace(form.clone())
        .error_code(form.clone());
    log_error_event("payment", "process", context);
    // Batches: by keys when an event is added, by forms when they are emitted.
    let batcher = Batcher::new(2);
    for note in [&form, CANARY_URL] {
        batch!(batcher, "batched_seen", seen = SEEN, note, password = CANARY, shown = %form, map = map(&[("api_key", CANARY)]));
    }
    // Held for the case of a failure, and let out.
    {
        let _scope = scope!(keep_debug_on_failure: 64 KiB, held_password = CANARY);
        debug!("quiet_held_seen", seen = SEEN, password = CANARY, shown = %form, map = map(&[("api_key", CANARY)]));
        error!("quiet_release_failed", password = CANARY);
    }
    // Sampled: kept, and left out.
    info!(sample: 1.0, "sampled_seen", seen = SEEN, password = CANARY, shown = %form);
    info!(sample: 0.0, "sampled_out_seen", password = CANARY);
    // Larger than any ring takes at once.
    info!("large_seen", seen = SEEN, fill = "x".repeat(1 << 20), password = CANARY, shown = %form);
}

fn map(entries: &[(&str, &str)]) -> BTreeMap<String, String> {
    entries.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect()
}

/// Lists in maps in lists, with a secret at the bottom.
fn nested(depth: usize) -> Nested {
    Nested(depth)
}

struct Nested(usize);

impl Value for Nested {
    fn encode(&self, writer: ValueWriter<'_>) {
        match self.0 {
            0 => {
                writer.map().entry("db_password", CANARY).entry("note", &format!("token={CANARY}"));
            }
            depth if depth % 2 == 0 => {
                writer.list().item(&Nested(depth - 1));
            }
            depth => {
                writer.map().entry("inner", &Nested(depth - 1));
            }
        }
    }
}

struct Own;

impl Value for Own {
    fn encode(&self, writer: ValueWriter<'_>) {
        writer.map().entry("user", "alice").entry("passwd", CANARY).entry("key", &Secret::new(CANARY));
    }
}

#[derive(Debug)]
#[expect(dead_code, reason = "only shown")]
struct Login {
    password: &'static str,
}

#[derive(Debug)]
#[expect(dead_code, reason = "only shown")]
struct Wrapped {
    password: Option<&'static str>,
    pretty: Vec<(&'static str, &'static str)>,
    secret: &'static [u8],
}

/// Longer than what is kept of the text of an error, and cut so many bytes behind the beginning of the secret.
#[derive(Debug)]
struct Long(usize);

impl fmt::Display for Long {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        /// As in `error_text`.
        const TEXT_BYTES_MAX: usize = 16 << 10;
        write!(f, "{} {CANARY_URL} {}", "x".repeat(TEXT_BYTES_MAX - 1 - self.0), "y".repeat(TEXT_BYTES_MAX))
    }
}

impl std::error::Error for Long {}

#[derive(Debug)]
struct Failed(Option<Box<Failed>>);

impl fmt::Display for Failed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "cannot reach postgres://app:{CANARY}@db/shop: {}",
            io::Error::other(format!("api_key={CANARY}"))
        )
    }
}

impl std::error::Error for Failed {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.0.as_deref().map(|cause| cause as &dyn std::error::Error)
    }
}

/// Panics with the secret, however it is written.
struct Panics;

impl fmt::Display for Panics {
    fn fmt(&self, _: &mut fmt::Formatter<'_>) -> fmt::Result {
        panic!("password={CANARY}")
    }
}

impl fmt::Debug for Panics {
    fn fmt(&self, _: &mut fmt::Formatter<'_>) -> fmt::Result {
        panic!("Authorization: Bearer {CANARY}")
    }
}

impl Value for Panics {
    fn encode(&self, _: ValueWriter<'_>) {
        panic!("api_key={CANARY}")
    }
}

/// Every format has all events, and none has the secret.
fn assert_clean_outputs(stage: &Stage) {
    for format in FORMATS {
        let bytes = fs::read(stage.path(&format!("{format:?}"))).unwrap();
        assert!(!holds(&bytes, CANARY_BEGINS), "{format:?} holds the secret: {}", around(&bytes));
        let seen = String::from_utf8_lossy(&bytes).matches(SEEN).count();
        assert!(seen >= EVENTS_MIN, "{format:?} has {seen} events");
        // As a list of numbers, as bytes are written.
        let digits: Vec<_> = CANARY.bytes().map(|byte| byte.to_string()).collect();
        assert!(!holds(&bytes, &digits.join(",")) && !holds(&bytes, &digits.join(", ")));
    }
}

fn holds(bytes: &[u8], text: &str) -> bool {
    bytes.windows(text.len()).any(|window| window == text.as_bytes())
}

/// What stands around the secret.
fn around(bytes: &[u8]) -> String {
    let at =
        bytes.windows(CANARY_BEGINS.len()).position(|window| window == CANARY_BEGINS.as_bytes()).unwrap_or(0);
    String::from_utf8_lossy(&bytes[at.saturating_sub(300)..bytes.len().min(at + 60)]).into_owned()
}
