//! Keeps account of the changes made to a section, to find the way back to the user's text.

use super::candidates::Candidate;

/// Changes of a text, each in the coordinates of the text it led to.
#[derive(Clone, Default)]
pub(super) struct Changes {
    list: Vec<Change>,
}

#[derive(Clone, Copy)]
struct Change {
    at: usize,
    removed: usize,
    inserted: usize,
}

impl Changes {
    pub(super) fn add(&mut self, candidate: &Candidate) {
        let at = candidate.range.start;
        self.list.push(Change { at, removed: candidate.range.len(), inserted: candidate.text.len() });
    }

    /// Where an offset of the changed text lies in the user's text; an end of a removal is its start.
    pub(super) fn original(&self, offset: usize) -> usize {
        self.list.iter().rev().fold(offset, |offset, c| {
            if offset <= c.at {
                offset
            } else if offset < c.at + c.inserted {
                c.at + (offset - c.at).min(c.removed)
            } else {
                offset - c.inserted + c.removed
            }
        })
    }

    /// The same for the start of something, which lies behind what was removed.
    pub(super) fn original_start(&self, offset: usize) -> usize {
        self.list.iter().rev().fold(offset, |offset, c| {
            if offset < c.at || offset == c.at && c.inserted > 0 {
                offset
            } else if offset < c.at + c.inserted {
                c.at + (offset - c.at).min(c.removed)
            } else {
                offset - c.inserted + c.removed
            }
        })
    }
}
