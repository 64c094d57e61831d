import { randomUUID } from 'node:crypto';
import {
  Announcement,
  HUB_PATHS,
  HubRefusal,
  OwnAnswer,
  REQUEST_PATHS,
  RequestSubmit,
  StreamHead,
  type RequestAnswer,
  type RequestsAnswer
} from '@labkeeper/protocol';
import * as v from 'valibot';
import type { DatabaseKind } from '../src/store/database.js';
import { requestAnnouncement } from '../src/outgoing/request-announcement.js';
import { requestParts } from '../src/requests/request-parts.js';
import { GroupCommit } from '../src/ingest/group-commit.js';
import { SqlLogReader } from '../src/store/sql-log-reader.js';
import { SqlLogWriter } from '../src/store/sql-log-writer.js';
import { SqlRequests } from '../src/store/sql-requests.js';
import { SqlVerdictFeedback } from '../src/store/verdict-feedback.js';
import { json } from './support/answers.js';
import { CompanionStream } from './support/companion-stream.js';
import { startService, type IRunningService } from './support/running-service.js';

const asked = (id = randomUUID()) => ({
  id,
  want: { kind: 'package', ecosystem: 'pypi', name: 'torch', version: '2.9.1' },
  reason: 'For week 9.',
  evidence: [{ kind: 'command', title: 'Blocked', lines: [{ label: 'pip', text: 'pip install torch' }] }]
});

