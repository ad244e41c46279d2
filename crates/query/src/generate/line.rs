//! From a planned event to its line.

use super::flow::{Context, Event, Pending};
use crate::scan::time;

pub(super) const CURRENCIES: [&str; 6] = ["EUR", "USD", "GBP", "CHF", "SEK", "JPY"];
pub(super) const CATEGORIES: [&str; 8] =
    ["electronics", "books", "clothing", "home", "toys", "garden", "sports", "music"];
pub(super) const PAYMENT_METHODS: [&str; 4] = ["credit_card", "paypal", "invoice", "gift_card"];
pub(super) const ENDPOINTS: [(&str, &str); 10] = [
    ("GET", "/api/v1/products"),
    ("GET", "/api/v1/products/search"),
    ("GET", "/api/v1/cart"),
    ("POST", "/api/v1/cart/items"),
    ("GET", "/api/v1/users/me"),
    ("POST", "/api/v1/orders"),
    ("GET", "/api/v1/orders"),
    ("GET", "/api/v1/recommendations"),
    ("DELETE", "/api/v1/cart/items"),
    ("PUT", "/api/v1/users/me/address"),
];
pub(super) const HOSTS: u8 = 12;
pub(super) const REQUEST_ERRORS: [(&str, &str, u16); 5] = [
    ("TimeoutError", "upstream did not answer within 5000 ms", 504),
    ("ValidationError", "field \\\"quantity\\\" must be at least 1", 422),
    ("DatabaseError", "connection reset by peer\\nwhile reading from db-primary", 503),
    ("KeyError", "no such product", 404),
    ("InternalError", "unexpected state in cart: items=0, total>0", 500),
];
pub(super) const TABLES: [&str; 7] =
    ["products", "users", "orders", "carts", "sessions", "payments", "inventory"];
pub(super) const ROLLBACK_REASONS: [&str; 3] = ["constraint_violation", "deadlock", "serialization_failure"];
pub(super) const SOURCES: [&str; 3] = ["web_app", "mobile_app", "partner_api"];
pub(super) const LOGIN_REASONS: [&str; 4] =
    ["invalid_password", "unknown_user", "account_locked", "expired_code"];
pub(super) const ORDER_REASONS: [&str; 2] = ["out_of_stock", "payment_declined"];
pub(super) const OUT_OF_STOCK: u8 = 0;
pub(super) const PAYMENT_DECLINED: u8 = 1;
pub(super) const PAYMENT_REASONS: [(&str, &str); 5] = [
    ("insufficient_funds", "E_FUNDS"),
    ("card declined", "E_DECLINED"),
    ("card_expired", "E_EXPIRED"),
    ("fraud_suspected", "E_FRAUD"),
    ("provider_timeout", "E_TIMEOUT"),
];
pub(super) const PROVIDER_TIMEOUT: u8 = 4;
pub(super) const CHANNELS: [&str; 3] = ["email", "push", "sms"];
pub(super) const ACTIONS: [&str; 6] = ["purchase", "view", "click", "search", "add_to_cart", "share"];
pub(super) const PURCHASE: u8 = 0;

/// One line.
pub(super) fn write(pending: &Pending, out: &mut Vec<u8>) {
    let context = &pending.context;
    let mut line = Line { out };
    let level = event(&mut line, &pending.event, context);
    line.id("request_id", "req_", context.request);
    line.id("user_id", "user_", u64::from(context.user));
    line.begin("trace_id").raw("\"").hex(context.trace).raw("\"");
    line.text("host", host(context.host));
    line.raw(",\"timestamp\":\"");
    line.out.extend_from_slice(&time::to_text(pending.at_ns));
    line.raw("\",\"level\":\"");
    line.raw(level);
    line.raw("\"}\n");
}

