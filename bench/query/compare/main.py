"""Asks everyone, compares the answers, and prints what came of it. Started by ../compare.sh."""

import json
import math
import multiprocessing
import os
import statistics
import subprocess
import sys
import tempfile

from contestants import THREADS, contestants, duckdb_source, run
from questions import CHECK_COLUMNS, CHECK_VIEW, questions

CHUNK_BYTES = 16 << 20
STARTS = 21


def request_of(log):
    """The id of a request in the second half."""
    with open(log, "rb") as file:
        file.seek(os.path.getsize(log) * 6 // 10)
        file.readline()
        while True:
            event = json.loads(file.readline())
            if event["event"] == "api_request_completed":
                return event["request_id"]


def rows_of_trine(trine, log, question):
    command = [trine, "query", log, question.trine, "--output", "ndjson"]
    lines = subprocess.run(command, check=True, capture_output=True, text=True).stdout.splitlines()
    rows = [json.loads(line) for line in lines]
    if question.name == "Q4":
        rows = [{key: row[key] for key in ("event", "timestamp")} for row in rows]
    return rows


def is_equal(own, other, error):
    if isinstance(own, float) or isinstance(other, float):
        return None not in (own, other) and abs(own - other) <= error * max(abs(other), 1e-3)
    return own == other


def compare(asked, trine, log):
    """Ends the program when an answer is not DuckDB's."""
    import duckdb

    db = duckdb.connect(config={"threads": THREADS})
    db.execute("SET TimeZone = 'UTC'")
    db.execute(CHECK_VIEW.format(source=duckdb_source(log, CHECK_COLUMNS)))
    for question in asked:
        cursor = db.execute((question.check or question.sql).format("e"))
        names = [column[0] for column in cursor.description]
        plain = lambda value: value.isoformat(timespec="microseconds") + "Z" if hasattr(value, "isoformat") else value
        theirs = [dict(zip(names, map(plain, row))) for row in cursor.fetchall()]
        ours = rows_of_trine(trine, log, question)
        key = lambda row: json.dumps([value for value in row.values() if isinstance(value, str)])
        ours.sort(key=key)
        theirs.sort(key=key)
        wrong = [
            (own, other)
            for own, other in zip(ours, theirs)
            if own.keys() != other.keys() or not all(is_equal(own[name], other[name], question.error) for name in own)
        ]
        if len(ours) != len(theirs) or wrong or not ours:
            sys.exit(f"compare: {question.name} differs: {len(ours)} rows, DuckDB {len(theirs)}; {wrong[:3]}")


def compressed(log, beside):
    """As one frame, and as frames of 16 MiB, as rotated logs have them."""
    one, frames = beside + ".zst", beside + ".frames.zst"
    subprocess.run(["zstd", "-q", "-f", log, "-o", one], check=True)
    with open(log, "rb") as source, open(frames, "wb") as out:
        while chunk := source.read(CHUNK_BYTES):
            subprocess.run(["zstd", "-q", "-c"], input=chunk, stdout=out, check=True)
    return one, frames


def geometric_mean(ratios):
    return math.exp(statistics.fmean(map(math.log, ratios)))


def table(title, asked, names, median):
    print(f"| {title} | {' | '.join(names)} |\n|---|{'---|' * len(names)}")
    for question in asked:
        cells = [f"{median[name, question.name]:.3f}" if (name, question.name) in median else "-" for name in names]
        print(f"| {question.name} {question.what} | {' | '.join(cells)} |")


class Report:
    def __init__(self):
        self.rows = []

    def must(self, what, value, limit, is_met, unit):
        self.rows.append(f"| {what} | {value:.3g}{unit} | {limit} | {'PASS' if is_met else '**MISS**'} |")

    def at_least(self, what, value, limit, unit=""):
        self.must(what, value, f"≥ {limit:g}{unit}", value >= limit, unit)

    def at_most(self, what, value, limit, unit=""):
        self.must(what, value, f"≤ {limit:g}{unit}", value <= limit, unit)


def main():
    trine, *options = sys.argv[1:]
    options = dict(option.split("=", 1) for option in options)
    unknown = options.keys() - {"events", "rounds", "only", "log", "others"}
    if unknown:
        sys.exit(
            f"compare: unknown option `{unknown.pop()}`;"
            " allowed: events=N, rounds=N, only=NAME,NAME, log=FILE (that trine generate made before), others=no"
        )
    events, rounds = int(options.get("events", 5_000_000)), int(options.get("rounds", 5))
    with tempfile.TemporaryDirectory(prefix="trine-compare-") as folder:
        log = options.get("log")
        if not log:
            log = os.path.join(folder, "shop.jsonl")
            run([trine, "generate", "-n", str(events), "-o", log])
        measure(trine, log, folder, events, rounds, options.get("only"), options.get("others") != "no")


def measure(trine, log, folder, events, rounds, only, has_others):
    size = os.path.getsize(log)
    asked = questions(request_of(log))
    everyone = contestants(trine, log)
    there = [(name, command) for name, command, missing in everyone if not missing]
    if only:
        there = [(name, command) for name, command in there if name.split(",")[0] in only.split(",")]
    names = [name for name, _ in there]
    print(f"{events:,} events, {size / 1e6:,.0f} MB, {rounds} rounds, {os.cpu_count()} cores, load average {os.getloadavg()[0]:.1f}\n")
    for name, _, missing in everyone:
        if missing:
            print(f"skipped: {name}: {missing}")
    if "duckdb" in names:
        # In a process of its own: what this one takes, its children seem to take.
        check = multiprocessing.Process(target=compare, args=(asked, trine, log))
        check.start()
        check.join()
        if check.exitcode != 0:
            sys.exit(1)
        print("answers: equal to DuckDB's\n")
    seconds, processor, peaks = {}, {}, {}
    for _ in range(rounds):
        for question in asked:
            for name, command in there:
                if line := command(question):
                    took, busy, peak = run(line)
                    seconds.setdefault((name, question.name), []).append(took)
                    processor.setdefault((name, question.name), []).append(busy)
                    peaks.setdefault(name, []).append(peak)
    median = {key: statistics.median(values) for key, values in seconds.items()}
    table("seconds", asked, names, median)
    print(f"| peak MB | {' | '.join(f'{max(peaks[name]) / 1e6:.0f}' for name in names)} |\n")
    # These hold on a machine that does something else as well.
    table("seconds of processor", asked, names, {key: statistics.median(values) for key, values in processor.items()})

    report = Report()
    ratios = lambda name, to="trine": [
        median[name, q.name] / median[to, q.name] for q in asked if (name, q.name) in median and (to, q.name) in median
    ]
    if "duckdb" in names:
        report.at_least("slowest against DuckDB", min(ratios("duckdb")), 1, " x")
        report.at_least("mean against DuckDB", geometric_mean(ratios("duckdb")), 6, " x")
        report.at_most("peak memory against DuckDB's", max(peaks["trine"]) / max(peaks["duckdb"]), 1 / 3, " x")
    if "clickhouse" in names:
        report.at_least("mean against ClickHouse", geometric_mean(ratios("clickhouse")), 15, " x")
    if "angle-grinder" in names:
        report.at_least("mean against angle-grinder", geometric_mean(ratios("angle-grinder")), 20, " x")
    if "ripgrep" in names:
        report.at_least("one thread, slower of Q4 and Q7, against ripgrep", min(ratios("ripgrep", "trine, 1 thread")), 1, " x")
    report.at_least("two threads against one, Q1, Q3 and Q5", geometric_mean(
        [median["trine, 1 thread", name] / median["trine", name] for name in ("Q1", "Q3", "Q5")]), 1.7, " x")
    if has_others:
        others(trine, log, os.path.join(folder, "log"), events, rounds, report)
    print("\n| must reach | is | wanted | |\n|---|---|---|---|")
    print("\n".join(report.rows))
    print(f"\nload average at the end: {os.getloadavg()[0]:.1f}")


def others(trine, log, beside, events, rounds, report):
    """What is not one of the eight questions. Other files begin with `beside`."""
    of = lambda command: statistics.median(run(command)[0] for _ in range(rounds))
    empty = beside + ".empty"
    open(empty, "w").close()
    start = statistics.median(run([trine, "query", empty, "count()"])[0] for _ in range(STARTS))
    report.at_most("start-up, the process included", start * 1e3, 5, " ms")
    report.at_most("size of the program", os.path.getsize(trine) / 1e6, 20, " MB")
    # The time that is wanted is for five million events.
    report.at_most(f"trine ops, for {events:,} events", of([trine, "ops", log]), 4 * events / 5e6, " s")
    piped = of(["sh", "-c", 'cat "$1" | "$0" query --threads 1 "$2"', trine, log, "count() by event"])
    report.at_least("from a pipe, one thread, million events a second", events / piped / 1e6, 0.5)
    try:
        one, frames = compressed(log, beside)
    except FileNotFoundError:
        print("skipped: compressed input: apt-get install zstd")
        return
    decompression = of(["zstd", "-dqc", one])
    question = "event:payment_process_success | sum(amount) by currency"
    ask = lambda path, threads: of([trine, "query", "--threads", str(threads), path, question])
    report.at_least("one zstd frame, Q2, against `zstd -d`", decompression / ask(one, THREADS), 0.9, " x")
    report.at_least("zstd frames, Q2, one thread against `zstd -d`", decompression / ask(frames, 1), 0.9, " x")
    report.at_least("zstd frames, Q2, two threads against one", ask(frames, 1) / ask(frames, THREADS), 1.7, " x")


if __name__ == "__main__":
    main()
