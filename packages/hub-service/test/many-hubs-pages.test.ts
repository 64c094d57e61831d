import { randomUUID } from 'node:crypto';
import { EndLine, ExportHead, parseShape, type ServerEvent } from '@labkeeper/protocol';
import { serverKey } from '../src/hub-api/running-servers-api.js';
import type { DatabaseKind } from '../src/store/database.js';
import { SqlLogWriter } from '../src/store/sql-log-writer.js';
import { SqlRequests } from '../src/store/sql-requests.js';
import { SqlSavedViews } from '../src/store/sql-saved-views.js';
import { SqlServerEvents } from '../src/store/sql-server-events.js';
import { StreamImages } from '../src/store/stream-images.js';
import { SqlVerdictFeedback } from '../src/store/verdict-feedback.js';
import { batchOf } from './support/batch-of.js';
import { CompanionStream } from './support/companion-stream.js';
import { HUBS, startTwoHubs, type HubName, type IStaff, type ITwoHubs } from './support/two-hubs.js';

jest.setTimeout(120_000);

/** Begins every name that belongs to a hub; but for `ada`, `lead` and `course`, which both have. */
const MARK = { west: 'apple', east: 'zebra' } as const;
/** Records of installs at each hub: two people's. */
const RECORDS = { west: [3, 4], east: [6, 5] } as const;
const nowMs = (): number => Date.now();

/** Everything that a hub can have in the database, under names of its own; the ids of its requests. */
async function fill(service: ITwoHubs, hub: HubName): Promise<readonly string[]> {
  const { database, access } = service;
  const mark = MARK[hub];
  const people = [
    { user: 'ada', server: '', groups: ['course'] },
    { user: `${mark}-user`, server: `${mark}-server`, groups: ['course', `${mark}-lab`] }
  ];
  access[hub].running.set('ada', ['']);
  const requests: string[] = [];
  for (const [at, person] of people.entries()) {
    const speaker = { hub, ...person };
    const stream = new CompanionStream();
    const body = stream.batch(RECORDS[hub][at] ?? 0, record => ({
      ...record,
      package: record.package && { ...record.package, name: `${mark}-pack`, version: '1.0' }
    }));
    await new SqlLogWriter(database, nowMs).append([batchOf(speaker, body)]);
    const id = randomUUID();
    await new SqlRequests(database, nowMs).submit(speaker, {
      ...{ id, reason: `${mark}-reason` },
      want: { kind: 'package', ecosystem: 'pypi', name: 'torch', version: '2.9.1' },
      evidence: [{ kind: 'command', title: `${mark}-title`, lines: [{ label: 'pip', text: `${mark}-text` }] }]
    });
    requests.push(id);
    await new SqlVerdictFeedback(database, nowMs).say(speaker, {
      ...{ id: randomUUID(), of: 'death', subject: 'd1', toldCause: 'memory-limit', toldConfidence: 'high' },
      ...{ answer: 'no', note: `${mark}-note`, cause: 'exited' }
    });
    await dies(service, speaker, mark);
  }
  await new StreamImages(database, hub, nowMs).note(
    new Map([[serverKey('ada', ''), { startedAtMs: 1, node: null, image: `${mark}-image` }]])
  );
  const views = new SqlSavedViews(database, nowMs);
  for (const owner of ['lead', `${mark}-owner`]) {
    const view = { name: `${mark}-view`, address: `/log?user=${mark}-seen`, isShared: true };
    await views.save({ hub, owner }, view);
  }
  return requests;
}

async function dies(
  { database }: ITwoHubs,
  speaker: {
    readonly hub: string;
    readonly user: string;
    readonly server: string;
    readonly groups: string[];
  },
  mark: string
): Promise<void> {
  const atMs = nowMs() - 1000;
  const one = () => ({ id: randomUUID().replaceAll('-', ''), atMs });
  const events: ServerEvent[] = [
    {
      ...{ kind: 'death', ...one(), cause: 'memory-limit', confidence: 'certain', memory: 'yes' },
      ...{ consequence: 'restarted', signal: 9, exitCode: null, heldBytes: null },
      ...{ unreclaimableBytes: null, limitBytes: null }
    },
    { kind: 'kernels', ...one(), started: 1, unsentRecords: 0, kernelMs: 36_000_000 }
  ];
  await new SqlServerEvents(database, nowMs, new Set(['east'])).append({
    speaker,
    head: { protocol: 1, boot: randomUUID(), first: 1, count: 2, image: null },
    events,
    runs: [{ startedAtMs: 1, node: `${mark}-node`, image: `${mark}-image` }]
  });
}

