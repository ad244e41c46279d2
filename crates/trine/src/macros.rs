//! The macros. Each is a doorbell: a static callsite, one cheap test, one call to an ordinary function.
//!
//! All forms are normalised by `__event!` into one: `level, logger, options, name, fields`. Fields are read one at a time by
//! `__fields!` into two lists, keys (constants) and arguments (expressions, evaluated when the event is on).

/// Emits a trace event: steps inside an operation, for the author. See [`info!`](crate::info) for the forms.
#[macro_export]
macro_rules! trace { ($($event:tt)*) => { $crate::__event!(Trace; $($event)*) }; }

/// Emits a debug event: of low importance, like a cache hit. See [`info!`](crate::info) for the forms.
#[macro_export]
macro_rules! debug { ($($event:tt)*) => { $crate::__event!(Debug; $($event)*) }; }

#[doc = include_str!("macros/info.md")]
#[macro_export]
macro_rules! info { ($($event:tt)*) => { $crate::__event!(Info; $($event)*) }; }

/// Emits a warning: concerning, like a rate limit. See [`info!`](crate::info) for the forms.
#[macro_export]
macro_rules! warning { ($($event:tt)*) => { $crate::__event!(Warning; $($event)*) }; }

/// Emits an error: an operation failed. See [`info!`](crate::info) for the forms.
#[macro_export]
macro_rules! error { ($($event:tt)*) => { $crate::__event!(Error; $($event)*) }; }

/// Emits a critical event: the system cannot work. See [`info!`](crate::info) for the forms.
#[macro_export]
macro_rules! critical { ($($event:tt)*) => { $crate::__event!(Critical; $($event)*) }; }

/// Emits an event whose level is an expression: `event!(level, "user_login", user_id = 1)`.
///
/// Everything after the level is as in [`info!`](crate::info).
///
/// ```
/// use trine::{Level, event};
/// let captured = trine::testing::capture();
/// let level = if 3 > 2 { Level::Warning } else { Level::Info };
/// event!(level, "api_ratelimit_exceeded", limit = 100);
/// assert_eq!(captured.events()[0].level(), Level::Warning);
/// ```
#[macro_export]
macro_rules! event {
    ($name:literal $($rest:tt)*) => {
        ::core::compile_error!("the level comes first: `event!(Level::Info, \"domain_action_status\", key = value, ...)`")
    };
    // event!(Level::Info, "user_login", user_id = 1)
    ($level:expr, $($event:tt)+) => { $crate::__event!(($level); $($event)+) };
    ($($other:tt)*) => { ::core::compile_error!("write `event!(level, \"domain_action_status\", key = value, ...)`") };
}

/// Makes a [`Logger`](crate::Logger): fields that all its events carry, encoded once.
///
/// `bind!(request_id = "req_123", user_id)` makes one; `bind!(log, page = "/")` makes a child of `log`, which has the
/// parent's fields and its own; a key bound again takes the new value. Fields are written as in [`info!`](crate::info).
///
/// ```
/// use trine::{assert_event, bind, info};
/// let captured = trine::testing::capture();
/// let log = bind!(request_id = "req_123", user_id = 7);
/// let child = bind!(log, user_id = 8, session = "sess_456");
/// info!(child, "page_view", page = "/dashboard");
/// assert_event!(captured, "page_view", request_id = "req_123", user_id = 8, session = "sess_456");
/// ```
#[macro_export]
macro_rules! bind {
    // bind!()
    () => { $crate::Logger::new() };
    // bind!(key = value, ...), bind!(%key, ...)
    ($key:ident = $($rest:tt)*) => { $crate::__bind!(&$crate::Logger::new(); $key = $($rest)*) };
    ($key:literal = $($rest:tt)*) => { $crate::__bind!(&$crate::Logger::new(); $key = $($rest)*) };
    ($name:literal $($rest:tt)*) => {
        ::core::compile_error!("`bind!` takes fields, not an event's name: `bind!(key = value, ...)`")
    };
    (% $($rest:tt)*) => { $crate::__bind!(&$crate::Logger::new(); % $($rest)*) };
    (? $($rest:tt)*) => { $crate::__bind!(&$crate::Logger::new(); ? $($rest)*) };
    // bind!(log, key = value, ...)
    ($log:expr, $($rest:tt)+) => { $crate::__bind!($crate::__private::logger(&$log); $($rest)+) };
    // bind!(user_id): a shorthand alone
    ($key:ident $(,)?) => { $crate::__bind!(&$crate::Logger::new(); $key) };
    ($($other:tt)*) => {
        ::core::compile_error!("write `bind!(key = value, ...)`, or `bind!(log, key = value, ...)` for a child of `log`")
    };
}

