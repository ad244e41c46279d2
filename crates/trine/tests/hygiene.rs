//! The macros stand on nothing that a program can redefine: everything here expands in hostile places.
#![forbid(unsafe_code)]

use trine::{Level, testing::capture};

/// No prelude, and other things under the names that a prelude has.
mod without_prelude {
    #![no_implicit_prelude]
    #![allow(dead_code, unused_macros, non_camel_case_types, reason = "things whose names are in the way")]

    use ::trine::{bind, critical, debug, error, event, info, scope, timed, trace, warning};

    struct Option;
    struct Result;
    struct String;
    struct Vec;
    struct Box;
    struct Some;
    struct None;
    struct Ok;
    struct Err;
    struct str;
    struct bool;
    struct u8;
    struct u32;
    struct usize;
    struct Level;
    struct Logger;
    struct EventName;
    struct Callsite;
    struct Value;
    struct Arg;
    trait Into {}
    trait From {}
    trait Deref {}
    trait Default {}
    fn drop() {}
    mod core {}
    mod std {}
    mod alloc {}
    mod trine {}
    macro_rules! stringify {
        ($($any:tt)*) => {
            hostile
        };
    }
    macro_rules! concat {
        ($($any:tt)*) => {
            hostile
        };
    }
    macro_rules! line {
        () => {
            hostile
        };
    }
    macro_rules! module_path {
        () => {
            hostile
        };
    }
    macro_rules! file {
        () => {
            hostile
        };
    }
    macro_rules! compile_error {
        ($($any:tt)*) => {
            hostile
        };
    }

    const LOGIN: ::trine::EventName = ::trine::EventName::literal("auth_login_success");

    pub(super) fn emit_everything(level: ::trine::Level) {
        let (user_id, text) = (7, "text");
        let error = ::std::fmt::Error;
        let log = bind!(%text, user_id, "quoted key" = 1, r#type = 2, nested = [1, 2]);
        let child = bind!(log, user_id = 8, other = ?error);
        let _scope = scope!(request_id = "req_1", %user_id);
        trace!("user_login");
        debug!(child, "user_login", text, %error, ?user_id);
        info!(child, sample: 1.0, "user_login", "quoted key" = %text,);
        warning!(sample: 1.0, "user_login", text = ?text);
        error!(log, sample: 1.0, cause: &error, "user_login", a = %text);
        critical!(cause: &error, "user_login");
        info!(LOGIN, user_id);
        info!(log, name: LOGIN, user_id);
        info!(log, self::LOGIN, user_id);
        event!(level, "user_login", user_id);
        event!(level, child, sample: 1.0, LOGIN, r#type = 3);
        event!(level, bind!(), "user_login");
        let op = timed!(child, level: debug, success: "committed", slow_ms: 0, "database_query", text, a = %error, b = ?text);
        timed!(parent: op, "api_call", user_id).complete();
        op.run(|| ());
    }
}

#[test]
fn nothing_is_needed_from_the_prelude() {
    let captured = capture();
    without_prelude::emit_everything(Level::Warning);
    let events = captured.events();
    assert_eq!(events.len(), 17);
    assert!(events.iter().all(|event| event.module().ends_with("without_prelude")));
    assert!(events.iter().all(|event| event.get("request_id").is_some() && event.get("user_id").is_some()));
}

/// Items and variables named like those inside the macros.
mod same_names {
    use trine::{EventName, Level, bind, event, info, timed};

    const SITE: i32 = 1;
    const SITES: i32 = 2;
    const KEYS: i32 = 3;
    const NAME: EventName = EventName::literal("user_login");

    #[expect(clippy::let_and_return, reason = "a variable named like one inside the macros")]
    pub(super) fn emit() {
        let (site, level, options, args, log, key, value) = (4, 5, 6, 7, bind!(a = SITE, b = KEYS), 8, 9);
        info!("user_login", a = SITE, b = SITES, c = KEYS, site, options, args, key, value, l = level);
        info!(log, sample: 1.0, "user_login", a = SITE, b = options, c = site);
        event!(Level::Info, NAME, a = SITES, b = site, c = level);
        event!(
            {
                let level = Level::Info;
                level
            },
            "user_login",
            a = {
                let site = 1;
                site
            },
            b = site,
            c = level
        );
        timed!(log, slow_ms: options, "user_check", a = SITE, c = site, name = NAME.as_str()).complete();
    }
}

#[test]
fn a_name_inside_the_macros_never_hides_one_of_the_program() {
    let captured = capture();
    same_names::emit();
    let numbers = |index: usize| -> Vec<i64> {
        captured.events()[index].fields().iter().filter_map(|field| field.value.as_i64()).collect()
    };
    assert_eq!(numbers(0), [1, 2, 3, 4, 6, 7, 8, 9, 5]);
    assert_eq!(numbers(1)[..3], [1, 6, 4]);
    assert_eq!(numbers(2), [2, 4, 5]);
    assert_eq!(numbers(3), [1, 4, 5]);
}

/// The macros by path, without any import, from a function that has one argument named like the crate.
#[test]
fn macros_work_by_path_alone() {
    fn emit(trine: i32) {
        trine::info!(trine::bind!(a = trine), "user_login", trine);
    }
    let captured = capture();
    emit(7);
    assert_eq!(captured.events()[0].keys(), ["trine", "a"]);
}

/// All lints that a strict program may turn on.
mod strict {
    #![deny(
        warnings,
        clippy::all,
        clippy::pedantic,
        clippy::shadow_unrelated,
        clippy::unwrap_used,
        clippy::panic,
        clippy::indexing_slicing,
        clippy::as_conversions,
        clippy::arithmetic_side_effects,
        clippy::let_underscore_must_use,
        clippy::wildcard_imports,
        clippy::items_after_statements,
        unused_qualifications,
        trivial_casts,
        trivial_numeric_casts,
        single_use_lifetimes,
        let_underscore_drop,
        missing_docs,
        unused_results
    )]

    use trine::{EventName, Level, bind, error, event, info, scope};

    const LOGIN: EventName = EventName::literal("auth_login_success");

    pub(super) fn emit(level: Level, user_id: u64) {
        let log = bind!(user_id);
        let error = std::fmt::Error;
        let _scope = scope!(request_id = "req_1");
        info!("user_login", user_id, shown = %user_id, debugged = ?level);
        info!(log, sample: 1.0, LOGIN, r#type = 1);
        error!(log, cause: &error, "user_login");
        event!(level, log, "user_login");
    }
}

#[test]
fn a_strict_program_is_not_told_of_lints_in_our_code() {
    let captured = capture();
    strict::emit(Level::Error, 7);
    assert_eq!(captured.events().len(), 4);
}
