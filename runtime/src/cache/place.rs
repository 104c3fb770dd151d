//! Where an answer stands among answers to other words: the vectors of the texts that were pasted.
//!
//! A vector is kept in bytes, one for each number: what that rounds off moves a cosine by less than a
//! thousandth, and it is a quarter of the room.

use super::digest;

/// The vectors of the texts of one call.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Vectors {
    // How many texts there are.
    texts: u16,
    // The vectors of all of them, one behind the other; each of the same length.
    numbers: Box<[i8]>,
}

/// The vectors of a call that is answered.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Placed {
    /// The call: [`super::CacheKey::call`].
    pub call: [u8; 32],
    /// Where it stands.
    pub vectors: Vectors,
    /// Until when its answer is good, in milliseconds since 1970.
    pub until: i64,
}

/// What was placed in a group behind some point, oldest first.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Places {
    /// The calls.
    pub placed: Vec<Placed>,
    /// The point behind the last of them; as it was where there are none.
    pub upto: u64,
    /// Whether there is more behind it.
    pub more: bool,
    /// How many were not what was placed there, and have been dropped.
    pub spoilt: usize,
}

/// The most vectors that are given at once.
pub const AT_ONCE: usize = 2_000;

impl Vectors {
    /// Of these vectors; `None` where there are none, or they are of different lengths.
    pub fn of(vectors: &[Vec<f32>]) -> Option<Vectors> {
        let length = vectors.first()?.len();
        if length == 0 || vectors.iter().any(|vector| vector.len() != length) {
            return None;
        }
        let mut numbers = Vec::with_capacity(vectors.len() * length);
        for vector in vectors {
            let most = vector.iter().fold(0.0f32, |most, n| most.max(n.abs()));
            let scale = if most > 0.0 { 127.0 / most } else { 0.0 };
            numbers.extend(vector.iter().map(|n| (n * scale).round() as i8));
        }
        Some(Vectors { texts: u16::try_from(vectors.len()).ok()?, numbers: numbers.into() })
    }

    /// How many texts there are, and how many numbers of all vectors.
    pub fn shape(&self) -> (u16, usize) {
        (self.texts, self.numbers.len())
    }

    /// The numbers of all vectors, one behind the other.
    pub fn numbers(&self) -> &[i8] {
        &self.numbers
    }

    /// As bytes.
    pub fn to_bytes(&self) -> Vec<u8> {
        let numbers = self.numbers.iter().map(|n| n.cast_unsigned());
        self.texts.to_le_bytes().into_iter().chain(numbers).collect()
    }

    /// What [`Vectors::to_bytes`] gave; `None` where it is not that.
    pub fn of_bytes(bytes: &[u8]) -> Option<Vectors> {
        let (texts, numbers) = bytes.split_first_chunk::<2>()?;
        let texts = u16::from_le_bytes(*texts);
        if texts == 0 || numbers.is_empty() || !numbers.len().is_multiple_of(usize::from(texts)) {
            return None;
        }
        Some(Vectors { texts, numbers: numbers.iter().map(|n| n.cast_signed()).collect() })
    }
}

impl Placed {
    /// A digest of it and of its group, as an entry has one.
    pub(super) fn seal(&self, group: &[u8; 32]) -> [u8; 32] {
        seal(group, &self.call, &self.vectors.to_bytes(), self.until)
    }

    /// What is in a store, where the seal is its own.
    pub(super) fn open(
        group: &[u8; 32],
        (call, bytes, until): (&[u8], &[u8], i64),
        sealed: &[u8],
    ) -> Option<Placed> {
        let call: [u8; 32] = call.try_into().ok()?;
        if seal(group, &call, bytes, until) != sealed {
            return None;
        }
        Some(Placed { call, vectors: Vectors::of_bytes(bytes)?, until })
    }
}

fn seal(group: &[u8; 32], call: &[u8; 32], bytes: &[u8], until: i64) -> [u8; 32] {
    digest(|d| {
        d.part(b"place");
        d.part(group);
        d.part(call);
        d.part(bytes);
        d.part(&until.to_le_bytes());
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn vectors_come_back_as_they_were() {
        let vectors = Vectors::of(&[vec![0.5, -1.0], vec![0.0, 0.25]]);
        assert_eq!(vectors.as_ref().map(Vectors::numbers), Some(&[64, -127, 0, 127][..]));
        assert_eq!(vectors.as_ref().and_then(|v| Vectors::of_bytes(&v.to_bytes())), vectors);
        assert_eq!(Vectors::of(&[vec![1.0], vec![]]), None);
        assert_eq!(Vectors::of_bytes(&[2, 0, 1, 1, 1]), None);
        assert_eq!(Vectors::of_bytes(&[0, 0]), None);
    }
}
