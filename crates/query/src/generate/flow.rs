//! What happens in a flow: one request, one job. All its events are planned when it begins.

use std::cmp::Ordering;

use super::random::Random;

/// An event that is still to be written.
#[derive(Clone, Copy, Debug)]
pub(super) struct Pending {
    pub(super) at_ns: i64,
    pub(super) number: u64,
    pub(super) event: Event,
    pub(super) context: Context,
}

/// What the events of a flow share.
#[derive(Clone, Copy, Debug)]
pub(super) struct Context {
    pub(super) request: u64,
    pub(super) trace: u64,
    pub(super) user: u32,
    pub(super) session: u32,
    pub(super) order: u32,
    pub(super) amount_cents: u32,
    pub(super) currency: u8,
    pub(super) category: u8,
    pub(super) method: u8,
    pub(super) endpoint: u8,
    pub(super) host: u8,
}

/// An event and its own fields.
#[derive(Clone, Copy, Debug)]
pub(super) enum Event {
    RequestStarted,
    RequestCompleted { status: u16, us: u64, bytes: u32 },
    RequestFailed { error: u8, us: u64 },
    RateLimitExceeded { requests: u32 },
    CacheHit { key: u32 },
    CacheMiss { key: u32 },
    QueryCompleted { table: u8, rows: u32, us: u64 },
    QuerySlow { table: u8, rows: u32, us: u64 },
    TransactionStarted,
    TransactionCommitted { statements: u8, us: u64 },
    TransactionRollback { reason: u8, us: u64 },
    ConnectionLost { attempt: u8 },
    LoginStarted { source: u8 },
    LoginSuccess { source: u8, us: u64 },
    LoginFailed { source: u8, reason: u8, attempt: u8 },
    TokenIssued { expires_s: u32 },
    OrderStarted { items: u8 },
    OrderCompleted { items: u8, us: u64 },
    OrderFailed { reason: u8, us: u64 },
    ReserveSuccess { items: u8, us: u64 },
    ReserveFailed { sku: u32 },
    PaymentStarted,
    PaymentSuccess { transaction: u64, us: u64 },
    PaymentFailed { reason: u8, us: u64 },
    NotificationSent { channel: u8, us: u64 },
    UserAction { action: u8, variant: u8 },
    ImportStarted { items: u16 },
    ImportCompleted { items: u16, us: u64 },
    Batch { first: u32, items: u8, failed: u8 },
}

const US_NS: i64 = 1_000;

/// Plans a flow that begins at this time.
pub(super) fn begin(at_ns: i64, is_trouble: bool, random: &mut Random, put: &mut dyn FnMut(Pending)) {
    let context = Context {
        request: random.next(),
        trace: random.next(),
        user: 1 + random.below(50_000).min(random.below(50_000)) as u32,
        session: random.next() as u32,
        order: random.below(10_000_000) as u32,
        amount_cents: 99 + random.duration_us(4_500.0).min(900_000) as u32,
        currency: random.favour(super::line::CURRENCIES.len()),
        category: random.favour(super::line::CATEGORIES.len()),
        method: random.favour(super::line::PAYMENT_METHODS.len()),
        endpoint: random.favour(super::line::ENDPOINTS.len()),
        host: random.below(super::line::HOSTS as u64) as u8,
    };
    let mut flow = Flow { at_ns, context, random, put };
    match flow.random.below(1_000) {
        0..500 => flow.browse(),
        500..640 => flow.purchase(is_trouble),
        640..790 => flow.login(),
        790..890 => flow.transaction(),
        890..975 => flow.action(),
        _ => flow.import(),
    }
}

struct Flow<'a> {
    /// When the next event happens.
    at_ns: i64,
    context: Context,
    random: &'a mut Random,
    put: &'a mut dyn FnMut(Pending),
}

