import { execFileSync } from 'node:child_process';
import { monthAt } from '@labkeeper/core';
import { sql } from 'kysely';
import { libpqEnvironment } from '../src/backup/libpq-environment.js';
import { openDatabase, type IDatabase } from '../src/store/database.js';
import { defaultOf, PARTITIONED } from '../src/store/partitions.js';
import { SqlLogWriter } from '../src/store/sql-log-writer.js';
import { SqlPartitions } from '../src/store/sql-partitions.js';
import { batchOf } from './support/batch-of.js';
import { CompanionStream } from './support/companion-stream.js';
import { scratchDatabase, type IScratchDatabase } from './support/scratch-databases.js';

jest.setTimeout(60_000);

const RECORDS = 5;
const LATE_MS = monthAt(Date.now()).untilMs + 300 * 86_400_000;

describe('whoever looks at the log as it was before its strays were moved', () => {
  let scratch: IScratchDatabase;
  let database: IDatabase;
  beforeEach(async () => {
    scratch = await scratchDatabase('postgres');
    database = await openDatabase(scratch.place, () => undefined);
    await new SqlLogWriter(database, () => LATE_MS).append([
      batchOf({ hub: 'hub', user: 'anna', server: '', groups: [] }, new CompanionStream().batch(RECORDS))
    ]);
  });
  afterEach(async () => {
    await database.close();
    await scratch.remove();
  });

  /** Looks by a snapshot that was taken before, and a first lock that is taken afterwards: as a pg_dump that has just begun. */
  const before = (look: (snapshot: string, db: IDatabase['read']) => Promise<void>): Promise<void> =>
    database.read
      .transaction()
      .setIsolationLevel('repeatable read')
      .execute(async db => {
        const { rows } = await sql<{ id: string }>`select pg_export_snapshot() as id`.execute(db);
        expect(await new SqlPartitions(database, Date.now).keep()).toBe(true);
        await look(rows[0]?.id ?? '', db);
      });

  it('finds them where they were', async () => {
    await before(async (_snapshot, db) => {
      for (const table of PARTITIONED) {
        const { rows } = await sql`select idx from ${sql.table(defaultOf(table))}`.execute(db);
        expect([table, rows.length]).toEqual([table, RECORDS]);
      }
    });
    const { rows } = await sql`select idx from record_default`.execute(database.read);
    expect(rows).toEqual([]);
  });

  it('and a backup of then has them', async () => {
    const { place } = scratch;
    const url = place.kind === 'postgres' ? place.url : '';
    await before(snapshot => {
      const dump = execFileSync(
        'pg_dump',
        ['--data-only', '--table=record_default', `--snapshot=${snapshot}`],
        {
          env: { ...process.env, ...libpqEnvironment(url) },
          encoding: 'utf8'
        }
      );
      const [, copied = ''] = /^COPY public\.record_default .*;\n([^]*?)\\\.$/m.exec(dump) ?? [];
      expect(copied.split('\n').filter(line => line !== '')).toHaveLength(RECORDS);
      return Promise.resolve();
    });
  });
});