/// Puts fields on the current thread until the returned guard drops: every event of the thread carries them.
///
/// Fields are written as in [`info!`](crate::info); scopes nest, and an inner one wins. For async code, which moves between
/// threads, use [`InScope::in_scope`](crate::InScope::in_scope).
///
/// ```
/// use trine::{assert_event, info, scope};
/// let captured = trine::testing::capture();
/// {
///     let _scope = scope!(request_id = "req_123");
///     info!("page_view");
/// }
/// info!("page_exit");
/// assert_event!(captured, "page_view", request_id = "req_123");
/// assert_eq!(captured.named("page_exit")[0].get("request_id"), None);
/// ```
///
/// With `keep_debug_on_failure` before the fields, events at `debug` and above that no output wants are held in memory, and
/// written, in order, when an event of the scope says that something failed (the role of its status) or was `slow`; else
/// dropped and counted. At most [`DEFAULT_HOLD_BYTES`](crate::DEFAULT_HOLD_BYTES), or as many as are said: then the
/// oldest give way. See `docs/keep-on-failure.md`.
///
/// ```
/// use trine::{debug, error, scope};
/// let captured = trine::testing::capture();
/// let handle = |order_id: &str, works: bool| {
///     let _scope = scope!(keep_debug_on_failure: 256 KiB, order_id);
///     debug!("database_query_completed", table = "orders");
///     if !works {
///         error!("order_create_failed", reason = "out_of_stock");
///     }
/// };
/// handle("ORD-1", true);
/// handle("ORD-2", false);
/// assert_eq!(captured.names(), ["database_query_completed", "order_create_failed"]);
/// ```
#[macro_export]
macro_rules! scope {
    // scope!(keep_debug_on_failure: 256 KiB, key = value, ...)
    (keep_debug_on_failure: $n:literal KiB $(, $($fields:tt)*)?) => {
        $crate::__scope!(@hold $n << 10; $($($fields)*)?)
    };
    (keep_debug_on_failure: $n:literal MiB $(, $($fields:tt)*)?) => {
        $crate::__scope!(@hold $n << 20; $($($fields)*)?)
    };
    (keep_debug_on_failure: $bytes:expr $(, $($fields:tt)*)?) => {
        $crate::__scope!(@hold $bytes; $($($fields)*)?)
    };
    (keep_debug_on_failure: $($rest:tt)*) => {
        ::core::compile_error!("write `scope!(keep_debug_on_failure: 256 KiB, key = value, ...)`; units are `KiB` and `MiB`, and an expression is in bytes")
    };
    // scope!(keep_debug_on_failure, key = value, ...)
    (keep_debug_on_failure $(, $($fields:tt)*)?) => {
        $crate::__scope!(@hold $crate::DEFAULT_HOLD_BYTES; $($($fields)*)?)
    };
    ($($fields:tt)+) => {
        $crate::__private::enter($crate::__bind!(&$crate::__private::scoped_logger(); $($fields)+))
    };
    () => { ::core::compile_error!("write `let _scope = scope!(key = value, ...);`") };
}

