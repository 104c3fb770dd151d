//! The lines of a body that comes in pieces: server-sent events, as far as the model APIs use them, and
//! one JSON value a line. Events of several `data:` lines, which none of them sends, are seen as several
//! events.

/// Takes a body in pieces and hands out its lines, without copying those that come whole.
#[derive(Debug, Default)]
pub(super) struct Lines {
    // The beginning of a line whose end has not come yet.
    rest: Vec<u8>,
}

impl Lines {
    /// Takes the next piece, and hands each line that it completes to `each`.
    pub(super) fn feed<E>(
        &mut self,
        mut bytes: &[u8],
        each: &mut impl FnMut(&[u8]) -> Result<(), E>,
    ) -> Result<(), E> {
        while let Some(end) = bytes.iter().position(|b| *b == b'\n') {
            let (line, tail) = (&bytes[..end], &bytes[end + 1..]);
            bytes = tail;
            if self.rest.is_empty() {
                each(line)?;
            } else {
                self.rest.extend_from_slice(line);
                let line = std::mem::take(&mut self.rest);
                each(&line)?;
            }
        }
        self.rest.extend_from_slice(bytes);
        Ok(())
    }

    /// The body is over: a last line may lack its end.
    pub(super) fn finish<E>(mut self, each: &mut impl FnMut(&[u8]) -> Result<(), E>) -> Result<(), E> {
        each(&std::mem::take(&mut self.rest))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_come_whole_however_the_body_is_cut() {
        let body = b"event: x\r\ndata: {\"a\": 1}\r\n\r\n: ping\n\ndata:two\n\ndata: [DONE]";
        for size in 1..=body.len() {
            let mut lines = Lines::default();
            let mut seen: Vec<String> = Vec::new();
            let mut each = |line: &[u8]| -> Result<(), ()> {
                seen.push(String::from_utf8_lossy(line).trim_end().to_owned());
                Ok(())
            };
            for piece in body.chunks(size) {
                assert_eq!(lines.feed(piece, &mut each), Ok(()));
            }
            assert_eq!(lines.finish(&mut each), Ok(()));
            let all = ["event: x", "data: {\"a\": 1}", "", ": ping", "", "data:two", "", "data: [DONE]"];
            assert_eq!(seen, all, "pieces of {size}");
        }
    }
}