/// Name and own fields; the level.
fn event(line: &mut Line<'_>, event: &Event, context: &Context) -> &'static str {
    let (verb, endpoint) = ENDPOINTS[usize::from(context.endpoint)];
    match *event {
        Event::RequestStarted => {
            line.name("api_request_started").text("endpoint", endpoint).text("method", verb);
            line.address(context.session);
        }
        Event::RequestCompleted { status, us, bytes } => {
            line.name("api_request_completed").text("endpoint", endpoint).text("method", verb);
            line.int("status_code", status.into()).ms(us).int("response_bytes", bytes.into());
        }
        Event::RequestFailed { error, us } => {
            let (kind, message, status) = REQUEST_ERRORS[usize::from(error)];
            line.name("api_request_failed").text("endpoint", endpoint).text("method", verb);
            line.int("status_code", status.into())
                .text("error_type", kind)
                .text("error_message", message)
                .ms(us);
            return "error";
        }
        Event::RateLimitExceeded { requests } => {
            line.name("api_ratelimit_exceeded").text("endpoint", endpoint).int("requests", requests.into());
            line.int("limit", 100).int("window_s", 60);
            return "warning";
        }
        Event::CacheHit { key } => {
            line.name("cache_hit")
                .id("key", "product:", key.into())
                .raw(",\"sampled\":true,\"sample_rate\":0.01");
            return "debug";
        }
        Event::CacheMiss { key } => {
            line.name("cache_miss").id("key", "product:", key.into()).text("reason", "not_found");
            return "debug";
        }
        Event::QueryCompleted { table, rows, us } => {
            line.name("database_query_completed").text("table", TABLES[usize::from(table)]);
            line.text("operation", "select").int("rows", rows.into()).ms(us);
        }
        Event::QuerySlow { table, rows, us } => {
            line.name("database_query_slow").text("table", TABLES[usize::from(table)]);
            line.text("operation", "select").int("rows", rows.into()).ms(us).int("threshold_ms", 60);
            return "warning";
        }
        Event::TransactionStarted => {
            line.name("database_transaction_started").text("isolation", "read_committed");
        }
        Event::TransactionCommitted { statements, us } => {
            line.name("database_transaction_committed").int("statements", statements.into()).ms(us);
        }
        Event::TransactionRollback { reason, us } => {
            let reason = ROLLBACK_REASONS[usize::from(reason)];
            line.name("database_transaction_rollback").text("reason", reason).ms(us);
            return "warning";
        }
        Event::ConnectionLost { attempt } => {
            line.name("database_connection_lost").text("database", "db-primary");
            line.text("error_message", "connection reset by peer").int("attempt", attempt.into());
            return "critical";
        }
        Event::LoginStarted { source } => {
            line.name("auth_login_started").text("source", SOURCES[usize::from(source)]);
            line.address(context.session);
        }
        Event::LoginSuccess { source, us } => {
            line.name("auth_login_success").text("source", SOURCES[usize::from(source)]);
            line.text("method", "password").address(context.session).ms(us);
        }
        Event::LoginFailed { source, reason, attempt } => {
            line.name("auth_login_failed").text("source", SOURCES[usize::from(source)]);
            line.text("reason", LOGIN_REASONS[usize::from(reason)]).int("attempt", attempt.into());
            line.address(context.session);
            return "warning";
        }
        Event::TokenIssued { expires_s } => {
            line.name("auth_token_issued").id("session_id", "sess_", context.session.into());
            line.int("expires_s", expires_s.into()).raw(",\"scopes\":[\"read\",\"write\"]");
        }
        Event::OrderStarted { items } => {
            line.name("order_create_started").order(context).int("items_count", items.into());
        }
        Event::OrderCompleted { items, us } => {
            line.name("order_create_completed").order(context).int("items_count", items.into());
            line.money("total_amount", context).ms(us);
        }
        Event::OrderFailed { reason, us } => {
            line.name("order_create_failed")
                .order(context)
                .text("reason", ORDER_REASONS[usize::from(reason)]);
            line.ms(us);
            return "error";
        }
        Event::ReserveSuccess { items, us } => {
            line.name("inventory_reserve_success").order(context).int("items_count", items.into()).ms(us);
        }
        Event::ReserveFailed { sku } => {
            line.name("inventory_reserve_failed").order(context).id("sku", "SKU-", sku.into());
            line.text("reason", "out_of_stock").int("available", 0);
            return "warning";
        }
        Event::PaymentStarted => {
            line.name("payment_process_started").order(context).money("amount", context);
            line.text("payment_method", PAYMENT_METHODS[usize::from(context.method)]);
        }
        Event::PaymentSuccess { transaction, us } => {
            line.name("payment_process_success").order(context).money("amount", context);
            line.text("payment_method", PAYMENT_METHODS[usize::from(context.method)]);
            line.id("transaction_id", "txn_", transaction).ms(us);
        }
        Event::PaymentFailed { reason, us } => {
            let (reason, code) = PAYMENT_REASONS[usize::from(reason)];
            line.name("payment_process_failed").order(context).money("amount", context);
            line.text("payment_method", PAYMENT_METHODS[usize::from(context.method)]);
            line.text("reason", reason).text("error_code", code).ms(us);
            return "error";
        }
        Event::NotificationSent { channel, us } => {
            line.name("notification_send_success").text("channel", CHANNELS[usize::from(channel)]);
            line.text("template", "order_confirmation").ms(us);
        }
        Event::UserAction { action, variant } => {
            line.name("user_action").text("action_type", ACTIONS[usize::from(action)]);
            line.text("category", CATEGORIES[usize::from(context.category)]);
            if action == PURCHASE {
                line.money("amount", context);
            }
            line.id("session_id", "sess_", context.session.into());
            line.text("ab_test_variant", if variant == 0 { "A" } else { "B" });
        }
        Event::ImportStarted { items } => {
            line.name("catalog_import_started").int("items_count", items.into()).text("supplier", "acme");
        }
        Event::ImportCompleted { items, us } => {
            line.name("catalog_import_completed")
                .int("items_count", items.into())
                .text("supplier", "acme")
                .ms(us);
        }
        Event::Batch { first, items, failed } => batch(line, first, items, failed),
    }
    "info"
}

/// As the guide's batches: a list of events, of which the one at `failed` failed, if there is one.
fn batch(line: &mut Line<'_>, first: u32, items: u8, failed: u8) {
    line.name("events_batch").int("event_count", items.into()).raw(",\"events\":[");
    for item in 0..items {
        line.raw(if item == 0 { "{" } else { ",{" });
        line.raw("\"event\":\"item_processed\"").id("item_id", "item_", u64::from(first) + u64::from(item));
        line.text("status", if item == failed { "failed" } else { "success" }).raw("}");
    }
    line.raw("]");
}

fn host(number: u8) -> &'static str {
    const NAMES: [&str; HOSTS as usize] = [
        "web-01", "web-02", "web-03", "web-04", "web-05", "web-06", "web-07", "web-08", "api-01", "api-02",
        "api-03", "api-04",
    ];
    NAMES[usize::from(number)]
}