/// Adds an event to a [`Batcher`](crate::Batcher), which emits many as one `events_batch`.
///
/// `batch!(batcher, "domain_action_status", key = value, ...)`; a logger and `name: NAME` go where they do in
/// [`info!`](crate::info), and fields are written as there. The event has the level `info`.
///
/// ```
/// use trine::{Batcher, bind};
/// let captured = trine::testing::capture();
/// let items = Batcher::new(2);
/// let log = bind!(job_id = "job_7");
/// trine::batch!(items, log, "item_processed", item_id = 1, status = "success");
/// trine::batch!(items, log, "item_processed", item_id = 2, status = "success");
/// assert_eq!(captured.names(), ["events_batch"]);
/// ```
#[macro_export]
macro_rules! batch {
    ($batch:expr, $name:literal $(, $($fields:tt)*)?) => {
        $crate::__fields!(@batch [$batch, [], (literal $name)] [] [] $($($fields)*)?)
    };
    ($batch:expr, name: $name:expr $(, $($fields:tt)*)?) => {
        $crate::__fields!(@batch [$batch, [], (expr $name)] [] [] $($($fields)*)?)
    };
    ($batch:expr, $log:expr, $name:literal $(, $($fields:tt)*)?) => {
        $crate::__fields!(@batch [$batch, [$log], (literal $name)] [] [] $($($fields)*)?)
    };
    ($batch:expr, $log:expr, name: $name:expr $(, $($fields:tt)*)?) => {
        $crate::__fields!(@batch [$batch, [$log], (expr $name)] [] [] $($($fields)*)?)
    };
    ($($other:tt)*) => {
        ::core::compile_error!("write `batch!(batcher, \"domain_action_status\", key = value, ...)`")
    };
}

#[doc(hidden)]
#[macro_export]
macro_rules! __scope {
    (@hold $bytes:expr;) => { $crate::__private::enter_holding($crate::__private::scoped_logger(), $bytes) };
    (@hold $bytes:expr; $($fields:tt)+) => {
        $crate::__private::enter_holding($crate::__bind!(&$crate::__private::scoped_logger(); $($fields)+), $bytes)
    };
}

