//! Inputs on their way to be worked on.

use super::super::control::Control;
use super::super::item::Item;
use super::{Looked, Order, Planned, Work, look, plan};
use crate::Result;
use crate::cache;
use crate::deliver::Receipt;
use crate::engine::Parts;

/// What is worked on at one go, and how far that is known.
#[derive(Debug)]
pub(crate) enum Piece<'p> {
    /// Just brought in.
    Raw(Vec<Item>),
    /// Looked at.
    Looked(Looked),
    /// Looked at, with a route.
    Planned(Looked, Planned<'p>),
}

impl<'p> Piece<'p> {
    /// The first input's name, for messages.
    pub(crate) fn name(&self) -> String {
        self.items().first().map_or_else(String::new, |item| crate::text::clean(&item.name))
    }

    /// What the same request led to before, with its receipt, when that is in the result cache.
    pub(crate) fn recall(
        &self,
        parts: &Parts,
        order: &Order<'_>,
        control: &Control,
    ) -> Option<(Vec<Item>, Receipt)> {
        let given = match self {
            Piece::Raw(items) => items.iter().map(|item| item.format).collect(),
            Piece::Looked(looked) | Piece::Planned(looked, _) => looked.given.clone(),
        };
        cache::recall(parts, order, self.items(), &given, control)
    }

    /// Whether what it will be is known only when the task before it has run.
    pub(crate) fn is_open(&self) -> bool {
        self.items().iter().any(|item| item.expected.is_some() && item.format.is_none())
    }

    fn items(&self) -> &[Item] {
        match self {
            Piece::Raw(items) => items,
            Piece::Looked(looked) | Piece::Planned(looked, _) => &looked.items,
        }
    }

    /// Looks at it for a task, unless that was done.
    pub(crate) fn look(&mut self, parts: &Parts, work: &Work, control: &Control) -> Result<()> {
        if let Piece::Raw(items) = self {
            *self = Piece::Looked(look(parts, work, items.clone(), control)?);
        }
        Ok(())
    }

    /// The same with a route for an order, when it was looked at and there is one.
    pub(crate) fn plan<'e>(&self, parts: &'e Parts, order: &Order<'_>) -> Option<Piece<'e>> {
        let Piece::Looked(looked) = self else { return None };
        let planned = plan(parts, order, looked, 1).ok()?;
        Some(Piece::Planned(looked.clone(), planned))
    }

    /// Does what is not done yet.
    pub(crate) fn planned(
        self,
        parts: &'p Parts,
        order: &Order<'_>,
        control: &Control,
    ) -> Result<(Looked, Planned<'p>)> {
        let looked = match self {
            Piece::Planned(looked, planned) => return Ok((looked, planned)),
            Piece::Looked(looked) => looked,
            Piece::Raw(items) => look(parts, order.split()?.0, items, control)?,
        };
        let planned = plan(parts, order, &looked, 1)?;
        Ok((looked, planned))
    }
}
