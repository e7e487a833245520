//! Whether anything hangs on the vault's tables that would be run by them.
//!
//! The schema may hold other tables, which are nobody's business here. What cannot be seen from
//! inside, such as a server that was changed, is not covered (spec, section 11).

use crate::store::StoreError;
use crate::store::sql::Sql;

/// Triggers, rules and row policies of our tables, and tables of ours that are something else.
const FOREIGN: &str = "
WITH ours AS (SELECT oid, relname, relkind FROM pg_class
    WHERE relnamespace = current_schema()::regnamespace AND relname IN ('meta', 'counter',
    'collection', 'model', 'subject', 'record', 'consent', 'attempt', 'payment', 'event', 'tile',
    'key_meta', 'key_counter', 'root_wrapped', 'tenant', 'server_part', 'deletion',
    'withdrawal'))
SELECT convert_to(left(found, 100), 'UTF8') FROM (
    SELECT 'trigger ' || tgname || ' of ' || relname AS found
        FROM pg_trigger JOIN ours ON ours.oid = tgrelid WHERE NOT tgisinternal
    UNION ALL SELECT 'rule ' || rulename || ' of ' || relname
        FROM pg_rewrite JOIN ours ON ours.oid = ev_class
    UNION ALL SELECT 'policy ' || polname || ' of ' || relname
        FROM pg_policy JOIN ours ON ours.oid = polrelid
    UNION ALL SELECT 'something in place of table ' || relname FROM ours WHERE relkind <> 'r'
) AS all_found ORDER BY found LIMIT 1";

pub(super) fn inspect(sql: &mut dyn Sql) -> Result<(), StoreError> {
    let Some(mut row) = sql.row(FOREIGN, &[])? else {
        return Ok(());
    };
    let name = row.bytes("schema")?;
    Err(StoreError::Foreign {
        file: "the database",
        object: String::from_utf8_lossy(&name).escape_debug().to_string(),
    })
}
