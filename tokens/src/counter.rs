//! Counting the tokens of a text, and cutting a text at a number of tokens.

#[cfg(feature = "huggingface")]
use std::sync::Arc;
use unicode_normalization::UnicodeNormalization;

/// A way to split text into tokens. Tables are loaded when they are first needed.
#[derive(Clone)]
pub enum Counter {
    /// OpenAI's o200k, exactly.
    #[cfg(feature = "openai")]
    O200k,
    /// OpenAI's cl100k, exactly.
    #[cfg(feature = "openai")]
    Cl100k,
    /// A Hugging Face `tokenizer.json`, exactly.
    #[cfg(feature = "huggingface")]
    File(Arc<tokenizers::Tokenizer>),
    /// One token for each byte, before or after NFKC, whichever are more: no vocabulary over bytes
    /// needs more.
    Bytes,
}

impl std::fmt::Debug for Counter {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            #[cfg(feature = "openai")]
            Counter::O200k => "O200k",
            #[cfg(feature = "openai")]
            Counter::Cl100k => "Cl100k",
            #[cfg(feature = "huggingface")]
            Counter::File(_) => "File",
            Counter::Bytes => "Bytes",
        })
    }
}

impl Counter {
    /// How many tokens a text has. Markers such as `<|im_start|>` count as the plain text they are
    /// sent as.
    pub fn count(&self, text: &str) -> u64 {
        match self {
            #[cfg(feature = "openai")]
            Counter::O200k => bpe_openai::o200k_base().count(text) as u64,
            #[cfg(feature = "openai")]
            Counter::Cl100k => bpe_openai::cl100k_base().count(text) as u64,
            #[cfg(feature = "huggingface")]
            Counter::File(file) => match file.encode_fast(text, false) {
                Ok(encoding) => encoding.len() as u64,
                Err(_) => bytes(text),
            },
            Counter::Bytes => bytes(text),
        }
    }

    /// Whether both count the same.
    pub(crate) fn is_same(&self, other: &Counter) -> bool {
        #[cfg(feature = "huggingface")]
        if let (Counter::File(a), Counter::File(b)) = (self, other) {
            return Arc::ptr_eq(a, b);
        }
        std::mem::discriminant(self) == std::mem::discriminant(other)
    }

    /// Whether texts are first split by a pattern whose pieces never reach over a fence, so that
    /// counts add exactly there.
    pub(crate) fn splits_at_fences(&self) -> bool {
        match self {
            #[cfg(feature = "openai")]
            Counter::O200k | Counter::Cl100k => true,
            #[cfg(feature = "huggingface")]
            Counter::File(_) => false,
            Counter::Bytes => false,
        }
    }

    /// Whether the count of two texts together is the sum of their counts.
    pub(crate) fn adds(&self) -> bool {
        // Normalising may join what stands at both sides of a joint; that never makes more bytes.
        matches!(self, Counter::Bytes)
    }

    /// The longest start of the text, at whole characters, that was found to have at most so many
    /// tokens. The start of a text can have more tokens than the whole, so that what is cut is
    /// counted again.
    pub fn cut<'t>(&self, text: &'t str, most: u64) -> &'t str {
        // No token has more bytes than this in any of the vocabularies.
        let reach = usize::try_from(most).unwrap_or(usize::MAX).saturating_mul(LONGEST_TOKEN);
        let near = &text[..floor(text, reach)];
        if near.len() == text.len() && self.count(text) <= most {
            return text;
        }
        let mut keep = most;
        loop {
            let cut = &near[..floor(near, self.reach_of(near, keep))];
            let found = self.count(cut);
            if found <= most {
                return cut;
            }
            keep = keep.saturating_sub(found - most);
        }
    }

    // How many bytes the first tokens of a text have.
    fn reach_of(&self, text: &str, tokens: u64) -> usize {
        let most = usize::try_from(tokens).unwrap_or(usize::MAX);
        match self {
            #[cfg(feature = "openai")]
            Counter::O200k => reach(bpe_openai::o200k_base(), text, most),
            #[cfg(feature = "openai")]
            Counter::Cl100k => reach(bpe_openai::cl100k_base(), text, most),
            #[cfg(feature = "huggingface")]
            Counter::File(file) => match file.encode(text, false) {
                Ok(encoding) if encoding.len() <= most => text.len(),
                Ok(encoding) => encoding.get_offsets().get(most).map_or(0, |(start, _)| *start),
                Err(_) => most,
            },
            Counter::Bytes => {
                let mut left = most as u64;
                let fits = |c: &char| {
                    let needs = bytes(c.encode_utf8(&mut [0; 4]));
                    let fits = needs <= left;
                    left = left.saturating_sub(needs);
                    fits
                };
                text.chars().take_while(fits).map(char::len_utf8).sum()
            }
        }
    }
}

const LONGEST_TOKEN: usize = 1024;

fn bytes(text: &str) -> u64 {
    if text.is_ascii() {
        return text.len() as u64;
    }
    text.len().max(text.nfkc().map(char::len_utf8).sum()) as u64
}

#[cfg(feature = "openai")]
fn reach(tokenizer: &bpe_openai::Tokenizer, text: &str, most: usize) -> usize {
    let mut left = most;
    let mut reach = 0;
    for piece in tokenizer.split(text) {
        let ids = tokenizer.bpe.encode_via_backtracking(piece.as_bytes());
        if ids.len() <= left {
            left -= ids.len();
            reach += piece.len();
            continue;
        }
        return reach + ids[..left].iter().map(|id| tokenizer.bpe.token_len(*id)).sum::<usize>();
    }
    reach
}

fn floor(text: &str, at: usize) -> usize {
    let mut at = at.min(text.len());
    while !text.is_char_boundary(at) {
        at -= 1;
    }
    at
}