describe.each<DatabaseKind>(['sqlite', 'postgres'])('pages and commands of two hubs, on %s', kind => {
  let service: ITwoHubs;
  let staff: Record<HubName, IStaff>;
  let requests: Record<HubName, readonly string[]>;
  const other = (hub: HubName): HubName => (hub === 'west' ? 'east' : 'west');

  beforeEach(async () => {
    service = await startTwoHubs(kind);
    requests = { west: await fill(service, 'west'), east: await fill(service, 'east') };
    staff = { west: await service.staff('west'), east: await service.staff('east') };
    for (const hub of HUBS) {
      const mark = MARK[hub];
      const hold = { user: 'ada', case: `${mark}-case`, reason: `${mark}-why` };
      expect((await staff[hub].call('/api/v1/holds', hold)).statusCode).toBe(200);
      // A look that the other must not see either.
      expect((await staff[hub].ask(`/log?user=${mark}-user`)).statusCode).toBe(200);
    }
  });
  afterEach(() => service.close());

  const indexes = async (): Promise<number[]> => {
    const rows = await service.database.read.selectFrom('record').select('idx').execute();
    return rows.map(({ idx }) => idx);
  };

  it('show nothing of the other hub, whatever is asked for', async () => {
    const all = await indexes();
    for (const hub of HUBS) {
      const { ask, post, call } = staff[hub];
      const [mark, foreign] = [MARK[hub], MARK[other(hub)]];
      const bodies: string[] = [];
      const shows = async (url: string, status = 200, has: string | null = mark): Promise<string> => {
        const answer = await (url.startsWith('/api/') ? call(url) : ask(url));
        expect([url, answer.statusCode]).toEqual([url, status]);
        expect([url, answer.body.includes(foreign)]).toEqual([url, false]);
        if (has !== null) {
          expect([url, answer.body.includes(has)]).toEqual([url, true]);
        }
        bodies.push(answer.body);
        return answer.body;
      };
      const count = RECORDS[hub][0] + RECORDS[hub][1] + 1;
      // The act of the hold is on record too.
      expect(await shows('/log')).toContain(`${count} records`);
      expect(await shows('/log?user=ada')).toContain(`${RECORDS[hub][0]} records`);
      expect(await shows('/log?group=course')).toContain(`${count - 1} records`);
      for (const filter of ['text=pack', 'image=image', 'server=(default)', 'tool=pip', 'from=2026-01-01']) {
        await shows(`/log?${filter}`, 200, null);
      }
      await shows('/log?live=3', 200);
      const news = JSON.parse(await shows('/log/news?newest=-1')) as { rows: string };
      expect(news.rows.match(/<tr/g)).toHaveLength(count);
      let seen = 0;
      for (const index of all) {
        const answer = await ask(`/log/${index}`);
        expect(answer.body).not.toContain(foreign);
        seen += answer.statusCode === 200 ? 1 : 0;
        expect([200, 404]).toContain(answer.statusCode);
      }
      expect(seen).toBe(count);
      // Neither by its number nor by its hash does a receipt of the other hub lead anywhere.
      const ends = await service.database.read
        .selectFrom('stream')
        .innerJoin('server', 'server.id', 'stream.server_id')
        .innerJoin('person', 'person.id', 'server.person_id')
        .innerJoin('hub', 'hub.id', 'person.hub_id')
        .innerJoin('record', join =>
          join.onRef('record.stream_id', '=', 'stream.id').onRef('record.seq', '=', 'stream.seq')
        )
        .select(['stream.head', 'record.idx', 'hub.name'])
        .where('person.name', '=', 'ada')
        .where('record.action', '=', 'install')
        .execute();
      for (const { head, idx, name } of ends) {
        const status = name === hub ? 200 : 404;
        await shows(`/receipt?of=${head}`, status, null);
        await shows(`/receipt?of=${idx}-${head.slice(0, 8)}`, status, null);
      }
      expect(await shows('/holders?package=torch', 200, null)).not.toContain('data-head="User"');
      expect(await shows(`/holders?package=${mark}-pack`)).toContain('2 people');
      const deaths = await shows('/deaths');
      // Twenty hours of kernels and two deaths, of this hub alone.
      expect(deaths).toContain('10.0');
      expect(deaths).not.toContain('5.0<');
      await shows('/deaths?user=ada');
      await shows('/verdicts');
      await shows('/looks');
      await shows('/holds');
      await shows('/requests', 200, null);
      expect(await shows('/status', 200, null)).toContain(`<dd>${count}</dd>`);
      for (const id of requests[hub]) {
        await shows(`/requests/${id}`);
        await shows(`/api/v1/requests/${id}`);
      }
      for (const id of requests[other(hub)]) {
        await shows(`/requests/${id}`, 404, null);
        await shows(`/api/v1/requests/${id}`, 404, null);
      }
      const records = JSON.parse(await shows('/api/v1/log')) as { records: { hub: string }[] };
      expect(records.records.map(({ hub: at }) => at)).toEqual(Array(count).fill(hub));
      const inbox = JSON.parse(await shows('/api/v1/requests')) as { requests: { hub: string }[] };
      expect(inbox.requests.map(({ hub: at }) => at)).toEqual([hub, hub]);
      for (const address of ['/export', '/api/v1/export'].flatMap(path =>
        ['csv', 'ocsf', 'jsonl'].map(format => `${path}?format=${format}`)
      )) {
        const text = await shows(address);
        expect(text).not.toContain(`"${other(hub)}"`);
        if (address.endsWith('jsonl')) {
          const lines = text.trim().split('\n');
          expect(parseShape(ExportHead, lines[0] ?? '')?.filter).toEqual({ hub });
          const end = parseShape(EndLine, lines.at(-1) ?? '');
          expect(end?.end.body).toMatchObject({ filter: { hub }, count });
        }
      }
      // Names of the other hub find nobody.
      const foreignRows = await call(`/api/v1/log?user=${foreign}-user`);
      expect(foreignRows.json()).toEqual({ records: [], next: null });
      for (const query of [`package=${foreign}-pack`, `group=${foreign}-lab`, `image=${foreign}`]) {
        expect((await call(`/api/v1/log?${query}`)).json()).toEqual({ records: [], next: null });
      }
      expect((await ask(`/holders?package=${foreign}-pack`)).body).toContain('Nobody');
      // What changes something reaches nothing of it.
      const holds = await service.database.read.selectFrom('legal_act').select(['id', 'hub']).execute();
      const foreignHold = String(holds.find(({ hub: at }) => at !== hub)?.id);
      expect((await post('/holds/lift', { hold: foreignHold, reason: 'x' })).statusCode).toBe(409);
      const name = `${foreign}-user`;
      expect((await post('/holds/set', { user: name, reason: 'x' })).statusCode).toBe(404);
      expect((await post('/holds/erase', { user: name, confirm: name, reason: 'x' })).statusCode).toBe(404);
      const wanted = { user: name, case: null, reason: 'x' };
      expect((await call('/api/v1/holds', wanted)).statusCode).toBe(404);
      expect((await call('/api/v1/offboard', wanted)).statusCode).toBe(404);
      expect((await call('/api/v1/directory', {})).statusCode).toBe(404);
      // What goes out is the service's own, and so the first hub's.
      const isOurs = hub === 'west';
      expect((await call('/api/v1/outgoing')).statusCode).toBe(isOurs ? 200 : 403);
      expect((await call('/api/v1/outgoing/again', { message: 1 })).statusCode).toBe(isOurs ? 409 : 403);
      expect((await post('/outgoing/again', { message: '1' })).statusCode).toBe(isOurs ? 409 : 403);
      const [id = ''] = requests[other(hub)];
      const decision = { version: '1', decision: 'approve', reason: 'x' };
      expect((await post('/requests/decide', { id, ...decision })).statusCode).toBe(404);
      expect((await post('/requests/answer', { id, version: '1', text: 'x' })).statusCode).toBe(404);
      expect((await call(`/api/v1/requests/${id}/decide`, { ...decision, version: 1 })).statusCode).toBe(404);
      expect(
        (await call(`/api/v1/requests/${id}/messages`, { id: randomUUID(), text: 'x' })).statusCode
      ).toBe(404);
      const views = await service.database.read.selectFrom('saved_view').select(['id', 'hub']).execute();
      for (const view of views.filter(({ hub: at }) => at !== hub)) {
        expect((await post('/views/remove', { view: String(view.id) })).statusCode).toBe(409);
      }
      expect((await post('/views/save', { name: 'mine', query: 'user=ada' })).statusCode).toBe(303);
      for (const path of ['/login', '/oauth_callback', '/oauth_callback/east', '/signed-out', '/']) {
        expect((await ask(path)).body).not.toContain(foreign);
      }
    }
    const style = [...service.routes].find(route => route.includes('.css'))?.split(' ')[1] ?? '';
    expect((await staff.west.ask(style)).statusCode).toBe(200);
    const script = [...service.routes].find(route => route.includes('.js'))?.split(' ')[1] ?? '';
    expect((await staff.west.ask(script)).statusCode).toBe(200);
    expect((await staff.west.post('/logout', {})).statusCode).toBe(303);
    // A route that nobody walks here is one whose filter nobody looks at.
    expect([...service.routes].filter(route => !service.walked.has(route))).toEqual([]);
    expect(service.routes.size).toBeGreaterThan(25);
  });

  it('let what is done to somebody at one hub leave her namesake at the other as she is', async () => {
    const { west, east } = staff;
    const holds = await service.database.read.selectFrom('legal_act').select(['id', 'hub']).execute();
    const own = String(holds.find(({ hub }) => hub === 'west')?.id);
    expect((await west.post('/holds/lift', { hold: own, reason: 'over' })).statusCode).toBe(303);
    // A hold on everybody is one on everybody of the hub.
    expect((await east.post('/holds/set', { case: 'zebra-all', reason: 'all' })).statusCode).toBe(303);
    const erased = await west.post('/holds/erase', { user: 'ada', confirm: 'ada', reason: 'asked' });
    expect([erased.statusCode, erased.body.includes('zebra')]).toEqual([200, false]);
    expect((await east.post('/holds/erase', { user: 'ada', confirm: 'ada', reason: 'x' })).statusCode).toBe(
      409
    );
    expect((await east.call('/api/v1/log?user=ada')).json()).toMatchObject({
      records: Array(RECORDS.east[0]).fill({ hub: 'east', user: 'ada' })
    });
    expect((await west.call('/api/v1/log?user=ada')).json()).toEqual({ records: [], next: null });
  });

  it('end the access of somebody at her hub alone, and put it on record there', async () => {
    const ended = await staff.east.call('/api/v1/offboard', { user: 'ada', case: null, reason: 'left' });
    expect(ended.json()).toMatchObject({ user: 'ada', complete: true, record: { act: { hub: 'east' } } });
    expect(service.access.east.running.get('ada')).toEqual([]);
    expect(service.access.west.running.get('ada')).toEqual(['']);
    const { index } = ended.json<{ index: number }>();
    expect((await staff.east.ask(`/log/${index}`)).statusCode).toBe(200);
    expect((await staff.west.ask(`/log/${index}`)).statusCode).toBe(404);
  });

  it('take a token at the hub that is named with it, and at no other', async () => {
    const { west, east } = staff;
    expect((await east.call('/api/v1/log', undefined, 'west')).statusCode).toBe(401);
    expect((await west.call('/api/v1/log', undefined, 'east')).statusCode).toBe(401);
    expect((await east.call('/api/v1/log', undefined, 'nowhere')).statusCode).toBe(403);
  });

  it('have one own stream for each hub, which holds the acts of that hub in their order', async () => {
    const rows = await service.database.read
      .selectFrom('own_record')
      .select(['act', 'stream_hub'])
      .orderBy('id')
      .execute();
    expect(rows.map(({ act, stream_hub }) => [(JSON.parse(act) as { hub: string }).hub, stream_hub])).toEqual(
      [
        ['west', null],
        ['east', 'east']
      ]
    );
    const { records } = (await staff.east.call('/api/v1/log?action=hold')).json<{ records: unknown[] }>();
    expect(records).toHaveLength(1);
  });
});
