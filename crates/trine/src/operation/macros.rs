//! `timed!`, and how it is read: a logger, options, the name, fields, in this order.
//!
//! The options are collected in five brackets, `[logger] [level] [success] [slow] [parent]`, and every form ends in one call
//! of `__operation!(@done ...)`.

#[doc = include_str!("timed.md")]
#[macro_export]
macro_rules! timed { ($($operation:tt)*) => { $crate::__timed!($($operation)*) }; }

#[doc(hidden)]
#[macro_export]
macro_rules! __timed {
    // timed!("database_query"), timed!("database_query", table = "users")
    ($name:literal) => { $crate::__fields!(@operation [[] [Info] ["completed"] [] [] $name] [] []) };
    ($name:literal, $($fields:tt)*) => {
        $crate::__fields!(@operation [[] [Info] ["completed"] [] [] $name] [] [] $($fields)*)
    };
    () => {
        ::core::compile_error!("an operation needs a name: `timed!(\"database_query\", key = value, ...)`")
    };
    // Mistakes: an option written like a field, a field where the name belongs, text with holes.
    (level = $($rest:tt)*) => { $crate::__operation!(@colon level, debug) };
    (success = $($rest:tt)*) => { $crate::__operation!(@colon success, "committed") };
    (slow_ms = $($rest:tt)*) => { $crate::__operation!(@colon slow_ms, 500) };
    (parent = $($rest:tt)*) => { $crate::__operation!(@colon parent, op.id()) };
    ($key:ident = $($rest:tt)*) => {
        ::core::compile_error!(::core::concat!(
            "an operation's name comes before its fields: `timed!(\"database_query\", ", ::core::stringify!($key), " = ...)`"
        ))
    };
    ($name:literal $($rest:tt)+) => {
        ::core::compile_error!("a comma belongs after the operation's name; text is not formatted into it: use fields")
    };
    (% $($rest:tt)*) => {
        ::core::compile_error!("an operation's name comes before its fields: `timed!(\"database_query\", %value, ...)`")
    };
    (? $($rest:tt)*) => {
        ::core::compile_error!("an operation's name comes before its fields: `timed!(\"database_query\", ?value, ...)`")
    };
    // timed!(level: debug, "database_query", ...)
    ($option:ident : $($rest:tt)*) => { $crate::__operation!(@read [] [Info] ["completed"] [] []; $option : $($rest)*) };
    ($log:ident $name:literal $($rest:tt)*) => {
        ::core::compile_error!(::core::concat!(
            "a comma belongs between the logger and the operation's name: `timed!(", ::core::stringify!($log), ", ",
            ::core::stringify!($name), ", ...)`"
        ))
    };
    // timed!(log, "database_query", ...), timed!(log, level: debug, "database_query", ...)
    ($log:expr, $name:literal) => { $crate::__fields!(@operation [[$log] [Info] ["completed"] [] [] $name] [] []) };
    ($log:expr, $name:literal, $($fields:tt)*) => {
        $crate::__fields!(@operation [[$log] [Info] ["completed"] [] [] $name] [] [] $($fields)*)
    };
    ($log:expr, $option:ident : $($rest:tt)*) => {
        $crate::__operation!(@read [$log] [Info] ["completed"] [] []; $option : $($rest)*)
    };
    ($($other:tt)*) => {
        ::core::compile_error!(::core::concat!(
            "cannot read the operation `", ::core::stringify!($($other)*),
            "`: write `timed!(\"database_query\", key = value, ...)`; the name is a literal, before it may come a logger, then \
             options, each with a comma"
        ))
    };
}

