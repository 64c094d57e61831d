import { createPublicKey, verify } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pino } from 'pino';
import { actText } from '@labkeeper/core';
import { Act } from '@labkeeper/protocol';
import * as v from 'valibot';
import { DigestMaker } from '../src/digests/digest-maker.js';
import { exportLog } from '../src/export/export-log.js';
import type { IAccessApi } from '../src/hub-api/access-api.js';
import { HubUnavailableError } from '../src/hub-api/hub-api.js';
import { openKeys, registerSigningKey, type IKeys } from '../src/keys/keys.js';
import { Offboarding } from '../src/offboard/offboarding.js';
import { serversStep, sessionsStep, tokensStep } from '../src/offboard/steps.js';
import { openDatabase, type DatabaseKind, type IDatabase } from '../src/store/database.js';
import { LogRange } from '../src/store/log-range.js';
import { actOf } from '../src/store/act-entry.js';
import { aloneWithActs, noteAct, OwnActs } from '../src/store/own-acts.js';
import { SqlLogReader } from '../src/store/sql-log-reader.js';
import { SqlLegal } from '../src/store/sql-legal.js';
import { SqlLogWriter } from '../src/store/sql-log-writer.js';
import { verifyFile } from '../src/verify/verify-file.js';
import { batchOf } from './support/batch-of.js';
import { CompanionStream } from './support/companion-stream.js';
import { Kept } from './support/exported.js';
import { migratedDatabase } from './support/migrated-databases.js';
import { scratchFolder, type IScratchDatabase } from './support/scratch-databases.js';

jest.setTimeout(30_000);

const ACTOR = { hub: 'hub', by: 'lead', reason: 'has left' };

/** What a user has at JupyterHub. */
class Access implements IAccessApi {
  running = ['', 'gpu'];
  tokenIds = ['a1', 'a2', 'a3'];
  stuck: string | null = null;
  readonly signedOut: (readonly [user: string, servers: number, tokens: number])[] = [];

  async servers(user: string): Promise<readonly string[] | null> {
    return user === 'anna' ? this.running : null;
  }

  async stop(_user: string, server: string): Promise<boolean> {
    this.running = this.running.filter(name => name !== server);
    return true;
  }

  async signOut(user: string): Promise<boolean> {
    // Before anything else is ended: a browser could start it anew.
    this.signedOut.push([user, this.running.length, this.tokenIds.length]);
    return user === 'anna';
  }

  async tokens(): Promise<readonly string[]> {
    return this.tokenIds;
  }

  async revoke(_user: string, token: string): Promise<boolean> {
    if (token === this.stuck) {
      throw new HubUnavailableError('JupyterHub answered with status 500.');
    }
    this.tokenIds = this.tokenIds.filter(id => id !== token);
    return true;
  }
}

