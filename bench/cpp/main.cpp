// spdlog, measured like the Rust contestants: `spdlog CONTESTANT MEASURE PATH AMOUNT` prints `name value`.
//
// spdlog formats text: the JSON is in the pattern and in the format string, nothing is escaped, nothing is bound
// (the context of W2 is passed with every call), and there is no W4.

#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <sys/stat.h>
#include <x86intrin.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <functional>
#include <string>
#include <thread>
#include <vector>

#include <spdlog/async.h>
#include <spdlog/sinks/base_sink.h>
#include <spdlog/sinks/basic_file_sink.h>
#include <spdlog/spdlog.h>

#include "workload.h"

namespace {

using Clock = std::chrono::steady_clock;
using Events = std::function<void(long)>;

// Constants as in src/measure/: the same work, the same medians.
constexpr double BATCH_NS = 500'000, PAUSE_NS = 1'500'000, PACE_NS = 20'000;
constexpr int BATCHES_MIN = 15, ROUNDS = 7, ROUND_BATCHES = 60, BURST = 100, WARM_UP = 20, EVENTS_PER_BURST = 50;
constexpr int QUEUE = 8192;
constexpr const char *PATTERN =
    R"({"timestamp":"%Y-%m-%dT%H:%M:%S.%f%z","level":"%l",%v})";

// spdlog's own null sink does not format; this one does, and throws the line away.
class FormattedNull : public spdlog::sinks::base_sink<std::mutex> {
    void sink_it_(const spdlog::details::log_msg &msg) override {
        spdlog::memory_buf_t line;
        formatter_->format(msg, line);
        asm volatile("" : : "r"(line.data()) : "memory");
    }
    void flush_() override {}
};

double ns_since(Clock::time_point start) {
    return std::chrono::duration<double, std::nano>(Clock::now() - start).count();
}

void say(const char *name, double value) { std::printf("%s %.6f\n", name, value); }

void pin(int core) {
    cpu_set_t set;
    CPU_ZERO(&set);
    CPU_SET(core, &set);
    pthread_setaffinity_np(pthread_self(), sizeof set, &set);
}

double percentile(std::vector<double> &values, double percent) {
    std::sort(values.begin(), values.end());
    return values[std::lround(percent / 100 * (values.size() - 1))];
}

inline const Request &row(long i) {
    const Request *r = &REQUESTS[i & (ROWS - 1)];
    asm volatile("" : "+r"(r));
    return *r;
}

#define W1 R"("event":"api_request_completed","endpoint":"{}","method":"{}","request_id":"{}","status_code":{},"duration_ms":{})"
#define W2 W1 R"(,"service":"{}","region":"{}","version":"{}")"

void w1(spdlog::logger &log, const Request &r) {
    log.info(W1, r.endpoint, r.method, r.request_id, r.status_code, r.duration_ms);
}
void w2(spdlog::logger &log, const Request &r) {
    log.info(W2, r.endpoint, r.method, r.request_id, r.status_code, r.duration_ms, SERVICE, REGION, VERSION);
}
void w3(spdlog::logger &log, const Request &r) {
    log.debug(W1, r.endpoint, r.method, r.request_id, r.status_code, r.duration_ms);
}

template <void (*Event)(spdlog::logger &, const Request &)> Events repeat(spdlog::logger &log) {
    return [&log](long n) {
        for (long i = 0; i < n; i++) Event(log, row(i));
    };
}

long batch_len(const Events &events) {
    for (long n = 16;; n *= 2) {
        auto start = Clock::now();
        events(n);
        if (ns_since(start) >= BATCH_NS) return n;
    }
}

double ns_per_event(double ms, const Events &events) {
    long batch = batch_len(events);
    std::vector<double> all;
    for (auto start = Clock::now(); all.size() < BATCHES_MIN || ns_since(start) < ms * 1e6;) {
        auto from = Clock::now();
        events(batch);
        all.push_back(ns_since(from) / batch);
    }
    return percentile(all, 50);
}

double million_per_second(spdlog::logger &log, int threads, long events) {
    std::vector<double> rates;
    for (int round = 0; round < ROUNDS; round++) {
        std::vector<double> times(threads);
        std::vector<std::thread> running;
        std::atomic<int> waiting{threads};
        for (int t = 0; t < threads; t++) {
            running.emplace_back([&, t] {
                pin(t);
                auto w2s = repeat<w2>(log);
                for (waiting--; waiting > 0;) std::this_thread::yield();
                auto start = Clock::now();
                w2s(events);
                times[t] = ns_since(start);
            });
        }
        double total = 0;
        for (int t = 0; t < threads; t++) {
            running[t].join();
            total += events / times[t] * 1e3;
        }
        rates.push_back(total);
    }
    return percentile(rates, 50);
}

void inline_(spdlog::logger &log, double ms) {
    say("w1_ns", ns_per_event(ms, repeat<w1>(log)));
    say("w2_ns", ns_per_event(ms, repeat<w2>(log)));
    say("w3_ns", ns_per_event(ms, repeat<w3>(log)));
    long events = batch_len(repeat<w2>(log)) * ROUND_BATCHES;
    double one = million_per_second(log, 1, events), two = million_per_second(log, 2, events);
    say("threads1_meps", one);
    say("threads2_meps", two);
    say("scaling", two / one);
}

double ns_per_cycle() {
    auto start = Clock::now();
    auto cycles = __rdtsc();
    while (ns_since(start) < 20e6) {}
    double passed = __rdtsc() - cycles;
    return ns_since(start) / passed;
}

unsigned long long fenced() {
    _mm_lfence();
    return __rdtsc();
}

void caller(spdlog::logger &log, long bursts) {
    auto events = repeat<w2>(log);
    double scale = ns_per_cycle();
    std::vector<double> per_event, singles;
    for (long i = 0; i < bursts + WARM_UP; i++) {
        auto start = fenced();
        events(BURST);
        auto end = fenced();
        if (i >= WARM_UP) per_event.push_back((end - start) * scale / BURST);
        while ((__rdtsc() - end) * scale < PAUSE_NS) _mm_pause();
    }
    say("burst_ns", percentile(per_event, 50));
    say("burst_p99_ns", percentile(per_event, 99));
    for (long i = 0; i < bursts * EVENTS_PER_BURST; i++) {
        auto start = fenced();
        w2(log, row(i));
        auto end = fenced();
        singles.push_back((end - start) * scale);
        while ((__rdtsc() - start) * scale < PACE_NS) _mm_pause();
    }
    say("paced_p50_ns", percentile(singles, 50));
    say("paced_p99_ns", percentile(singles, 99));
    say("paced_p999_ns", percentile(singles, 99.9));
}

long count_lines(const std::string &path) {
    std::ifstream file(path, std::ios::binary);
    return std::count(std::istreambuf_iterator<char>(file), {}, '\n');
}

}  // namespace

