import { randomUUID } from 'node:crypto';
import { messageDigest } from '@labkeeper/core';
import { LogEntry, parseShape, PersonalPart, RequestSubmit, type RequestWant } from '@labkeeper/protocol';
import { sql } from 'kysely';
import * as v from 'valibot';
import { exportCsv } from '../src/export/csv.js';
import { exportLog } from '../src/export/export-log.js';
import { exportOcsf } from '../src/export/ocsf.js';
import { GroupCommit } from '../src/ingest/group-commit.js';
import { requestParts } from '../src/requests/request-parts.js';
import type { IRequestParts } from '../src/requests/request-routes.js';
import { saidIn } from '../src/requests/said-words.js';
import { sha256Hex } from '../src/sha256.js';
import type { DatabaseKind } from '../src/store/database.js';
import type { ILogWriter } from '../src/store/log-writer.js';
import { SqlLogReader } from '../src/store/sql-log-reader.js';
import { batchOf } from './support/batch-of.js';
import { CompanionStream } from './support/companion-stream.js';
import { Kept, verified } from './support/exported.js';
import { ACTOR, RetainedLog } from './support/retained-log.js';

jest.setTimeout(30_000);

const ALICE = { hub: 'hub', user: 'alice', server: 'big', groups: [] };
const HELP: RequestWant = { kind: 'help', title: 'My kernel dies' };
const SECRET = 'https://ada:hunter2@example.org/simple?token=hunter2';

const asker = (words: string) => ({ side: 'asker', by: 'alice', words, messageId: randomUUID() }) as const;
const staff = (words: string | null, messageId: string | null = randomUUID()) =>
  ({ side: 'staff', by: 'lead', words, messageId }) as const;

