"""Writes a log at a given rate and looks how far behind a follower is. Started by ../follow.sh."""

import json
import os
import signal
import statistics
import subprocess
import sys
import tempfile
import threading
import time

QUESTION = "count(), p95(duration_ms) by event"
READER_CORE, WRITER_CORE = 0, 1
# Events that are made up, and written again and again.
EVENTS = 400_000
TICK_S = 0.01
# The follower has so long to come to its last answer.
END_S = 20


def chunks_of(log, lines_each):
    """The log in pieces of so many lines, and how many events each is counted as: those of a batch are counted one by one."""
    # Sampled events count as many.
    lines = [line for line in log.splitlines(keepends=True) if b'"sample_rate":' not in line]
    for begin in range(0, len(lines) - lines_each + 1, lines_each):
        piece = lines[begin : begin + lines_each]
        batches = [json.loads(line)["event_count"] for line in piece if b'"event":"events_batch"' in line[:24]]
        yield b"".join(piece), lines_each - len(batches) + sum(batches)


class Writer:
    """Appends to a file, and remembers when it had written how many events."""

    def __init__(self, path, chunks, rotate_bytes):
        self.path, self.chunks, self.rotate_bytes = path, chunks, rotate_bytes
        self.marks = [(time.monotonic(), 0)]
        self.events = self.bytes = self.late = 0

    def write(self, seconds):
        file = os.open(self.path, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
        begin, in_file = time.monotonic(), 0
        for tick in range(int(seconds / TICK_S)):
            chunk, events = self.chunks[tick % len(self.chunks)]
            pause = begin + tick * TICK_S - time.monotonic()
            if pause > 0:
                time.sleep(pause)
            self.late = max(self.late, -pause)
            os.write(file, chunk)
            self.events += events
            self.bytes += len(chunk)
            in_file += len(chunk)
            self.marks.append((time.monotonic(), self.events))
            if in_file > self.rotate_bytes:
                os.rename(self.path, self.path + ".1")
                os.close(file)
                file, in_file = os.open(self.path, os.O_WRONLY | os.O_CREAT | os.O_APPEND), 0
        os.close(file)
        return time.monotonic() - begin

    def written_at(self, events):
        """When so many had been written."""
        return next((at for at, written in self.marks if written >= events), self.marks[-1][0])


class Answers(threading.Thread):
    """Reads the answers of a follower: when each came, and how many events it had counted."""

    def __init__(self, stdout):
        super().__init__(daemon=True)
        self.stdout, self.seen, self.named = stdout, [], {}

    def run(self):
        for line in self.stdout:
            row = json.loads(line)
            self.named[row["event"]] = row["count"]
            self.seen.append((time.monotonic(), sum(self.named.values())))


def cpu_s(pid):
    with open(f"/proc/{pid}/stat", encoding="ascii") as file:
        fields = file.read().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def peak_mb(pid):
    with open(f"/proc/{pid}/status", encoding="ascii") as file:
        return next(int(line.split()[1]) for line in file if line.startswith("VmHWM")) / 1024


def measure(trine, log, rate, seconds, rotate_mb):
    chunks = list(chunks_of(log, int(rate * TICK_S)))
    with tempfile.TemporaryDirectory(prefix="trine-follow-") as folder:
        path = os.path.join(folder, "live.jsonl")
        open(path, "w", encoding="ascii").close()
        writer = Writer(path, chunks, rotate_mb * 1e6)
        follower = subprocess.Popen(
            ["taskset", "-c", str(READER_CORE), trine, "query", path, QUESTION, "--follow", "--output", "ndjson"],
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )
        answers = Answers(follower.stdout)
        answers.start()
        os.sched_setaffinity(0, {WRITER_CORE})
        time.sleep(0.5)
        cpu_before = cpu_s(follower.pid)
        took_s = writer.write(seconds)
        cpu_share = (cpu_s(follower.pid) - cpu_before) / took_s
        end = time.monotonic()
        while time.monotonic() < end + END_S and (not answers.seen or answers.seen[-1][1] < writer.events):
            time.sleep(TICK_S)
        peak = peak_mb(follower.pid)
        cpu_all = cpu_s(follower.pid) - cpu_before
        follower.send_signal(signal.SIGINT)
        follower.wait()
        answers.join()
    counted = answers.seen[-1][1] if answers.seen else 0
    if counted != writer.events:
        sys.exit(f"follow: {counted:,} events were counted, {writer.events:,} were written")
    # An answer is a line per name; the last of each second's is the one that has all.
    whole = [
        (at, count)
        for (at, count), (later, _) in zip(answers.seen, answers.seen[1:] + [(float("inf"), 0)])
        if later - at > 0.2 and at < end
    ]
    lags = sorted(at - writer.written_at(count) for at, count in whole) or [float("inf")]
    actual = writer.events / took_s
    return (
        f"| {actual:,.0f} | {writer.bytes / took_s / 1e6:,.0f} | {statistics.median(lags) * 1e3:,.0f} ms "
        f"| {lags[-1] * 1e3:,.0f} ms | {cpu_share:.0%} | {cpu_all / writer.events * 1e9:,.0f} ns | {peak:,.0f} MB "
        f"| {writer.late * 1e3:,.0f} ms |"
    )


def main():
    trine, rates, seconds, rotate = sys.argv[1], [500_000], 15.0, 1e6
    for argument in sys.argv[2:]:
        key, _, value = argument.partition("=")
        if key == "rates":
            rates = [int(rate) for rate in value.split(",")]
        elif key == "seconds":
            seconds = float(value)
        elif key == "rotate":
            rotate = float(value)
        else:
            sys.exit(f"follow: unknown argument `{argument}`; allowed: rates=N,N seconds=N rotate=MB")
    log = subprocess.run([trine, "generate", "-n", str(EVENTS)], check=True, capture_output=True).stdout
    print(f"`{QUESTION}`, followed on one core, for {seconds:.0f} s; each answer against what was written when it came\n")
    print("| events/s | MB/s | lag, median | lag, most | of the core | CPU per event | peak memory | writer late by |")
    print("|---|---|---|---|---|---|---|---|")
    for rate in rates:
        print(measure(trine, log, rate, seconds, rotate), flush=True)


if __name__ == "__main__":
    main()