#[doc(hidden)]
#[macro_export]
macro_rules! __event {
    // ($level; "name") and ($level; "name", fields)
    ($level:tt; $name:literal) => { $crate::__fields!(@event [$level [] [] (literal $name)] [] []) };
    ($level:tt; $name:literal, $($fields:tt)*) => {
        $crate::__fields!(@event [$level [] [] (literal $name)] [] [] $($fields)*)
    };
    // No name.
    ($level:tt;) => {
        ::core::compile_error!("an event needs a name: `info!(\"domain_action_status\", key = value, ...)`")
    };
    // An option written like a field, a field where the name belongs.
    ($level:tt; sample = $($rest:tt)*) => {
        ::core::compile_error!("the option `sample` is written with a colon: `info!(sample: 0.01, \"domain_action_status\", ...)`")
    };
    ($level:tt; cause = $($rest:tt)*) => {
        ::core::compile_error!("the option `cause` is written with a colon: `error!(cause: &error, \"domain_action_status\", ...)`")
    };
    ($level:tt; $key:ident = $($rest:tt)*) => {
        ::core::compile_error!(::core::concat!(
            "an event's name comes before its fields: `info!(\"domain_action_status\", ", ::core::stringify!($key), " = ...)`"
        ))
    };
    ($level:tt; $name:literal $($rest:tt)+) => {
        ::core::compile_error!("a comma belongs after the event's name; text is not formatted into it: use fields")
    };
    ($level:tt; % $($rest:tt)*) => {
        ::core::compile_error!("an event's name comes before its fields: `info!(\"domain_action_status\", %value, ...)`")
    };
    ($level:tt; ? $($rest:tt)*) => {
        ::core::compile_error!("an event's name comes before its fields: `info!(\"domain_action_status\", ?value, ...)`")
    };
    // Options and a name, in any order: ($level; sample: 0.1, "name"), ($level; name: NAME, ...)
    ($level:tt; $option:ident : $($rest:tt)*) => { $crate::__event!(@options $level [] []; $option : $($rest)*) };
    ($level:tt; $log:ident $name:literal $($rest:tt)*) => {
        ::core::compile_error!(::core::concat!(
            "a comma belongs between the logger and the event's name: `info!(", ::core::stringify!($log), ", ",
            ::core::stringify!($name), ", ...)`"
        ))
    };
    // A logger, then options or a name.
    ($level:tt; $log:expr, $name:literal) => { $crate::__fields!(@event [$level [$log] [] (literal $name)] [] []) };
    ($level:tt; $log:expr, $name:literal, $($fields:tt)*) => {
        $crate::__fields!(@event [$level [$log] [] (literal $name)] [] [] $($fields)*)
    };
    ($level:tt; $log:expr, $option:ident : $($rest:tt)*) => {
        $crate::__event!(@options $level [$log] []; $option : $($rest)*)
    };
    // A logger and a path, which cannot be a field: ($level; log, events::AUTH_LOGIN_SUCCESS, fields)
    ($level:tt; $log:expr, $first:ident :: $($rest:tt)+) => {
        $crate::__event!(@named $level [$log]; $first :: $($rest)+)
    };
    ($level:tt; $log:expr, :: $($rest:tt)+) => { $crate::__event!(@named $level [$log]; :: $($rest)+) };
    // A name that is an expression: ($level; events::AUTH_LOGIN_SUCCESS, fields)
    ($level:tt; $name:expr, $($fields:tt)*) => {
        $crate::__fields!(@event [$level [] [] (expr $name)] [] [] $($fields)*)
    };
    ($level:tt; $name:expr) => { $crate::__fields!(@event [$level [] [] (expr $name)] [] []) };
    ($level:tt; $($other:tt)*) => {
        ::core::compile_error!(::core::concat!(
            "cannot read the event `", ::core::stringify!($($other)*),
            "`: write `info!(\"domain_action_status\", key = value, ...)`; before the name may come a logger, then options, \
             each with a comma"
        ))
    };

    // The name behind a logger.
    (@named $level:tt $log:tt; $name:expr) => { $crate::__fields!(@event [$level $log [] (expr $name)] [] []) };
    (@named $level:tt $log:tt; $name:expr, $($fields:tt)*) => {
        $crate::__fields!(@event [$level $log [] (expr $name)] [] [] $($fields)*)
    };

    // Options before the name.
    (@options $level:tt $log:tt [$($options:tt)*]; sample: $rate:expr, $($rest:tt)+) => {
        $crate::__event!(@options $level $log [$($options)* (sample $rate)]; $($rest)+)
    };
    (@options $level:tt $log:tt [$($options:tt)*]; cause: $error:expr, $($rest:tt)+) => {
        $crate::__event!(@options $level $log [$($options)* (cause $error)]; $($rest)+)
    };
    (@options $level:tt $log:tt $options:tt; name: $name:expr) => {
        $crate::__fields!(@event [$level $log $options (expr $name)] [] [])
    };
    (@options $level:tt $log:tt $options:tt; name: $name:expr, $($fields:tt)*) => {
        $crate::__fields!(@event [$level $log $options (expr $name)] [] [] $($fields)*)
    };
    (@options $level:tt $log:tt $options:tt; $name:literal) => {
        $crate::__fields!(@event [$level $log $options (literal $name)] [] [])
    };
    (@options $level:tt $log:tt $options:tt; $name:literal, $($fields:tt)*) => {
        $crate::__fields!(@event [$level $log $options (literal $name)] [] [] $($fields)*)
    };
    (@options $level:tt $log:tt $options:tt; $option:ident : $value:expr) => {
        ::core::compile_error!("an event needs a name: `info!(sample: 0.01, \"domain_action_status\", ...)`")
    };
    (@options $level:tt $log:tt $options:tt; $option:ident : $(, $($rest:tt)*)?) => {
        ::core::compile_error!(::core::concat!("the option `", ::core::stringify!($option), "` has no value"))
    };
    (@options $level:tt $log:tt $options:tt; $option:ident : $($rest:tt)*) => {
        ::core::compile_error!(::core::concat!(
            "unknown option `", ::core::stringify!($option), "`; allowed: `sample: rate`, `cause: &error`, `name: NAME`; \
             a field is written `", ::core::stringify!($option), " = value`, after the name"
        ))
    };
    (@options $level:tt $log:tt $options:tt; $log_late:expr, $name:literal $(, $($rest:tt)*)?) => {
        ::core::compile_error!("the logger comes first, then options, then the name: `info!(log, sample: 0.01, \"cache_hit\", ...)`")
    };
    (@options $level:tt $log:tt $options:tt; $name:expr) => {
        $crate::__fields!(@event [$level $log $options (expr $name)] [] [])
    };
    (@options $level:tt $log:tt $options:tt; $name:expr, $($fields:tt)*) => {
        $crate::__fields!(@event [$level $log $options (expr $name)] [] [] $($fields)*)
    };
}

