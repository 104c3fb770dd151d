//! Images that go with a prompt, as the URLs a provider takes.

use super::halt::Halt;
use super::state::Given;
use crate::{Context, RunError};
use base64::Engine as _;
use flow_diagnostics::Code;
use flow_plan::Value;

/// The URLs of an image or of a list of them; `null` is none. Files are read relative to the
/// program's folder and become `data:` URLs.
pub(super) async fn urls(context: &Context, images: &Value) -> Given<Vec<String>> {
    let mut urls = Vec::new();
    match images {
        Value::Null => {}
        Value::List(list) => {
            for image in list.iter() {
                urls.push(url(context, image).await?);
            }
        }
        image => urls.push(url(context, image).await?),
    }
    Ok(urls)
}

async fn url(context: &Context, image: &Value) -> Given<String> {
    let (Value::Image(place) | Value::Text(place)) = image else {
        let message = format!("expected an image, found {}", flow_plan::kind(image));
        return Err(Halt::from(RunError::new(Code::E0813, message)));
    };
    if ["data:", "https:", "http:"].iter().any(|scheme| place.starts_with(scheme)) {
        return Ok(place.to_string());
    }
    let Some(media) = media_type(place) else {
        let error = RunError::new(Code::E0809, format!("`{place}` is not an image that models take"));
        return Err(Halt::from(error.help("use a PNG, JPEG, GIF or WebP file")));
    };
    let bytes = tokio::fs::read(context.root.join(place.as_str())).await.map_err(|e| {
        Halt::from(RunError::new(Code::E0809, format!("the image `{place}` cannot be read: {e}")))
    })?;
    Ok(format!("data:{media};base64,{}", base64::engine::general_purpose::STANDARD.encode(bytes)))
}

fn media_type(path: &str) -> Option<&'static str> {
    let (_, extension) = path.rsplit_once('.')?;
    match extension.to_ascii_lowercase().as_str() {
        "png" => Some("image/png"),
        "jpg" | "jpeg" => Some("image/jpeg"),
        "gif" => Some("image/gif"),
        "webp" => Some("image/webp"),
        _ => None,
    }
}
