//! What an encoder keeps of each callsite.

use crate::callsite::Callsite;

/// A plan per callsite, by the callsite's number.
#[derive(Debug)]
pub(super) struct Plans<P>(Vec<Option<Planned<P>>>);

#[derive(Debug)]
struct Planned<P> {
    /// Whose plan it is: callsites that have no number yet share the first slot.
    site: &'static Callsite,
    plan: Box<P>,
}

impl<P> Default for Plans<P> {
    fn default() -> Plans<P> {
        Plans(Vec::new())
    }
}

impl<P> Plans<P> {
    /// The plan of a callsite; made now when it is asked for the first time.
    #[inline]
    pub(super) fn of(&mut self, site: &'static Callsite, make: impl FnOnce(&'static Callsite) -> P) -> &P {
        let id = site.id() as usize;
        if self.0.len() <= id {
            self.0.resize_with(id + 1, || None);
        }
        let slot = &mut self.0[id];
        if slot.as_ref().is_some_and(|planned| !std::ptr::eq(planned.site, site)) {
            *slot = None;
        }
        &slot.get_or_insert_with(|| Planned { site, plan: Box::new(make(site)) }).plan
    }

    /// Forgets all plans: a setting they depend on has changed.
    pub(super) fn clear(&mut self) {
        self.0.clear();
    }
}
