//! Choosing pages or frames by number.

use crate::{Picture, Sequence};
use formwork_sdk::{Error, Result};

/// Some pages, as the option `pages` names them: `3`, `1-5`, `1,3,5-7`, `3-` to the end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pages {
    /// First and last page of each part, counted from 1.
    parts: Vec<(usize, usize)>,
}

impl Pages {
    /// Reads the option; `None` for `all`, and for text that names no pages.
    pub fn parse(text: &str) -> Option<Pages> {
        let number = |text: &str| text.trim().parse::<usize>().ok().filter(|number| *number > 0);
        let part = |text: &str| match text.split_once('-') {
            Some((first, "")) => Some((number(first)?, usize::MAX)),
            Some((first, last)) => Some((number(first)?, number(last)?)),
            None => number(text).map(|page| (page, page)),
        };
        text.split(',').map(part).collect::<Option<Vec<_>>>().map(|parts| Pages { parts })
    }

    /// Whether page `number`, counted from 1, is among them.
    pub fn contains(&self, number: usize) -> bool {
        self.parts.iter().any(|(first, last)| (*first..=*last).contains(&number))
    }

    /// Drops all frames that are not named.
    ///
    /// # Errors
    ///
    /// `invalid_request` when none is left.
    pub fn select(&self, picture: &mut Picture) -> Result<()> {
        let all = picture.frames.len();
        let mut number = 0;
        picture.frames.retain(|_| {
            number += 1;
            self.contains(number)
        });
        if picture.frames.is_empty() {
            return Err(Error::invalid(format!("none of the {all} pages was asked for")));
        }
        if picture.frames.len() == 1 {
            picture.sequence = Sequence::Still;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_the_option_may_be() {
        let pages = Pages::parse("1,3,5-7").unwrap();
        let named: Vec<usize> = (0..10).filter(|number| pages.contains(*number)).collect();
        assert_eq!(named, [1, 3, 5, 6, 7]);
        assert!(Pages::parse("1,4-").is_some_and(|pages| pages.contains(400) && !pages.contains(3)));
        for text in ["all", "", "0", "a-b", "-"] {
            assert!(Pages::parse(text).is_none(), "{text}");
        }
    }
}
