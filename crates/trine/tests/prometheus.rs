//! Does the real Prometheus read what we write?
//!
//! With the parts that `scripts/install-test-tools.sh` installs; without them the tests say so and pass, unless
//! `TEST_TOOLS_REQUIRED` has the word `prometheus`.

use std::{
    io::Write,
    process::{Command, Stdio},
};

use trine::{error, info, warning};

/// True when a program can be run.
fn is_installed(program: &str) -> bool {
    let runs = Command::new(program).arg("--version").stdout(Stdio::null()).stderr(Stdio::null()).status();
    let is_installed = runs.is_ok_and(|status| status.success());
    if !is_installed {
        eprintln!(
            "SKIPPED: `{program}` is not installed; get it with: bash scripts/install-test-tools.sh packages"
        );
        let required = std::env::var("TEST_TOOLS_REQUIRED").unwrap_or_default();
        assert!(!required.contains("prometheus"), "`{program}` is required");
    }
    is_installed
}

/// Each event once or more, with all that names and values can be.
fn emit_of_everything() {
    for run in 0..10u32 {
        info!("parcel_send_started", run);
        match run {
            0..6 => info!("parcel_send_completed", run, duration_ms = 100 * (run + 1)),
            6..8 => error!("parcel.send.failed", run, duration_ms = 2_000.0),
            _ => {}
        }
    }
    info!("parcel_weigh_completed", duration_us = 20);
    info!("parcel_wait_completed", duration = std::time::Duration::from_secs(86_400));
    warning!("parcel_lost");
}

#[test]
fn promtool_accepts_every_metric() {
    if !is_installed("promtool") {
        return;
    }
    emit_of_everything();
    let text = trine::metrics::prometheus();
    for metric in
        ["events_total{", "operation_runs_total{", "operation_duration_seconds_bucket{", "worker_lag_"]
    {
        assert!(text.contains(&format!("\ntrine_{metric}")), "{metric} is not in\n{text}");
    }
    let (status, said) = check_metrics(&text);
    assert!(status && said.is_empty(), "{said}\n{text}");
}

#[test]
fn promtool_would_say_what_is_wrong() {
    if !is_installed("promtool") {
        return;
    }
    let (status, said) = check_metrics("# HELP parcels Parcels.\n# TYPE parcels counter\nparcels 1\n");
    assert!(!status && said.contains("_total"), "{said}");
}

