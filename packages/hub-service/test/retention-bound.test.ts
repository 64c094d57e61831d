import type { AuditAction } from '@labkeeper/protocol';
import type { DatabaseKind } from '../src/store/database.js';
import { RetainedLog } from './support/retained-log.js';

jest.setTimeout(60_000);

/** Records of one step. */
const STEP = 500;

describe.each<DatabaseKind>(['sqlite', 'postgres'])('one look of retention on %s', kind => {
  let log: RetainedLog;
  beforeEach(async () => {
    log = await RetainedLog.open(kind);
  });
  afterEach(() => log.close());

  it('deletes no more than its bound, of all classes together, and the next ones go on', async () => {
    const many = (action: AuditAction): AuditAction[] => Array.from({ length: STEP }, () => action);
    for (const action of ['install', 'install', 'found-on-disk', 'found-on-disk'] as const) {
      await log.happens('anna', many(action));
    }
    await log.digest();
    log.policy = { installs: '30 days', disk: '30 days' };
    await log.livesOn(40, log.replica(log.database, { runRecords: 0 }));
    expect(await log.rows()).toHaveLength(4 * STEP);
    const retention = log.replica(log.database, { runRecords: 700 });
    const left = async (): Promise<number> => {
      await retention.run();
      const rows = await log.rows();
      return rows.filter(({ name }) => name === 'anna').length;
    };
    // Whole steps: two of the first class.
    expect(await left()).toBe(2 * STEP);
    expect(await left()).toBe(0);
    await log.digest();
    expect((await log.verified()).findings.first).toEqual([]);
  });
});
