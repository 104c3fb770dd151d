//! Files that hold a key: made once, whole, and for their owner alone.

use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::path::Path;

/// The bytes of a key.
pub(crate) const BYTES: usize = 32;

/// A new key, from the system's random numbers.
pub(crate) fn random() -> io::Result<[u8; BYTES]> {
    let mut key = [0; BYTES];
    getrandom::fill(&mut key).map_err(io::Error::other)?;
    Ok(key)
}

/// Bytes as hexadecimal digits.
pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Makes the file with a new key, and its folder; one that is there already stays. It is written beside
/// it and linked to its place, so that of several who make one, one is there, and whole.
pub(crate) fn make(file: &Path) -> io::Result<()> {
    let text = hex(&random()?);
    if let Some(folder) = file.parent() {
        fs::create_dir_all(folder)?;
    }
    let beside = file.with_extension(format!("{:016x}.new", fastrand::u64(..)));
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let written = options.open(&beside).and_then(|mut out| {
        writeln!(out, "{text}")?;
        out.sync_all()
    });
    let linked = written.and_then(|()| fs::hard_link(&beside, file));
    // What stays is only another key that nobody uses.
    drop(fs::remove_file(&beside));
    match linked {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        other => other,
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a failing test should panic")]

    use super::*;

    #[test]
    fn of_many_who_make_a_key_one_is_kept() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("deep/a.key");
        std::thread::scope(|scope| {
            let all: Vec<_> = (0..8)
                .map(|_| {
                    scope.spawn(|| {
                        make(&file).unwrap();
                        fs::read_to_string(&file).unwrap()
                    })
                })
                .collect();
            let mut keys: Vec<String> = all.into_iter().map(|t| t.join().unwrap()).collect();
            keys.dedup();
            assert!(keys.len() == 1 && keys[0].len() == 2 * BYTES + 1, "{keys:?}");
        });
        assert_eq!(fs::read_dir(file.parent().unwrap()).unwrap().count(), 1);
    }
}
