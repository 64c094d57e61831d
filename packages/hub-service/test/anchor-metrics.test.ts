import { pino } from 'pino';
import { Registry } from 'prom-client';
import { anchorMetrics } from '../src/anchors/anchor-metrics.js';
import type { IAnchorTarget } from '../src/anchors/anchor-target.js';
import { openDatabase, type DatabaseKind, type IDatabase } from '../src/store/database.js';
import { SqlAnchors } from '../src/store/sql-anchors.js';
import { migratedDatabase } from './support/migrated-databases.js';
import { type IScratchDatabase } from './support/scratch-databases.js';

const HOUR_MS = 3_600_000;

describe.each<DatabaseKind>(['sqlite', 'postgres'])('how the anchors stand, on %s', kind => {
  let scratch: IScratchDatabase;
  let database: IDatabase;
  let nowMs = Date.now();
  let monotonicMs = 0;
  beforeEach(async () => {
    scratch = await migratedDatabase(kind);
    database = await openDatabase(scratch.place, () => undefined);
  });
  afterEach(async () => {
    await database.close();
    await scratch.remove();
  });
  const target = (place: string): IAnchorTarget => ({
    kind: 'directory',
    place,
    anchor: () => Promise.reject(new Error('not here')),
    inspect: async () => null
  });
  const digest = async (number: number, closedAtMs: number): Promise<void> => {
    await database.write
      .insertInto('digest')
      .values({ number, first_index: number, count: 1, signed: '{}', closed_at_ms: closedAtMs })
      .execute();
  };

  it('is what the database says: what waits, what waits too long, and what was altered', async () => {
    const registry = new Registry();
    const anchors = new SqlAnchors(database);
    anchorMetrics({
      settings: { targets: [target('/a'), target('/b')], lateMs: 6 * HOUR_MS },
      ...{ anchors, registry, log: pino({ level: 'silent' }) },
      ...{ nowMs: () => nowMs, monotonicMs: () => monotonicMs }
    });
    const told = async (): Promise<string[]> => {
      monotonicMs += 10_000;
      return (await registry.metrics()).split('\n').filter(line => /^labkeeper.*[^0]$/.test(line));
    };
    expect(await told()).toEqual([]);
    await digest(0, nowMs - 7 * HOUR_MS);
    await digest(1, nowMs - 5 * HOUR_MS);
    await database.write
      .insertInto('anchor')
      .values({ target: 'directory /b', digest: 0, anchor: '{}', stored_at_ms: nowMs })
      .execute();
    expect(await told()).toEqual([
      'labkeeper_audit_anchor_waiting_digests{target="directory /a"} 2',
      'labkeeper_audit_anchor_waiting_digests{target="directory /b"} 1',
      'labkeeper_audit_anchor_late_digests{target="directory /a"} 1'
    ]);
    nowMs += 2 * HOUR_MS;
    await anchors.tell(
      'directory /b',
      { tries: 1, nextAtMs: 0, trouble: null, atMs: nowMs },
      'It was altered.'
    );
    expect(await told()).toEqual([
      'labkeeper_audit_anchor_waiting_digests{target="directory /a"} 2',
      'labkeeper_audit_anchor_waiting_digests{target="directory /b"} 1',
      'labkeeper_audit_anchor_late_digests{target="directory /a"} 2',
      'labkeeper_audit_anchor_late_digests{target="directory /b"} 1',
      'labkeeper_audit_anchor_altered{target="directory /b"} 1'
    ]);
    await database.close();
    // The last that is known stays.
    expect(await told()).toHaveLength(5);
  });
});
