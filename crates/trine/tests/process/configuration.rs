//! What variables and a file say, end to end.

use std::{
    fs::{self, File},
    io::Read,
    os::fd::{FromRawFd, OwnedFd},
};

use trine::{Format, Output, debug, info, warning};

use crate::{
    lines::{events, events_in},
    stage::{Case, Place, Program, Stage, text_of},
};

pub(crate) const CASES: &[Case] = &[
    Case::new("without_a_word_events_at_info_go_to_stdout_as_json", emit, |stage| {
        let outcome = stage.run();
        outcome.assert_quiet_success();
        assert_eq!(names(&outcome.stdout), ["order_placed", "stock_low"]);
    }),
    Case::new("variables_win_over_the_file_and_the_file_over_the_program", emit_as_set_up, |stage| {
        let config = "level = \"warning\"\n[[output]]\nto = \"file:from_file.jsonl\"\n";
        fs::write(stage.path("trine.toml"), config).unwrap();

        // The program alone: everything, as logfmt.
        let outcome = stage.run();
        outcome.assert_quiet_success();
        let text = text_of(&stage.path("from_program.log"));
        assert_eq!(text.lines().count(), 3, "{text}");
        assert!(text.starts_with("event=order_seen"), "{text}");

        // The file says the level and the output, not the format.
        let outcome = with_file(stage).start().finish();
        outcome.assert_quiet_success();
        let text = text_of(&stage.path("from_file.jsonl"));
        assert_eq!(text.lines().count(), 1, "{text}");
        assert!(text.starts_with("event=stock_low"), "{text}");
        fs::remove_file(stage.path("from_file.jsonl")).unwrap();

        // The variables say the level and the format, not the output.
        let outcome =
            with_file(stage).env("TRINE_LEVEL", "info").env("TRINE_FORMAT", "json").start().finish();
        outcome.assert_quiet_success();
        assert_eq!(names(&text_of(&stage.path("from_file.jsonl"))), ["order_placed", "stock_low"]);

        // And the output too.
        let outcome = with_file(stage)
            .env("TRINE_LEVEL", "order=debug")
            .env("TRINE_FORMAT", "json")
            .env("TRINE_OUTPUT", "file:from_variable.jsonl")
            .start()
            .finish();
        outcome.assert_quiet_success();
        let written = names(&text_of(&stage.path("from_variable.jsonl")));
        assert_eq!(written, ["order_seen", "order_placed", "stock_low"]);
    }),
    Case::new(
        "what_the_program_forces_wins_over_everything",
        |place| {
            let output = Output::file(place.path("from_program.jsonl")).format(Format::Json);
            trine::setup().level("warning").output(output).force().start();
            emit(place);
        },
        |stage| {
            fs::write(stage.path("trine.toml"), "level = \"trace\"\nformat = \"logfmt\"\n").unwrap();
            let outcome =
                with_file(stage).env("TRINE_LEVEL", "debug").env("TRINE_OUTPUT", "stdout").start().finish();
            outcome.assert_quiet_success();
            assert!(outcome.stdout.is_empty(), "{outcome:?}");
            assert_eq!(names(&text_of(&stage.path("from_program.jsonl"))), ["stock_low"]);
        },
    ),
    Case::new("a_bad_value_is_one_line_that_names_it_and_what_is_allowed", emit, |stage| {
        let outcome = stage
            .program()
            .env("TRINE_LEVEL", "inof")
            .env("TRINE_FORMAT", "xml")
            .env("TRINE_OUTPUT", "carrier-pigeon")
            .env("TRINE_DELIVERY", "tomorrow")
            .env("TRINE_RING_BYTES", "huge")
            .start()
            .finish();
        outcome.assert_success();
        // The defaults are in force.
        assert_eq!(names(&outcome.stdout), ["order_placed", "stock_low"]);
        for (variable, value, allowed) in [
            ("TRINE_LEVEL", "inof", "warning"),
            ("TRINE_FORMAT", "xml", "logfmt"),
            ("TRINE_OUTPUT", "carrier-pigeon", "stderr"),
            ("TRINE_DELIVERY", "tomorrow", "inline"),
            ("TRINE_RING_BYTES", "huge", "KiB"),
        ] {
            let lines: Vec<&str> = outcome.stderr.lines().filter(|line| line.contains(variable)).collect();
            assert!(
                matches!(lines[..], [line] if line.contains(value) && line.contains(allowed)),
                "{outcome:?}"
            );
        }
        assert_eq!(outcome.stderr.lines().count(), 5, "{outcome:?}");
    }),
    Case::new("several_outputs_are_joined_by_commas", emit, |stage| {
        let outcome =
            stage.program().env("TRINE_OUTPUT", "stdout,stderr,file:a.jsonl,file:b.jsonl").start().finish();
        outcome.assert_success();
        let (a, b) = (text_of(&stage.path("a.jsonl")), text_of(&stage.path("b.jsonl")));
        assert_eq!([&outcome.stdout, &outcome.stderr, &a], [&b; 3], "all get the same lines");
        assert_eq!(names(&b), ["order_placed", "stock_low"]);
    }),
    Case::new("a_configuration_file_that_is_missing_is_one_line_and_the_rest_holds", emit, |stage| {
        let outcome = stage
            .program()
            .env("TRINE_CONFIG", "nowhere/trine.toml")
            .env("TRINE_LEVEL", "warning")
            .start()
            .finish();
        outcome.assert_success();
        assert_eq!(names(&outcome.stdout), ["stock_low"]);
        assert_eq!(outcome.stderr.lines().count(), 1, "{outcome:?}");
        assert!(outcome.stderr.contains("nowhere/trine.toml"), "{outcome:?}");
    }),
    Case::new("a_file_in_the_working_directory_is_not_picked_up", emit, |stage| {
        fs::write(stage.path("trine.toml"), "level = \"off\"\n").unwrap();
        let outcome = stage.run();
        outcome.assert_quiet_success();
        assert_eq!(names(&outcome.stdout), ["order_placed", "stock_low"]);
    }),
    Case::new("a_terminal_gets_colour_unless_no_color_is_set", emit, |stage| {
        let coloured = on_a_terminal(stage.program());
        assert!(coloured.contains("order_placed") && coloured.contains('\x1b'), "{coloured:?}");
        assert!(!coloured.contains("{\"event\""), "people get no JSON: {coloured:?}");
        let plain = on_a_terminal(stage.program().env("NO_COLOR", "1"));
        assert!(plain.contains("order_placed") && !plain.contains('\x1b'), "{plain:?}");
        let json = on_a_terminal(stage.program().env("TRINE_FORMAT", "json"));
        assert_eq!(names(&json.replace("\r\n", "\n")), ["order_placed", "stock_low"]);
    }),
    Case::new(
        "inline_delivery_from_a_variable_writes_before_the_macro_returns",
        |place| {
            info!("order_placed", n = 1);
            assert_eq!(events(&place.path("app.jsonl")).len(), 1);
        },
        |stage| {
            let program =
                stage.program().env("TRINE_OUTPUT", "file:app.jsonl").env("TRINE_DELIVERY", "inline");
            program.start().finish().assert_quiet_success();
        },
    ),
];