/// Reads fields into `[keys] [arguments]`, then hands them to `__finish!` with whatever came first.
#[doc(hidden)]
#[macro_export]
macro_rules! __fields {
    // All read.
    (@$to:ident $head:tt [$($keys:tt)*] [$($args:tt)*]) => { $crate::__finish!(@$to $head [$($keys)*] [$($args)*]) };
    // key = %value, key = ?value, key = value
    (@$to:ident $head:tt [$($keys:tt)*] [$($args:tt)*] $key:ident = % $value:expr $(, $($rest:tt)*)?) => {
        $crate::__fields!(@$to $head [$($keys)* ($crate::__private::key(::core::stringify!($key)))] [$($args)* (display $value)] $($($rest)*)?)
    };
    (@$to:ident $head:tt [$($keys:tt)*] [$($args:tt)*] $key:ident = ? $value:expr $(, $($rest:tt)*)?) => {
        $crate::__fields!(@$to $head [$($keys)* ($crate::__private::key(::core::stringify!($key)))] [$($args)* (debug $value)] $($($rest)*)?)
    };
    (@$to:ident $head:tt [$($keys:tt)*] [$($args:tt)*] $key:ident = $value:expr $(, $($rest:tt)*)?) => {
        $crate::__fields!(@$to $head [$($keys)* ($crate::__private::key(::core::stringify!($key)))] [$($args)* (value $value)] $($($rest)*)?)
    };
    // "quoted key" = %value, = ?value, = value
    (@$to:ident $head:tt [$($keys:tt)*] [$($args:tt)*] $key:literal = % $value:expr $(, $($rest:tt)*)?) => {
        $crate::__fields!(@$to $head [$($keys)* ($key)] [$($args)* (display $value)] $($($rest)*)?)
    };
    (@$to:ident $head:tt [$($keys:tt)*] [$($args:tt)*] $key:literal = ? $value:expr $(, $($rest:tt)*)?) => {
        $crate::__fields!(@$to $head [$($keys)* ($key)] [$($args)* (debug $value)] $($($rest)*)?)
    };
    (@$to:ident $head:tt [$($keys:tt)*] [$($args:tt)*] $key:literal = $value:expr $(, $($rest:tt)*)?) => {
        $crate::__fields!(@$to $head [$($keys)* ($key)] [$($args)* (value $value)] $($($rest)*)?)
    };
    // %key, ?key, key
    (@$to:ident $head:tt [$($keys:tt)*] [$($args:tt)*] % $key:ident $(, $($rest:tt)*)?) => {
        $crate::__fields!(@$to $head [$($keys)* ($crate::__private::key(::core::stringify!($key)))] [$($args)* (display $key)] $($($rest)*)?)
    };
    (@$to:ident $head:tt [$($keys:tt)*] [$($args:tt)*] ? $key:ident $(, $($rest:tt)*)?) => {
        $crate::__fields!(@$to $head [$($keys)* ($crate::__private::key(::core::stringify!($key)))] [$($args)* (debug $key)] $($($rest)*)?)
    };
    (@$to:ident $head:tt [$($keys:tt)*] [$($args:tt)*] $key:ident $(, $($rest:tt)*)?) => {
        $crate::__fields!(@$to $head [$($keys)* ($crate::__private::key(::core::stringify!($key)))] [$($args)* (value $key)] $($($rest)*)?)
    };
    // Mistakes.
    (@$to:ident $head:tt $keys:tt $args:tt $option:ident : $($rest:tt)*) => {
        ::core::compile_error!(::core::concat!(
            "`", ::core::stringify!($option), ": ...` after the name: a field is written `",
            ::core::stringify!($option), " = value`; the options `sample:`, `cause:` come before the name"
        ))
    };
    (@$to:ident $head:tt $keys:tt $args:tt $key:ident = $(, $($rest:tt)*)?) => {
        ::core::compile_error!(::core::concat!("the field `", ::core::stringify!($key), "` has no value"))
    };
    (@$to:ident $head:tt $keys:tt $args:tt $key:literal = $(, $($rest:tt)*)?) => {
        ::core::compile_error!(::core::concat!("the field `", ::core::stringify!($key), "` has no value"))
    };
    // user.id = 7, user-id = 7
    (@$to:ident $head:tt $keys:tt $args:tt $first:ident $(. $more:ident)+ = $($rest:tt)*) => {
        ::core::compile_error!(::core::concat!(
            "a key with dots is quoted: `\"", ::core::stringify!($first), $(".", ::core::stringify!($more),)+ "\" = value`"
        ))
    };
    (@$to:ident $head:tt $keys:tt $args:tt $first:ident $(- $more:ident)+ = $($rest:tt)*) => {
        ::core::compile_error!(::core::concat!(
            "a key with hyphens is quoted: `\"", ::core::stringify!($first), $("-", ::core::stringify!($more),)+ "\" = value`"
        ))
    };
    // user.id, %user.id, ?user.id, &user_id
    (@$to:ident $head:tt $keys:tt $args:tt $first:ident . $key:ident $(, $($rest:tt)*)?) => {
        $crate::__mistake!(key $key, $first . $key)
    };
    (@$to:ident $head:tt $keys:tt $args:tt % $first:ident . $key:ident $(, $($rest:tt)*)?) => {
        $crate::__mistake!(key $key, % $first . $key)
    };
    (@$to:ident $head:tt $keys:tt $args:tt ? $first:ident . $key:ident $(, $($rest:tt)*)?) => {
        $crate::__mistake!(key $key, ? $first . $key)
    };
    (@$to:ident $head:tt $keys:tt $args:tt & $key:ident $(, $($rest:tt)*)?) => {
        $crate::__mistake!(key $key, & $key)
    };
    // "web_app", name.len(), std::process::id()
    (@$to:ident $head:tt $keys:tt $args:tt $value:literal $(, $($rest:tt)*)?) => { $crate::__mistake!(key key, $value) };
    (@$to:ident $head:tt $keys:tt $args:tt $first:ident . $($rest:tt)*) => { $crate::__mistake!(key key, $first ...) };
    (@$to:ident $head:tt $keys:tt $args:tt $first:ident :: $($rest:tt)*) => { $crate::__mistake!(key key, $first ...) };
    (@$to:ident $head:tt $keys:tt $args:tt , $($rest:tt)*) => {
        ::core::compile_error!("a field is missing between two commas")
    };
    (@$to:ident $head:tt $keys:tt $args:tt $($rest:tt)*) => {
        ::core::compile_error!(::core::concat!(
            "cannot read the fields from `", ::core::stringify!($($rest)*),
            "` on: a field is `key = value`, `key = %display`, `key = ?debug`, `\"quoted key\" = value` or `variable`, \
             and a comma stands between two"
        ))
    };
}

