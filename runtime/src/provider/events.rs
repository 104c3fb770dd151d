//! Server-sent events, as far as the model APIs use them: the `data:` lines of a body that comes in
//! pieces. Events of several `data:` lines, which none of them sends, are seen as several events.

/// Takes a body in pieces and hands out its `data:` lines, without copying those that come whole.
#[derive(Debug, Default)]
pub(super) struct Events {
    // The beginning of a line whose end has not come yet.
    rest: Vec<u8>,
}

impl Events {
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
                data(line, each)?;
            } else {
                self.rest.extend_from_slice(line);
                let line = std::mem::take(&mut self.rest);
                data(&line, each)?;
            }
        }
        self.rest.extend_from_slice(bytes);
        Ok(())
    }

    /// The body is over: a last line may lack its end.
    pub(super) fn finish<E>(&mut self, each: &mut impl FnMut(&[u8]) -> Result<(), E>) -> Result<(), E> {
        data(&std::mem::take(&mut self.rest), each)
    }
}

fn data<E>(line: &[u8], each: &mut impl FnMut(&[u8]) -> Result<(), E>) -> Result<(), E> {
    match line.strip_prefix(b"data:").map(<[u8]>::trim_ascii) {
        Some(data) if !data.is_empty() => each(data),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_come_whole_however_the_body_is_cut() {
        let body = b"event: x\r\ndata: {\"a\": 1}\r\n\r\n: ping\n\ndata:two\n\ndata: [DONE]";
        for size in 1..=body.len() {
            let mut events = Events::default();
            let mut seen: Vec<String> = Vec::new();
            let mut each = |data: &[u8]| -> Result<(), ()> {
                seen.push(String::from_utf8_lossy(data).into_owned());
                Ok(())
            };
            for piece in body.chunks(size) {
                assert_eq!(events.feed(piece, &mut each), Ok(()));
            }
            assert_eq!(events.finish(&mut each), Ok(()));
            assert_eq!(seen, ["{\"a\": 1}", "two", "[DONE]"], "pieces of {size}");
        }
    }
}
