//! provide-telemetry's logger with JSON output, on the caller's thread. It takes fields as a map of JSON values.

use std::collections::BTreeMap;

use provide_telemetry::{
    Logger, LoggingConfig, TelemetryConfig, bind_context, get_logger, set_log_output, setup_telemetry,
};
use serde_json::{Value, json};

use crate::contestant::{Contestant, Inline};
use crate::output::Output;
use crate::workload::{BOUND, EVENT, Request, Wide};

/// provide-telemetry with its defaults, JSON to the benchmark's writer.
pub struct Provide(Logger);

fn fields(r: &Request) -> BTreeMap<String, Value> {
    BTreeMap::from([
        ("endpoint".to_owned(), Value::from(r.endpoint)),
        ("method".to_owned(), Value::from(r.method)),
        ("request_id".to_owned(), Value::from(r.request_id)),
        ("status_code".to_owned(), Value::from(r.status_code)),
        ("duration_ms".to_owned(), Value::from(r.duration_ms)),
    ])
}

impl Contestant for Provide {
    type Context = ();

    fn start(output: &Output) -> Self {
        set_log_output(output.writer());
        let logging =
            LoggingConfig { level: "INFO".to_owned(), fmt: "json".to_owned(), ..LoggingConfig::default() };
        setup_telemetry(Some(TelemetryConfig { logging, ..TelemetryConfig::default() }))
            .expect("the defaults are valid");
        Self(get_logger(Some("bench")))
    }

    fn in_context<R>(&self, f: impl FnOnce(&()) -> R) -> R {
        // `service` and `version` are stamped by the library itself and would be replaced: other names, same work.
        let _bound = bind_context([
            ("service_name", Value::from(BOUND.service)),
            ("region", Value::from(BOUND.region)),
            ("service_version", Value::from(BOUND.version)),
        ]);
        f(&())
    }

    #[inline(always)]
    fn w2(&self, (): &(), r: &Request) {
        self.0.info_fields(EVENT, &fields(r));
    }

    fn finish(self) {}
}

impl Inline for Provide {
    #[inline(always)]
    fn w1(&self, r: &Request) {
        self.0.info_fields(EVENT, &fields(r));
    }

    #[inline(always)]
    fn w3(&self, r: &Request) {
        self.0.debug_fields(EVENT, &fields(r));
    }

    #[inline(always)]
    fn w4(&self, r: &Request, w: &Wide) -> bool {
        let mut all = fields(r);
        let wide = [
            ("detail", Value::from(w.detail)),
            ("tags", json!(w.tags)),
            ("geo", json!(w.geo)),
            ("cached", Value::from(w.cached)),
            ("parent_id", json!(w.parent_id)),
            ("bytes_out", Value::from(w.bytes_out)),
            ("user_agent", Value::from(w.user_agent)),
        ];
        all.extend(wide.map(|(key, value)| (key.to_owned(), value)));
        self.0.info_fields(EVENT, &all);
        true
    }
}
