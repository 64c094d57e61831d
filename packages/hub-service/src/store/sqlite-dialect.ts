import type { DatabaseSync, SQLInputValue, StatementSync } from 'node:sqlite';
import { SqliteAdapter, SqliteDialect, type SqliteDatabase, type SqliteStatement } from 'kysely';

/** Statements that are kept prepared, at most: the log's own are some twenty, filters make more. */
const KEPT = 128;

/** Kysely's dialect for Node's own SQLite. */
export function sqliteDialect(database: DatabaseSync): SqliteDialect {
  return new NodeSqliteDialect({ database: adaptSqlite(database) });
}

class NodeSqliteDialect extends SqliteDialect {
  override createAdapter(): SqliteAdapter {
    return new TransactionalAdapter();
  }
}

/** SQLite's tables are made in transactions as its rows are: an interrupted migration leaves nothing behind. */
class TransactionalAdapter extends SqliteAdapter {
  override get supportsTransactionalDdl(): boolean {
    return true;
  }
}

/** Node's own SQLite in the shape that Kysely wants. Keeps what was prepared: appending is the same few statements. */
function adaptSqlite(database: DatabaseSync): SqliteDatabase {
  const kept = new Map<string, IPrepared>();
  return {
    close: () => database.close(),
    prepare: text => {
      const before = kept.get(text);
      const prepared = before ?? prepare(database, text);
      // The last used stands last, the first goes.
      kept.delete(text);
      kept.set(text, prepared);
      const [oldest] = kept.keys();
      if (kept.size > KEPT && oldest !== undefined) {
        kept.delete(oldest);
      }
      return prepared.shape;
    }
  };
}

interface IPrepared {
  readonly shape: SqliteStatement;
}

function prepare(database: DatabaseSync, text: string): IPrepared {
  const statement: StatementSync = database.prepare(text);
  return {
    shape: {
      reader: statement.columns().length > 0,
      all: parameters => statement.all(...parameters.map(sqliteValue)),
      // Where the disk is full SQLite has rolled back by itself: that this fails must not be told in the place of why.
      run: parameters =>
        text === 'rollback' && !database.isTransaction
          ? { changes: 0, lastInsertRowid: 0 }
          : statement.run(...parameters.map(sqliteValue)),
      // Prepared anew: a second reading of the same statement would begin the first one again.
      iterate: parameters => database.prepare(text).iterate(...parameters.map(sqliteValue))
    }
  };
}

/** @throws TypeError for what SQLite has no type for. */
function sqliteValue(value: unknown): SQLInputValue {
  if (
    value === null ||
    typeof value === 'number' ||
    typeof value === 'string' ||
    typeof value === 'bigint' ||
    value instanceof Uint8Array
  ) {
    return value;
  }
  throw new TypeError(`SQLite has no type for a value of type ${typeof value}.`);
}