/// A line that grows by a field at a time.
struct Line<'a> {
    out: &'a mut Vec<u8>,
}

impl Line<'_> {
    fn raw(&mut self, text: &str) -> &mut Self {
        self.out.extend_from_slice(text.as_bytes());
        self
    }

    fn name(&mut self, name: &str) -> &mut Self {
        self.raw("{\"event\":\"").raw(name).raw("\"")
    }

    fn begin(&mut self, key: &str) -> &mut Self {
        self.raw(",\"").raw(key).raw("\":")
    }

    /// A text that needs no escapes, or has them.
    fn text(&mut self, key: &str, text: &str) -> &mut Self {
        self.begin(key).raw("\"").raw(text).raw("\"")
    }

    fn int(&mut self, key: &str, number: u64) -> &mut Self {
        self.begin(key).digits(number)
    }

    /// A number behind a prefix: ids that are large in hexadecimal.
    fn id(&mut self, key: &str, prefix: &str, number: u64) -> &mut Self {
        self.begin(key).raw("\"").raw(prefix);
        if number > u64::from(u32::MAX) { self.hex(number) } else { self.digits(number) }.raw("\"")
    }

    fn ms(&mut self, us: u64) -> &mut Self {
        self.begin("duration_ms").digits(us / 1_000).raw(".").fraction(us % 1_000, 3)
    }

    fn order(&mut self, context: &Context) -> &mut Self {
        self.id("order_id", "ORD-", context.order.into())
    }

    fn money(&mut self, key: &str, context: &Context) -> &mut Self {
        let cents = u64::from(context.amount_cents);
        self.begin(key).digits(cents / 100).raw(".").fraction(cents % 100, 2);
        self.text("currency", CURRENCIES[usize::from(context.currency)])
    }

    fn address(&mut self, number: u32) -> &mut Self {
        let [_, b, c, d] = number.to_be_bytes();
        self.begin("ip_address")
            .raw("\"10.")
            .digits(b.into())
            .raw(".")
            .digits(c.into())
            .raw(".")
            .digits(d.into());
        self.raw("\"")
    }

    fn digits(&mut self, mut number: u64) -> &mut Self {
        let mut text = [0; 20];
        let mut at = text.len();
        loop {
            at -= 1;
            text[at] = b'0' + (number % 10) as u8;
            number /= 10;
            if number == 0 {
                break;
            }
        }
        self.out.extend_from_slice(&text[at..]);
        self
    }

    /// Digits behind a point, as the shortest float has them: without zeros at the end, but for one.
    fn fraction(&mut self, mut number: u64, mut places: usize) -> &mut Self {
        while places > 1 && number.is_multiple_of(10) {
            number /= 10;
            places -= 1;
        }
        let digits = [number / 100 % 10, number / 10 % 10, number % 10].map(|digit| b'0' + digit as u8);
        self.out.extend_from_slice(&digits[3 - places..]);
        self
    }

    fn hex(&mut self, number: u64) -> &mut Self {
        let digits: [u8; 16] =
            std::array::from_fn(|at| b"0123456789abcdef"[(number >> (60 - 4 * at)) as usize & 15]);
        self.out.extend_from_slice(&digits);
        self
    }
}
