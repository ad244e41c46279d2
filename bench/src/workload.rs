//! The events every contestant writes: W1 to W4 of the benchmark, with values that rotate.

use std::collections::BTreeMap;
use std::sync::LazyLock;

/// The name of every measured event.
pub const EVENT: &str = "api_request_completed";

/// Rows in [`REQUESTS`]; a power of two, so that rotating costs one `and`.
pub const REQUESTS_LEN: usize = 16;

/// The five fields of W1.
#[derive(Debug)]
pub struct Request {
    pub endpoint: &'static str,
    pub method: &'static str,
    pub request_id: &'static str,
    pub status_code: i64,
    pub duration_ms: f64,
}

/// The three fields that W2 binds once.
#[derive(Debug)]
pub struct Bound {
    pub service: &'static str,
    pub region: &'static str,
    pub version: &'static str,
}

/// The context of W2.
pub const BOUND: Bound = Bound { service: "checkout-api", region: "eu-central-1", version: "2.14.3" };

/// What W4 adds to the five fields of W1: seven more, twelve in all.
#[derive(Debug)]
pub struct Wide {
    /// Needs escaping: quotes, a backslash, a newline, a tab, and letters beyond ASCII.
    pub detail: &'static str,
    pub tags: [&'static str; 3],
    pub geo: BTreeMap<&'static str, &'static str>,
    pub cached: bool,
    pub parent_id: Option<&'static str>,
    pub bytes_out: u64,
    pub user_agent: &'static str,
}

const fn row(
    endpoint: &'static str,
    method: &'static str,
    request_id: &'static str,
    status_code: i64,
    duration_ms: f64,
) -> Request {
    Request { endpoint, method, request_id, status_code, duration_ms }
}

/// Different lengths, codes and digits, so that nothing is a constant and no branch is always right.
pub static REQUESTS: [Request; REQUESTS_LEN] = [
    row("/api/v1/orders", "GET", "req_8f3a2c91d4", 200, 12.483),
    row("/api/v1/orders/88213", "PUT", "req_01b7e5c3aa", 204, 48.021),
    row("/api/v1/payments", "POST", "req_77d0f1a2b9", 201, 145.207),
    row("/health", "GET", "req_5c2e9b1f00", 200, 0.412),
    row("/api/v1/users/4711/cart", "GET", "req_c4d8a9e6f3", 200, 7.25),
    row("/api/v1/payments/refund", "POST", "req_e19f4b7d28", 402, 233.909),
    row("/api/v1/search", "GET", "req_3a6c8e0f12", 200, 91.6),
    row("/api/v1/users", "POST", "req_9b8d7c6e5f", 409, 18.077),
    row("/api/v1/inventory/sku-20391", "GET", "req_2f4e6d8c0a", 200, 3.118),
    row("/api/v1/shipping/quote", "POST", "req_d7c5b3a190", 200, 64.75),
    row("/api/v1/orders/90112/items", "DELETE", "req_66a1f0e9d8", 204, 29.34),
    row("/login", "POST", "req_b0c1d2e3f4", 401, 102.5),
    row("/api/v1/catalog", "GET", "req_4e5f6a7b8c", 304, 1.875),
    row("/api/v1/webhooks/stripe", "POST", "req_f9e8d7c6b5", 200, 15.009),
    row("/api/v1/reports/daily", "GET", "req_1a2b3c4d5e", 500, 2048.331),
    row("/metrics", "GET", "req_0f1e2d3c4b", 200, 5.5),
];

/// Rotates like [`REQUESTS`]; `WIDES[i]` belongs to `REQUESTS[i]`.
pub static WIDES: LazyLock<[Wide; REQUESTS_LEN]> = LazyLock::new(|| {
    const DETAILS: [&str; 4] = [
        "upstream said \"try again\"\nafter 2 s",
        "path C:\\orders\\in\tskipped",
        "Größe überschritten: \"L\" → \"XL\"",
        "customer note: \"leave at door\"\r\nthanks",
    ];
    const CITIES: [(&str, &str); 4] =
        [("DE", "Berlin"), ("FR", "Paris"), ("US", "New York"), ("JP", "Tokyo")];
    const AGENTS: [&str; 2] = ["curl/8.5.0", "Mozilla/5.0 (X11; Linux x86_64)"];
    std::array::from_fn(|i| Wide {
        detail: DETAILS[i % 4],
        tags: [["api", "web", "batch"][i % 3], "checkout", ["blue", "green"][i % 2]],
        geo: BTreeMap::from([("country", CITIES[i % 4].0), ("city", CITIES[i % 4].1)]),
        cached: i % 3 == 0,
        parent_id: None,
        bytes_out: 512 + 977 * i as u64,
        user_agent: AGENTS[i % 2],
    })
});
