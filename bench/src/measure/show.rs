//! A few events of every workload, in a known order, for [`crate::check`].

use crate::contestant::{Contestant, Inline};
use crate::workload::{REQUESTS, WIDES};

/// W2 of every row.
pub fn queued<C: Contestant>(contestant: &C, context: &C::Context) {
    for request in &REQUESTS {
        contestant.w2(context, request);
    }
}

/// W1, W2, W3 (which must not appear) and W4 of every row.
pub fn inline<C: Inline>(contestant: &C) {
    for request in &REQUESTS {
        contestant.w1(request);
    }
    contestant.in_context(|context| queued(contestant, context));
    for (request, wide) in REQUESTS.iter().zip(WIDES.iter()) {
        contestant.w3(request);
        contestant.w4(request, wide);
    }
}
