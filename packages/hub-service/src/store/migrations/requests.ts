import { sql, type ColumnDefinitionBuilder, type Kysely } from 'kysely';
import type { Migration } from 'kysely/migration';
import type { DatabaseKind } from '../database.js';
import { countedId } from './counted-id.js';

/** Requests of researchers, everything that was done with them, and what they say of verdicts. */
export function requestsSchema(kind: DatabaseKind): Migration {
  const required = (column: ColumnDefinitionBuilder): ColumnDefinitionBuilder => column.notNull();
  const numbered = (db: Kysely<unknown>, name: string) =>
    db.schema.createTable(name).addColumn('id', ...countedId(kind));
  return {
    async up(db) {
      await db.schema
        .createTable('request_clock')
        .addColumn('one', 'integer', column => column.primaryKey().check(sql`one = 1`))
        .addColumn('change', 'bigint', required)
        .execute();
      await sql`insert into request_clock (one, change) values (1, 0)`.execute(db);
      await db.schema
        .createTable('request')
        .addColumn('id', 'text', column => column.primaryKey())
        .addColumn('person_id', 'integer', column => column.notNull().references('person.id'))
        .addColumn('server_id', 'integer', column => column.notNull().references('server.id'))
        .addColumn('group_set_id', 'integer', column => column.notNull().references('group_set.id'))
        .addColumn('origin', 'text', required)
        .addColumn('kind', 'text', required)
        .addColumn('subject', 'text')
        .addColumn('state', 'text', required)
        .addColumn('version', 'integer', required)
        .addColumn('want', 'text', required)
        .addColumn('reason', 'text', required)
        .addColumn('evidence', 'text', required)
        .addColumn('created_at_ms', 'bigint', required)
        .addColumn('changed_at_ms', 'bigint', required)
        .addColumn('lapses_at_ms', 'bigint')
        .addColumn('until_ms', 'bigint')
        .addColumn('decided_at_ms', 'bigint')
        .addColumn('decided_by', 'text')
        .addColumn('decision_reason', 'text')
        .addColumn('messages', 'integer', required)
        .addColumn('last_from', 'text')
        .addColumn('boot', 'text', column => column.notNull().unique())
        .addColumn('change', 'bigint', required)
        .execute();
      await numbered(db, 'request_act')
        .addColumn('request_id', 'text', column => column.notNull().references('request.id'))
        .addColumn('version', 'integer', required)
        .addColumn('at_ms', 'bigint', required)
        .addColumn('kind', 'text', required)
        .addColumn('side', 'text', required)
        .addColumn('actor', 'text', required)
        .addColumn('words', 'text')
        .addColumn('message_id', 'text', column => column.unique())
        .addColumn('log_seq', 'integer')
        .addColumn('logged', 'integer', required)
        .addUniqueConstraint('request_act_version', ['request_id', 'version'])
        .execute();
      await numbered(db, 'verdict_feedback')
        .addColumn('uuid', 'text', column => column.notNull().unique())
        .addColumn('person_id', 'integer', column => column.notNull().references('person.id'))
        .addColumn('server_id', 'integer', column => column.notNull().references('server.id'))
        .addColumn('at_ms', 'bigint', required)
        .addColumn('subject_kind', 'text', required)
        .addColumn('subject', 'text', required)
        .addColumn('told_cause', 'text', required)
        .addColumn('told_confidence', 'text', required)
        .addColumn('answer', 'text', required)
        .addColumn('cause', 'text')
        .addColumn('note', 'text')
        .execute();
      await indexes(db);
    }
  };
}

/** The inbox reads open ones first, the newest first among each. */
async function indexes(db: Kysely<unknown>): Promise<void> {
  const NEWEST = ['created_at_ms', 'id'];
  for (const columns of [['state'], ['person_id'], ['kind', 'state'], ['subject']]) {
    await db.schema
      .createIndex(`request_${columns.join('_')}`)
      .on('request')
      .columns([...columns, ...NEWEST])
      .execute();
  }
  await db.schema.createIndex('request_newest').on('request').columns(NEWEST).execute();
  await db.schema.createIndex('request_change').on('request').column('change').execute();
  await db.schema
    .createIndex('request_act_open')
    .on('request_act')
    .columns(['request_id', 'log_seq'])
    .where(sql.ref('logged'), '=', 0)
    .execute();
  await db.schema.createIndex('feedback_person').on('verdict_feedback').column('person_id').execute();
}
