//! The journal in a PostgreSQL database, shared by every machine that is given its URL.
//!
//! Whether a driver lives is known by a lock that its session holds in the database; the server gives it
//! back when the session ends. A commit outlives a power failure as the server is configured to.
//! What is in a batch goes out in a handful of statements, however many runs it is of.

mod audit;
mod db;
mod read;
mod review;
mod write;

use super::queue::{Answer, Ask, Store};
use crate::RunError;
use db::{Db, Statements};
use flow_diagnostics::Code;
use std::time::Duration;
use tokio::runtime::Runtime;
use tokio_postgres::config::{Host, SslMode};
use tokio_postgres::error::SqlState;
use tokio_postgres::{Client, Config, NoTls};
use tokio_postgres_rustls::MakeRustlsConnect;

/// Opens the journal at a URL; `driver` is the number by which this process is known as a driver.
pub(super) fn open(url: &str, driver: i64) -> Result<Box<dyn Store>, RunError> {
    let config: Config = url.parse().map_err(|_| {
        RunError::new(Code::E0810, "the URL of the journal is not understood")
            .help("write it like `postgres://user@host:5432/database`")
    })?;
    let place = place(&config);
    let threads = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build();
    let runtime =
        threads.map_err(|e| Trouble::Outside(format!("no threads can be started: {e}")).at(&place))?;
    let client = runtime.block_on(connect(&config, driver)).map_err(|trouble| trouble.at(&place))?;
    let statements = Default::default();
    Ok(Box::new(Postgres { runtime: Some(runtime), client, statements, config, place, driver }))
}

struct Postgres {
    // There until it is dropped.
    runtime: Option<Runtime>,
    client: Client,
    statements: tokio::sync::Mutex<Statements>,
    config: Config,
    place: String,
    driver: i64,
}

/// Raised with every change of the tables or of how values are written.
const VERSION: i32 = 2;

const SCHEMA: &str = "
    create schema if not exists flow;
    create table flow.journal (version integer not null);
    create table flow.runs (
        number bigserial primary key, run text not null unique, flow text not null, plan bytea not null,
        note text not null, inputs text not null, state text not null, fence bigint not null,
        driver bigint, started bigint not null, opened bigint not null, ended bigint,
        took bigint not null, output text, error text, usd bigint not null, calls bigint not null,
        input_tokens bigint not null, output_tokens bigint not null, cached_calls bigint not null
    );
    create table flow.steps (
        number bigserial primary key, run bigint not null, path text not null, value text, error text,
        attempts bigint not null, model text, repaired text, ended bigint not null, took bigint not null,
        usd bigint not null, calls bigint not null, input_tokens bigint not null,
        output_tokens bigint not null, cached_calls bigint not null, unique (run, path)
    );
    create table flow.calls (
        run bigint not null, attempt bigint not null, path text not null, whom text not null,
        worst bigint not null, held boolean not null, key text, began bigint not null, ended bigint,
        usd bigint, calls bigint, input_tokens bigint, output_tokens bigint, error text,
        primary key (run, attempt)
    );
    create index calls_held on flow.calls (run, path) where held;
    insert into flow.journal values (1);
";

/// How long a connection may take.
const PATIENCE: Duration = Duration::from_secs(10);
/// A lock that those hold who make the tables. Any number will do that nobody else uses.
const MAKING: i64 = 0x666c_6f77_6d61_6b65;

impl Store for Postgres {
    fn carry_out(&mut self, batch: &[Ask]) -> Result<Vec<Result<Answer, RunError>>, RunError> {
        let Some(runtime) = &self.runtime else { return Err(Trouble::ended().at(&self.place)) };
        let done = runtime.block_on(async {
            if self.client.is_closed() {
                // The server was restarted, or has ended a session that was idle.
                self.client = connect(&self.config, self.driver).await?;
                self.statements = Default::default();
            }
            let db = Db::begin(&mut self.client, &self.statements).await?;
            let mut done = write::carry_out(db, self.driver, batch).await?;
            for answer in done.iter_mut().flatten() {
                if let Answer::Forgotten(forgotten) = answer
                    && forgotten.runs > 0
                {
                    // What is recorded next takes the room; no transaction may be open.
                    let vacuum = self.client.batch_execute("vacuum flow.runs, flow.steps, flow.calls").await;
                    forgotten.held_back = vacuum.err().map(|error| cause(&error));
                }
            }
            Ok::<_, Trouble>(done)
        });
        done.map_err(|trouble| trouble.at(&self.place))
    }

