import { setTimeout as pause } from 'node:timers/promises';
import { actionsOf, RECORD_CLASSES, type RecordClass } from '@labkeeper/core';
import { AuditAction, Act, parseShape, periodDays } from '@labkeeper/protocol';
import fc from 'fast-check';
import { Browser } from '../src/pages/browser.test.data.js';
import { openDatabase, type DatabaseKind } from '../src/store/database.js';
import { keepFurtherHubs } from '../src/store/further-hubs.js';
import { SqlHolders } from '../src/store/sql-holders.js';
import { SqlLogReader } from '../src/store/sql-log-reader.js';
import { ACTOR, DAY_MS, RetainedLog } from './support/retained-log.js';

jest.setTimeout(120_000);

const READER = ['access:services', 'custom:labkeeper:audit', 'custom:labkeeper:admin'];

function isOf(name: RecordClass, action: string): boolean {
  return actionsOf(name).includes(action);
}

describe.each<DatabaseKind>(['sqlite', 'postgres'])('retention on %s', kind => {
  let log: RetainedLog;
  beforeEach(async () => {
    log = await RetainedLog.open(kind);
  });
  afterEach(() => log.close());

  /** Two people, three days, three digests: 0-5, 6-11, 12-17. */
  const threeDays = async (): Promise<void> => {
    for (let day = 0; day < 3; day += 1) {
      await log.happens('anna', ['install', 'found-on-disk', 'heartbeat']);
      await log.happens('ben', ['remove', 'altered', 'gap']);
      await log.digest();
      log.pass(1);
    }
  };
  const acts = async (): Promise<readonly Act[]> => {
    const rows = await log.database.read
      .selectFrom('own_record')
      .select('act')
      .where('action', '=', 'retire')
      .orderBy('id')
      .execute();
    return rows.flatMap(({ act }) => parseShape(Act, act) ?? []);
  };

  it('of a log of several hubs verifies: acts of another hub stand in a stream of their own', async () => {
    await keepFurtherHubs(log.database, ['east'], log.nowMs);
    await threeDays();
    const east = { ...ACTOR, hub: 'east' };
    expect(await log.legal.hold(east, null, 'a case')).toBe(true);
    const [held] = await log.legal.holds();
    expect(await log.legal.lift(east, held?.id ?? 0)).toBe(true);
    log.policy = { installs: '30 days' };
    await log.livesOn(60);
    await log.digest();
    expect(await acts()).toHaveLength(3);
    const { findings, deleted } = await log.verified();
    expect(findings.first).toEqual([]);
    expect(deleted.records).toBe(6);
  });

  it('deletes nothing for seven days after a period became shorter, says what it would, and takes it back', async () => {
    await threeDays();
    log.pass(100);
    await log.livesOn(8);
    log.policy = { installs: '7 years' };
    await log.livesOn(8);
    // A typo: days for years.
    log.policy = { installs: '70 days' };
    await log.livesOn(6);
    expect(await log.left()).toEqual([18, 18, 18]);
    const shown = await log.shown().read();
    const [installs] = shown.classes;
    expect(installs).toMatchObject({ class: 'installs', inForceDays: 2557, wantedDays: 70, dueCount: 6 });
    const reader = new SqlLogReader(log.database, () => log.nowMs);
    const browser = await Browser.open({ reader, retention: log.shown() });
    browser.hub.people.set('lead', { name: 'lead', groups: [], scopes: READER });
    browser.nowMs = log.nowMs;
    const status = (await browser.visit('/status')).body;
    expect(status).toContain('The policy keeps install records for 70 days now, and for 2,557 days before');
    expect(status).toContain('(6 records)');
    expect(status).toContain('acts are never deleted');

    log.policy = { installs: '7 years' };
    await log.livesOn(30);
    expect(await log.left()).toEqual([18, 18, 18]);
    expect((await log.shown().read()).classes[0]).toMatchObject({ inForceDays: 2557, wantedSinceMs: null });

    log.policy = { installs: '70 days' };
    await log.livesOn(8);
    expect(await log.left()).toEqual([12 + 1, 12 + 1, 12]);
    expect((await log.rows()).filter(({ action }) => isOf('installs', action))).toEqual([]);
  });

  it('leaves an act for what it deleted, and a log that verifies with what, why and when', async () => {
    await threeDays();
    await log.happens('anna', ['install']);
    const before = await log.exported();
    log.policy = { installs: '90 days', disk: '60 days' };
    await log.livesOn(120);
    // The newest record has no digest yet.
    expect((await log.rows()).map(({ idx }) => idx)).toEqual([
      2, 5, 8, 11, 14, 17, 18, 19, 20, 21, 22, 23, 24
    ]);
    const [disk, , , installs] = await acts();
    expect(disk?.retired).toMatchObject({
      class: 'disk',
      rule: '60 days',
      days: 60,
      count: 2,
      digests: [0, 0]
    });
    expect(disk?.retired?.ranges).toEqual([
      [1, 2],
      [4, 5]
    ]);
    expect(installs?.retired).toMatchObject({ class: 'installs', count: 2, digests: [0, 0] });
    await log.digest();
    const report = await log.verified();
    expect(report.findings.first).toEqual([]);
    expect(report).toMatchObject({
      outcome: 'consistent',
      records: 13,
      proven: 13,
      digests: { count: 4, whole: 4, gone: 0 },
      deleted: { count: 6, records: 12 }
    });
    expect(report.deleted.first[0]).toMatchObject({
      first: 0,
      end: 4,
      records: 2,
      rule: '90 days',
      isInLog: true
    });
    for (const [firstIndex, endIndex] of [
      [0, 6],
      [3, 9],
      [1, 2],
      [7, 15],
      [12, 24]
    ] as const) {
      const part = await log.verified({ firstIndex, endIndex });
      expect([firstIndex, part.findings.first]).toEqual([firstIndex, []]);
    }
    const filtered = await log.verified({ filter: { user: 'ben' } });
    expect(filtered.findings.first).toEqual([]);
    expect(filtered).toMatchObject({ records: 3, proven: 3, deleted: { records: 12 } });
    // What was taken away before is as it was.
    expect(before.includes('"action":"install"')).toBe(true);
  });

  it('keeps nothing but the digest of a range that is wholly deleted, after a day', async () => {
    await threeDays();
    log.policy = { installs: '30 days', disk: '30 days', streams: '30 days' };
    await log.livesOn(40);
    const bytes = async () =>
      (await log.database.read.selectFrom('retired').select('leaves').execute()).filter(
        ({ leaves }) => leaves !== null
      ).length;
    expect((await log.rows()).every(({ action }) => action === 'retire')).toBe(true);
    expect(await bytes()).toBe(0);
    const report = await log.verified();
    expect(report.findings.first).toEqual([]);
    expect(report).toMatchObject({ outcome: 'consistent', digests: { count: 3, gone: 3, whole: 0 } });
    expect(report.deleted.records).toBe(18);
    const part = await log.verified({ firstIndex: 4, endIndex: 10 });
    expect(part.findings.first).toEqual([]);
  });

  it('leaves what somebody holds, also everybody’s, and deletes it when the hold is lifted', async () => {
    await threeDays();
    await log.legal.hold(ACTOR, 'anna', null);
    log.policy = { installs: '30 days' };
    await log.livesOn(40);
    expect(
      (await log.rows()).filter(({ action }) => isOf('installs', action)).map(({ name }) => name)
    ).toEqual([...['anna', 'anna', 'anna']]);
    await log.legal.hold(ACTOR, null, 'Case 7');
    const [onAll, onAnna] = await log.legal.holds();
    await log.legal.lift(ACTOR, onAnna?.id ?? 0);
    await log.livesOn(2);
    expect((await log.rows()).filter(({ name }) => name === 'anna')).toHaveLength(9);
    await log.legal.lift(ACTOR, onAll?.id ?? 0);
    await log.livesOn(1);
    expect((await log.rows()).filter(({ action }) => isOf('installs', action))).toEqual([]);
    await log.digest();
    expect((await log.verified()).findings.first).toEqual([]);
  });

  it('never deletes what a hold that was first holds, however close they are', async () => {
    await log.livesOn(8);
    log.policy = { installs: '30 days', disk: '30 days', streams: '30 days' };
    for (let round = 0; round < 6; round += 1) {
      await log.happens('anna', ['install', 'install', 'found-on-disk']);
      await log.happens('ben', ['install', 'heartbeat']);
      await log.digest();
    }
    await log.livesOn(29.5);
    log.pass(0.9);
    const kept = new Set((await log.rows()).filter(({ name }) => name === 'anna').map(({ idx }) => idx));
    const held = (async () => {
      await pause(kind === 'postgres' ? 3 : 0);
      await log.legal.hold(ACTOR, 'anna', null);
    })();
    await Promise.all([log.replica().run(), held]);
    await log.livesOn(3);
    const rows = await log.database.read
      .selectFrom('own_record')
      .select(['id', 'action', 'act'])
      .orderBy('id')
      .execute();
    const holdId = rows.find(({ action }) => action === 'hold')?.id ?? 0;
    for (const { id, act } of rows.filter(({ action }) => action === 'retire')) {
      const ranges = parseShape(Act, act)?.retired?.ranges ?? [];
      const hers = ranges.flatMap(([first, end]) => [...kept].filter(idx => idx >= first && idx < end));
      expect(id < holdId || hers.length === 0).toBe(true);
    }
    await log.digest();
    expect((await log.verified()).findings.first).toEqual([]);
  });

  it('does not believe a clock that jumps by a year, and goes on when it was steady for a week', async () => {
    log.policy = { installs: '300 days' };
    await log.livesOn(8);
    await threeDays();
    await log.livesOn(1);
    const retention = log.replica();
    log.pass(365);
    await retention.run();
    await log.livesOn(5, retention);
    expect((await log.rows()).filter(({ action }) => isOf('installs', action))).toHaveLength(6);
    const reader = new SqlLogReader(log.database, () => log.nowMs);
    const browser = await Browser.open({ reader, retention: log.shown() });
    browser.hub.people.set('lead', { name: 'lead', groups: [], scopes: READER });
    browser.nowMs = log.nowMs;
    expect((await browser.visit('/status')).body).toMatch(
      /The clock went from 2026-01-\d\d to 2027-01-\d\d at once, or the service was away: nothing is deleted by age before 2027-01-\d\d/
    );
    // It was wrong, and is put right.
    log.pass(-370);
    await log.livesOn(20, retention);
    expect((await log.rows()).filter(({ action }) => isOf('installs', action))).toHaveLength(6);
    log.pass(365);
    await log.livesOn(8, retention);
    expect((await log.rows()).filter(({ action }) => isOf('installs', action))).toEqual([]);
  });

  it('goes on saying who has a package, and from when on it knows who had it', async () => {
    await log.happens('anna', ['install', 'found-on-disk', 'found-on-disk']);
    await log.digest();
    log.policy = { installs: '30 days', disk: '30 days' };
    await log.livesOn(50);
    const holders = new SqlHolders(log.database);
    const reader = new SqlLogReader(log.database, () => log.nowMs);
    const browser = await Browser.open({ reader, holders, retention: log.shown() });
    browser.hub.people.set('lead', { name: 'lead', groups: [], scopes: READER });
    browser.nowMs = log.nowMs;
    expect((await log.rows()).some(({ action }) => action === 'install')).toBe(false);
    expect((await browser.visit('/holders?package=package-0')).body).toContain('1 person, 1 server');
    const early = (await browser.ask('/holders?package=package-0&at=2026-01-01')).body;
    expect(early).toContain('are deleted when their time is over');
    const late = (
      await browser.ask(
        `/holders?package=package-0&at=${new Date(log.nowMs - DAY_MS).toISOString().slice(0, 10)}`
      )
    ).body;
    expect(late).not.toContain('are deleted when their time is over');
    const story = await browser.ask('/log/0');
    expect(story.statusCode).toBe(404);
    expect(story.body).toMatch(
      /Record 0 was deleted on 2026-0\d-\d\d: its time was over \(install records, 30 days\)\./
    );
  });

  it('deletes looks with a record of how many, and none while a hold is on', async () => {
    const reader = new SqlLogReader(log.database, () => log.nowMs);
    const look = { hub: 'hub', reader: 'lead', kind: 'list', query: '/log?user=anna' } as const;
    await log.happens('anna', ['install']);
    await reader.looked(look);
    await reader.looked(look);
    log.policy = { looks: '30 days' };
    await log.legal.hold(ACTOR, 'anna', null);
    await log.livesOn(40);
    await reader.looked(look);
    expect(await reader.looks(10)).toHaveLength(3);
    await log.legal.lift(ACTOR, (await log.legal.holds())[0]?.id ?? 0);
    await log.livesOn(1);
    expect(await reader.looks(10)).toHaveLength(1);
    expect((await acts()).map(({ retired }) => [retired?.class, retired?.count, retired?.digests])).toEqual([
      ['looks', 2, null]
    ]);
    expect((await log.rows()).filter(({ action }) => action === 'install')).toHaveLength(1);
  });

  it.each([
    ['hub', ['east']],
    ['east', ['earlier', 'hub']]
  ] as const)(
    'goes on at every other hub while everybody at the hub "%s" is held, the first one under any name',
    async (held, others) => {
      await keepFurtherHubs(log.database, ['east'], log.nowMs);
      const reader = new SqlLogReader(log.database, () => log.nowMs);
      // The first one had another name once.
      for (const hub of ['earlier', 'hub', 'east']) {
        await log.happens('anna', ['install'], { hub });
        await reader.looked({ hub, reader: 'lead', kind: 'list', query: '/log' });
      }
      await log.digest();
      const left = async (): Promise<readonly string[]> => {
        const rows = await log.database.read
          .selectFrom('record')
          .innerJoin('hub', 'hub.id', 'record.hub_id')
          .select('hub.name')
          .where('record.action', '=', 'install')
          .execute();
        return rows.map(({ name }) => name).sort();
      };
      const looks = async (): Promise<readonly string[]> =>
        (await reader.looks(10)).map(({ hub }) => hub).sort();
      await log.legal.hold({ ...ACTOR, hub: held }, null, 'a case');
      log.policy = { installs: '30 days', looks: '30 days' };
      await log.livesOn(45);
      const rest = ['earlier', 'east', 'hub'].filter(hub => !others.some(other => other === hub));
      // Looks from the command line, which sees all hubs, stand at the first one: they stay while anybody is held anywhere.
      const seen = held === 'hub' ? rest : ['earlier', 'east', 'hub'];
      expect([await left(), await looks()]).toEqual([rest, seen]);
      await log.legal.hold({ ...ACTOR, hub: held === 'hub' ? 'east' : 'hub' }, 'anna', null);
      await log.legal.lift({ ...ACTOR, hub: held }, (await log.legal.holds(held))[0]?.id ?? 0);
      await log.livesOn(1);
      expect([await left(), await looks()]).toEqual([[], ['earlier', 'hub']]);
    }
  );

  it('keeps an export whole that is written meanwhile', async () => {
    for (let day = 0; day < 6; day += 1) {
      await log.happens(
        'anna',
        Array.from({ length: 300 }, (_, i) => (i % 3 === 0 ? 'install' : 'heartbeat'))
      );
      await log.digest();
    }
    log.policy = { installs: '30 days' };
    await log.livesOn(29.5);
    log.pass(0.9);
    const [report] = await Promise.all([log.verified(), log.replica().run()]);
    expect(report.findings.first).toEqual([]);
    await log.acts.flush();
    await log.digest();
    const after = await log.verified();
    expect(after.findings.first).toEqual([]);
    expect(after.deleted.records).toBe(600);
  });

  it('of two replicas one at a time deletes, each record once', async () => {
    for (let day = 0; day < 4; day += 1) {
      await log.happens(
        'anna',
        Array.from({ length: 400 }, (_, i) => (i % 2 === 0 ? 'install' : 'found-on-disk'))
      );
      await log.digest();
    }
    log.policy = { installs: '30 days', disk: '31 days' };
    await log.livesOn(29.5);
    const other = await openDatabase(log.scratch.place, () => undefined);
    try {
      const replicas = kind === 'postgres' ? [log.replica(), log.replica(other)] : [log.replica()];
      for (let half = 0; half < 6; half += 1) {
        log.pass(0.5);
        await Promise.all(replicas.map(replica => replica.run()));
      }
    } finally {
      await other.close();
    }
    const all = await acts();
    expect(all.reduce((sum, { retired }) => sum + (retired?.count ?? 0), 0)).toBe(1600);
    expect((await log.rows()).every(({ action }) => action === 'retire')).toBe(true);
    await log.digest();
    const report = await log.verified();
    expect(report.findings.first).toEqual([]);
    expect(report.deleted.records).toBe(1600);
  });

  it('keeps to the periods, the holds and the digests, whatever happens when', async () => {
    const periods = ['30 days', '2 months', '90 days'] as const;
    const actions = AuditAction.options;
    const day = fc.record({
      anna: fc.array(fc.constantFrom(...actions), { maxLength: 6 }),
      ben: fc.array(fc.constantFrom(...actions), { maxLength: 6 }),
      isDigest: fc.boolean(),
      days: fc.integer({ min: 0, max: 25 })
    });
    const story = fc.record({
      days: fc.array(day, { minLength: 2, maxLength: 8 }),
      installs: fc.option(fc.constantFrom(...periods)),
      disk: fc.option(fc.constantFrom(...periods)),
      streams: fc.option(fc.constantFrom(...periods)),
      hold: fc.constantFrom('anna', 'ben', 'all', null)
    });
    await fc.assert(
      fc.asyncProperty(story, async ({ days, hold, ...wanted }) => {
        const one = await RetainedLog.open(kind);
        try {
          for (const { anna, ben, isDigest, days: passed } of days) {
            for (const [user, done] of [
              ['anna', anna],
              ['ben', ben]
            ] as const) {
              if (done.length > 0) {
                await one.happens(user, done);
              }
            }
            if (isDigest) {
              await one.digest();
            }
            one.pass(passed);
          }
          const known = (await one.rows()).some(({ name }) => name === hold);
          if (hold === 'all' || known) {
            await one.legal.hold(ACTOR, hold === 'all' ? null : hold, hold === 'all' ? 'C' : null);
          }
          const before = await one.rows();
          one.policy = Object.fromEntries(
            Object.entries(wanted).flatMap(([name, period]) => (period === null ? [] : [[name, period]]))
          );
          await one.livesOn(9);
          const digests = await one.database.read
            .selectFrom('digest')
            .selectAll()
            .orderBy('number')
            .execute();
          const expected = before.filter(({ idx, name, action }) => {
            const its = RECORD_CLASSES.find(each => isOf(each, action));
            const period = its === undefined ? undefined : one.policy[its];
            const digest = digests.find(
              ({ first_index, count }) => idx >= first_index && idx < first_index + count
            );
            const isOld =
              period !== undefined &&
              digest !== undefined &&
              digest.closed_at_ms + (periodDays(period) ?? Infinity) * DAY_MS <= one.nowMs;
            return !isOld || hold === 'all' || name === hold;
          });
          const after = await one.rows();
          expect(after.filter(({ action }) => action !== 'retire')).toEqual(expected);
          await one.digest();
          const report = await one.verified();
          expect(report.findings.first).toEqual([]);
          expect(report.deleted.records).toBe(before.length - expected.length);
          const filtered = await one.verified({ filter: { user: 'anna' } });
          expect(filtered.findings.first).toEqual([]);
        } finally {
          await one.close();
        }
      }),
      { numRuns: kind === 'sqlite' ? 12 : 6 }
    );
  });
});
