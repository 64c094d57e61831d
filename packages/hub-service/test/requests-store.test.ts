import { randomUUID } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import { LAPSE_MS } from '@labkeeper/core';
import type { RequestSubmit } from '@labkeeper/protocol';
import { openDatabase, type DatabaseKind, type IDatabase } from '../src/store/database.js';
import { nextChange } from '../src/store/request-clock.js';
import { RequestStreams } from '../src/store/request-streams.js';
import type { IRequestPlace } from '../src/store/requests.js';
import { SqlLegal } from '../src/store/sql-legal.js';
import { OPEN_EACH, REQUESTS_A_DAY } from '../src/store/request-limits.js';
import { SqlRequests } from '../src/store/sql-requests.js';
import { FEEDBACKS_A_DAY, SqlVerdictFeedback } from '../src/store/verdict-feedback.js';
import { asFirstVersion } from './support/first-version.js';
import { migratedDatabase } from './support/migrated-databases.js';
import { type IScratchDatabase } from './support/scratch-databases.js';

const speaker = (user = 'alice', groups: string[] = ['lab-a'], hub = 'hub') => ({
  hub,
  user,
  server: '',
  groups
});
const asked = (name = 'torch', version: string | null = '2.9.1'): RequestSubmit => ({
  id: randomUUID(),
  want: { kind: 'package', ecosystem: 'pypi', name, version },
  reason: 'For <b>week 9</b> \u{1F600}.',
  evidence: [{ kind: 'command', title: 'Blocked', lines: [{ label: 'pip', text: 'pip install torch' }] }]
});
const staff = (words: string | null = 'Because.', messageId: string | null = null) =>
  ({ side: 'staff', by: 'lead', words, messageId }) as const;

