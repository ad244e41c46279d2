//! Levels, from the start and while the program runs.

use std::{
    sync::{
        Barrier,
        atomic::{AtomicBool, Ordering},
    },
    thread,
};

use trine::{debug, error, info, trace};

use crate::{
    lines::{events, named},
    stage::Case,
};

/// Threads that emit while another changes the level.
const THREADS: u64 = 4;

mod payment {
    pub(super) mod db {
        pub(crate) fn query() {
            trine::trace!("row_read");
        }
    }
    pub(super) fn other() {
        trine::trace!("row_skipped");
    }
}

pub(crate) const CASES: &[Case] = &[
    Case::new(
        "a_level_set_by_one_thread_holds_for_all_when_the_call_returns",
        |place| {
            place.to_file().level("info").start();
            let (before, after) = (Barrier::new(THREADS as usize + 1), Barrier::new(THREADS as usize + 1));
            thread::scope(|scope| {
                for thread in 0..THREADS {
                    let (before, after) = (&before, &after);
                    scope.spawn(move || {
                        for stage in 0..3 {
                            debug!("detail_seen", thread, stage);
                            info!("step_done", thread, stage);
                            error!("step_failed", thread, stage);
                            before.wait();
                            // Here the level changes.
                            after.wait();
                        }
                    });
                }
                for level in ["debug", "error", "info"] {
                    before.wait();
                    trine::set_level(level).unwrap();
                    after.wait();
                }
            });
        },
        |stage| {
            stage.run().assert_quiet_success();
            let events = events(&stage.path("app.jsonl"));
            let at = |name: &str, stage: u64| {
                named(&events, name).iter().filter(|event| event["stage"].as_u64() == Some(stage)).count()
                    as u64
            };
            let seen = |stage| [at("detail_seen", stage), at("step_done", stage), at("step_failed", stage)];
            assert_eq!(seen(0), [0, THREADS, THREADS], "info");
            assert_eq!(seen(1), [THREADS, THREADS, THREADS], "debug");
            assert_eq!(seen(2), [0, 0, THREADS], "error");
        },
    ),
    Case::new(
        "rules_go_by_name_and_by_module",
        |place| {
            let rules = format!("info,user=debug,{}::payment::db=trace", module_path!());
            place.to_file().level(&rules).start();
            payment::db::query();
            payment::other();
            debug!("user_seen");
            trace!("user_traced");
            debug!("order_seen");
            info!("order_placed");
            trine::set_level("warning,order_placed=info").unwrap();
            payment::db::query();
            debug!("user_seen");
            info!("order_placed");
            info!("order_changed");
        },
        |stage| {
            stage.run().assert_quiet_success();
            let names: Vec<_> =
                events(&stage.path("app.jsonl")).iter().map(|event| event["event"].clone()).collect();
            assert_eq!(names, ["row_read", "user_seen", "order_placed", "order_placed"]);
        },
    ),
    Case::new(
        "a_disabled_event_evaluates_nothing_also_after_it_was_enabled",
        |place| {
            static WAS_ASKED: AtomicBool = AtomicBool::new(false);
            place.to_file().level("debug").start();
            for (level, is_on) in [("debug", true), ("info", false), ("debug", true), ("off", false)] {
                trine::set_level(level).unwrap();
                WAS_ASKED.store(false, Ordering::Relaxed);
                debug!(
                    "detail_seen",
                    value = {
                        WAS_ASKED.store(true, Ordering::Relaxed);
                        1
                    }
                );
                assert_eq!(WAS_ASKED.load(Ordering::Relaxed), is_on, "{level}");
            }
        },
        |stage| {
            stage.run().assert_quiet_success();
            assert_eq!(events(&stage.path("app.jsonl")).len(), 2);
        },
    ),
    Case::new(
        "a_level_that_is_none_is_an_error_and_changes_nothing",
        |place| {
            place.to_file().level("info").start();
            assert!(trine::set_level("inof,payment=debug").is_err());
            debug!("payment_seen");
            info!("order_placed");
        },
        |stage| {
            stage.run().assert_quiet_success();
            assert_eq!(events(&stage.path("app.jsonl")).len(), 1);
        },
    ),
];
