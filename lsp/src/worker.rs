//! The analyses: one at a time for each program, away from the thread that answers the client.
//!
//! What is out of date when it is done is dropped and made anew, so that only what is true of the
//! text as it stands is ever shown. There is no waiting for a pause in typing: what comes in while an
//! analysis runs is taken in by the next one, all at once.

use crate::analyst::Analyst;
use crate::host::Host;
use crate::ide::diagnostics;
use crate::place::uri_of;
use crate::snapshot::Snapshot;
use crate::state::{State, Work};
use std::sync::{Arc, PoisonError};
use tower_lsp_server::Client;
use tower_lsp_server::ls_types::{MessageType, Uri};

/// What an analysis needs; cheap to clone.
#[derive(Clone)]
pub(crate) struct Worker {
    /// What is remembered.
    pub(crate) state: Arc<State>,
    /// The program around the server.
    pub(crate) host: Arc<dyn Host>,
    /// Who is told.
    pub(crate) client: Client,
    /// Where it is done.
    pub(crate) analyst: Analyst,
}

impl Worker {
    /// Starts the analyses of these programs: the first alone, the others when nothing more is to be done
    /// for it.
    pub(crate) fn start(&self, programs: Vec<Uri>) {
        let mut programs = programs.into_iter();
        let Some(first) = programs.next() else { return };
        let worker = self.clone();
        tokio::spawn(async move {
            worker.clone().run(first).await;
            for uri in programs {
                tokio::spawn(worker.clone().run(uri));
            }
        });
    }

    async fn run(self, uri: Uri) {
        loop {
            // A document that is closed needs no more of it.
            let Some(work) = self.state.lock().work(&uri) else { return };
            let generation = work.job.generation;
            match self.analysed(work).await {
                Some(snapshot) => {
                    let Some(before) = self.state.lock().finished(&snapshot) else {
                        self.analyst.discard(snapshot);
                        continue;
                    };
                    self.publish(&snapshot).await;
                    // The client does not know that something has changed where its text has not.
                    if before.as_ref().is_some_and(|b| b.job.version == snapshot.job.version) {
                        self.refresh();
                    }
                    self.analyst.discard(before);
                }
                None => self.state.lock().failed(&uri, generation),
            }
            if self.state.lock().rests(&uri, generation) {
                return;
            }
        }
    }

    async fn analysed(&self, work: Work) -> Option<Arc<Snapshot>> {
        let host = self.host.clone();
        let name = work.job.name.clone();
        let made = self.analyst.run(move || {
            let mut before = work.before.lock().unwrap_or_else(PoisonError::into_inner);
            // What a panic leaves half changed must not be used again.
            let mut kept = std::mem::take(&mut *before);
            let snapshot = Snapshot::of(work.job, &work.open, host.as_ref(), &mut kept);
            *before = kept;
            Arc::new(snapshot)
        });
        let made = made.await;
        if made.is_none() {
            let says = format!("flowc failed on `{name}`, which is a mistake in flowc");
            self.client.log_message(MessageType::ERROR, says).await;
        }
        made
    }

    async fn publish(&self, snapshot: &Arc<Snapshot>) {
        let explained = self.explained();
        let mut files = diagnostics::of(snapshot, &explained);
        let (gone, client) = {
            let mut state = self.state.lock();
            // An open document has a program of its own, which says what is wrong with it.
            let own = &snapshot.job.uri;
            files.retain(|(uri, _)| uri == own || !state.documents.contains_key(uri));
            let elsewhere: Vec<Uri> = files.iter().skip(1).map(|(uri, _)| uri.clone()).collect();
            let mut gone = state.moved(own, elsewhere.clone());
            gone.retain(|uri| !elsewhere.contains(uri) && !state.documents.contains_key(uri));
            (gone, state.client)
        };
        if client.pulls_only {
            return;
        }
        for (i, (uri, list)) in files.into_iter().enumerate() {
            self.client.publish_diagnostics(uri, list, (i == 0).then_some(snapshot.job.version)).await;
        }
        for uri in gone {
            self.client.publish_diagnostics(uri, Vec::new(), None).await;
        }
    }

    // Asks the client to take hints and lenses anew. Its answer says nothing, so nobody waits for it.
    fn refresh(&self) {
        let (can, client) = (self.state.lock().client, self.client.clone());
        tokio::spawn(async move {
            if can.refreshes_hints {
                let _ = client.inlay_hint_refresh().await;
            }
            if can.refreshes_lenses {
                let _ = client.code_lens_refresh().await;
            }
        });
    }

    /// Where the page of a code is.
    pub(crate) fn explained(&self) -> impl Fn(flow_diagnostics::Code) -> Option<Uri> + use<> {
        let host = self.host.clone();
        move |code| uri_of(&host.explained(code)?)
    }
}