/// A value where a field belongs.
#[doc(hidden)]
#[macro_export]
macro_rules! __mistake {
    (key $key:ident, $($value:tt)+) => {
        ::core::compile_error!(::core::concat!(
            "a value needs a key: `", ::core::stringify!($key), " = ", $(::core::stringify!($value),)+
            "`; only a variable can stand for itself"
        ))
    };
}

/// The normal form: everything is read, and becomes one call.
#[doc(hidden)]
#[macro_export]
macro_rules! __finish {
    // An event whose level and name are known: one static callsite.
    (@event [$level:ident [$($log:expr)?] [$($options:tt)*] (literal $name:literal)] [$(($key:expr))*] [$($arg:tt)*]) => {{
        static __TRINE_CALLSITE: $crate::__private::Callsite = $crate::__private::Callsite::new(
            $name,
            $crate::Level::$level,
            (::core::module_path!(), ::core::file!(), ::core::line!()),
            &[$($key),*],
        );
        if __TRINE_CALLSITE.is_on() {
            $crate::__emit!(&__TRINE_CALLSITE, [$($log)?], [$($options)*], [$($arg)*]);
        }
    }};
    // The level is an expression: a static callsite for each.
    (@event [($level:expr) [$($log:expr)?] [$($options:tt)*] (literal $name:literal)] [$(($key:expr))*] [$($arg:tt)*]) => {{
        static __TRINE_CALLSITES: [$crate::__private::Callsite; 6] = $crate::__private::Callsite::of_every_level(
            $name,
            (::core::module_path!(), ::core::file!(), ::core::line!()),
            &[$($key),*],
        );
        let level: $crate::Level = $level;
        let site = &__TRINE_CALLSITES[level as $crate::__private::usize];
        if site.is_on() {
            $crate::__emit!(site, [$($log)?], [$($options)*], [$($arg)*]);
        }
    }};
    // The name is an expression: callsites are found by name.
    (@event [$level:ident $log:tt $options:tt (expr $($name:tt)+)] $keys:tt $args:tt) => {
        $crate::__finish!(@event [($crate::Level::$level) $log $options (expr $($name)+)] $keys $args)
    };
    (@event [($level:expr) [$($log:expr)?] [$($options:tt)*] (expr $name:expr)] [$(($key:expr))*] [$($arg:tt)*]) => {{
        static __TRINE_CALLSITES: $crate::__private::NamedLater = $crate::__private::NamedLater::new(
            (::core::module_path!(), ::core::file!(), ::core::line!()),
            &[$($key),*],
        );
        let site = __TRINE_CALLSITES.named($crate::__private::event_name($name), $level);
        if site.is_on() {
            $crate::__emit!(site, [$($log)?], [$($options)*], [$($arg)*]);
        }
    }};
    // An operation: read on in `operation/macros.rs`.
    (@operation $head:tt $keys:tt $args:tt) => { $crate::__operation!(@done $head $keys $args) };
    // An event for a batch.
    (@batch [$batch:expr, [$($log:expr)?], (literal $name:literal)] [$(($key:expr))*] [$(($kind:ident $arg:expr))*]) => {{
        static __TRINE_CALLSITE: $crate::__private::Callsite = $crate::__private::Callsite::new(
            $name,
            $crate::Level::Info,
            (::core::module_path!(), ::core::file!(), ::core::line!()),
            &[$($key),*],
        );
        $crate::__finish!(@batched &__TRINE_CALLSITE, $batch, [$($log)?] [$(($kind $arg))*])
    }};
    (@batch [$batch:expr, [$($log:expr)?], (expr $name:expr)] [$(($key:expr))*] [$(($kind:ident $arg:expr))*]) => {{
        static __TRINE_CALLSITES: $crate::__private::NamedLater = $crate::__private::NamedLater::new(
            (::core::module_path!(), ::core::file!(), ::core::line!()),
            &[$($key),*],
        );
        let site = __TRINE_CALLSITES.named($crate::__private::event_name($name), $crate::Level::Info);
        $crate::__finish!(@batched site, $batch, [$($log)?] [$(($kind $arg))*])
    }};
    (@batched $site:expr, $batch:expr, [$($log:expr)?] [$(($kind:ident $arg:expr))*]) => {
        if $site.is_on() {
            $crate::__private::batch(
                &$batch,
                $site,
                $crate::__private::no_logger()$(.or($crate::__private::Some($crate::__private::logger(&$log))))?,
                &[$($crate::__arg!($kind $arg)),*],
            );
        }
    };
    // What a test expects.
    (@expect [$captured:expr, $name:expr] [$(($key:expr))*] [$(($kind:ident $arg:expr))*]) => {
        $crate::__private::expect_event(&$captured, $name, &[$($key),*], &[$($crate::__arg!($kind $arg)),*])
    };
    // A logger: a builder that takes the fields.
    (@bind [$parent:expr] [$(($key:expr))*] [$(($kind:ident $arg:expr))*]) => {{
        const __TRINE_KEYS: &[&$crate::__private::str] = &[$($key),*];
        const _: () = $crate::__private::check_keys(__TRINE_KEYS);
        $crate::__private::bind($parent, __TRINE_KEYS, &[$($crate::__arg!($kind $arg)),*])
    }};
}