fn emit(_: &Place) {
    debug!("order_seen", n = 1);
    info!("order_placed", n = 2);
    warning!("stock_low", n = 3);
}

fn emit_as_set_up(place: &Place) {
    let output = Output::file(place.path("from_program.log"));
    trine::setup().level("trace").format(Format::Logfmt).output(output).start();
    emit(place);
}

fn with_file(stage: &Stage) -> Program {
    stage.program().env("TRINE_CONFIG", "trine.toml")
}

fn names(text: &str) -> Vec<String> {
    events_in(text).iter().map(|event| event["event"].as_str().unwrap().to_owned()).collect()
}

/// Runs the program with a terminal as its stdout; returns what that shows.
fn on_a_terminal(program: Program) -> String {
    let (mut ours, mut theirs) = (-1, -1);
    // SAFETY: both are valid places for the results; the other arguments may be null.
    let done = unsafe {
        libc::openpty(
            &raw mut ours,
            &raw mut theirs,
            std::ptr::null_mut(),
            std::ptr::null_mut(),
            std::ptr::null_mut(),
        )
    };
    assert_eq!(done, 0, "{}", std::io::Error::last_os_error());
    // SAFETY: both were just opened and belong to nobody else.
    let (ours, theirs) = unsafe { (OwnedFd::from_raw_fd(ours), OwnedFd::from_raw_fd(theirs)) };
    let mut screen = File::from(ours);
    // The terminal holds little: it has to be read while the program writes.
    let reader = std::thread::spawn(move || {
        let (mut shown, mut part) = (Vec::new(), [0; 4096]);
        // The error is the end: nobody has the other side open any more.
        while let Ok(bytes @ 1..) = screen.read(&mut part) {
            shown.extend_from_slice(&part[..bytes]);
        }
        String::from_utf8(shown).unwrap()
    });
    program.stdout(theirs).start().finish().assert_quiet_success();
    reader.join().unwrap()
}