describe.each<DatabaseKind>(['sqlite', 'postgres'])('requests of companions, %s', kind => {
  let service: IRunningService;
  let alice: string;
  let bob: string;
  beforeAll(async () => {
    service = await startService(kind);
    alice = await service.ticket('alice', 'big', ['lab-a']);
    bob = await service.ticket('bob');
  });
  afterAll(() => service.close());
  const ask = (ticket: string, path: string, body?: unknown) =>
    fetch(`${service.url}${path}`, {
      method: body === undefined ? 'GET' : 'POST',
      headers: {
        authorization: `Bearer ${ticket}`,
        ...(body !== undefined && { 'content-type': 'application/json' })
      },
      ...(body !== undefined && { body: typeof body === 'string' ? body : JSON.stringify(body) })
    });

  it('are taken in the name of the ticket, once, and told to nobody else', async () => {
    const what = asked();
    expect((await ask(alice, REQUEST_PATHS.requests, what)).status).toBe(200);
    const again = (await (await ask(alice, REQUEST_PATHS.requests, what)).json()) as RequestAnswer;
    expect(again.request).toMatchObject({ ...what, server: 'big', state: 'requested', version: 1 });
    const own = (await (await ask(alice, REQUEST_PATHS.requests)).json()) as RequestsAnswer;
    expect(own.requests.map(({ id }) => id)).toEqual([what.id]);
    const others = (await (await ask(bob, REQUEST_PATHS.requests)).json()) as RequestsAnswer;
    expect(others.requests).toEqual([]);
    for (const path of [REQUEST_PATHS.withdraw(what.id), REQUEST_PATHS.messages(what.id)]) {
      expect((await ask(bob, path, { version: 1, id: randomUUID(), text: 'x' })).status).toBe(404);
    }
    expect((await ask(bob, REQUEST_PATHS.request(what.id))).status).toBe(404);
    expect((await ask(bob, REQUEST_PATHS.requests, what)).status).toBe(409);
    expect((await ask(alice, REQUEST_PATHS.withdraw(what.id), { version: 2 })).status).toBe(409);
    expect((await ask(alice, REQUEST_PATHS.withdraw(what.id), { version: 1 })).status).toBe(200);
    expect((await ask(alice, REQUEST_PATHS.withdraw(what.id), { version: 2 })).status).toBe(409);
  });

  it('are refused where they are none', async () => {
    const bad: unknown[] = [
      '',
      'null',
      '{',
      '['.repeat(50_000),
      { ...asked(), reason: '' },
      { ...asked(), reason: 'x'.repeat(2001) },
      { ...asked(), reason: 'a\u0000b' },
      { ...asked(), user: 'bob' },
      { ...asked(), state: 'approved' },
      { ...asked(), want: { kind: 'root' } },
      { ...asked(), id: 'x' },
      {
        ...asked(),
        evidence: [{ kind: 'other', title: 'x', lines: Array(81).fill({ label: '', text: '' }) }]
      },
      {
        ...asked(),
        evidence: Array(12).fill({
          kind: 'other',
          title: 'x',
          lines: Array(2).fill({ label: '', text: 'y'.repeat(2000) })
        })
      }
    ];
    const statuses = [];
    for (const body of bad) {
      statuses.push((await ask(await service.ticket(randomUUID()), REQUEST_PATHS.requests, body)).status);
    }
    expect(statuses).toEqual(bad.map(() => 400));
    expect((await ask(bob, REQUEST_PATHS.requests, 'x'.repeat(200_000))).status).toBe(413);
    expect((await ask('nonsense', REQUEST_PATHS.requests)).status).toBe(401);
  });

  it('and every decision are in the log, once, also where the log did not take them at once; a decision ends the long poll', async () => {
    const what = asked();
    await ask(bob, REQUEST_PATHS.requests, what);
    const news = async (seen: string) =>
      (await ask(bob, `api/v1/events?seen=${seen}`)).json() as Promise<{ seen: string; requests: number }>;
    const first = await news('0'.repeat(64));
    const next = news(first.seen);
    const nowMs = (): number => Date.now();
    const writer = new SqlLogWriter(service.database, nowMs);
    // As another replica: it decides, and is gone before it told the log.
    const lead = { side: 'staff', by: 'lead', words: 'Use the CPU build.', messageId: null } as const;
    await new SqlRequests(service.database, nowMs).act(what.id, 1, { kind: 'deny' }, lead);
    const replica = requestParts({
      ...{ database: service.database, writer, policy: service.app.policy, nowMs },
      log: { warn: () => undefined } as never,
      commit: new GroupCommit({
        writer,
        groupRecords: 10,
        waitingRecords: 10,
        monotonicMs: nowMs,
        committed: () => undefined
      })
    });
    // Another request of hers makes this service look too: both put it into the log, one does.
    await Promise.all([replica.recorder.flush(), ask(bob, REQUEST_PATHS.requests, asked())]);
    expect((await next).requests).toBeGreaterThan(first.requests);
    const reader = new SqlLogReader(service.database, nowMs);
    const rows = await reader.list({ user: 'bob' }, null, 50);
    expect(rows.map(({ action, grade, packageName }) => [action, grade, packageName]).sort()).toEqual([
      ['deny', 'hub', 'torch'],
      ['request', 'hub', 'torch'],
      ['request', 'hub', 'torch']
    ]);
    const story = await reader.story(rows.find(({ action }) => action === 'deny')?.index ?? -1);
    // No name and no words of people in the line that is never erased.
    expect(story?.entry).not.toMatch(/lead|bob|CPU build/);
    expect(story?.personal).toMatch(/deny by lead.*Use the CPU build/);
    expect(story?.neighbours.map(({ action }) => action)).toEqual(['request']);
  }, 30_000);

  it('have a stream that her container cannot write to, though it learns its name: nothing keeps an act from the log', async () => {
    const eve = await service.ticket('eve');
    const what = asked();
    await ask(eve, REQUEST_PATHS.requests, what);
    const own = await json(OwnAnswer, await ask(eve, HUB_PATHS.own));
    const boot = own.records[0]?.boot ?? '';
    const head = await json(StreamHead, await ask(eve, `${HUB_PATHS.records}?boot=${boot}`));
    expect(head.seq).toBe(1);
    const forger = new CompanionStream(boot);
    Object.assign(forger, { seq: head.seq, head: head.hash });
    const refused = await service.send(eve, forger.batch(3));
    expect(refused.status).toBe(400);
    expect((await json(HubRefusal, refused)).message).toBe(
      "This stream is the service's own: no server writes there."
    );
    await ask(eve, REQUEST_PATHS.messages(what.id), { id: randomUUID(), text: 'Soon?' });
    const rows = await new SqlLogReader(service.database, () => Date.now()).list({ user: 'eve' }, null, 9);
    expect(rows.map(({ action, grade }) => [action, grade])).toEqual([
      ['message', 'hub'],
      ['request', 'hub']
    ]);
  });

  it('have such a stream also where an earlier version named it as a container could: it is refused by the request', async () => {
    const ida = await service.ticket('ida');
    const what = asked();
    const speaker = { hub: 'hub', user: 'ida', server: '', groups: [] };
    await new SqlRequests(service.database, () => Date.now()).submit(speaker, v.parse(RequestSubmit, what));
    const boot = randomUUID();
    await service.database.write.updateTable('request').set({ boot }).where('id', '=', what.id).execute();
    await ask(ida, REQUEST_PATHS.messages(what.id), { id: randomUUID(), text: 'Soon?' });
    const head = await json(StreamHead, await ask(ida, `${HUB_PATHS.records}?boot=${boot}`));
    expect(head.seq).toBe(2);
    // Twice: what is remembered says the same.
    for (let i = 0; i < 2; i += 1) {
      const forger = new CompanionStream(boot);
      Object.assign(forger, { seq: head.seq, head: head.hash });
      const refused = await service.send(ida, forger.batch(1));
      expect(refused.status).toBe(400);
      expect((await json(HubRefusal, refused)).message).toBe(
        "This stream is the service's own: no server writes there."
      );
    }
    // Another container's neither, and one of her own is taken.
    expect((await service.send(bob, new CompanionStream(boot).batch(1))).status).toBe(400);
    expect((await service.send(ida, new CompanionStream().batch(1))).status).toBe(200);
    await ask(ida, REQUEST_PATHS.withdraw(what.id), { version: 2 });
    const rows = await new SqlLogReader(service.database, () => Date.now()).list({ user: 'ida' }, null, 9);
    expect(rows.map(({ grade }) => grade)).toEqual(['hub', 'corroborated', 'hub', 'hub']);
  });

  it('are told to others once they are in the log, each once by its key, also where telling fails at first', async () => {
    const nowMs = (): number => Date.now();
    const writer = new SqlLogWriter(service.database, nowMs);
    const told: ReturnType<typeof requestAnnouncement>[] = [];
    let fails = true;
    const replica = requestParts({
      ...{ database: service.database, writer, policy: service.app.policy, nowMs },
      log: { warn: () => undefined } as never,
      commit: new GroupCommit({
        ...{ writer, groupRecords: 10, waitingRecords: 10, monotonicMs: nowMs, committed: () => undefined }
      }),
      announce: async act => {
        if (fails) {
          fails = false;
          throw new Error('The queue is away.');
        }
        told.push(requestAnnouncement(act, 'https://pages.example.org'));
      }
    });
    const what = v.parse(RequestSubmit, asked());
    const speaker = { hub: 'hub', user: 'carol', server: '', groups: [] };
    await replica.requests.submit(speaker, what);
    const lead = { side: 'staff', by: 'lead', words: 'Use the CPU build.', messageId: null } as const;
    await replica.requests.act(what.id, 1, { kind: 'deny' }, lead);
    await replica.recorder.flush();
    expect(told).toEqual([]);
    await replica.recorder.flush();
    await replica.recorder.flush();
    expect(told.map(one => one?.place.onceKey)).toEqual([`request:${what.id}:1`, `request:${what.id}:2`]);
    expect(told.map(one => v.parse(Announcement, one?.announcement))).toMatchObject([
      { type: 'request.made', data: { user: 'carol', kind: 'package', state: 'requested', by: null } },
      {
        type: 'request.decided',
        data: {
          ...{ state: 'denied', by: 'lead', reason: 'Use the CPU build.' },
          link: `https://pages.example.org/requests/${what.id}`
        }
      }
    ]);
  });

  it('what is said of a verdict is kept once', async () => {
    const said = {
      id: randomUUID(),
      ...{ of: 'death', subject: 'd1', toldCause: 'memory-limit', toldConfidence: 'high' },
      ...{ answer: 'no', cause: 'exited', note: 'I left.' }
    };
    for (let i = 0; i < 2; i += 1) {
      expect((await ask(alice, REQUEST_PATHS.feedback, said)).status).toBe(200);
    }
    const feedback = new SqlVerdictFeedback(service.database, () => Date.now());
    expect(await feedback.newest(5)).toMatchObject([{ ...said, user: 'alice' }]);
  });

  it('of one person come in a bounded rate', async () => {
    const mallory = await service.ticket('mallory');
    const statuses = [];
    for (let i = 0; i < 25; i += 1) {
      statuses.push((await ask(mallory, REQUEST_PATHS.requests, {})).status);
    }
    expect(statuses.at(-1)).toBe(429);
  });
});
