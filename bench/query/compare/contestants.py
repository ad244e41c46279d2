"""Who is asked: command lines, and what whole processes take."""

import importlib.util
import os
import shutil
import subprocess
import sys
import time

from questions import COLUMNS

THREADS = 2
DUCKDB = """
import sys, duckdb
db = duckdb.connect(config={"threads": int(sys.argv[2])})
db.execute("SET TimeZone = 'UTC'")
print(len(db.execute(sys.argv[1]).fetchall()))
"""
CHDB = """
import sys, chdb
print(len(chdb.query(sys.argv[1], "TSV").bytes()))
"""


def duckdb_source(log, columns=COLUMNS):
    declared = ", ".join(f"{name}: '{kind}'" for name, kind in columns.items())
    return f"read_json('{log}', format='newline_delimited', columns={{{declared}}})"


def clickhouse_source(log):
    kinds = {"VARCHAR": "Nullable(String)", "DOUBLE": "Nullable(Float64)", "TIMESTAMP": "Nullable(DateTime64(6, 'UTC'))"}
    declared = ", ".join(f"{name} {kinds[kind]}" for name, kind in COLUMNS.items())
    return f"file('{log}', JSONEachRow, '{declared.replace(chr(39), chr(39) * 2)}')"


def clickhouse_sql(sql):
    return f"{sql} SETTINGS max_threads = {THREADS}, date_time_input_format = 'best_effort', input_format_skip_unknown_fields = 1"


def contestants(trine, log):
    """Name, a function from a question to its command line (None: not asked), and what is missing."""
    trine_of = lambda threads: lambda q: [trine, "query", "--threads", str(threads), log, q.trine, "--output", "ndjson"]
    has = lambda module: None if importlib.util.find_spec(module) else f"pip install {module}, in the Python of PYTHON"
    where = lambda program, how: None if shutil.which(program) else how
    return [
        ("trine", trine_of(THREADS), None),
        ("trine, 1 thread", trine_of(1), None),
        (
            "duckdb",
            lambda q: [sys.executable, "-c", DUCKDB, q.sql.format(duckdb_source(log)), str(THREADS)],
            has("duckdb"),
        ),
        (
            "clickhouse",
            lambda q: [sys.executable, "-c", CHDB, clickhouse_sql(q.clickhouse.format(clickhouse_source(log)))],
            has("chdb"),
        ),
        ("ripgrep", lambda q: q.ripgrep and ["rg", "-j1", "-F", q.ripgrep, log], where("rg", "apt-get install ripgrep")),
        (
            "angle-grinder",
            lambda q: q.agrind and ["agrind", "-f", log, q.agrind],
            where("agrind", "cargo install ag"),
        ),
    ]


def run(command, stdout=subprocess.DEVNULL):
    """Seconds, seconds of processor, and peak bytes of a process. It inherits some 15 MB of peak from this one, which is the least that can be seen."""
    begin = time.perf_counter()
    with subprocess.Popen(command, stdout=stdout, stderr=subprocess.PIPE, stdin=subprocess.DEVNULL) as child:
        said = child.stderr.read()
        _, status, usage = os.wait4(child.pid, 0)
        child.returncode = os.waitstatus_to_exitcode(status)
    seconds = time.perf_counter() - begin
    if child.returncode != 0:
        sys.exit(f"compare: {command[0]} failed with {child.returncode}: {said.decode(errors='replace')}\n{command}")
    return seconds, usage.ru_utime + usage.ru_stime, usage.ru_maxrss * 1024