describe.each<DatabaseKind>(['sqlite', 'postgres'])('messages of requests in the log, %s', kind => {
  let log: RetainedLog;
  let reader: SqlLogReader;
  let asked: IRequestParts;
  /** What the service's log was told as errors. */
  let errors: unknown[];
  let warnings: unknown[];
  beforeEach(async () => {
    log = await RetainedLog.open(kind);
    reader = new SqlLogReader(log.database, () => log.nowMs);
    errors = [];
    warnings = [];
    asked = replica();
  });
  afterEach(() => log.close());

  /** @param writer - the log's unless given. */
  const replica = (writer: ILogWriter = log.writer): IRequestParts =>
    requestParts({
      ...{ database: log.database, writer, nowMs: () => log.nowMs },
      policy: { active: { digest: 'a'.repeat(64) } } as never,
      log: {
        warn: (what: unknown) => warnings.push(what),
        error: (what: unknown) => errors.push(what)
      } as never,
      commit: new GroupCommit({
        ...{ writer, groupRecords: 10, waitingRecords: 99, monotonicMs: () => 0, committed: () => undefined }
      })
    });
  const ask = async (want: RequestWant = HELP): Promise<string> => {
    const id = randomUUID();
    const submit = v.parse(RequestSubmit, { id, want, reason: `See ${SECRET}.`, evidence: [] });
    await asked.requests.submit(ALICE, submit);
    return id;
  };
  const say = (id: string, actor: ReturnType<typeof asker> | ReturnType<typeof staff>) =>
    asked.requests.act(id, null, { kind: 'say' }, actor);
  const storyOf = async (index: number | null | undefined) => {
    const story = await reader.story(index ?? -1);
    if (story === null) {
      throw new Error('It is not in the log.');
    }
    return story;
  };
  const exported = async () => {
    const [out, personalOut] = [new Kept(), new Kept()];
    await exportLog(
      { source: log.range, signer: log.keys, out, personalOut, nowMs: log.nowMs },
      { filter: null, firstIndex: 0, endIndex: null }
    );
    return { bytes: out.bytes, personal: personalOut.bytes };
  };

  it('tell which request, who, when and a digest; names and words are in the personal part, without credentials', async () => {
    const id = await ask();
    const said = `Soon?\nI tried ${SECRET} \u{1F600}${' and more'.repeat(100)}`;
    await say(id, asker(said));
    log.nowMs += 1000;
    await say(id, staff('How large is the file?'));
    await asked.recorder.flush();
    const acts = (await asked.requests.find(id))?.acts ?? [];
    const stories = [await storyOf(acts[1]?.index), await storyOf(acts[2]?.index)];
    const kept = said.replace(SECRET, 'https://***@example.org/simple?token=***');
    const read = stories.map(({ row, entry, personal }) => {
      const record = parseShape(LogEntry, entry)?.record;
      const part = parseShape(PersonalPart, personal ?? '');
      const text = part && saidIn(part)?.text;
      expect(record?.message?.digest).toBe(messageDigest(sha256Hex, part?.salt ?? '', text ?? ''));
      // Nothing that somebody wrote, and no name, is in the line that is never erased.
      expect(entry).not.toMatch(/alice|lead|Soon|large|hunter2/);
      return [row.action, row.grade, record?.occurredAtMs, record?.message, part && saidIn(part)];
    });
    const digest = expect.any(String);
    expect(read).toEqual([
      [
        ...['message', 'hub', log.nowMs - 1000],
        { request: id, from: 'asker', digest, characters: [...kept].length },
        { by: 'alice', text: kept }
      ],
      [
        ...['message', 'hub', log.nowMs],
        { request: id, from: 'staff', digest, characters: 22 },
        { by: 'lead', text: 'How large is the file?' }
      ]
    ]);
    // In the thread it stands as it was written.
    expect((await asked.requests.find(id))?.thread[0]?.text).toBe(said);
    const [, , first] = await reader.list({}, null, 9);
    expect((await storyOf(first?.index)).personal).not.toContain('hunter2');
    expect((await reader.list({ action: 'message' }, null, 9)).map(({ action }) => action)).toEqual([
      'message',
      'message'
    ]);
  });

  it('that are about a package are found by it, and change nothing of who has it', async () => {
    const id = await ask({ kind: 'package', ecosystem: 'pypi', name: 'torch', version: '2.9.1' });
    await say(id, staff('Would the CPU build do?'));
    await asked.recorder.flush();
    const rows = await reader.list({ package: 'torch' }, null, 9);
    expect(rows.map(({ action }) => action)).toEqual(['message', 'request']);
    expect(await log.database.read.selectFrom('holding').selectAll().execute()).toEqual([]);
  });

  it('stand in the order in which they were said, between what was decided, once, whoever puts them there', async () => {
    const id = await ask();
    const message = randomUUID();
    await Promise.all([say(id, staff('One.', message)), say(id, staff('One.', message))]);
    await say(id, asker('Two.'));
    await asked.requests.act(id, 3, { kind: 'approve' }, staff('Done.', null));
    await say(id, asker('Thanks.'));
    await Promise.all([asked, replica(), asked].map(({ recorder }) => recorder.flush()));
    await asked.recorder.flush();
    const rows = [...(await reader.list({ user: 'alice' }, null, 20))].reverse();
    expect(rows.map(({ action }) => action)).toEqual(['request', 'message', 'message', 'allow', 'message']);
    const acts = (await asked.requests.find(id))?.acts ?? [];
    expect(acts.map(({ index }) => index)).toEqual(rows.map(({ index }) => index));
  });

  it('wait for a version that knows them: an earlier one puts down neither a message nor what came after it', async () => {
    const id = await ask();
    await say(id, staff('One.'));
    await asked.requests.act(id, 2, { kind: 'approve' }, staff('Done.', null));
    // What an earlier version looks for.
    const earlier = await log.database.read
      .selectFrom('request_act')
      .select(['kind', 'log_seq'])
      .where('logged', '=', 0)
      .orderBy('log_seq')
      .execute();
    expect(earlier).toEqual([
      { kind: 'submit', log_seq: 1 },
      // It has the third place, so that it finds no room before the message is there.
      { kind: 'approve', log_seq: 3 }
    ]);
    await asked.recorder.flush();
    const rows = [...(await reader.list({}, null, 9))].reverse();
    expect(rows.map(({ action }) => action)).toEqual(['request', 'message', 'allow']);
    const left = await log.database.read
      .selectFrom('request_act')
      .where('logged', '<>', 1)
      .selectAll()
      .execute();
    expect(left).toEqual([]);
  });

  it('are found by an index as long as they wait', async () => {
    const asking = await ask();
    await say(asking, staff('One.'));
    const question = sql.raw(
      `${kind === 'sqlite' ? 'explain query plan' : 'explain'} select a.id from request_act as a where a.logged in (0, 2) and a.request_id > '' order by a.request_id, a.log_seq`
    );
    const plan = await log.database.write.transaction().execute(async db => {
      if (kind === 'postgres') {
        // So small a table is read from end to end by itself.
        await sql`set local enable_seqscan = off`.execute(db);
      }
      return sql`${question}`.execute(db);
    });
    expect(JSON.stringify(plan.rows)).toContain('request_act_waiting');
  });

  it('are put down with the message in one transaction: what cannot be put down is not said, and what was said is put down', async () => {
    const id = await ask();
    await asked.recorder.flush();
    await refuseActs();
    await expect(say(id, asker('Lost?'))).rejects.toThrow(/no act today/);
    expect(await asked.requests.find(id)).toMatchObject({ version: 1, messages: 0, thread: [] });
    await allowActs();
    // The log takes nothing, and this replica is gone afterwards.
    const failing: ILogWriter = {
      head: (speaker, boot) => log.writer.head(speaker, boot),
      append: () => Promise.reject(new Error('The disk is full.'))
    };
    const message = asker('Kept?');
    await say(id, message);
    await replica(failing).recorder.flush();
    expect(await asked.requests.find(id)).toMatchObject({ messages: 1, acts: [{}, { index: null }] });
    await replica().recorder.flush();
    await say(id, message);
    await asked.recorder.flush();
    expect((await reader.list({ action: 'message' }, null, 9)).length).toBe(1);
    expect((await asked.requests.find(id))?.acts[1]?.index).toBe(1);
  });

  it('are looked for in the log outside of changes, which wait for each other', async () => {
    const id = await ask();
    await say(id, asker('Soon?'));
    await asked.recorder.flush();
    const done = await say(id, staff('Today.'));
    expect(done).toMatchObject({ kind: 'done', request: { thread: [{}, {}] } });
    expect('request' in done && done.request.acts.map(({ index }) => index)).toEqual([null, null, null]);
    expect((await asked.requests.find(id))?.acts.map(({ index }) => index)).toEqual([0, 1, null]);
  });

  it('of which one cannot be put down keep those of other requests waiting no longer', async () => {
    const [first = '', second = ''] = [await ask(), await ask()].sort();
    await say(first, asker('One.'));
    await say(second, asker('Two.'));
    // As a later version may write it.
    await log.database.write
      .updateTable('request')
      .set({ want: '{"kind":"of later"}' })
      .where('id', '=', first)
      .execute();
    await asked.recorder.flush();
    expect(warnings).toEqual([{ request: first, reason: expect.any(String) }]);
    expect((await asked.requests.find(second))?.acts.map(({ index }) => index)).toEqual([0, 1]);
    await log.database.write
      .updateTable('request')
      .set({ want: JSON.stringify(HELP) })
      .execute();
    await asked.recorder.flush();
    expect((await asked.requests.find(first))?.acts.map(({ index }) => index)).toEqual([2, 3]);
  });

  it('go on in another stream where a container wrote into theirs under an earlier version: each is in the log, and nothing else passes for it', async () => {
    const id = await ask();
    const boot = randomUUID();
    await log.database.write.updateTable('request').set({ boot }).execute();
    await asked.recorder.flush();
    const forger = new CompanionStream(boot);
    const { seq, hash } = await log.writer.head(ALICE, boot);
    Object.assign(forger, { seq, head: hash });
    // At the places of the next acts; of the second an earlier version believed that it is there.
    const [forged] = await log.writer.append([batchOf(ALICE, forger.batch(3))]);
    expect(forged?.kind).toBe('stored');
    await say(id, staff('One.'));
    await log.database.write.updateTable('request_act').set({ logged: 1 }).where('version', '=', 2).execute();
    expect((await asked.requests.find(id))?.acts.map(({ index }) => index)).toEqual([0, null]);
    await say(id, asker('Two.'));
    await asked.requests.act(id, 3, { kind: 'approve' }, staff('Done.', null));
    await Promise.all([asked, replica(), asked].map(({ recorder }) => recorder.flush()));
    await asked.recorder.flush();
    expect(errors).toEqual([{ request: id, stream: boot, place: 3 }]);
    await say(id, asker('Thanks.'));
    await asked.recorder.flush();
    const rows = [...(await reader.list({ user: 'alice' }, null, 20))].reverse();
    expect(rows.map(({ action, grade }) => (grade === 'hub' ? action : grade))).toEqual([
      ...['request', 'corroborated', 'corroborated', 'corroborated'],
      ...['message', 'allow', 'message']
    ]);
    const acts = (await asked.requests.find(id))?.acts ?? [];
    expect(acts.map(({ index }) => index)).toEqual([null, null, 4, 5, 6]);
    await log.digest();
    expect(await log.verified()).toMatchObject({ outcome: 'consistent', findings: { count: 0 } });
  });

  it('whose record was deleted by its age are not put into the log again', async () => {
    const id = await ask();
    await asked.recorder.flush();
    await log.database.write.updateTable('request_act').set({ logged: 0 }).execute();
    for (const table of ['personal', 'record_body', 'record'] as const) {
      await log.database.write.deleteFrom(table).execute();
    }
    await asked.recorder.flush();
    expect(await reader.list({}, null, 9)).toEqual([]);
    expect(errors).toEqual([]);
    expect(await log.database.read.selectFrom('request_act').select('logged').execute()).toEqual([
      { logged: 1 }
    ]);
    expect((await asked.requests.find(id))?.acts).toMatchObject([{ index: null }]);
  });

  it('verify, also when the person was erased: then who said what is gone, and nothing else', async () => {
    const id = await ask();
    await say(id, asker('It is my grant.'));
    await say(id, staff('Dear alice.'));
    await asked.recorder.flush();
    await log.digest();
    const before = await exported();
    expect(verified(before.bytes, {}, before.personal)).toMatchObject({
      outcome: 'consistent',
      findings: { count: 0 },
      personal: { same: 3, absent: 0 }
    });
    const part = await log.verified({ filter: { action: 'message' } });
    expect([part.outcome, part.findings.first]).toEqual(['consistent', []]);
    expect((await log.legal.erase(ACTOR, 'alice')).kind).toBe('erased');
    await log.digest();
    const after = await exported();
    expect(after.personal.toString()).not.toMatch(/grant|alice/);
    expect(verified(after.bytes, {}, after.personal)).toMatchObject({
      findings: { count: 0 },
      personal: { same: 0, absent: 3 }
    });
    const story = await storyOf(1);
    expect([story.personal, story.personalErased]).toEqual([null, true]);
    expect(parseShape(LogEntry, story.entry)?.record?.message).toMatchObject({ request: id, characters: 15 });
  });

  it('are lines of CSV and OCSF with what is known of them', async () => {
    const id = await ask();
    await say(id, staff('=1+1'));
    await asked.recorder.flush();
    const [csv, ocsf] = [new Kept(), new Kept()];
    const everything = { filter: null, firstIndex: 0, endIndex: null };
    const { database } = log;
    await database.write
      .insertInto('stream_image')
      .columns(['stream_id', 'image'])
      .expression(eb => eb.selectFrom('stream').select(({ val }) => ['id', val('a-lab/scipy:1').as('image')]))
      .execute();
    await exportCsv(log.range, everything, csv);
    await exportOcsf(log.range, everything, ocsf, 1);
    const [head, request, message] = csv.bytes.toString().split('\r\n');
    expect(head).toMatch(/,entry_sha256,request,message_from,message_characters,message_digest,grade,image$/);
    expect(request).toMatch(/,request,.*,,,,,hub,a-lab\/scipy:1$/);
    expect(message).toMatch(new RegExp(`,message,.*,${id},staff,4,[0-9a-f]{64},hub,a-lab/scipy:1$`));
    const events = ocsf.bytes
      .toString()
      .trimEnd()
      .split('\n')
      .map(line => JSON.parse(line));
    expect(events[0].unmapped).not.toHaveProperty('message');
    expect(events[1]).toMatchObject({
      ...{ activity_id: 99, activity_name: 'message' },
      unmapped: { message: { request: id, from: 'staff', characters: 4 } }
    });
  });

  it('come from the service alone: what a container says of the kind is kept as bytes', async () => {
    const stream = new CompanionStream();
    const message = { request: randomUUID(), from: 'staff', digest: 'a'.repeat(64), characters: 3 } as const;
    const body = stream.batchOf([
      () => stream.pair(record => ({ ...record, action: 'message', message })),
      () => stream.pair(record => ({ ...record, action: 'message' })),
      () => stream.pair(record => ({ ...record, message })),
      () => stream.pair()
    ]);
    await log.writer.append([batchOf(ALICE, body)]);
    const rows = [...(await reader.list({}, null, 9))].reverse();
    expect(rows.map(({ action, grade }) => [action, grade])).toEqual([
      ...Array.from({ length: 3 }, () => ['unreadable', 'unreadable']),
      ['install', 'corroborated']
    ]);
  });

  const refuseActs = async (): Promise<void> => {
    if (kind === 'sqlite') {
      await sql`create trigger no_act before insert on request_act begin select raise(abort, 'no act today'); end`.execute(
        log.database.write
      );
      return;
    }
    await sql`create function no_act() returns trigger language plpgsql as $$ begin raise 'no act today'; end $$`.execute(
      log.database.write
    );
    await sql`create trigger no_act before insert on request_act for each row execute function no_act()`.execute(
      log.database.write
    );
  };
  const allowActs = async (): Promise<void> => {
    const on = sql.raw(kind === 'sqlite' ? '' : ' on request_act');
    await sql`drop trigger no_act${on}`.execute(log.database.write);
  };
});
