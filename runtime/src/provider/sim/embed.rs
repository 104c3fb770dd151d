//! The embedding that is made in the process: of words and their letters, without a model.
//!
//! Each word and each three letters of a word stand at a place of the vector that is given by their
//! hash (feature hashing: Weinberger et al., 2009). Texts of nearly the same words, in whatever case,
//! order and punctuation, are near; texts that say the same in other words are not.

/// How many numbers a vector has.
const NUMBERS: usize = 512;
/// What the letters of a word weigh, all together, where the word itself weighs 1.
const LETTERS: f32 = 0.5;

/// The vector of a text, of length 1; of a text without a letter or digit, by the text as it is.
pub(crate) fn vector(text: &str) -> Vec<f32> {
    let mut vector = vec![0.0; NUMBERS];
    let text = text.to_lowercase();
    let words = text.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty());
    let mut is_empty = true;
    for word in words {
        is_empty = false;
        add(&mut vector, word, word);
    }
    if is_empty {
        add(&mut vector, &text, "");
    }
    let length = vector.iter().map(|n| n * n).sum::<f32>().sqrt();
    // Features that cancel each other out leave nothing.
    if length > 0.0 {
        vector.iter_mut().for_each(|n| *n /= length);
    } else {
        vector[0] = 1.0;
    }
    vector
}

// A long word says more than a short one.
fn add(vector: &mut [f32], word: &str, letters: &str) {
    let weight = 1.0 + (word.chars().count().max(1) as f32).ln();
    put(vector, &[b"word", word.as_bytes()], weight);
    let marked: Vec<char> = std::iter::once('^').chain(letters.chars()).chain(['$']).collect();
    let threes = marked.windows(3);
    let each = weight * LETTERS / (threes.len().max(1) as f32).sqrt();
    for three in threes {
        let three: String = three.iter().collect();
        put(vector, &[b"letters", three.as_bytes()], each);
    }
}

fn put(vector: &mut [f32], feature: &[&[u8]], weight: f32) {
    let hash = super::hash(feature);
    let sign = if hash >> 63 == 0 { 1.0 } else { -1.0 };
    vector[(hash % NUMBERS as u64) as usize] += sign * weight;
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cosine(a: &str, b: &str) -> f32 {
        vector(a).iter().zip(vector(b)).map(|(a, b)| a * b).sum()
    }

    #[test]
    fn the_same_words_are_near_and_others_are_far() {
        let question = "How long may I return a pair of shoes?";
        assert!(cosine(question, question) > 0.9999);
        assert!(cosine(question, "how long may i return a pair of shoes") > 0.9999);
        assert!(cosine(question, "How long may I return the pair of shoes?") > 0.9);
        assert!(cosine(question, "Which shipping companies deliver to Norway?") < 0.3);
        assert!(cosine("?!", "?!") > 0.9999);
        assert!(cosine("", "") > 0.9999);
    }
}