impl Flow<'_> {
    fn happen(&mut self, event: Event) {
        (self.put)(Pending { at_ns: self.at_ns, number: 0, event, context: self.context });
    }

    /// Lets time pass; how much.
    fn take(&mut self, typical_us: f64) -> u64 {
        let us = self.random.duration_us(typical_us);
        self.at_ns = self.at_ns.saturating_add(us as i64 * US_NS + self.random.below(1_000) as i64);
        us
    }

    fn request_started(&mut self) -> i64 {
        let begin_ns = self.at_ns;
        self.happen(Event::RequestStarted);
        self.take(300.0);
        begin_ns
    }

    fn request_ended(&mut self, begin_ns: i64, failed_per_mille: u64) {
        self.take(1_500.0);
        // A worker that was killed: no end.
        if self.random.per_mille(1) {
            return;
        }
        let us = ((self.at_ns - begin_ns) / US_NS) as u64;
        if self.random.per_mille(failed_per_mille) {
            let error = self.random.favour(super::line::REQUEST_ERRORS.len());
            return self.happen(Event::RequestFailed { error, us });
        }
        let status = [200, 200, 200, 200, 200, 200, 201, 204, 304, 404][self.random.below(10) as usize];
        let bytes = 200 + self.random.duration_us(3_000.0) as u32;
        self.happen(Event::RequestCompleted { status, us, bytes });
    }

    fn query(&mut self) {
        let table = self.random.favour(super::line::TABLES.len());
        let us = self.take(4_000.0);
        let rows = self.random.duration_us(20.0) as u32;
        let is_slow = us > 60_000;
        self.happen(if is_slow {
            Event::QuerySlow { table, rows, us }
        } else {
            Event::QueryCompleted { table, rows, us }
        });
    }

    fn browse(&mut self) {
        let begin_ns = self.request_started();
        if self.random.per_mille(5) {
            let requests = 100 + self.random.below(400) as u32;
            return self.happen(Event::RateLimitExceeded { requests });
        }
        let key = self.random.below(20_000) as u32;
        match self.random.below(10) {
            // Of the hits, those that sampling let through.
            0..2 => self.happen(Event::CacheHit { key }),
            2..7 => {
                self.happen(Event::CacheMiss { key });
                self.query();
                if self.random.per_mille(300) {
                    self.query();
                }
            }
            _ => {}
        }
        if self.random.below(20_000) == 0 {
            let attempt = 1 + self.random.below(5) as u8;
            self.happen(Event::ConnectionLost { attempt });
        }
        self.request_ended(begin_ns, 14);
    }

    fn purchase(&mut self, is_trouble: bool) {
        let begin_ns = self.request_started();
        let order_ns = self.at_ns;
        let items = 1 + self.random.favour(8);
        self.happen(Event::OrderStarted { items });
        self.query();
        let us = self.take(6_000.0);
        if self.random.per_mille(20) {
            let sku = self.random.below(20_000) as u32;
            self.happen(Event::ReserveFailed { sku });
            self.order_failed(order_ns, super::line::OUT_OF_STOCK);
            return self.request_ended(begin_ns, 300);
        }
        self.happen(Event::ReserveSuccess { items, us });
        self.take(800.0);
        self.happen(Event::PaymentStarted);
        let us = self.take(if is_trouble { 900_000.0 } else { 180_000.0 });
        // The provider never answered, and nobody noticed.
        if self.random.per_mille(3) {
            return;
        }
        if self.random.per_mille(if is_trouble { 330 } else { 40 }) {
            let reason = match is_trouble {
                true => super::line::PROVIDER_TIMEOUT,
                false => self.random.favour(super::line::PAYMENT_REASONS.len()),
            };
            self.happen(Event::PaymentFailed { reason, us });
            self.order_failed(order_ns, super::line::PAYMENT_DECLINED);
            return self.request_ended(begin_ns, 300);
        }
        let transaction = self.random.next();
        self.happen(Event::PaymentSuccess { transaction, us });
        self.take(2_000.0);
        let us = ((self.at_ns - order_ns) / US_NS) as u64;
        self.happen(Event::OrderCompleted { items, us });
        let variant = self.random.below(2) as u8;
        self.happen(Event::UserAction { action: super::line::PURCHASE, variant });
        let us = self.take(25_000.0);
        let channel = self.random.favour(super::line::CHANNELS.len());
        self.happen(Event::NotificationSent { channel, us });
        self.request_ended(begin_ns, 5);
    }

    fn order_failed(&mut self, order_ns: i64, reason: u8) {
        self.take(1_000.0);
        let us = ((self.at_ns - order_ns) / US_NS) as u64;
        self.happen(Event::OrderFailed { reason, us });
    }

    fn login(&mut self) {
        let source = self.random.favour(super::line::SOURCES.len());
        self.happen(Event::LoginStarted { source });
        let us = self.take(90_000.0);
        if self.random.per_mille(80) {
            let reason = self.random.favour(super::line::LOGIN_REASONS.len());
            let attempt = 1 + self.random.favour(5);
            return self.happen(Event::LoginFailed { source, reason, attempt });
        }
        self.happen(Event::LoginSuccess { source, us });
        self.take(2_000.0);
        let expires_s = [900, 3_600, 86_400][self.random.below(3) as usize];
        self.happen(Event::TokenIssued { expires_s });
    }

    fn transaction(&mut self) {
        let begin_ns = self.at_ns;
        self.happen(Event::TransactionStarted);
        let statements = 1 + self.random.below(4) as u8;
        (0..statements).for_each(|_| self.query());
        self.take(3_000.0);
        if self.random.per_mille(2) {
            return;
        }
        let us = ((self.at_ns - begin_ns) / US_NS) as u64;
        if self.random.per_mille(15) {
            let reason = self.random.favour(super::line::ROLLBACK_REASONS.len());
            return self.happen(Event::TransactionRollback { reason, us });
        }
        self.happen(Event::TransactionCommitted { statements, us });
    }

    fn action(&mut self) {
        let action = 1 + self.random.favour(super::line::ACTIONS.len() - 1);
        let variant = self.random.below(2) as u8;
        self.happen(Event::UserAction { action, variant });
    }

    fn import(&mut self) {
        let begin_ns = self.at_ns;
        let batches = 1 + self.random.below(4) as u16;
        let items = 3 + self.random.below(8) as u8;
        self.happen(Event::ImportStarted { items: batches * u16::from(items) });
        for batch in 0..u32::from(batches) {
            self.take(700_000.0);
            let failed = self.random.below(40).min(u64::from(u8::MAX)) as u8;
            let first = (self.context.order % 1_000_000) + batch * u32::from(items);
            self.happen(Event::Batch { first, items, failed });
        }
        self.take(50_000.0);
        if self.random.per_mille(10) {
            return;
        }
        let us = ((self.at_ns - begin_ns) / US_NS) as u64;
        self.happen(Event::ImportCompleted { items: batches * u16::from(items), us });
    }
}

impl Pending {
    fn key(&self) -> (i64, u64) {
        (self.at_ns, self.number)
    }
}

impl PartialEq for Pending {
    fn eq(&self, other: &Self) -> bool {
        self.key() == other.key()
    }
}

impl Eq for Pending {}

impl PartialOrd for Pending {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Pending {
    fn cmp(&self, other: &Self) -> Ordering {
        self.key().cmp(&other.key())
    }
}
