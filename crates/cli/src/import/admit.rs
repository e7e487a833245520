//! Whoever agreed is taken in, or it is said why not.

use super::keep::{Keeper, Kept};
use super::report::Report;
use super::room::Room;
use crate::failure::Failure;
use countenance_core::vault::{Grant, NewSubject, Purpose};

/// Most people who are kept together. More would cost little less for each, and keep others who write to the same database waiting.
pub(super) const TOGETHER: usize = 64;

/// The one who takes people in. Whoever is new waits for others who are.
pub(super) struct Admission<'a> {
    pub(super) keeper: Keeper<'a>,
    pub(super) room: Room,
    pub(super) report: Report,
    waiting: Vec<NewSubject>,
}

/// Whether they become somebody whom a search finds.
fn joins(new: &NewSubject) -> bool {
    let identify = |grant: &Grant| grant.purpose == Purpose::Identify;
    !new.templates.is_empty() && new.grants.iter().any(identify)
}

impl<'a> Admission<'a> {
    pub(super) fn new(keeper: Keeper<'a>, room: Room, report: Report) -> Self {
        Self {
            keeper,
            room,
            report,
            waiting: Vec::new(),
        }
    }

    /// Somebody comes, and had no subject when last asked, or had one.
    pub(super) fn admit(&mut self, one: NewSubject, is_new: bool) -> Result<(), Failure> {
        if joins(&one)
            && let Err(reason) = self.room.take()
        {
            self.report.refuse(&one.id, None, &reason);
            return Ok(());
        }
        if !is_new {
            return self.keep_alone(&one);
        }
        self.waiting.push(one);
        if self.waiting.len() == TOGETHER {
            self.keep_waiting()?;
        }
        Ok(())
    }

    /// Keeps those who wait, in one transaction. Nobody is reported before they are on the disk.
    pub(super) fn keep_waiting(&mut self) -> Result<(), Failure> {
        let waiting = std::mem::take(&mut self.waiting);
        if self.keeper.keep_together(&waiting)? {
            waiting.iter().for_each(|one| self.report_new(one));
            return Ok(());
        }
        // One of them was added by somebody else meanwhile, or is refused for what they brought.
        waiting.iter().try_for_each(|one| self.keep_alone(one))
    }

    fn keep_alone(&mut self, one: &NewSubject) -> Result<(), Failure> {
        let kept = self.keeper.keep(one)?;
        if joins(one) && !matches!(kept, Kept::New) {
            self.room.give_back();
        }
        match kept {
            Kept::New => self.report_new(one),
            Kept::There => self.report.already_there += 1,
            Kept::Refused(reason) => self.report.refuse(&one.id, None, &reason),
        }
        Ok(())
    }

    fn report_new(&mut self, one: &NewSubject) {
        self.report.imported += 1;
        self.report.templates += one.templates.len();
    }
}
