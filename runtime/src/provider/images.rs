//! Images as the protocols take them: bytes in base64 with their kind, or an address.

use super::{CallError, CallErrorKind};
use flow_plan::CapabilitySpec;

/// An image, as a [`super::Message`] holds it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Image<'a> {
    /// Its bytes in base64, and what kind of image it is, such as `image/png`.
    Bytes { media: &'a str, data: &'a str },
    /// Where it is.
    Url(&'a str),
}

impl<'a> Image<'a> {
    /// Reads a `data:` URL; every other is an address.
    pub(super) fn of(url: &'a str) -> Image<'a> {
        match url.strip_prefix("data:").and_then(|rest| rest.split_once(";base64,")) {
            Some((media, data)) => Image::Bytes { media, data },
            None => Image::Url(url),
        }
    }

    /// The error of a provider that takes no addresses. The runtime fetches none for it: what stands in
    /// an input must not decide which servers the runtime's machine asks.
    pub(super) fn needs_bytes(spec: &CapabilitySpec) -> CallError {
        CallError::new(
            CallErrorKind::Rejected,
            format!("`{}` takes images as bytes, and one is an address", spec.name),
        )
        .help("give a file or a `data:` URL")
    }
}
