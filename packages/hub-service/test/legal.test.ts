import { join } from 'node:path';
import { writeFileSync } from 'node:fs';
import { sql } from 'kysely';
import { DigestMaker } from '../src/digests/digest-maker.js';
import { exportLog } from '../src/export/export-log.js';
import { openKeys, registerSigningKey, type IKeys } from '../src/keys/keys.js';
import { Browser } from '../src/pages/browser.test.data.js';
import { openDatabase, type DatabaseKind, type IDatabase } from '../src/store/database.js';
import { OWN_USER } from '../src/store/own-acts.js';
import { LogRange } from '../src/store/log-range.js';
import { SqlHolders } from '../src/store/sql-holders.js';
import { SqlLegal } from '../src/store/sql-legal.js';
import { SqlLogReader } from '../src/store/sql-log-reader.js';
import { SqlLogWriter } from '../src/store/sql-log-writer.js';
import { verifyFile } from '../src/verify/verify-file.js';
import { batchOf } from './support/batch-of.js';
import { CompanionStream } from './support/companion-stream.js';
import { Kept } from './support/exported.js';
import { migratedDatabase } from './support/migrated-databases.js';
import { scratchFolder, type IScratchDatabase } from './support/scratch-databases.js';

jest.setTimeout(60_000);

const ADMIN = ['access:services', 'custom:labkeeper:audit', 'custom:labkeeper:admin'];