#[doc(hidden)]
#[macro_export]
macro_rules! __bind {
    ($parent:expr; $($fields:tt)*) => { $crate::__fields!(@bind [$parent] [] [] $($fields)*) };
}

/// The call. Without options it is the short one.
#[doc(hidden)]
#[macro_export]
macro_rules! __emit {
    ($site:expr, [], [], [$(($kind:ident $arg:expr))*]) => {
        $crate::__private::emit($site, &[$($crate::__arg!($kind $arg)),*])
    };
    ($site:expr, [$log:expr], [], [$(($kind:ident $arg:expr))*]) => {
        $crate::__private::emit_bound($site, $crate::__private::logger(&$log), &[$($crate::__arg!($kind $arg)),*])
    };
    ($site:expr, [$($log:expr)?], [$(($option:ident $value:expr))+], [$(($kind:ident $arg:expr))*]) => {{
        let mut options = $crate::__private::Options::new();
        // Sampling first: what it drops is not looked at.
        if true $(&& $crate::__option!($site, options, first $option $value))+ $(&& $crate::__option!($site, options, then $option $value))+ {
            $crate::__private::emit_with(
                $site,
                $crate::__private::no_logger()$(.or($crate::__private::Some($crate::__private::logger(&$log))))?,
                options,
                &[$($crate::__arg!($kind $arg)),*],
            );
        }
    }};
}