    /// A commit has waited for the server's disk already.
    fn sync(&mut self) -> Result<(), RunError> {
        Ok(())
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

async fn connect(config: &Config, driver: i64) -> Result<Client, Trouble> {
    let connecting = async {
        if config.get_ssl_mode() == SslMode::Disable || config.get_hosts().iter().all(is_local) {
            let (client, connection) = config.connect(NoTls).await?;
            tokio::spawn(connection);
            return Ok(client);
        }
        let (tls, _) = MakeRustlsConnect::with_native_certs()
            .map_err(|_| Trouble::Outside("the system's certificates can't be read".to_owned()))?;
        let (client, connection) = config.connect(tls).await?;
        tokio::spawn(connection);
        Ok::<Client, Trouble>(client)
    };
    let mut client = tokio::time::timeout(PATIENCE, connecting)
        .await
        .map_err(|_| Trouble::Outside(format!("it does not answer within {} s", PATIENCE.as_secs())))??;
    prepare(&mut client).await?;
    client.execute("select pg_advisory_lock($1)", &[&driver]).await?;
    Ok(client)
}

fn is_local(host: &Host) -> bool {
    match host {
        Host::Tcp(name) => matches!(name.as_str(), "localhost" | "127.0.0.1" | "::1"),
        #[cfg(unix)]
        Host::Unix(_) => true,
    }
}

// Makes the tables where there are none; several may begin at once.
async fn prepare(client: &mut Client) -> Result<(), Trouble> {
    let known = "select to_regclass('flow.journal') is not null";
    if !client.query_one(known, &[]).await?.get::<_, bool>(0) {
        // Not in the transaction that makes them, in which it would not be seen what another has made.
        client.execute("select pg_advisory_lock($1)", &[&MAKING]).await?;
        if !client.query_one(known, &[]).await?.get::<_, bool>(0) {
            let transaction = client.transaction().await?;
            transaction.batch_execute(SCHEMA).await?;
            transaction.commit().await?;
        }
        client.execute("select pg_advisory_unlock($1)", &[&MAKING]).await?;
    }
    renew(client).await?;
    match client.query_one("select version from flow.journal", &[]).await?.get(0) {
        VERSION => Ok(()),
        other => Err(Trouble::Newer(other)),
    }
}

// Adds what tables of the version before lack; several may begin at once.
async fn renew(client: &mut Client) -> Result<(), Trouble> {
    let version = "select version from flow.journal";
    if client.query_one(version, &[]).await?.get::<_, i32>(0) != 1 {
        return Ok(());
    }
    client.execute("select pg_advisory_lock($1)", &[&MAKING]).await?;
    if client.query_one(version, &[]).await?.get::<_, i32>(0) == 1 {
        let transaction = client.transaction().await?;
        transaction.batch_execute(review::SCHEMA).await?;
        transaction.batch_execute(audit::SCHEMA).await?;
        transaction.execute("update flow.journal set version = $1", &[&VERSION]).await?;
        transaction.commit().await?;
    }
    client.execute("select pg_advisory_unlock($1)", &[&MAKING]).await?;
    Ok(())
}

// Without the password.
fn place(config: &Config) -> String {
    let host = config.get_hosts().first().map(|host| match host {
        Host::Tcp(name) => name.clone(),
        #[cfg(unix)]
        Host::Unix(path) => path.display().to_string(),
    });
    let port = config.get_ports().first().map(|port| format!(":{port}")).unwrap_or_default();
    let database = config.get_dbname().or(config.get_user()).unwrap_or_default();
    format!("postgres://{}{port}/{database}", host.unwrap_or_else(|| "localhost".to_owned()))
}

/// Why something can't be done.
enum Trouble {
    Postgres(tokio_postgres::Error),
    Outside(String),
    /// What is stored can't be read.
    Broken(String),
    /// It has tables of another version.
    Newer(i32),
    /// One ask is refused; the others of its batch are carried out.
    Refused(RunError),
}

impl From<tokio_postgres::Error> for Trouble {
    fn from(error: tokio_postgres::Error) -> Trouble {
        Trouble::Postgres(error)
    }
}

impl Trouble {
    fn ended() -> Trouble {
        Trouble::Outside("its threads have ended".to_owned())
    }

    fn at(self, place: &str) -> RunError {
        let (reason, help) = match self {
            Trouble::Refused(error) => return error,
            Trouble::Postgres(error) => (cause(&error), help(&error)),
            Trouble::Outside(reason) => (reason, SERVER),
            Trouble::Broken(reason) => {
                (reason, "restore the tables of the schema `flow`, or use another database")
            }
            Trouble::Newer(version) => (
                format!("it has the form {version}, and this flowc knows {VERSION}"),
                "use the flowc that made it",
            ),
        };
        let message = format!("runs can't be recorded in `{place}`: {reason}");
        RunError::new(Code::E0810, message).help(help)
    }
}

const SERVER: &str = "check `[state] url` in `flow.toml`, or FLOW_STATE_URL, and whether the server runs; what \
                      was recorded is safe, and `flowc run --resume` goes on from there";

fn help(error: &tokio_postgres::Error) -> &'static str {
    match error.code() {
        Some(&SqlState::INVALID_PASSWORD | &SqlState::INVALID_AUTHORIZATION_SPECIFICATION) => {
            "check the user and the password in FLOW_STATE_URL"
        }
        Some(&SqlState::INSUFFICIENT_PRIVILEGE) => "let the user make the schema `flow` in the database",
        Some(&SqlState::INVALID_CATALOG_NAME) => "make the database first: `createdb`",
        Some(&SqlState::DISK_FULL) => "make room on the server's disk; what was recorded is safe",
        _ => SERVER,
    }
}

// What is behind "error connecting to server" says more.
fn cause(error: &tokio_postgres::Error) -> String {
    if let Some(db) = error.as_db_error() {
        return db.message().to_owned();
    }
    let mut cause: &dyn std::error::Error = error;
    while let Some(deeper) = cause.source() {
        cause = deeper;
    }
    cause.to_string()
}
