//! Addresses of documents and paths of files.
//!
//! In: what a client calls a document. Out: the folder of its program and its name in there. A
//! document that is no file (`untitled:…`) is a program of its own in no folder.

use std::path::{Component, Path, PathBuf};
use tower_lsp_server::ls_types::Uri;

/// The file of an address, without `..` in it; nothing where it is not one.
pub(crate) fn path_of(uri: &Uri) -> Option<PathBuf> {
    if uri.scheme().as_str() != "file" {
        return None;
    }
    uri.to_file_path().map(|path| normal(&path))
}

/// The address of a file.
pub(crate) fn uri_of(path: &Path) -> Option<Uri> {
    Uri::from_file_path(path)
}

/// A path without `.` and `..`, as far as that can be said without looking at the disk.
pub(crate) fn normal(path: &Path) -> PathBuf {
    let mut out = PathBuf::new();
    for part in path.components() {
        match part {
            Component::CurDir => {}
            Component::ParentDir => {
                if !out.pop() {
                    out.push("..");
                }
            }
            part => out.push(part),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_and_paths_go_both_ways() {
        let path = Path::new("/projects/mit blank/é.flow");
        let uri = uri_of(path).expect("it is absolute");
        assert_eq!(path_of(&uri).as_deref(), Some(path));
        let odd: Uri = "file:///projects/a/%2E%2E/b.flow".parse().expect("it is an address");
        assert_eq!(path_of(&odd).as_deref(), Some(Path::new("/projects/b.flow")));
        let untitled: Uri = "untitled:Untitled-1".parse().expect("it is an address");
        assert_eq!(path_of(&untitled), None);
    }
}
