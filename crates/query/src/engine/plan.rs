//! From a question to segments: steps that each event takes by itself, and a sink that gathers what passes them.
//!
//! The first segment reads the input with all threads; each further one reads what the one before it made.

mod group;
mod stage;

use super::{
    compile::{Answers, Compiler},
    condition,
    expr::Expr,
    scope::Scope,
    sink::Sink,
    test::Test,
};
use crate::{
    lang::{self, Error, ast::Query},
    scan::needles::Condition,
};

/// A question, ready to be run.
#[derive(Clone, Debug)]
pub(super) struct Plan {
    pub(super) segments: Vec<Segment>,
    /// What must stand in a line for it to matter.
    pub(super) condition: Condition,
}

/// Steps, and where what passes them goes.
#[derive(Clone, Debug)]
pub(super) struct Segment {
    /// What its slots are.
    pub(super) scope: Scope,
    pub(super) steps: Vec<Step>,
    pub(super) sink: Sink,
    /// The slot of the time, where the sink asks when events happened.
    pub(super) time: Option<usize>,
}

/// Something that is done with an event or row by itself.
#[derive(Clone, Debug)]
pub(super) enum Step {
    /// Goes on if it passes.
    Test(Test),
    /// Adds a value, at this place of what was added, or in this column.
    Extend(usize, Expr),
    /// Goes on once for each item of the list in a slot, which takes this place.
    Explode(usize, usize),
}

impl Plan {
    /// Compiles a question; `text` is what its places refer to.
    pub(super) fn new(
        text: &str,
        query: &Query,
        now_ns: i64,
        has_range: bool,
        answers: Answers<'_>,
    ) -> Result<Plan, Error> {
        let compiler = Compiler { text, now_ns, answers };
        let mut planner = Planner { compiler, segments: Vec::new(), open: Open::new(Scope::events()) };
        planner.step_filter(&query.filter)?;
        let mut stages = query.stages.iter().peekable();
        while let Some(stage) = stages.next() {
            planner.stage(stage, &mut stages)?;
        }
        planner.close_last();
        let mut segments = planner.segments;
        if let Some(Segment { scope: Scope::Events(scope), time, .. }) = segments.first_mut()
            && has_range
        {
            *time = Some(scope.time());
        }
        let condition = match segments.first() {
            Some(Segment { scope: Scope::Events(scope), steps, .. }) => {
                let tests = steps.iter().map_while(|step| match step {
                    Step::Test(test) => Some(condition::of_test(test, scope)),
                    _ => None,
                });
                Condition::All(tests.collect())
            }
            _ => Condition::Any,
        };
        Ok(Plan { segments, condition })
    }
}

impl Plan {
    /// Compiles stages over the rows of an answer.
    pub(super) fn over_rows(
        text: &str,
        columns: Vec<crate::answer::Column>,
        stages: &[lang::ast::Stage],
        now_ns: i64,
    ) -> Result<Vec<Segment>, Error> {
        let mut no_answers = |field: &lang::ast::Field, _: &Query| {
            Err(Error::new(
                text,
                field.at,
                field.name.len(),
                "a question in brackets stands in the first filter",
            ))
        };
        let compiler = Compiler { text, now_ns, answers: &mut no_answers };
        let mut planner = Planner { compiler, segments: Vec::new(), open: Open::new(Scope::Rows(columns)) };
        let mut stages = stages.iter().peekable();
        while let Some(stage) = stages.next() {
            planner.stage(stage, &mut stages)?;
        }
        planner.close_last();
        Ok(planner.segments)
    }
}

/// The segment that is being put together.
struct Open {
    scope: Scope,
    steps: Vec<Step>,
    /// Whether something was done since the last sink.
    is_begun: bool,
}

impl Open {
    fn new(scope: Scope) -> Open {
        Open { scope, steps: Vec::new(), is_begun: false }
    }
}

/// Puts segments together.
struct Planner<'q> {
    compiler: Compiler<'q>,
    segments: Vec<Segment>,
    open: Open,
}

impl Planner<'_> {
    fn step_filter(&mut self, filter: &lang::ast::Filter) -> Result<(), Error> {
        match self.compiler.filter(&mut self.open.scope, filter)? {
            Test::All => {}
            // Each for itself: one that looks at names only is asked once for each name.
            Test::And(all) => all.into_iter().for_each(|test| self.step(Step::Test(test))),
            test => self.step(Step::Test(test)),
        }
        Ok(())
    }

    fn step(&mut self, step: Step) {
        self.open.steps.push(step);
        self.open.is_begun = true;
    }

    /// Ends the segment with a sink; the next one reads `columns`, or else events as before.
    fn close(&mut self, sink: Sink, time: Option<usize>, next: Option<Vec<crate::answer::Column>>) {
        let next_scope = match next {
            Some(columns) => Scope::Rows(columns),
            None => self.open.scope.clone(),
        };
        let open = std::mem::replace(&mut self.open, Open::new(next_scope));
        self.segments.push(Segment { scope: open.scope, steps: open.steps, sink, time });
    }

    fn close_last(&mut self) {
        if self.open.is_begun || self.segments.is_empty() {
            self.close(Sink::Keep(super::keep::Keeping::default()), None, None);
        }
    }
}

/// The unit of a named expression: what its name says, where that says anything.
fn unit_of(item: &lang::ast::Item, unit: lang::Unit) -> lang::Unit {
    match item.name.as_deref().map(lang::Unit::of_field) {
        Some(named) if named != lang::Unit::None => named,
        _ => unit,
    }
}