/// Whether promtool is content, and what it says.
fn check_metrics(text: &str) -> (bool, String) {
    let mut tool = Command::new("promtool")
        .args(["check", "metrics"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    tool.stdin.take().unwrap().write_all(text.as_bytes()).unwrap();
    let output = tool.wait_with_output().unwrap();
    let said = [output.stdout, output.stderr].concat();
    (output.status.success(), String::from_utf8(said).unwrap())
}

#[cfg(feature = "metrics-server")]
mod scraped {
    //! A real Prometheus scrapes us, and is asked what it has read.

    use std::{
        fs,
        io::{Read, Write},
        net::{SocketAddr, TcpListener, TcpStream},
        path::Path,
        process::{Child, Command, Stdio},
        thread,
        time::{Duration, Instant},
    };

    use serde_json::Value;

    use super::{emit_of_everything, is_installed};

    /// Longest wait for Prometheus to start and to have scraped; it takes two seconds on a quiet machine.
    const SCRAPE_WAIT: Duration = Duration::from_secs(60);
    /// Pause between two questions.
    const ASK_PAUSE: Duration = Duration::from_millis(100);

    /// A Prometheus that ends with the test.
    struct Prometheus {
        child: Child,
        address: SocketAddr,
    }

    impl Drop for Prometheus {
        fn drop(&mut self) {
            let _ = self.child.kill();
            let _ = self.child.wait();
        }
    }

    impl Prometheus {
        fn start(target: SocketAddr) -> Prometheus {
            let directory = Path::new(env!("CARGO_TARGET_TMPDIR")).join("prometheus");
            let _ = fs::remove_dir_all(&directory);
            fs::create_dir_all(&directory).unwrap();
            let config = format!(
                "global: {{ scrape_interval: 500ms, scrape_timeout: 500ms }}\n\
                 scrape_configs: [ {{ job_name: trine, static_configs: [ {{ targets: ['{target}'] }} ] }} ]\n"
            );
            fs::write(directory.join("prometheus.yml"), config).unwrap();
            let address = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
            let child = Command::new("prometheus")
                .arg("--config.file=prometheus.yml")
                .arg("--storage.tsdb.path=data")
                .arg(format!("--web.listen-address={address}"))
                .current_dir(&directory)
                .stdout(Stdio::null())
                .stderr(fs::File::create(directory.join("log")).unwrap())
                .spawn()
                .unwrap();
            Prometheus { child, address }
        }

        /// The body of its answer; `None` while it does not answer.
        fn get(&self, path: &str) -> Option<Value> {
            let mut stream = TcpStream::connect(self.address).ok()?;
            write!(stream, "GET {path} HTTP/1.0\r\nHost: {}\r\n\r\n", self.address).ok()?;
            let mut answer = String::new();
            stream.read_to_string(&mut answer).ok()?;
            serde_json::from_str(answer.split_once("\r\n\r\n")?.1).ok()
        }

        /// The one number that a query gives; `None` while there is none.
        fn query(&self, query: &str) -> Option<f64> {
            let hex = |byte: u8| format!("%{byte:02X}");
            let encoded: String = query.bytes().map(hex).collect();
            let answer = self.get(&format!("/api/v1/query?query={encoded}"))?;
            let [result] = answer["data"]["result"].as_array()?.as_slice() else { return None };
            result["value"][1].as_str()?.parse().ok()
        }
    }

    #[test]
    fn prometheus_scrapes_what_happened() {
        if !is_installed("prometheus") {
            return;
        }
        emit_of_everything();
        let server = trine::serve_metrics("127.0.0.1:0").unwrap();
        let prometheus = Prometheus::start(server.address());
        let begin = Instant::now();
        while prometheus.query("up") != Some(1.0) {
            assert!(begin.elapsed() < SCRAPE_WAIT, "{:?}", prometheus.get("/api/v1/targets"));
            thread::sleep(ASK_PAUSE);
        }
        // Another test of this process may emit the same; a ratio stays.
        let is_scaled = |query: &str, number: f64| {
            let value = prometheus.query(query).unwrap_or_else(|| panic!("{query} has no answer"));
            let times = prometheus.query("trine_events_total{event=\"parcel_lost\"}").unwrap();
            assert_eq!(value, number * times, "{query}");
        };
        is_scaled("trine_events_total{event='parcel_send_started',level='info'}", 10.0);
        is_scaled("trine_events_total{event='parcel_send_failed',level='error'}", 2.0);
        is_scaled("trine_operation_runs_total{operation='parcel_send',outcome='ok'}", 6.0);
        is_scaled("trine_operation_runs_total{operation='parcel_send',outcome='failed'}", 2.0);
        is_scaled("trine_operations_in_flight{operation='parcel_send'}", 2.0);
        is_scaled("trine_operation_duration_seconds_count{operation='parcel_send'}", 8.0);
        is_scaled("trine_operation_duration_seconds_bucket{operation='parcel_send',le='0.5'}", 5.0);
        is_scaled("trine_operation_duration_seconds_bucket{operation='parcel_wait',le='512'}", 0.0);
        is_scaled("trine_operation_duration_seconds_bucket{operation='parcel_wait',le='+Inf'}", 1.0);
        let mean = "trine_operation_duration_seconds_sum{operation='parcel_send'} \
                    / trine_operation_duration_seconds_count{operation='parcel_send'}";
        let mean = prometheus.query(mean).unwrap();
        assert!((mean - (0.1 + 0.2 + 0.3 + 0.4 + 0.5 + 0.6 + 4.0) / 8.0).abs() < 1e-9, "{mean}");
        let median =
            "histogram_quantile(0.5, trine_operation_duration_seconds_bucket{operation='parcel_send'})";
        let median = prometheus.query(median).unwrap();
        assert!((0.25..=0.5).contains(&median), "{median}");
        assert!(prometheus.query("trine_written_bytes_total").unwrap() > 0.0);
        let targets = prometheus.get("/api/v1/targets").unwrap();
        assert_eq!(targets["data"]["activeTargets"][0]["lastError"], "", "{targets}");
        server.stop();
    }
}