describe.each<DatabaseKind>(['sqlite', 'postgres'])('requests in %s', kind => {
  let scratch: IScratchDatabase;
  let database: IDatabase;
  let nowMs: number;
  let requests: SqlRequests;
  beforeEach(async () => {
    scratch = await migratedDatabase(kind);
    database = await openDatabase(scratch.place, () => undefined);
    nowMs = 1_795_000_000_000;
    requests = new SqlRequests(database, () => nowMs);
  });
  afterEach(async () => {
    await database.close();
    await scratch.remove();
  });
  const made = async (user = 'alice', groups?: string[], what = asked()): Promise<string> => {
    nowMs += 1;
    expect((await requests.submit(speaker(user, groups), what)).kind).toBe('made');
    return what.id;
  };

  it('are kept as they were asked for; sent again they change nothing, and nobody else can take their name', async () => {
    const what = asked();
    const first = await requests.submit(speaker(), what);
    const again = await requests.submit(speaker(), { ...what, reason: 'Something else.' });
    expect(again).toEqual(first);
    expect(await requests.submit(speaker('bob'), what)).toEqual({ kind: 'taken' });
    expect(await requests.find(what.id)).toMatchObject({
      ...what,
      state: 'requested',
      version: 1,
      ...{ hub: 'hub', user: 'alice', server: '', groups: ['lab-a'] },
      lapsesAtMs: nowMs + LAPSE_MS,
      acts: [{ kind: 'submit', side: 'asker', by: 'alice', version: 1 }]
    });
    expect(await requests.find(randomUUID())).toBeNull();
  });

  it('are decided once, however many decide at the same moment', async () => {
    const id = await made();
    // One process writes to SQLite; to PostgreSQL several replicas do.
    const other = kind === 'sqlite' ? database : await openDatabase(scratch.place, () => undefined);
    const others = new SqlRequests(other, () => nowMs);
    const decided = await Promise.all(
      Array.from({ length: 8 }, (_, i) =>
        (i % 2 ? requests : others).act(id, 1, { kind: i % 3 ? 'approve' : 'deny' }, staff(`${i}`))
      )
    );
    expect(decided.filter(done => done.kind === 'done').length).toBe(1);
    expect(decided.filter(done => done.kind === 'changed').length).toBe(7);
    const found = await requests.find(id);
    expect([found?.version, found?.acts.length]).toEqual([2, 2]);
    expect(found?.decision?.reason).toBe(found?.acts[1]?.words);
    if (other !== database) {
      await other.close();
    }
  });

  it('have a thread; a message that is sent twice is there once, and the decider must have seen it', async () => {
    const id = await made();
    const message = randomUUID();
    const say = () =>
      requests.act(
        id,
        null,
        { kind: 'say' },
        { side: 'asker', by: 'alice', words: 'Soon?', messageId: message }
      );
    await say();
    expect((await say()).kind).toBe('done');
    expect((await requests.act(id, 1, { kind: 'approve' }, staff())).kind).toBe('changed');
    expect((await requests.act(id, 2, { kind: 'approve' }, staff())).kind).toBe('done');
    expect(await requests.find(id)).toMatchObject({
      thread: [{ id: message, from: 'asker', by: 'alice', text: 'Soon?' }],
      ...{ state: 'approved', messages: 1, lastFrom: 'asker', version: 3 }
    });
  });

  it('of one person are open in a bounded number', async () => {
    for (let i = 0; i < OPEN_EACH; i += 1) {
      await made();
    }
    expect(await requests.submit(speaker(), asked())).toEqual({ kind: 'too-many' });
    expect((await requests.submit(speaker('bob'), asked())).kind).toBe('made');
  });

  it('of one person are bounded in a day, also those that were taken back, and so is what she says of verdicts', async () => {
    const mine = { side: 'asker', by: 'alice', words: null, messageId: null } as const;
    for (let i = 0; i < REQUESTS_A_DAY; i += 1) {
      await requests.act(await made(), 1, { kind: 'withdraw' }, mine);
    }
    expect(await requests.submit(speaker(), asked())).toEqual({ kind: 'too-many-today' });
    expect((await requests.submit(speaker('bob'), asked())).kind).toBe('made');
    const feedback = new SqlVerdictFeedback(database, () => nowMs);
    const said = {
      ...{ id: randomUUID(), subject: 'x', toldCause: 'signal', toldConfidence: 'likely' },
      ...{ cause: null, note: null }
    } as const;
    const say = (id: string, user = 'alice') =>
      feedback.say(speaker(user), { ...said, of: 'death', answer: 'no', id });
    await say(said.id);
    for (let i = 1; i < FEEDBACKS_A_DAY; i += 1) {
      await say(randomUUID());
    }
    expect([await say(said.id), await say(randomUUID()), await say(randomUUID(), 'bob')]).toEqual([
      true,
      false,
      true
    ]);
    nowMs += 86_400_001;
    expect((await requests.submit(speaker(), asked())).kind).toBe('made');
    expect(await say(randomUUID())).toBe(true);
  }, 60_000);

  it('are listed open ones first, page by page, each once, and filtered', async () => {
    const ids = [];
    for (let i = 0; i < 12; i += 1) {
      ids.push(await made(i % 2 ? 'alice' : 'bob', i % 3 ? ['lab-a', 'b'] : ['lab-b'], asked(`p${i}`)));
    }
    for (const id of [ids[1], ids[8], ids[11]]) {
      await requests.act(id ?? '', 1, { kind: 'deny' }, staff());
    }
    const seen: string[] = [];
    let place: IRequestPlace | null = null;
    for (;;) {
      const rows: Awaited<ReturnType<typeof requests.list>> = await requests.list({ groups: null }, place, 5);
      seen.push(...rows.map(({ id }) => id));
      const last = rows.at(-1);
      if (!last || rows.length < 5) {
        break;
      }
      place = { isOpen: last.state === 'requested', createdAtMs: last.createdAtMs, id: last.id };
    }
    const open = ids.filter((_, i) => ![1, 8, 11].includes(i)).reverse();
    expect(seen).toEqual([...open, ids[11], ids[8], ids[1]]);
    const count = async (filter: Partial<Parameters<typeof requests.list>[0]>) =>
      (await requests.list({ groups: null, ...filter }, null, 50)).length;
    expect(await count({ user: 'alice' })).toBe(6);
    expect(await count({ state: 'denied' })).toBe(3);
    expect(await count({ kind: 'help' })).toBe(0);
    expect(await count({ groups: ['lab-a'] })).toBe(8);
    expect(await count({ groups: ['lab-a', 'b', 'lab-b'] })).toBe(12);
    expect(await count({ groups: [] })).toBe(0);
    const [first = '', second = ''] = ids;
    for (const length of [8, 13, 36]) {
      expect(await count({ number: first.slice(0, length) })).toBe(1);
    }
    expect(await count({ number: first.slice(0, 8), groups: ['lab-a'] })).toBe(0);
    expect(await count({ number: second.slice(0, 8), groups: ['lab-a'] })).toBe(1);
    expect((await requests.own({ hub: 'hub', user: 'bob' }, null, 50)).length).toBe(6);
    expect((await requests.own({ hub: 'other', user: 'bob' }, null, 50)).length).toBe(0);
  });

  it('lapse in time, once, and who waits for news of them learns it', async () => {
    const id = await made();
    const bob = await made('bob');
    await requests.act(bob, 1, { kind: 'approve' }, staff());
    const [newest] = (await requests.changedAfter(0)).map(({ change }) => change).sort((a, b) => b - a);
    expect(await requests.lapse()).toBe(0);
    nowMs += LAPSE_MS;
    expect(await requests.lapse()).toBe(1);
    expect(await requests.lapse()).toBe(0);
    expect(await requests.find(id)).toMatchObject({
      state: 'lapsed',
      acts: [{}, { kind: 'lapse', side: 'service' }]
    });
    expect((await requests.changedAfter(newest ?? 0)).map(({ user }) => user)).toEqual(['alice']);
  });

  it('show decided ones about the same', async () => {
    const denied = await made('bob', [], asked('torch', '1.0'));
    await requests.act(denied, 1, { kind: 'deny' }, staff('Too old.'));
    await made('carol', [], asked('torch', null));
    const id = await made();
    expect((await requests.find(id))?.similar).toMatchObject([
      { id: denied, decision: { reason: 'Too old.' } }
    ]);
  });

  it('lose what somebody wrote when she is erased, and stay themselves', async () => {
    const id = await made('alice', [], { ...asked(), want: { kind: 'help', title: 'My grant' } });
    await requests.act(id, 1, { kind: 'say' }, staff('Dear alice.', randomUUID()));
    await requests.act(id, 2, { kind: 'deny' }, staff('No, alice.'));
    const legal = new SqlLegal(database, () => nowMs);
    expect((await legal.erase({ hub: 'hub', by: 'lead', reason: 'asked' }, 'alice')).kind).toBe('erased');
    const found = await requests.find(id);
    expect(found).toMatchObject({ state: 'denied', user: null, reason: '', evidence: [], thread: [] });
    expect(JSON.stringify(found)).not.toMatch(/alice|grant/);
  });

  it('of who was erased get no word any more, and lapse all the same', async () => {
    const id = await made();
    const legal = new SqlLegal(database, () => nowMs);
    await legal.erase({ hub: 'hub', by: 'lead', reason: 'asked' }, 'alice');
    for (const kind of ['say', 'approve'] as const) {
      expect(await requests.act(id, null, { kind }, staff('Dear alice.', randomUUID()))).toEqual({
        kind: 'unknown'
      });
    }
    nowMs += LAPSE_MS;
    expect(await requests.lapse()).toBe(1);
    expect(await requests.find(id)).toMatchObject({
      state: 'lapsed',
      acts: [{ words: null }, { words: null }]
    });
  });

  it('lose also what is being said while she is erased', async () => {
    if (kind === 'sqlite') {
      // Nothing is done there at the same moment.
      return;
    }
    const id = await made();
    const legal = new SqlLegal(database, () => nowMs);
    let erased: Promise<unknown> = Promise.resolve();
    await database.write.transaction().execute(async db => {
      // As whoever says something.
      await nextChange(db);
      erased = legal.erase({ hub: 'hub', by: 'lead', reason: 'asked' }, 'alice');
      await pause(500);
      await db
        .updateTable('request_act')
        .set({ words: 'Dear alice.' })
        .where('request_id', '=', id)
        .execute();
    });
    expect(await erased).toMatchObject({ kind: 'erased' });
    expect(await requests.find(id)).toMatchObject({ user: null, acts: [{ words: null }] });
  });

  it('have streams that are told from others, however many are asked about at once', async () => {
    const id = await made();
    const { boot } = await database.read
      .selectFrom('request')
      .select('boot')
      .where('id', '=', id)
      .executeTakeFirstOrThrow();
    const streams = new RequestStreams(database);
    const others = Array.from({ length: 2500 }, () => randomUUID());
    const boots = [...others, boot, boot];
    for (let i = 0; i < 2; i += 1) {
      const told = await Promise.all(boots.map(name => streams.has(name)));
      expect(told.flatMap((isOfRequest, at) => (isOfRequest ? [at] : []))).toEqual([2500, 2501]);
    }
    // A database that is away for a moment is asked again.
    let isAway = true;
    const shaky = new RequestStreams({
      get read() {
        if (isAway) {
          throw new Error('It is away.');
        }
        return database.read;
      }
    });
    await expect(shaky.has(boot)).rejects.toThrow('It is away.');
    isAway = false;
    expect(await Promise.all([shaky.has(boot), shaky.has(id)])).toEqual([true, false]);
  });

  it('come to a log that was there before them', async () => {
    const first = await asFirstVersion(kind, database);
    const upgraded = await openDatabase(first.place, () => undefined);
    const later = new SqlRequests(upgraded, () => nowMs);
    expect((await later.submit(speaker(), asked())).kind).toBe('made');
    await upgraded.close();
    await first.remove();
  });
});
