//! A transaction whose statements are prepared once for a connection, so that each costs one turn of the
//! network and not two.

use std::collections::HashMap;
use tokio_postgres::types::ToSql;
use tokio_postgres::{Client, Error, Row, Statement, Transaction};

/// The statements that a connection knows, by their text.
pub(super) type Statements = HashMap<&'static str, Statement>;

/// An open transaction.
pub(super) struct Db<'c> {
    transaction: Transaction<'c>,
    statements: &'c tokio::sync::Mutex<Statements>,
}

type Params<'p> = &'p [&'p (dyn ToSql + Sync)];

impl<'c> Db<'c> {
    /// Begins one.
    pub(super) async fn begin(
        client: &'c mut Client,
        statements: &'c tokio::sync::Mutex<Statements>,
    ) -> Result<Db<'c>, Error> {
        Ok(Db { transaction: client.transaction().await?, statements })
    }

    /// Ends it.
    pub(super) async fn commit(self) -> Result<(), Error> {
        self.transaction.commit().await
    }

    /// How many rows were written.
    pub(super) async fn execute(&self, sql: &'static str, params: Params<'_>) -> Result<u64, Error> {
        self.transaction.execute(&self.prepared(sql).await?, params).await
    }

    /// All rows.
    pub(super) async fn query(&self, sql: &'static str, params: Params<'_>) -> Result<Vec<Row>, Error> {
        self.transaction.query(&self.prepared(sql).await?, params).await
    }

    /// The one row there is.
    pub(super) async fn query_one(&self, sql: &'static str, params: Params<'_>) -> Result<Row, Error> {
        self.transaction.query_one(&self.prepared(sql).await?, params).await
    }

    /// One row or none.
    pub(super) async fn query_opt(
        &self,
        sql: &'static str,
        params: Params<'_>,
    ) -> Result<Option<Row>, Error> {
        self.transaction.query_opt(&self.prepared(sql).await?, params).await
    }

    async fn prepared(&self, sql: &'static str) -> Result<Statement, Error> {
        let mut statements = self.statements.lock().await;
        if let Some(known) = statements.get(sql) {
            return Ok(known.clone());
        }
        let statement = self.transaction.prepare(sql).await?;
        statements.insert(sql, statement.clone());
        Ok(statement)
    }
}