#[doc(hidden)]
#[macro_export]
macro_rules! __operation {
    // Options before the name, each once or the last counts.
    (@read $log:tt [$($level:tt)*] $success:tt $slow:tt $parent:tt; level: $new:ident, $($rest:tt)+) => {
        $crate::__operation!(@read $log [$new] $success $slow $parent; $($rest)+)
    };
    (@read $log:tt $level:tt $success:tt $slow:tt $parent:tt; success: $new:literal, $($rest:tt)+) => {
        $crate::__operation!(@read $log $level [$new] $slow $parent; $($rest)+)
    };
    (@read $log:tt $level:tt $success:tt $slow:tt $parent:tt; slow_ms: $new:expr, $($rest:tt)+) => {
        $crate::__operation!(@read $log $level $success [$new] $parent; $($rest)+)
    };
    (@read $log:tt $level:tt $success:tt $slow:tt $parent:tt; parent: $new:expr, $($rest:tt)+) => {
        $crate::__operation!(@read $log $level $success $slow [$new]; $($rest)+)
    };
    // The name.
    (@read $log:tt $level:tt $success:tt $slow:tt $parent:tt; $name:literal) => {
        $crate::__fields!(@operation [$log $level $success $slow $parent $name] [] [])
    };
    (@read $log:tt $level:tt $success:tt $slow:tt $parent:tt; $name:literal, $($fields:tt)*) => {
        $crate::__fields!(@operation [$log $level $success $slow $parent $name] [] [] $($fields)*)
    };
    // Mistakes.
    (@read $log:tt $level:tt $success:tt $slow:tt $parent:tt; $name:literal $($rest:tt)+) => {
        ::core::compile_error!("a comma belongs after the operation's name; text is not formatted into it: use fields")
    };
    (@read $log:tt $level:tt $success:tt $slow:tt $parent:tt; level : $other:expr, $($rest:tt)*) => {
        ::core::compile_error!("the option `level` takes a word: `trace`, `debug`, `info`, `warning`, `error` or `critical`")
    };
    (@read $log:tt $level:tt $success:tt $slow:tt $parent:tt; success : $other:expr, $($rest:tt)*) => {
        ::core::compile_error!("the option `success` takes a literal, as the names are made while compiling: `success: \"committed\"`")
    };
    (@read $log:tt $level:tt $success:tt $slow:tt $parent:tt; $option:ident : $(, $($rest:tt)*)?) => {
        ::core::compile_error!(::core::concat!("the option `", ::core::stringify!($option), "` has no value"))
    };
    (@read $log:tt $level:tt $success:tt $slow:tt $parent:tt; level : $other:expr) => { $crate::__operation!(@nameless) };
    (@read $log:tt $level:tt $success:tt $slow:tt $parent:tt; success : $other:expr) => { $crate::__operation!(@nameless) };
    (@read $log:tt $level:tt $success:tt $slow:tt $parent:tt; slow_ms : $other:expr) => { $crate::__operation!(@nameless) };
    (@read $log:tt $level:tt $success:tt $slow:tt $parent:tt; parent : $other:expr) => { $crate::__operation!(@nameless) };
    (@read $log:tt $level:tt $success:tt $slow:tt $parent:tt; $option:ident : $($rest:tt)*) => {
        ::core::compile_error!(::core::concat!(
            "unknown option `", ::core::stringify!($option), "`; allowed: `level: debug`, `success: \"committed\"`, `slow_ms: 500`, \
             `parent: op.id()`; a field is written `", ::core::stringify!($option), " = value`, after the name"
        ))
    };
    (@read $log:tt $level:tt $success:tt $slow:tt $parent:tt; $key:ident = $($rest:tt)*) => {
        ::core::compile_error!("an operation's name comes before its fields: `timed!(level: debug, \"database_query\", key = value)`")
    };
    (@read $log:tt $level:tt $success:tt $slow:tt $parent:tt; $late:expr, $name:literal $(, $($rest:tt)*)?) => {
        ::core::compile_error!("the logger comes first, then options, then the name: `timed!(log, level: debug, \"database_query\", ...)`")
    };
    (@read $log:tt $level:tt $success:tt $slow:tt $parent:tt; $($rest:tt)*) => {
        ::core::compile_error!("after the options of an operation comes its name, a literal: `timed!(level: debug, \"database_query\", ...)`")
    };
    (@nameless) => {
        ::core::compile_error!("an operation needs a name: `timed!(level: debug, \"database_query\", key = value, ...)`")
    };
    (@colon $option:ident, $value:expr) => {
        ::core::compile_error!(::core::concat!(
            "the option `", ::core::stringify!($option), "` is written with a colon: `timed!(", ::core::stringify!($option), ": ",
            ::core::stringify!($value), ", \"database_query\", ...)`"
        ))
    };

    // The word of a level.
    (@level trace) => { $crate::Level::Trace };
    (@level debug) => { $crate::Level::Debug };
    (@level info) => { $crate::Level::Info };
    (@level Info) => { $crate::Level::Info };
    (@level warning) => { $crate::Level::Warning };
    (@level error) => { $crate::Level::Error };
    (@level critical) => { $crate::Level::Critical };
    (@level warn) => { ::core::compile_error!("unknown level `warn`; did you mean `warning`?") };
    (@level $other:ident) => {
        ::core::compile_error!(::core::concat!(
            "unknown level `", ::core::stringify!($other), "`; allowed: `trace`, `debug`, `info`, `warning`, `error`, `critical`"
        ))
    };

    // All is read: one static for the four callsites, one test, one call.
    (@done [[$($log:expr)?] [$level:ident] [$success:literal] [$($slow:expr)?] [$($parent:expr)?] $name:literal]
        [$(($key:expr))*] [$(($kind:ident $arg:expr))*]) => {{
        static __TRINE_OPERATION: $crate::__private::OperationSite = $crate::__private::OperationSite::new(
            $name,
            $success,
            $crate::__private::Names {
                started: $crate::__operation!(@join $name, "started"),
                succeeded: $crate::__operation!(@join $name, $success),
                failed: $crate::__operation!(@join $name, "failed"),
                slow: $crate::__operation!(@slow [$($slow)?] $name),
            },
            $crate::__operation!(@level $level),
            (::core::module_path!(), ::core::file!(), ::core::line!()),
            &["duration_ms", $($key,)* "operation_id", "parent"],
        );
        if __TRINE_OPERATION.is_on() {
            $crate::operation::Operation::start(
                &__TRINE_OPERATION,
                $crate::__private::no_logger()$(.or($crate::__private::Some($crate::__private::logger(&$log))))?,
                $crate::__private::no_parent()$(.or($crate::__private::Some($crate::__private::parent(&$parent))))?,
                $crate::__operation!(@limit $($slow)?),
                &[$($crate::__arg!($kind $arg)),*],
            )
        } else {
            $crate::operation::Operation::off()
        }
    }};
    (@join $name:literal, $status:expr) => {{
        const JOINED: [$crate::__private::u8; $crate::__private::joined_len($name, $status)] =
            $crate::__private::join($name, $status);
        $crate::__private::text(&JOINED)
    }};
    (@slow [] $name:literal) => { $crate::__private::None };
    (@slow [$slow:expr] $name:literal) => { $crate::__private::Some($crate::__operation!(@join $name, "slow")) };
    (@limit) => { $crate::__private::NO_LIMIT };
    (@limit $slow:expr) => { $crate::__private::milliseconds($slow) };
}
