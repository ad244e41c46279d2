//! What the name and the time of an event say: domain, action, status, role, outcome, operation, hour and day.

use trine_model::{Role, vocabulary::STATUSES};

use super::{Dialect, expr::Sql, scope::Kind};

/// The value of one of these, of the columns `event` and `timestamp`.
pub(super) fn derived(dialect: Dialect, key: &str) -> Option<Sql> {
    let name = dialect.name("event");
    let time = dialect.name("timestamp");
    let text = match key {
        "domain" => missing_if_empty(&dialect.extract(&name, "^([a-z][a-z0-9]*)_", 1)),
        "action" => missing_if_empty(&action(dialect, &name)),
        "status" => missing_if_empty(&status(dialect, &name)),
        "operation" => {
            let (domain, action) = (dialect.extract(&name, "^([a-z][a-z0-9]*)_", 1), action(dialect, &name));
            format!(
                "CASE WHEN {action} = '' THEN {} ELSE concat({domain}, '_', {action}) END",
                missing_if_empty(&domain)
            )
        }
        "role" => role(dialect, &name),
        "outcome" => {
            format!("CASE {} WHEN 'ok' THEN 'success' WHEN 'fail' THEN 'failure' END", role(dialect, &name))
        }
        "hour_of_day" => return Some(Sql::new(hour(dialect, &time), Kind::Number)),
        "day_of_week" => day(dialect, &time),
        _ => return None,
    };
    Some(Sql::new(text, Kind::Text))
}

fn missing_if_empty(sql: &str) -> String {
    format!("nullif({sql}, '')")
}

/// The statuses that are known, the longest first: their tails may be known too.
fn known(role: Option<Role>) -> String {
    let of_role = STATUSES.iter().filter(|(_, other)| role.is_none_or(|role| role == *other));
    let mut words: Vec<&str> = of_role.map(|(word, _)| *word).collect();
    words.sort_by_key(|word| (std::cmp::Reverse(word.len()), *word));
    words.join("|")
}

/// The longest tail of the name that is a known status; empty if there is none.
fn known_status(dialect: Dialect, name: &str) -> String {
    dialect.extract(name, &format!("^[a-z][a-z0-9]*_(?:[a-z0-9_]*?_)??({})$", known(None)), 1)
}

fn status(dialect: Dialect, name: &str) -> String {
    let known = known_status(dialect, name);
    let last = dialect.extract(name, "^[a-z][a-z0-9]*_[a-z0-9_]+_([a-z0-9]+)$", 1);
    format!("coalesce(nullif({known}, ''), {last})")
}

fn action(dialect: Dialect, name: &str) -> String {
    let rest = dialect.extract(name, "^[a-z][a-z0-9]*_([a-z0-9_]*)$", 1);
    let status = status(dialect, name);
    let (begin, length) = match dialect {
        Dialect::Spark => ("substring", "length"),
        Dialect::DuckDb | Dialect::ClickHouse => ("substr", "length"),
    };
    // Without the status, and what joins the two.
    format!(
        "CASE WHEN {status} = '' THEN {rest} ELSE {begin}({rest}, 1, greatest(0, {length}({rest}) - {length}({status}) - 1)) END"
    )
}

fn role(dialect: Dialect, name: &str) -> String {
    let status = known_status(dialect, name);
    let mut text = format!("CASE WHEN {name} IS NULL THEN NULL");
    for role in [Role::Open, Role::Ok, Role::Fail] {
        let words: Vec<String> =
            STATUSES.iter().filter(|(_, other)| *other == role).map(|(word, _)| dialect.text(word)).collect();
        text.push_str(&format!(" WHEN {status} IN ({}) THEN '{}'", words.join(", "), role.as_str()));
    }
    format!("{text} ELSE '{}' END", Role::Point.as_str())
}

/// The hour, in UTC.
pub(super) fn hour(dialect: Dialect, time: &str) -> String {
    match dialect {
        Dialect::DuckDb | Dialect::Spark => format!("hour({time})"),
        Dialect::ClickHouse => format!("toHour({time})"),
    }
}

/// The name of the day.
pub(super) fn day(dialect: Dialect, time: &str) -> String {
    match dialect {
        Dialect::DuckDb => format!("dayname({time})"),
        Dialect::ClickHouse => format!("dateName('weekday', {time})"),
        Dialect::Spark => format!("date_format({time}, 'EEEE')"),
    }
}