int main(int argc, char **argv) {
    if (argc != 5) return 2;
    std::string name = argv[1], measure = argv[2], path = argv[3];
    long amount = std::atol(argv[4]);
    bool queued = name == "spdlog-cpp-async";

    pin(1);  // Threads inherit the core of the one that starts them.
    spdlog::sink_ptr sink;
    if (measure == "inline") sink = std::make_shared<FormattedNull>();
    else sink = std::make_shared<spdlog::sinks::basic_file_sink_mt>(path);
    std::shared_ptr<spdlog::logger> log;
    if (queued) {
        spdlog::init_thread_pool(QUEUE, 1);
        log = std::make_shared<spdlog::async_logger>("bench", sink, spdlog::thread_pool(),
                                                     spdlog::async_overflow_policy::block);
    } else {
        log = std::make_shared<spdlog::logger>("bench", sink);
    }
    log->set_pattern(PATTERN, spdlog::pattern_time_type::utc);
    log->set_level(spdlog::level::info);
    pin(0);

    if (measure == "inline") inline_(*log, amount);
    else if (measure == "caller") caller(*log, amount);
    else if (measure == "show") {
        if (!queued) repeat<w1>(*log)(ROWS);
        repeat<w2>(*log)(ROWS);
        repeat<w3>(*log)(ROWS);
    } else if (measure == "sustained") {
        w2(*log, row(0));
        auto start = Clock::now();
        repeat<w2>(*log)(amount);
        double caller_ns = ns_since(start);
        log->flush();
        log.reset();
        spdlog::shutdown();  // Joins the pool: everything is written when it returns.
        sink->flush();
        double all_ns = ns_since(start);
        long lines = count_lines(path);
        say("sustained_keps", lines / all_ns * 1e6);
        say("caller_keps", lines / caller_ns * 1e6);
        say("lost", amount + 1 - lines);
    }
    return 0;
}