/// One option: adds to `options`, and says whether the event is kept.
#[doc(hidden)]
#[macro_export]
macro_rules! __option {
    ($site:expr, $options:ident, first sample $rate:expr) => {
        $options.sample($site, $rate)
    };
    ($site:expr, $options:ident, first $other:ident $value:expr) => {
        true
    };
    ($site:expr, $options:ident, then cause $error:expr) => {
        match &$error {
            error => {
                #[allow(unused_imports)]
                use $crate::__private::{
                    ProbeCoded as _, ProbeError as _, ProbeHeld as _, ProbeMistake as _,
                };
                $options.cause((&&&$crate::__private::CauseProbe(error)).caused())
            }
        }
    };
    ($site:expr, $options:ident, then $other:ident $value:expr) => {
        true
    };
}

#[doc(hidden)]
#[macro_export]
macro_rules! __arg {
    (value $value:expr) => {
        $crate::__private::arg(&$value)
    };
    (display $value:expr) => {
        $crate::__private::Arg::Display(&$value)
    };
    (debug $value:expr) => {
        $crate::__private::Arg::Debug(&$value)
    };
}

/// The key that an identifier stands for: `r#type` is `type`.
#[doc(hidden)]
pub const fn key(written: &str) -> &str {
    match written.as_bytes() {
        [b'r', b'#', ..] => written.split_at(2).1,
        _ => written,
    }
}