describe.each<DatabaseKind>(['sqlite', 'postgres'])('holds and erasure on %s', kind => {
  const folder = scratchFolder();
  let scratch: IScratchDatabase;
  let database: IDatabase;
  let keys: IKeys;
  let legal: SqlLegal;
  let reader: SqlLogReader;
  let browser: Browser;
  let nowMs = Date.UTC(2026, 10, 27, 4);

  beforeEach(async () => {
    scratch = await migratedDatabase(kind);
    database = await openDatabase(scratch.place, () => undefined);
    keys = await openKeys(join(folder.path, 'state'));
    await registerSigningKey(database, keys, nowMs);
    const writer = new SqlLogWriter(database, () => nowMs);
    for (const [user, server] of [
      ['anna', ''],
      ['anna', 'annas-gpu'],
      ['bert', '']
    ] as const) {
      const speaker = { hub: 'hub', user, server, groups: [] };
      const stream = new CompanionStream();
      await writer.append([batchOf(speaker, stream.batch(20))]);
      await writer.append([
        batchOf(
          speaker,
          stream.batchOf([
            () => ({
              line: stream.pair(() => ({ ...stream.record(null), action: 'heartbeat', package: null })).line,
              personal: null
            })
          ])
        )
      ]);
    }
    legal = new SqlLegal(database, () => (nowMs += 1000));
    reader = new SqlLogReader(database, () => nowMs);
    browser = await Browser.open({ reader, legal, holders: new SqlHolders(database) });
    browser.hub.people.set('lead', { name: 'lead', groups: [], scopes: ADMIN });
  });
  afterEach(async () => {
    await database.close();
    await scratch.remove();
  });
  afterAll(() => folder.remove());

  const post = async (path: string, fields: Record<string, string>, form?: string) => {
    const page = (await browser.visit('/holds')).body;
    return browser.ask(path, {
      method: 'POST',
      headers: { 'content-type': 'application/x-www-form-urlencoded', origin: browser.hub.settings.origin },
      payload: new URLSearchParams({ form: form ?? Browser.formToken(page), ...fields }).toString()
    });
  };
  const erase = (user: string, confirm = user) =>
    post('/holds/erase', { user, confirm, reason: 'asked for it' });

  /** Every table as text. */
  const everything = async (): Promise<string> => {
    const tables = [
      'person',
      'server',
      'holding',
      'legal_act',
      'record',
      'record_body',
      'stream',
      'hub'
    ] as const;
    const rows = await Promise.all(
      tables.map(table => database.read.selectFrom(table).selectAll().execute())
    );
    return JSON.stringify(rows);
  };

  const exported = async (name: string) => {
    await new DigestMaker({ database, keys, nowMs: () => nowMs }).make();
    const [out, personalOut] = [new Kept(), new Kept()];
    await exportLog(
      { source: new LogRange(database), signer: keys, out, personalOut, nowMs },
      { filter: null, firstIndex: 0, endIndex: null }
    );
    const [file, personal] = [
      join(folder.path, `${name}.jsonl`),
      join(folder.path, `${name}.personal.jsonl`)
    ];
    writeFileSync(file, out.bytes);
    writeFileSync(personal, personalOut.bytes);
    return { file, personal };
  };
  const verified = ({ file, personal }: { file: string; personal: string }) =>
    verifyFile({ file, personal, fingerprints: [], receipts: [], digests: [] });

  it('a replica that remembers her takes her for somebody new soon after another one erased her', async () => {
    const replica = new SqlLogWriter(database, () => nowMs + sinceMs);
    let sinceMs = 0;
    const speaker = { hub: 'hub', user: 'anna', server: '', groups: [] };
    const stream = new CompanionStream();
    await replica.append([batchOf(speaker, stream.batch(2))]);
    const before = await reader.count({ user: 'anna' }, 100);
    await erase('anna');
    sinceMs = 5000;
    // Her server's streams are hers who was erased, so this one is begun anew.
    expect((await replica.append([batchOf(speaker, stream.batch(1))]))[0]).toMatchObject({
      kind: 'conflict'
    });
    expect((await replica.append([batchOf(speaker, new CompanionStream().batch(2))]))[0]?.kind).toBe(
      'stored'
    );
    expect(before).toBeGreaterThan(2);
    expect(await reader.count({ user: 'anna' }, 100)).toBe(2);
  });

  it('nobody holds or erases the service’s own stream', async () => {
    await legal.hold({ hub: 'hub', by: 'lead', reason: 'x' }, 'anna', null);
    await database.write.updateTable('person').set({ name: OWN_USER }).where('name', '=', 'bert').execute();
    const actor = { hub: 'hub', by: 'lead', reason: 'Mischief.' };
    expect(await legal.hold(actor, OWN_USER, null)).toBe(false);
    expect(await legal.erase(actor, OWN_USER)).toEqual({ kind: 'unknown' });
    const { uuid } = await database.read
      .selectFrom('person')
      .select('uuid')
      .where('name', '=', OWN_USER)
      .executeTakeFirstOrThrow();
    expect(await legal.eraseAgain(uuid)).toBe(false);
  });

  it('erases a person: the log verifies as before, and nothing personal can be opened', async () => {
    const before = await exported('before');
    expect(verified(before)).toMatchObject({
      outcome: 'consistent',
      records: 63,
      personal: { same: 60, absent: 0 }
    });
    const answer = await erase('anna');
    expect(answer.statusCode).toBe(200);
    expect(answer.body).toContain('are deleted');
    expect(await everything()).not.toContain('anna');
    // Bert's: who has no records of her own has none.
    expect(await database.read.selectFrom('person_key').selectAll().execute()).toHaveLength(1);
    expect(await database.read.selectFrom('personal').select('idx').execute()).toHaveLength(20);
    const after = await exported('after');
    expect(verified(after)).toMatchObject({
      outcome: 'consistent',
      records: 63,
      personal: { same: 20, absent: 40 }
    });
    expect(verified(before)).toMatchObject({ outcome: 'consistent', records: 63 });
    // The records are the same, to the byte.
    const story = await reader.story(3);
    expect(story).toMatchObject({ personal: null, personalErased: true, row: { user: null, server: null } });
    expect(await reader.story(20)).toMatchObject({ personal: null, personalErased: false });
    expect(await reader.story(45)).toMatchObject({ personalErased: false, row: { user: 'bert' } });
  });

  it('pages say that she was erased', async () => {
    await erase('anna');
    const story = (await browser.visit('/log/3')).body;
    expect(story).toContain('The personal part was erased');
    expect(story).toContain('<dt>User</dt><dd>erased</dd>');
    expect((await browser.ask('/log')).body).toContain('<span class="none">erased</span>');
    const holders = (await browser.ask('/holders?package=package-1')).body;
    expect(holders).toContain('<span class="none">erased</span>');
    expect(holders).toContain('2 people, 3 servers');
    const holds = (await browser.ask('/holds')).body;
    expect(holds).toContain('Person erased');
    expect(holds).toContain('asked for it');
    expect(holds).not.toContain('>anna<');
    expect((await browser.ask('/log?user=anna')).body).toContain('No record matches');
  });

  it('takes her for somebody new if she comes back', async () => {
    await erase('anna');
    const writer = new SqlLogWriter(database, () => nowMs);
    const speaker = { hub: 'hub', user: 'anna', server: '', groups: [] };
    await writer.append([batchOf(speaker, new CompanionStream().batch(2))]);
    expect(await reader.count({ user: 'anna' }, 100)).toBe(2);
    expect((await reader.story(3))?.personalErased).toBe(true);
    expect((await reader.story(63))?.personal).not.toBeNull();
  });

  it('erases nobody while a hold is on, whether on her, or on everybody', async () => {
    for (const fields of [
      { user: 'anna', case: '', reason: 'letter of 3 May' },
      { user: '', case: 'Case 7', reason: 'court' },
      { user: 'anna', case: 'Case 8', reason: 'both' }
    ]) {
      expect((await post('/holds/set', fields)).statusCode).toBe(303);
      const refused = await erase('anna');
      expect(refused.statusCode).toBe(409);
      expect(refused.body).toMatch(/Nobody was erased, because .*hold \d+.* is on\./);
      const [hold] = await legal.holds();
      expect((await post('/holds/lift', { hold: String(hold?.id), reason: 'over' })).statusCode).toBe(303);
      expect(await legal.holds()).toEqual([]);
    }
    expect(await reader.count({ user: 'anna' }, 100)).toBe(42);
    // Of another person: no matter.
    await post('/holds/set', { user: 'bert', case: '', reason: 'x' });
    expect((await erase('anna')).statusCode).toBe(200);
    expect((await legal.acts(100)).map(({ kind: what }) => what)).toEqual([
      'erase',
      'hold',
      ...['lift', 'hold', 'lift', 'hold', 'lift', 'hold']
    ]);
  });

  it('keeps every act, who did it, when and why, and lifts a hold once', async () => {
    await post('/holds/set', { user: 'anna', case: '<b>C</b>', reason: '<script>\u202E' });
    const [hold] = await legal.holds();
    expect(hold).toMatchObject({ by: 'lead', hub: 'hub', caseName: '<b>C</b>', person: { name: 'anna' } });
    const on = (await browser.visit('/holds')).body;
    expect(on).toContain('&lt;b&gt;C&lt;/b&gt;');
    expect(on).not.toMatch(/<script|<b>C/);
    await post('/holds/lift', { hold: String(hold?.id), reason: 'settled' });
    expect((await post('/holds/lift', { hold: String(hold?.id), reason: 'again' })).statusCode).toBe(409);
    const lifted = (await browser.ask('/holds')).body;
    expect(lifted).toContain('No hold is on.');
    expect(lifted).toContain(`Hold ${hold?.id} lifted`);
    expect(lifted).toContain('settled');
    await expect(sql`update legal_act set reason = 'x'`.execute(database.write)).rejects.toThrow(
      'Acts stay as they are'
    );
    await expect(sql`delete from legal_act`.execute(database.write)).rejects.toThrow('Acts stay as they are');
    expect(await legal.acts(10)).toHaveLength(2);
  });

  it.each([
    ['/holds/erase', { user: 'anna', confirm: 'Anna', reason: 'x' }, 400, 'not typed twice alike'],
    ['/holds/erase', { user: '', confirm: '', reason: 'x' }, 400, 'not typed twice alike'],
    ['/holds/erase', { user: 'anna', confirm: 'anna', reason: ' ' }, 400, 'Say why'],
    ['/holds/erase', { user: 'nobody', confirm: 'nobody', reason: 'x' }, 404, 'knows nobody called'],
    ['/holds/set', { user: 'nobody', case: '', reason: 'x' }, 404, 'knows nobody called'],
    ['/holds/set', { user: '', case: ' ', reason: 'x' }, 400, 'name one'],
    ['/holds/set', { user: 'x'.repeat(257), case: '', reason: 'x' }, 400, 'cannot be taken'],
    ['/holds/set', { user: 'a\u0000', case: '', reason: 'x' }, 400, 'cannot be taken'],
    ['/holds/lift', { hold: '99', reason: 'x' }, 409, 'not on any more'],
    ['/holds/lift', { hold: '1e3', reason: 'x' }, 409, 'not on any more']
  ] as const)('%s does not take %j', async (path, fields, status, sentence) => {
    const answer = await post(path, fields);
    expect([answer.statusCode, answer.body.includes(sentence)]).toEqual([status, true]);
    expect(await legal.acts(10)).toEqual([]);
    expect(await reader.count({ user: 'anna' }, 100)).toBe(42);
  });

  it('is for administrators, with a form of their own page, at this moment', async () => {
    await browser.visit('/holds');
    expect((await erase('anna', 'no')).statusCode).toBe(400);
    expect(
      (await post('/holds/erase', { user: 'anna', confirm: 'anna', reason: 'x' }, 'forged')).statusCode
    ).toBe(403);
    const token = Browser.formToken((await browser.visit('/holds')).body);
    for (const scopes of [
      ADMIN.slice(0, 2),
      ['access:services', 'custom:labkeeper:audit', 'custom:labkeeper:admin!group=x']
    ]) {
      browser.hub.people.set('lead', { name: 'lead', groups: [], scopes });
      for (const path of ['/holds/erase', '/holds/set', '/holds/lift']) {
        const answer = await post(path, { user: 'anna', confirm: 'anna', reason: 'x', hold: '1' }, token);
        expect(answer.statusCode).toBe(403);
        expect(answer.body).toContain('custom:labkeeper:admin is missing');
      }
      expect((await browser.visit('/holds')).statusCode).toBe(403);
      expect((await browser.visit('/log')).body).not.toContain('href="/holds"');
    }
    browser.cookies.clear();
    expect((await browser.ask('/holds/erase', { method: 'POST' })).statusCode).toBe(401);
    expect((await browser.ask('/holds/erase')).statusCode).toBe(405);
    expect(await legal.acts(10)).toEqual([]);
  });

  it('puts a look at the holds on record before anything is shown', async () => {
    await browser.visit('/holds');
    expect(await reader.looks(1)).toMatchObject([{ kind: 'holds', reader: 'lead', query: '/holds' }]);
    jest.spyOn(reader, 'looked').mockRejectedValueOnce(new Error('disk full'));
    expect((await browser.ask('/holds')).statusCode).toBe(503);
  });
});
