"""The eight questions, in every contestant's words.

`sql` is what DuckDB and ClickHouse are timed with: the plain question. `check` is the one whose answer must be Trine's, which counts a
sampled event as often as its rate says and the events within a batch as events; it is asked once, and not timed.
"""

from dataclasses import dataclass

# What the questions need, and what the check needs besides.
COLUMNS = {
    "event": "VARCHAR",
    "timestamp": "TIMESTAMP",
    "level": "VARCHAR",
    "request_id": "VARCHAR",
    "amount": "DOUBLE",
    "currency": "VARCHAR",
    "duration_ms": "DOUBLE",
    "error_message": "VARCHAR",
}
CHECK_COLUMNS = COLUMNS | {"sample_rate": "DOUBLE", "events": "STRUCT(event VARCHAR)[]"}
# An event for each line or each item of a batch, `w`: for how many it stands.
CHECK_VIEW = """
    CREATE TABLE lines AS SELECT * FROM {source};
    CREATE VIEW e AS
    SELECT event, timestamp, level, request_id, amount, currency, duration_ms, error_message, 1 / coalesce(sample_rate, 1) AS w
    FROM lines WHERE event <> 'events_batch'
    UNION ALL
    SELECT item.event, timestamp, level, request_id, amount, currency, duration_ms, error_message, 1
    FROM (SELECT *, unnest(events) AS item FROM lines WHERE event = 'events_batch')
"""
PHRASE = "reset by peer"


@dataclass
class Question:
    name: str
    what: str
    trine: str
    sql: str
    clickhouse: str
    check: str | None = None
    # Of the rows, how far a number may be off.
    error: float = 1e-9
    ripgrep: str | None = None
    agrind: str | None = None


def questions(request_id):
    """With the id of one request that is in the log."""
    quantiles = "{0}(duration_ms, 0.5) AS p50, {0}(duration_ms, 0.95) AS p95, {0}(duration_ms, 0.99) AS p99"
    of_started = "max(CASE WHEN event = 'api_request_started' THEN 1 ELSE 0 END)"
    of_ended = "max(CASE WHEN event IN ('api_request_completed', 'api_request_failed') THEN 1 ELSE 0 END)"
    unfinished = (
        f"SELECT count(*) AS n FROM (SELECT request_id FROM {{0}} GROUP BY request_id"
        f" HAVING {of_started} = 1 AND {of_ended} = 0)"
    )
    return [
        Question(
            "Q1", "count by event",
            "count() as n by event",
            "SELECT event, count(*) AS n FROM {0} GROUP BY event",
            "SELECT event, count(*) AS n FROM {0} GROUP BY event",
            check="SELECT event, round(sum(w)) AS n FROM {0} GROUP BY event",
            agrind="* | json | count by event",
        ),
        Question(
            "Q2", "sum of an amount by currency, of one event",
            "event:payment_process_success | sum(amount) as n by currency",
            "SELECT currency, sum(amount) AS n FROM {0} WHERE event = 'payment_process_success' GROUP BY currency",
            "SELECT currency, sum(amount) AS n FROM {0} WHERE event = 'payment_process_success' GROUP BY currency",
            agrind='payment_process_success | json | where event == "payment_process_success" | sum(amount) by currency',
        ),
        Question(
            "Q3", "p50, p95, p99 of duration by event",
            "p50(duration_ms) as p50, p95(duration_ms) as p95, p99(duration_ms) as p99 by event",
            "SELECT event, " + quantiles.format("quantile_cont") + " FROM {0} GROUP BY event",
            "SELECT event, quantile(0.5)(duration_ms) AS p50, quantile(0.95)(duration_ms) AS p95,"
            " quantile(0.99)(duration_ms) AS p99 FROM {0} GROUP BY event",
            check="SELECT event, " + quantiles.format("quantile_cont") + " FROM {0} GROUP BY event",
            error=1 / 256,
            agrind="* | json | p50(duration_ms), p95(duration_ms), p99(duration_ms) by event",
        ),
        Question(
            "Q4", "all events of one request",
            f'request_id:"{request_id}"',
            f"SELECT event, timestamp FROM {{0}} WHERE request_id = '{request_id}'",
            f"SELECT event, timestamp FROM {{0}} WHERE request_id = '{request_id}'",
            ripgrep=request_id,
            agrind=f'{request_id} | json | where request_id == "{request_id}"',
        ),
        Question(
            "Q5", "share of errors by domain and minute",
            "ratio(level:error) as n by domain, bucket(timestamp, 1m) as minute",
            "SELECT split_part(event, '_', 1) AS domain, date_trunc('minute', timestamp) AS minute,"
            " avg(CASE WHEN level = 'error' THEN 1 ELSE 0 END) AS n FROM {0} GROUP BY ALL",
            "SELECT splitByChar('_', assumeNotNull(event))[1] AS domain, toStartOfMinute(assumeNotNull(timestamp)) AS minute,"
            " avg(level = 'error') AS n FROM {0} GROUP BY domain, minute",
            check="SELECT split_part(event, '_', 1) AS domain, strftime(date_trunc('minute', timestamp), '%Y-%m-%dT%H:%M:%S.000000Z')"
            " AS minute, sum(CASE WHEN level = 'error' THEN w ELSE 0 END) / sum(w) AS n FROM {0} GROUP BY ALL",
        ),
        Question(
            "Q6", "requests that started and did not end",
            "event:api_request_* | pair by request_id | where outcome:open | count() as n",
            unfinished,
            unfinished,
        ),
        Question(
            "Q7", "a phrase, anywhere",
            f'"{PHRASE}" | count() as n',
            f"SELECT count(*) AS n FROM {{0}} WHERE contains(error_message, '{PHRASE}')",
            f"SELECT count(*) AS n FROM {{0}} WHERE position(error_message, '{PHRASE}') > 0",
            ripgrep=PHRASE,
            agrind=f'"{PHRASE}" | count',
        ),
        Question(
            "Q8", "count by hour",
            "count() as n by bucket(timestamp, 1h) as hour",
            "SELECT date_trunc('hour', timestamp) AS hour, count(*) AS n FROM {0} GROUP BY hour",
            "SELECT toStartOfHour(assumeNotNull(timestamp)) AS hour, count(*) AS n FROM {0} GROUP BY hour",
            check="SELECT strftime(date_trunc('hour', timestamp), '%Y-%m-%dT%H:%M:%S.000000Z') AS hour, round(sum(w)) AS n"
            " FROM {0} GROUP BY hour",
        ),
    ]
