//! The pages of `--output html` in a real browser, without a window: what is in them, and that the browser has nothing to say.
//!
//! With Chromium, as `bash scripts/install-test-tools.sh chromium` installs it; without it a test says so and passes, unless
//! `TEST_TOOLS_REQUIRED` has the word `chromium`.
#![forbid(unsafe_code)]

use std::{
    env, fs,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

/// What browsers of this family are called.
const BROWSERS: [&str; 4] = ["chromium", "chromium-browser", "google-chrome", "chrome"];

fn browser() -> Option<&'static str> {
    let runs = |name: &&&str| {
        let mut command = Command::new(name);
        command.arg("--version").stdout(Stdio::null()).stderr(Stdio::null());
        command.status().is_ok_and(|status| status.success())
    };
    let found = BROWSERS.iter().find(runs).copied();
    if found.is_none() {
        eprintln!("SKIPPED: no Chromium; get it with: bash scripts/install-test-tools.sh chromium");
        let required = env::var("TEST_TOOLS_REQUIRED").unwrap_or_default();
        assert!(!required.contains("chromium"), "Chromium is required");
    }
    found
}

/// A folder that is gone with it.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Folder {
        let folder = env::temp_dir().join(format!("trine-page-{}-{name}", std::process::id()));
        fs::create_dir_all(&folder).unwrap();
        Folder(folder)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// What a browser made of a page.
struct Seen {
    /// The document, as it is once everything ran.
    dom: String,
    /// What the console was told: errors, and what the page's policy kept it from fetching.
    console: Vec<String>,
    /// A picture of it.
    png: Vec<u8>,
}

fn see(browser: &str, folder: &Path, page: &str, width: u32) -> Seen {
    let file = folder.join("page.html");
    fs::write(&file, page).unwrap();
    let run = |arguments: &[String]| {
        let output = Command::new(browser)
            .args([
                "--headless=new",
                "--no-sandbox",
                "--disable-gpu",
                "--disable-dev-shm-usage",
                "--no-first-run",
            ])
            .args(["--disable-background-networking", "--disable-component-update", "--disable-sync"])
            // It gives up by itself, in milliseconds.
            .args(["--enable-logging=stderr", "--timeout=60000"])
            .arg(format!("--user-data-dir={}", folder.join("profile").display()))
            .arg(format!("--window-size={width},800"))
            .args(arguments)
            .arg(format!("file://{}", file.display()))
            .stdin(Stdio::null())
            .output()
            .unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        output
    };
    let output = run(&["--dump-dom".to_owned()]);
    let picture = folder.join("page.png");
    run(&[format!("--screenshot={}", picture.display())]);
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    Seen {
        dom: String::from_utf8_lossy(&output.stdout).into_owned(),
        console: said.lines().filter(|line| line.contains("CONSOLE")).map(str::to_owned).collect(),
        png: fs::read(picture).unwrap(),
    }
}

/// The page that answers a question about a log of two hours.
fn page(folder: &Path, question: &str) -> String {
    let log: String = (0..120)
        .map(|minute| {
            format!(
                "{{\"event\":\"api_request_{}\",\"endpoint\":\"/<b>{}\",\"duration_ms\":{},\"timestamp\":\"2025-10-24T{:02}:{:02}:00Z\",\"level\":\"info\"}}\n",
                if minute % 7 == 0 { "failed" } else { "completed" },
                minute % 3,
                minute + 1,
                10 + minute / 60,
                minute % 60,
            )
        })
        .collect();
    fs::write(folder.join("api.jsonl"), log).unwrap();
    let output = Command::new(env!("CARGO_BIN_EXE_trine"))
        .args(["query", "api.jsonl", question, "--output", "html"])
        .current_dir(folder)
        .env_clear()
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn lines_and_the_table_are_drawn_and_the_console_is_silent() {
    let Some(browser) = browser() else { return };
    let folder = Folder::new("lines");
    let page = page(&folder.0, "count(), p95(duration_ms) by event, 10m");
    let blank = see(browser, &folder.0, "<!doctype html><title>blank</title>", 1200);
    for width in [500, 1200] {
        let seen = see(browser, &folder.0, &page, width);
        assert_eq!(seen.console, Vec::<String>::new(), "at {width}");
        assert_eq!(seen.dom.matches("<svg").count(), 2, "{}", seen.dom);
        assert_eq!(seen.dom.matches("<path class=\"line\"").count(), 4, "{}", seen.dom);
        assert_eq!(seen.dom.matches("<tr>").count(), 1 + 24, "{}", seen.dom);
        assert!(seen.dom.contains("<td>api_request_failed</td>"), "{}", seen.dom);
        // A picture of nothing is small.
        assert!(seen.png.len() > 4 * blank.png.len(), "{} bytes, blank {}", seen.png.len(), blank.png.len());
    }
}

#[test]
fn bars_and_texts_that_look_like_markup_are_shown() {
    let Some(browser) = browser() else { return };
    let folder = Folder::new("bars");
    let page = page(&folder.0, "count() by endpoint");
    let seen = see(browser, &folder.0, &page, 800);
    assert_eq!(seen.console, Vec::<String>::new());
    assert!(seen.dom.contains("<figure class=\"bars\""), "{}", seen.dom);
    assert_eq!(seen.dom.matches("<i style=\"width:calc(").count(), 3, "{}", seen.dom);
    assert_eq!(seen.dom.matches("<td>/&lt;b&gt;").count(), 3, "{}", seen.dom);
}

#[test]
fn what_a_page_would_fetch_or_run_is_kept_from_it_and_noticed() {
    let Some(browser) = browser() else { return };
    let folder = Folder::new("policy");
    let page = page(&folder.0, "count() by endpoint");
    for bad in ["<script>document.title = 'ran'</script>", "<img src=\"http://127.0.0.1:9/x.png\">"] {
        let seen = see(browser, &folder.0, &page.replace("</body>", &format!("{bad}</body>")), 800);
        assert!(!seen.console.is_empty(), "{bad}");
        assert!(!seen.dom.contains("<title>ran"), "{bad}");
    }
}