describe.each<DatabaseKind>(['sqlite', 'postgres'])('acts in the log on %s', kind => {
  const folder = scratchFolder();
  let scratch: IScratchDatabase;
  let database: IDatabase;
  let keys: IKeys;
  let access: Access;
  let told: string[];

  beforeEach(async () => {
    scratch = await migratedDatabase(kind);
    database = await openDatabase(scratch.place, () => undefined);
    keys = await openKeys(join(folder.path, 'state'));
    await registerSigningKey(database, keys, Date.now());
    access = new Access();
    told = [];
    const speaker = { hub: 'hub', user: 'anna', server: '', groups: [] };
    await writer().append([batchOf(speaker, new CompanionStream().batch(5))]);
  });
  afterEach(async () => {
    await database.close();
    await scratch.remove();
  });
  afterAll(() => folder.remove());

  const writer = () => new SqlLogWriter(database, () => Date.now());
  const own = () => new OwnActs({ database, writer: writer(), keys, hubId: 'hub' });
  const legalOf = (acts: OwnActs) => new SqlLegal(database, () => Date.now(), acts);
  const offboarding = (acts = own()) =>
    new Offboarding({
      ...{ database, acts, legal: legalOf(acts), log: pino({ level: 'silent' }), nowMs: () => Date.now() },
      steps: () => [sessionsStep(access), serversStep(access, 100), tokensStep(access)],
      isKnown: async (_hub, user) => (await access.servers(user)) !== null,
      outgoing: {
        announce: async ({ type }) => {
          told.push(type);
        }
      }
    });
  const lines = async () => {
    const range = new LogRange(database);
    const found = [];
    for await (const { entry } of range.entries(0, await range.end(), null, false)) {
      const record = actOf(entry);
      if (record) {
        found.push(record);
      }
    }
    return found;
  };
  const wanted = (user: string) => ({ user, case: 'C-7', reason: 'has left' });

  it('takes no act that could not be read again, so that those after it come', async () => {
    const act: Act = {
      ...{ action: 'lift', atMs: Date.now(), hub: 'hub', number: 1, actor: null, subject: null },
      ...{ case: 'x'.repeat(1025), lifts: null, parts: [] }
    };
    await expect(aloneWithActs(database, db => noteAct(db, act, null))).rejects.toThrow(
      'This act cannot be put down'
    );
    await legalOf(own()).hold(ACTOR, 'anna', 'C-1');
    expect((await lines()).map(({ action }) => action)).toEqual(['hold']);
  });

  it('has holds, their ends and erasures as signed records without names, and verifies', async () => {
    const legal = legalOf(own());
    await legal.hold(ACTOR, 'anna', 'C-1');
    const [hold] = await legal.holds();
    await legal.lift(ACTOR, hold?.id ?? 0);
    await legal.erase(ACTOR, 'anna');
    const records = await lines();
    expect(records.map(({ action, seq }) => [action, seq])).toEqual([
      ['hold', 1],
      ['lift', 2],
      ['erase', 3]
    ]);
    expect(JSON.stringify(records)).not.toMatch(/anna|lead/);
    expect(new Set(records.map(({ act }) => act.subject)).size).toBe(1);
    const key = createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x: keys.publicKey }, format: 'jwk' });
    for (const { act, signature } of records) {
      const signed = Buffer.from(signature, 'base64url');
      expect(verify(null, Buffer.from(actText(act)), key, signed)).toBe(true);
      expect(verify(null, Buffer.from(actText({ ...act, case: 'other' })), key, signed)).toBe(false);
    }
    await new DigestMaker({ database, keys, nowMs: () => Date.now() }).make();
    const out = new Kept();
    await exportLog(
      { source: new LogRange(database), signer: keys, out, personalOut: null, nowMs: Date.now() },
      { filter: null, firstIndex: 0, endIndex: null }
    );
    const file = join(folder.path, 'acts.jsonl');
    writeFileSync(file, out.bytes);
    expect(verifyFile({ file, personal: null, fingerprints: [], receipts: [], digests: [] })).toMatchObject({
      outcome: 'consistent',
      records: 8,
      streams: { unbroken: 2 }
    });
  });

  it('are told with the names of who did it and to whom, which an erasure takes away', async () => {
    const legal = legalOf(own());
    await offboarding().offboard(ACTOR, wanted('anna'));
    const reader = new SqlLogReader(database, () => Date.now());
    const facts = async (index: number) => (await reader.story(index))?.act;
    expect(await facts(4)).toBeNull();
    expect(await facts(5)).toEqual({ by: 'lead', subject: 'anna', reason: 'has left' });
    expect(await facts(6)).toEqual({ by: 'lead', subject: 'anna', reason: null });
    const [hold] = await legal.holds();
    await legal.lift(ACTOR, hold?.id ?? 0);
    await legal.erase({ ...ACTOR, by: 'labkeeper restore', isMachine: true }, 'anna');
    expect(await facts(5)).toEqual({ by: 'lead', subject: null, reason: 'has left' });
    expect(await facts(8)).toEqual({ by: 'labkeeper restore', subject: null, reason: 'has left' });
  });

  it('appends each act once, whoever appends, also what was put down before a crash', async () => {
    const crashed = new SqlLegal(database, () => Date.now());
    for (let i = 0; i < 12; i += 1) {
      await crashed.hold(ACTOR, 'anna', `C-${i}`);
    }
    expect(await lines()).toEqual([]);
    const replicas = [own(), own(), own()];
    await Promise.all(replicas.map(replica => replica.flush()));
    await Promise.all(replicas.map((replica, i) => legalOf(replica).hold(ACTOR, 'anna', `D-${i}`)));
    const cases = (await lines()).map(({ act }) => act.case);
    expect(cases.slice(0, 12)).toEqual(Array.from({ length: 12 }, (_, i) => `C-${i}`));
    expect(cases.slice(12).sort()).toEqual(['D-0', 'D-1', 'D-2']);
  });

  it('offboards once, in one receipt, and again gives the same', async () => {
    const done = await offboarding().offboard(ACTOR, wanted('anna'));
    expect(done).toMatchObject({ complete: true, before: false, index: 6 });
    expect(done?.parts.map(({ what, state, ended }) => [what, state, ended])).toEqual([
      ['hold', 'done', 0],
      ['sessions', 'none', 0],
      ['servers', 'done', 2],
      ['tokens', 'done', 3]
    ]);
    expect(v.is(Act, done?.record?.act)).toBe(true);
    expect(done?.record?.act.parts[1]?.says).toContain('is signed out');
    expect(access.signedOut).toEqual([['anna', 2, 3]]);
    const again = await offboarding().offboard(ACTOR, wanted('anna'));
    expect(again).toEqual({ ...done, before: true });
    expect((await lines()).map(({ action }) => action)).toEqual(['hold', 'offboard']);
    expect(told).toEqual(['user.offboarded']);
  });

  it('names the case of the hold that it sets, and not that of one that was on', async () => {
    const first = await offboarding().offboard(ACTOR, wanted('anna'));
    expect(first?.parts[0]?.says).toContain('A legal hold is on for the case C-7');
    const legal = legalOf(own());
    const [hold] = await legal.holds();
    await legal.lift(ACTOR, hold?.id ?? 0);
    await legal.hold(ACTOR, 'anna', 'SECRET-1');
    access.tokenIds = ['b1'];
    const answer = await offboarding().offboard(
      { ...ACTOR, by: 'directory', isMachine: true },
      { ...wanted('anna'), case: null }
    );
    expect(answer?.parts[0]).toMatchObject({ what: 'hold', state: 'none' });
    expect(answer?.parts[0]?.says).toMatch(/^Hold \d+ was on already: nothing of this person can be erased/);
    expect(JSON.stringify(answer)).not.toContain('SECRET-1');
  });

  it('says what could not be ended, and goes on there', async () => {
    access.stuck = 'a2';
    const part = await offboarding().offboard(ACTOR, wanted('anna'));
    expect(part).toMatchObject({ complete: false });
    expect(part?.parts.at(-1)).toMatchObject({ what: 'tokens', state: 'failed', ended: 2, failed: 1 });
    access.stuck = null;
    const rest = await offboarding().offboard(ACTOR, wanted('anna'));
    expect(rest).toMatchObject({ complete: true, before: false });
    expect(rest?.parts.map(({ state, ended }) => [state, ended])).toEqual([
      ['none', 0],
      ['none', 0],
      ['none', 0],
      ['done', 1]
    ]);
    expect((await lines()).map(({ action }) => action)).toEqual(['hold', 'offboard', 'offboard']);
  });

  it('knows nobody whom neither JupyterHub nor the log knows', async () => {
    expect(await offboarding().offboard(ACTOR, wanted('nobody'))).toBeNull();
    expect(await lines()).toEqual([]);
    expect(access.tokenIds).toHaveLength(3);
  });
});
