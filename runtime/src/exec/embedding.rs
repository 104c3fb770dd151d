//! One call of a model that makes embeddings: the duties of a call, as [`super::attempt`] has them for
//! answers. It is made once, and where it fails the answer is asked for without it.

use super::attempt::{Ask, Purpose, cleared, refused};
use super::ceiling;
use super::halt::Failure;
use super::state::Given;
use super::step::Site;
use super::under_way::{Ended, cut_off, open};
use crate::provider::Texts;
use crate::{RunError, Spent};
use flow_diagnostics::Code;
use flow_plan::limits::{AROUND_TEXT, longest_embedding};
use flow_plan::{ModelId, Prompt, Tokens, Used};
use tokio::time::Instant;

/// The vectors of texts, one for each.
pub(super) async fn embed(
    site: Site<'_>,
    prompt: &Prompt,
    id: ModelId,
    texts: &[String],
) -> Given<Vec<Vec<f32>>> {
    let engine = site.run().engine;
    let (model, measure) = (&engine.plan.models[id.index()], &engine.measures[id.index()]);
    let counts = texts.iter().map(|text| measure.count(text).saturating_add(AROUND_TEXT));
    let input = Tokens(measure.scaled(counts.fold(0, u64::saturating_add)));
    let bound = site.step.bounds.as_deref().and_then(|bounds| bounds.embedding);
    let most = bound.filter(|bound| bound.model == id).map_or(input, |bound| bound.input);
    if input > most {
        let message = format!("`{}` has {input} to compare, and {most} are the most", prompt.name);
        let error = RunError::new(Code::E0803, message);
        let error = error.help("bound what is pasted more narrowly, or name a model with a larger window");
        return Err(Failure::lasting(error).into());
    }
    let ask = Ask {
        prompt,
        id,
        model,
        provider: &*engine.providers[id.index()],
        measure,
        input,
        most,
        proven: engine.plan.cases.least((site.step.span, id), input, most),
        output: Tokens(0),
        purpose: Purpose::Embedding,
        messages: Vec::new(),
        said: &[],
        args: &[],
        fixed: 0,
        cuts: &[],
        tools: None,
        lookups: 0,
        found: &[],
    };
    let limit = longest_embedding(site.step.settings.timeout);
    let until = Instant::now() + limit.duration();
    cleared(site, &ask)?;
    site.begin().await;
    let (call, mut turn) = open(site, &ask, until).await?;
    let request = Texts { model, texts, input };
    let work = async {
        match &engine.director {
            Some(director) => director.embedded(&request).await,
            None => ask.provider.embed(&engine.context, &request).await,
        }
    };
    let (failure, spent) = match tokio::time::timeout_at(until, work).await {
        Ok(Ok(embedded)) => {
            turn.ended(site, &ask, Ok(()));
            let usage = Used { input: embedded.input, ..Used::default() };
            let spent = match embedded.input {
                Tokens(0) => cut_off(&ask),
                input => {
                    let usd = model.card.price.billed(&usage);
                    Spent { usd, calls: 1, input, ..Spent::default() }
                }
            };
            turn.used(spent);
            let excess = ceiling::broken(site, &ask, ask.worst(), (usage, spent));
            let request_id = embedded.request_id;
            call.finish(Ended { request_id, excess, ..Ended::with(spent) }).await;
            return Ok(embedded.vectors);
        }
        Ok(Err(error)) => {
            turn.ended(site, &ask, Err(Some(&error)));
            refused(model, error)
        }
        Err(_) => {
            turn.ended(site, &ask, Err(None));
            let message = format!("`{}` did not answer within {limit}", model.name);
            (Failure::passing(RunError::new(Code::E0805, message)), None)
        }
    };
    let spent = spent.unwrap_or_else(|| cut_off(&ask));
    turn.used(spent);
    call.finish(Ended { error: Some(&failure.error), ..Ended::with(spent) }).await;
    Err(failure.into())
}
