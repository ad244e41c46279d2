//! The language: what is read, what it means, how mistakes are told.

use proptest::prelude::*;
use trine_query::lang::{DEPTH_MAX, TEXT_BYTES_MAX, parse};

/// What a question is in its canonical text, which must read back as the same.
#[track_caller]
fn check(text: &str, canonical: &str) {
    let query = parse(text).unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(query.to_string(), canonical);
    assert_eq!(parse(canonical).unwrap_or_else(|error| panic!("{error}")), query);
}

/// The message for a text that is no question.
#[track_caller]
fn fails(text: &str, expected: &str) {
    match parse(text) {
        Ok(query) => panic!("read as {query:?}"),
        Err(error) => assert_eq!(error.to_string(), expected),
    }
}

#[test]
fn the_questions_of_the_guide_are_read_as_they_stand() {
    check(
        r#"event:"user_action" AND action_type:"purchase""#,
        r#"event:"user_action" AND action_type:"purchase""#,
    );
    check(r#"SUM(amount) WHERE action_type:"purchase""#, r#"action_type:"purchase" | sum(amount)"#);
    check(
        r#"GROUP BY category WHERE action_type:"purchase""#,
        r#"action_type:"purchase" | count() by category"#,
    );
    check(
        r#"GROUP BY ab_test_variant WHERE action_type:"purchase""#,
        r#"action_type:"purchase" | count() by ab_test_variant"#,
    );
    check("GROUP BY hour_of_day", "count() by hour_of_day");
    check("GROUP BY day_of_week", "count() by day_of_week");
    check("ORDER BY timestamp_iso", "* | sort timestamp_iso");
}

#[test]
fn both_spellings_are_one_question() {
    for text in [
        "SUM(amount) WHERE a:1 GROUP BY category HAVING sum(amount) > 5 ORDER BY sum(amount) DESC LIMIT 10",
        "select category, sum(amount) from events where a:1 group by category having sum(amount) > 5 order by sum(amount) desc limit 10",
        "select category, sum(amount) from events where a:1 group by 1 having sum(amount) > 5 order by sum(amount) desc limit 10",
        "a:1 | sum(amount) by category | where sum(amount) > 5 | sort -sum(amount) | limit 10",
    ] {
        check(text, "a:1 | sum(amount) by category | where sum(amount) > 5 | sort -sum(amount) | limit 10");
    }
    check(
        "event:payment_process_* | count(), p99(duration_ms) by event, 5m",
        "event:payment_process_* | count(), p99(duration_ms) by event, 5m",
    );
    check("select a, b as c where d:1 order by a limit 2", "d:1 | sort a | limit 2 | fields a, b as c");
    check("select * from events limit 3", "* | limit 3");
    check(
        "SELECT event, COUNT(*) AS n FROM events GROUP BY 1 HAVING COUNT(*) > 1 ORDER BY 2 DESC, event",
        "count() as n by event | where n > 1 | sort -n, event",
    );
    check(
        "SELECT COUNT(*), a, SUM(b) AS s FROM events GROUP BY a",
        "count(), sum(b) as s by a | fields count() as count, a, s",
    );
    check("SELECT COUNT(*) FROM events GROUP BY a", "count() by a");
    check("COUNT(*)", "count()");
    check(
        "COUNT(*), SUM(b) GROUP BY a, 5m ORDER BY 3 DESC, 2",
        "count(), sum(b) by a, 5m | sort -count(), time",
    );
    check(
        "SELECT DISTINCT a, b AS c FROM events ORDER BY c LIMIT 3",
        "* | fields a, b as c | dedup | sort c | limit 3",
    );
    check("select distinct from events", "* | fields `distinct`");
    check("select distinct, a from events", "* | fields `distinct`, a");
    check("COUNT(DISTINCT user_id) by 1h", "count_distinct(user_id) by 1h");
    check("a:1 | by b", "a:1 | count() by b");
    check("a:1 group by b", "a:1 | count() by b");
    check("", "*");
    check("*", "*");
}

#[test]
fn filters() {
    check("a:1 b:2 OR NOT c:3", "a:1 AND b:2 OR NOT c:3");
    check("a:1 (b:2 or c:3)", "a:1 AND (b:2 OR c:3)");
    check("-a:1 !b:2", "NOT a:1 AND NOT b:2");
    check("timeout \"connection reset\"", "\"timeout\" AND \"connection reset\"");
    check("a:x", "a:\"x\"");
    check("a:pre* b:*suf c:a*b*c d:*", "a:pre* AND b:*suf AND c:a*b*c AND d:*");
    check("a:pre\\* b:x\\ y", "a:\"pre*\" AND b:\"x y\"");
    check("a:/time(d)? out/", "a:/time(d)? out/");
    check("/time(d)? out/ x", "/time(d)? out/ AND \"x\"");
    check("endpoint:/api/users method:GET", "endpoint:\"/api/users\" AND method:\"GET\"");
    check("url:http://x.y/z?a=b", "url:\"http://x.y/z?a=b\"");
    check("a:>5 b:<=2s c:>=-1.5 d:!=x", "a:>5 AND b:<=2s AND c:>=-1.5 AND d:!=\"x\"");
    check("a:[1 TO 5] b:{1 to *} c:[\"x\" TO \"y\"}", "a:[1 TO 5] AND b:{1 TO *} AND c:[\"x\" TO \"y\"}");
    check("a:(x OR y z OR NOT w)", "a:\"x\" OR a:\"y\" AND a:\"z\" OR NOT a:\"w\"");
    check("a.b[0].c:1 `odd name`:2 \"quoted\":3", "`a.b[0].c`:1 AND `odd name`:2 AND quoted:3");
    check("a:null b:true c:\"true\" d:007", "a:null AND b:true AND c:\"true\" AND d:\"007\"");
    check("domain:payment role:fail", "domain:\"payment\" AND role:\"fail\"");
    check("limit > 100", "limit > 100");
    check("time:2025-10-24T10:00:00Z", "time:\"2025-10-24T10:00:00Z\"");
    check("outcome: failure time: 10:00", "outcome:\"failure\" AND time:\"10:00\"");
    check("a between 1 and 5 b:x", "a >= 1 AND a <= 5 AND b:\"x\"");
    check("a not between 1 and 5 or between", "NOT (a >= 1 AND a <= 5) OR \"between\"");
    check("p99.9:>5 p99.9 > 2s p99.x:1", "p99.9:>5 AND p99.9 > 2s AND p99.x:1");
}

#[test]
fn expressions() {
    check("duration_ms > 2s", "duration_ms > 2s");
    check("duration_ms>2s and bytes>1MiB", "duration_ms > 2s AND bytes > 1MiB");
    check("(a + b) * 2 >= c - 1 x", "(a + b) * 2 >= c - 1 AND \"x\"");
    check("a = 1", "a == 1");
    check(
        "lower(a) == \"x\" or a =~ /b c/ or a !~ \"d\"",
        "lower(a) == \"x\" OR a =~ \"b c\" OR (not a =~ \"d\" == true)"
            .replace("(not a =~ \"d\" == true)", "NOT a =~ \"d\"")
            .as_str(),
    );
    check("a in (1, \"b\") b not in (2)", "a in (1, \"b\") AND NOT b in (2)");
    check(
        "* | extend slow = duration_ms > 2s and not a == 1, x = -(b)",
        "* | extend slow = duration_ms > 2s and not a == 1, x = -b",
    );
    check("* | sum(a) / count() as mean, round(avg(b), 2)", "sum(a) / count() as mean, round(avg(b), 2)");
    check(
        "* | ratio(role:fail), count_if(a:1 b:2) by domain, 1m",
        "ratio(role:\"fail\"), count_if(a:1 AND b:2) by domain, 1m",
    );
    check(
        "* | P99.9(a), median(a), top(reason, 3), top(2, x)",
        "p99.9(a), median(a), top(3, reason), top(2, x)",
    );
    check("request_id in (event:x | fields request_id)", "request_id in (event:\"x\" | fields request_id)");
    check("a is null or b is not null", "a == null OR b != null");
    check(
        "a like 'x_y%' and b not like '(' and c <> 1",
        "a =~ \"^(?s:x.y.*)$\" AND NOT b =~ \"^(?s:\\\\()$\" AND c != 1",
    );
    check("(-a) < 5", "(-a) < 5");
    check("* | quantile(0.5, a), quantile(a, 0.5)", "quantile(a, 0.5), quantile(a, 0.5)");
    check("count() by bucket(5m)", "count() by bucket(timestamp, 5m)");
    check("round(sum(a) / count(), 1) as mean by b", "round(sum(a) / count(), 1) as mean by b");
    check("n = count(), sum(a) by b", "count() as n, sum(a) by b");
    check("(sum(a) + 1) * 2", "(sum(a) + 1) * 2");
    check("* | n = -sum(a) by b | (max(n) + 1) * 2", "-sum(a) as n by b | (max(n) + 1) * 2");
    check("n = 5", "n == 5");
    check("count(), p99.9(a) by b | sort -p99.9, p50", "count(), p99.9(a) by b | sort -p99.9, p50");
    check("count() by b | fields b, p99.9 as p", "count() by b | fields b, p99.9 as p");
}

#[test]
fn a_question_may_begin_with_a_stage_where_no_words_are_meant() {
    for stage in [
        "facets 5",
        "field_names",
        "field_values a 3",
        "explode items",
        "dedup a, b",
        "differ by a, b where c:1",
        "extend a = b * 2",
        "sort -a",
        "fields a, b",
        "limit 5",
        "collapse_nums a",
        "pair by a",
    ] {
        check(stage, &format!("* | {stage}"));
        check(&format!("{stage} | where x:1"), &format!("* | {stage} | where x:1"));
    }
    check("stats count() by a", "count() by a");
    check("sort failed", "\"sort\" AND \"failed\"");
    check("fields missing in request", "\"fields\" AND \"missing\" AND \"in\" AND \"request\"");
    check("facets:x dedup > 2", "facets:\"x\" AND dedup > 2");
    check("facets of a stone", "\"facets\" AND \"of\" AND \"a\" AND \"stone\"");
}

#[test]
fn stages() {
    for text in [
        "* | where count > 5",
        "* | fields a, b as c, lower(d)",
        "* | sort -count, a",
        "* | dedup a, b",
        "* | dedup",
        "* | explode items",
        "* | facets 5",
        "* | field_names",
        "* | field_values a",
        "* | field_values a 3",
        "* | context 5",
        "* | collapse_nums message",
        "* | pair by request_id",
        "count() by a | compare 1d",
        "* | differ by a, b where c:1",
        "* | differ",
        "count() by bucket(timestamp, 5m) as t, b",
    ] {
        check(text, text);
    }
    check("* | facets | sort by a desc, b asc | head 3", "* | facets 5 | sort -a, b | limit 3");
}

#[test]
fn mistakes_are_pointed_at() {
    fails(
        "cuont() by event",
        "unknown function `cuont`\n  | cuont() by event\n  | ^^^^^\nhint: did you mean `count`?",
    );
    fails(
        "a:1 | srot a",
        "unknown stage `srot`\n  | a:1 | srot a\n  |       ^^^^\nhint: did you mean `sort`?",
    );
    fails("a:", "expected a value behind `:`, found the end\n  | a:\n  |   ^");
    fails("(a:1", "expected `)`, found the end\n  | (a:1\n  |     ^");
    fails("a:1)", "expected `|` or the end, found `)`\n  | a:1)\n  |    ^");
    fails("a:\"x", "this text has no closing quote\n  | a:\"x\n  |   ^");
    fails("a:1 AND", "expected a filter behind `AND`, found the end\n  | a:1 AND\n  |        ^");
    fails("a:1 OR | count()", "expected a filter behind `OR`, found `|`\n  | a:1 OR | count()\n  |        ^");
    fails("NOT", "expected a filter behind `NOT`, found the end\n  | NOT\n  |    ^");
    fails("a:/(/", "not a regular expression: unclosed group\n  | a:/(/\n  |   ^^^");
    fails(
        "a:[1 5]",
        "expected `TO`, found `5]`\n  | a:[1 5]\n  |      ^^\nhint: a range is written [1 TO 5]",
    );
    fails(
        "a > 2parsecs",
        "unknown unit `parsecs`\n  | a > 2parsecs\n  |      ^^^^^^^\nhint: units are ns us ms s sec m min h d B kB KB KiB MB MiB GB GiB w %",
    );
    fails(
        "* | sum()",
        "`sum` takes one value in its brackets\n  | * | sum()\n  |     ^^^^^\nhint: write sum(number)",
    );
    fails(
        "* | lower(a) by b",
        "`lower(a)` is of one event, not of many\n  | * | lower(a) by b\n  |     ^^^^^^^^\nhint: `extend name = …` adds it to each event; an aggregate, as avg(…), is of many",
    );
    fails(
        "* | count() by sum(a)",
        "`sum(a)` is of a group, not what groups are told apart by\n  | * | count() by sum(a)\n  |                ^^^^^^\nhint: group by fields, or by functions of one event",
    );
    fails("* | limit x", "expected a number, found `x`\n  | * | limit x\n  |           ^");
    fails("* | compare 5", "expected a length of time, as `5m`\n  | * | compare 5\n  |             ^");
    fails(
        "* |",
        "expected a stage, as `count() by event` or `where level:error`, found the end\n  | * |\n  |    ^",
    );
    fails(
        "a:1 AND count() > 5",
        "`count()` is of many events: it cannot say which\n  | a:1 AND count() > 5\n  |         ^^^^^\nhint: behind what makes groups, `| where count() > 5` says which of them",
    );
    fails("AND a:1", "expected a filter before `AND`\n  | AND a:1\n  | ^^^");
    fails(":x", "expected the name of a field before `:`, found `:x`\n  | :x\n  | ^^");
    fails("a: b:1", "expected a value behind `:`, found `b:1`\n  | a: b:1\n  |    ^^^");
    fails(
        "* | fields - a, b",
        "`fields` says what is kept, not what is left out\n  | * | fields - a, b\n  |    ^^^^^^^^^^^^^^\nhint: name those that you want; a number's sign: `fields 0 - a`",
    );
    fails(
        "lower(a):x",
        "expected a comparison, as `== 5`, found `:x`\n  | lower(a):x\n  |         ^^\nhint: `:` stands behind the name of a field, `==` behind what has a value",
    );
    fails(
        "a:1 AND lower(b)",
        "expected a comparison, as `== \"x\"`, found the end\n  | a:1 AND lower(b)\n  |                 ^\nhint: `lower()` has a value, which is neither true nor false",
    );
    fails(
        "(a > 1 AND b + 1)",
        "expected a comparison, as `> 5`, found `)`\n  | (a > 1 AND b + 1)\n  |                 ^",
    );
    fails(
        "NOT length(b) | count()",
        "expected a comparison, as `== \"x\"`, found `|`\n  | NOT length(b) | count()\n  |               ^\nhint: `length()` has a value, which is neither true nor false",
    );
    fails(
        "duration_ms > 2 s",
        "`s` stands apart from its number\n  | duration_ms > 2 s\n  |                 ^\nhint: write `2s`; a word that is looked for stands in quotes: \"s\"",
    );
    fails(
        "select a from b join c",
        "expected `|` or the end, found `join`\n  | select a from b join c\n  |                 ^^^^\nhint: there are no joins; `field in (question)` asks for what another question answers",
    );
}

#[test]
fn words_of_other_languages_are_translated() {
    for (text, hint) in [
        ("mean(a)", "did you mean `avg`?"),
        ("percentile(a, 95)", "did you mean `quantile`?"),
        ("dc(a)", "did you mean `count_distinct`?"),
        ("explode(a)", "`explode` is a stage: it stands behind `|`, without brackets"),
        ("* | top 5 a", "here it is `| top(5, field)`"),
        ("* | eval a = 1", "here it is `| extend`"),
        ("* | tail 5", "here it is `| sort -timestamp | limit 10`"),
    ] {
        assert_eq!(parse(text).unwrap_err().advice(), Some(hint), "{text}");
    }
    let advice = parse("frobnicate(a)").unwrap_err().advice().unwrap_or_default().to_owned();
    assert!(advice.starts_with("functions are count, "), "{advice}");
}

#[test]
fn questions_have_bounds() {
    let deep = format!("{}a:1{}", "(".repeat(DEPTH_MAX), ")".repeat(DEPTH_MAX));
    assert!(parse(&deep).unwrap_err().message().contains("levels in each other"));
    let long = "a ".repeat(TEXT_BYTES_MAX / 2 + 1);
    assert!(parse(&long).unwrap_err().message().contains("bytes"));
    // What is read twice at each level would take forever.
    let nested = format!("{}a{}", "(ratio((".repeat(12), ") + 1) > 2)".repeat(12));
    assert!(parse(&nested).is_err());
}

/// Pieces of questions, and of what only looks like them.
const PIECES: [&str; 72] = [
    "a",
    "b_ms",
    "a.b",
    "a[0]",
    "`x y`",
    "event",
    ":",
    ":",
    ":",
    "\"t\"",
    "'u'",
    "\"\\\"\"",
    "5",
    "-5",
    "0.5",
    "1e5",
    "2s",
    "1MiB",
    "5%",
    "*",
    "pre*",
    "*s",
    "/r.x/",
    "/p",
    "/p/q/",
    "(",
    ")",
    "(",
    ")",
    "[",
    "]",
    "{",
    "}",
    "1 TO 5",
    " TO ",
    " ",
    " ",
    " AND ",
    " OR ",
    " NOT ",
    "-",
    "!",
    ">",
    "<=",
    "==",
    "=",
    "!=",
    "=~",
    "+",
    " - ",
    "/",
    "%",
    "|",
    " | ",
    "count()",
    "sum(a)",
    "p95(b_ms)",
    "ratio(",
    "top(3, a)",
    " by ",
    " WHERE ",
    " GROUP BY ",
    " ORDER BY ",
    " LIMIT 3",
    "sort ",
    "fields ",
    "extend x = ",
    ",",
    " in (",
    "null",
    "\\",
    "é",
];

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, failure_persistence: None, ..ProptestConfig::default() })]

    /// Any text is a question or a mistake with a message; a question reads back from its canonical text.
    #[test]
    fn what_is_read_reads_back(pieces in prop::collection::vec(prop::sample::select(&PIECES[..]), 0..14)) {
        let text = pieces.concat();
        match parse(&text) {
            Ok(query) => {
                let canonical = query.to_string();
                match parse(&canonical) {
                    Ok(again) => prop_assert_eq!(again, query, "{} as {}", text, canonical),
                    Err(error) => prop_assert!(false, "{} as {}: {}", text, canonical, error),
                }
            }
            Err(error) => prop_assert!(!error.to_string().is_empty()),
        }
    }

    #[test]
    fn any_text_is_read_or_refused(text in "\\PC{0,40}") {
        if let Err(error) = parse(&text) {
            prop_assert!(error.at() <= text.len());
        }
    }
}
