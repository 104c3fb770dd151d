//! Private data at run time: who may be asked with it, and what is kept of it.

use crate::fake::{Act, Fake};
use crate::plans::*;
use crate::{engine_with, result, run, shown};
use flow_plan::*;
use flow_runtime::cache::{Cache, MemoryCache, Which};
use flow_runtime::journal::{History, MemoryJournal, Wanted};
use flow_runtime::privacy::Vault;
use flow_runtime::{Environment, Options};
use std::sync::Arc;

const PRIVATE: Labels = Labels { private: true, ..Labels::UNTRUSTED };

// One step that asks `fast` with private data, and `slow` where that fails.
fn asking(cleared: [bool; 2]) -> Plan {
    let mut plan = plan();
    add_model(&mut plan, "slow");
    for (model, cleared) in plan.models.iter_mut().zip(cleared) {
        model.cleared = cleared;
    }
    let echo = add_prompt(&mut plan, "echo", Type::TEXT);
    let step = with(ask("a", echo, var(0)), |step| {
        (step.given, step.labels) = (PRIVATE, PRIVATE);
        step.settings.fallback = vec![ModelId(1)];
        step.settings.cache = Some(CachePolicy { ttl: Millis(60_000), scope: Some(var(0)), similar: None });
    });
    add_flow(&mut plan, "main", block(0, 1, vec![(step, &[])], var(1)));
    plan.flows[0].params[0].labels.private = true;
    plan.flows[0].labels = PRIVATE;
    plan
}

#[tokio::test(start_paused = true)]
async fn private_data_goes_to_cleared_models_alone_whatever_the_compiler_knew() {
    let fake = Fake::new(&[("fast", &[Act::Say("fast")]), ("slow", &[Act::Say("slow")])]);
    let report = result(asking([false, false]), &fake).await;
    assert_eq!(
        shown(&report),
        "Failed E0810: `slow` (fake/slow) is not cleared for private data (before it, `fast` (fake/fast) is not \
         cleared for private data)"
    );
    assert!(fake.called().is_empty());
    assert_eq!(shown(&result(asking([false, true]), &fake).await), "slow");
}

#[tokio::test(start_paused = true)]
async fn what_is_kept_is_sealed_and_found_again() {
    let fake = Fake::new(&[("fast", &[Act::Say("an answer about hi")])]);
    let (cache, journal) = (Arc::new(MemoryCache::default()), Arc::new(MemoryJournal::default()));
    let vars = [("FLOW_STATE_KEY".to_owned(), "7a".repeat(32))].into();
    let vault = Arc::new(Vault::new(&Environment { vars }, None));
    let options = |options: &mut Options| {
        options.cache = cache.clone();
        options.journal = Some(journal.clone());
        options.vault = vault.clone();
    };
    for status in ["ok", "cached"] {
        let report =
            run(&engine_with(asking([true; 2]), &fake, options), Value::text("about somebody")).await;
        assert_eq!(shown(&report), "an answer about hi");
        assert_eq!(serde_json::to_value(&report).unwrap()["steps"][0]["status"], status);
    }
    let mut last = Arc::<Vault>::default();
    let runs = journal.runs(&Wanted::default()).await.unwrap();
    for row in &runs {
        let trace = journal.trace(&row.run).await.unwrap().unwrap();
        let kept = format!("{trace:?}");
        assert!(!kept.contains("somebody") && !kept.contains("an answer"), "{kept}");
        assert!(kept.contains("$sealed"), "{kept}");
    }
    assert_eq!(runs.len(), 2);
    assert_eq!(cache.clear(&Which::default()).await.unwrap(), 1);

    // Without a key an answer is kept as long as the process lives, and for nobody else.
    for status in ["ok", "cached", "ok"] {
        let vault = if status == "ok" { Arc::<Vault>::default() } else { last.clone() };
        last = vault.clone();
        let keyless = move |o: &mut Options| {
            options(o);
            (o.vault, o.journal) = (vault, None);
        };
        let report =
            run(&engine_with(asking([true; 2]), &fake, keyless), Value::text("about somebody")).await;
        assert_eq!(shown(&report), "about somebody");
        assert_eq!(serde_json::to_value(&report).unwrap()["steps"][0]["status"], status);
    }
}
