import { DatabaseSync } from 'node:sqlite';
import { CompiledQuery, Kysely, PostgresDialect, type KyselyConfig } from 'kysely';
import pg from 'pg';
import type { DatabaseKind, DatabasePlace, IDatabase } from '../../src/store/database.js';
import { PersonKeys } from '../../src/store/person-keys.js';
import { sqliteDialect } from '../../src/store/sqlite-dialect.js';
import type { ITables } from '../../src/store/tables.js';

/** A node of PostgreSQL's plans. */
interface INode {
  readonly 'Actual Rows': number;
  readonly 'Actual Loops': number;
  readonly 'Rows Removed by Filter'?: number;
  readonly 'Rows Removed by Join Filter'?: number;
  readonly Plans?: readonly INode[];
}

/** A database that is there already, as the service opens it, but that it notes what it is asked. */
export class NotedDatabase implements IDatabase {
  constructor(place: DatabasePlace) {
    this.kind = place.kind;
    const log: KyselyConfig['log'] = ({ query }) => void this.asked.push(query);
    this.read = this.write =
      place.kind === 'sqlite'
        ? new Kysely<ITables>({ dialect: sqliteDialect(new DatabaseSync(place.file)), log })
        : new Kysely<ITables>({
            dialect: new PostgresDialect({
              pool: new pg.Pool({ connectionString: place.url, types: NUMBERS })
            }),
            log
          });
    this.personKeys = new PersonKeys(place.kind);
  }

  readonly kind: DatabaseKind;
  readonly write: Kysely<ITables>;
  readonly read: Kysely<ITables>;
  readonly personKeys: PersonKeys;
  /** What was asked until now. */
  readonly asked: CompiledQuery[] = [];

  /** The lines of SQLite's plan of a statement. */
  async plan({ sql, parameters }: CompiledQuery): Promise<string> {
    const explained = CompiledQuery.raw(`explain query plan ${sql}`, [...parameters]);
    const { rows } = await this.read.executeQuery<{ detail: string }>(explained);
    return rows.map(({ detail }) => detail).join('\n');
  }

  /** Rows that all nodes of PostgreSQL's plan of a statement take in hand when it is run. */
  async rowsRead({ sql, parameters }: CompiledQuery): Promise<number> {
    const explained = CompiledQuery.raw(`explain (analyze, format json) ${sql}`, [...parameters]);
    const { rows } = await this.read.executeQuery<{ 'QUERY PLAN': [{ Plan: INode }] }>(explained);
    return rows.reduce((sum, row) => sum + rowsOf(row['QUERY PLAN'][0].Plan), 0);
  }

  close(): Promise<void> {
    return this.read.destroy();
  }
}

/** As the service reads them. */
const NUMBERS: pg.CustomTypesConfig = {
  getTypeParser: (oid, format) =>
    oid === pg.types.builtins.INT8 ? Number : pg.types.getTypeParser(oid, format)
};

function rowsOf(node: INode): number {
  const own =
    node['Actual Loops'] *
    (node['Actual Rows'] +
      (node['Rows Removed by Filter'] ?? 0) +
      (node['Rows Removed by Join Filter'] ?? 0));
  return (node.Plans ?? []).reduce((sum, child) => sum + rowsOf(child), own);
}
