import { randomUUID } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { ExportHead, parseShape, type ServerEvent } from '@labkeeper/protocol';
import { pino } from 'pino';
import { GroupCommit } from '../src/ingest/group-commit.js';
import { requestParts } from '../src/requests/request-parts.js';
import type { DatabaseKind } from '../src/store/database.js';
import { SqlLogWriter } from '../src/store/sql-log-writer.js';
import { SqlRequests } from '../src/store/sql-requests.js';
import { SqlServerEvents } from '../src/store/sql-server-events.js';
import { SqlVerdictFeedback } from '../src/store/verdict-feedback.js';
import { batchOf } from './support/batch-of.js';
import { CompanionStream } from './support/companion-stream.js';
import { scratchFolder } from './support/scratch-databases.js';
import { startTwoHubs, type HubName, type ITwoHubs } from './support/two-hubs.js';

jest.setTimeout(120_000);

/** Begins every name that belongs to a hub; but for `ana` and `lead`, which both have. */
const MARK = { west: 'apple', east: 'zebra' } as const;
const nowMs = (): number => Date.now();
/** There is no hub `never`, and never was. */
const RIGHT = '[[support]]\npeople = ["ana@west"]\nhubs = ["east", "never"]\nreason = "One desk for both."\n';
const ENTER = 'access:services!service=labkeeper';

describe.each<DatabaseKind>(['sqlite', 'postgres'])('a right to read another hub’s log, on %s', kind => {
  let folder: ReturnType<typeof scratchFolder>;
  let policy: string;
  let service: ITwoHubs;
  let requests: Record<HubName, string>;

  beforeEach(async () => {
    folder = scratchFolder();
    policy = join(folder.path, 'labkeeper.toml');
    writeFileSync(policy, RIGHT);
    service = await startTwoHubs(kind, {}, null, policy);
    service.app.start();
    requests = { west: await fill('west'), east: await fill('east') };
  });
  afterEach(async () => {
    await service.close();
    folder.remove();
  });

  /** Three installs, a death, an answer and a request at each. */
  const fill = async (hub: HubName): Promise<string> => {
    const { database } = service;
    const mark = MARK[hub];
    const speaker = { hub, user: `${mark}-user`, server: '', groups: ['course'] };
    const body = new CompanionStream().batch(3, record => ({
      ...record,
      package: record.package && { ...record.package, name: `${mark}-pack`, version: '1.0' }
    }));
    await new SqlLogWriter(database, nowMs).append([batchOf(speaker, body)]);
    const id = randomUUID();
    const death: ServerEvent = {
      ...{ kind: 'death', id: randomUUID().replaceAll('-', ''), atMs: nowMs() - 1000 },
      ...{ cause: 'memory-limit', confidence: 'certain', memory: 'yes', consequence: 'restarted' },
      ...{ signal: 9, exitCode: null, heldBytes: null, unreclaimableBytes: null, limitBytes: null }
    };
    await new SqlServerEvents(database, nowMs, new Set(['east'])).append({
      speaker,
      head: { protocol: 1, boot: randomUUID(), first: 1, count: 1, image: null },
      events: [death],
      runs: []
    });
    await new SqlVerdictFeedback(database, nowMs).say(speaker, {
      ...{ id: randomUUID(), of: 'death', subject: 'd1', toldCause: 'memory-limit', toldConfidence: 'high' },
      ...{ answer: 'no', note: `${mark}-note`, cause: 'exited' }
    });
    await new SqlRequests(database, nowMs).submit(speaker, {
      ...{ id, reason: `${mark}-reason`, evidence: [] },
      want: { kind: 'package', ecosystem: 'pypi', name: 'torch', version: '2.9.1' }
    });
    return id;
  };
  const indexOf = async (hub: HubName): Promise<number> => {
    const { idx } = await service.database.read
      .selectFrom('record')
      .innerJoin('person', 'person.id', 'record.person_id')
      .select(({ fn }) => fn.min('idx').as('idx'))
      .where('person.name', '=', `${MARK[hub]}-user`)
      .executeTakeFirstOrThrow();
    return Number(idx);
  };
  /** Every address at which records of another hub can be asked for. */
  const views = async (hub: HubName): Promise<readonly string[]> => [
    `/log?hub=${hub}`,
    `/log?hub=${hub}&live=3`,
    `/log/news?hub=${hub}&newest=-1`,
    `/log/${await indexOf(hub)}`,
    `/holders?hub=${hub}&package=${MARK[hub]}-pack`,
    `/deaths?hub=${hub}`,
    `/verdicts?hub=${hub}`,
    `/api/v1/log?hub=${hub}`,
    ...['/export', '/api/v1/export'].flatMap(path =>
      ['jsonl', 'csv', 'ocsf'].map(format => `${path}?hub=${hub}&format=${format}`)
    )
  ];

  it('shows its records wherever they are asked for, and hers where nothing is', async () => {
    const ana = await service.staff('west', 'ana');
    for (const url of await views('east')) {
      const answer = await (url.startsWith('/api/') ? ana.call(url) : ana.ask(url));
      expect([url, answer.statusCode]).toEqual([url, 200]);
      expect([url, answer.body.includes(MARK.east)]).toEqual([url, true]);
      expect([url, answer.body.includes(MARK.west)]).toEqual([url, false]);
    }
    const own = (await ana.ask('/log')).body;
    expect(own).toContain('apple-pack');
    expect(own).not.toContain('zebra');
    expect(own).toContain('<option value="" selected="">west (yours)</option><option>east</option>');
    // Links lead on to the same hub.
    const story = (await ana.ask(`/log/${await indexOf('east')}`)).body;
    expect(story).toContain('/log?hub=east&amp;user=zebra-user');
    expect(story).toContain('/holders?hub=east&amp;package=zebra-pack');
    expect((await ana.ask('/deaths?hub=east')).body).toContain('/log?hub=east&amp;user=zebra-user');
    expect((await ana.ask(`/log/${await indexOf('west')}`)).body).not.toContain('hub=');
    const [head = ''] = (await ana.ask('/export?hub=east')).body.split('\n');
    expect(parseShape(ExportHead, head)?.filter).toEqual({ hub: 'east' });
  });

  it('shows what was said about requests, which is part of the log, and leads to none of them', async () => {
    const { database, app } = service;
    const writer = new SqlLogWriter(database, nowMs);
    const { requests: asked, recorder } = requestParts({
      ...{ database, writer, nowMs, policy: app.policy, log: pino({ level: 'silent' }) },
      commit: new GroupCommit({
        ...{ writer, groupRecords: 10, waitingRecords: 99, monotonicMs: nowMs, committed: () => undefined }
      })
    });
    const lead = { side: 'staff', by: 'lead', words: 'zebra-words', messageId: randomUUID() } as const;
    await asked.act(requests.east, null, { kind: 'say' }, lead);
    await recorder.flush();
    const { idx } = await database.read
      .selectFrom('record')
      .select('idx')
      .where('action', '=', 'message')
      .executeTakeFirstOrThrow();
    const shown = (await (await service.staff('west', 'ana')).ask(`/log/${idx}`)).body;
    expect(shown).toContain('zebra-words');
    expect(shown).toContain('The request itself is shown at its own hub alone.');
    expect(shown).not.toContain(`/requests/${requests.east}"`);
    const own = (await (await service.staff('east')).ask(`/log/${idx}`)).body;
    expect(own).toContain(`href="/requests/${requests.east}"`);
  });

  it('over a hub that there is not shows nothing, and least of all what is of the first', async () => {
    const time = { day: Math.floor(nowMs() / 86_400_000), started: 1, kernel_ms: 36_000_000 };
    await service.database.write
      .insertInto('kernel_time')
      .values({ ...time, node: 'apple-node', image: 'apple-image' })
      .execute();
    const ana = await service.staff('west', 'ana');
    expect((await ana.ask('/deaths')).body).toContain('apple-node');
    const answer = await ana.ask('/deaths?hub=never');
    expect([answer.statusCode, /apple|zebra/.test(answer.body)]).toEqual([200, false]);
    expect((await ana.ask('/deaths?hub=east')).body).not.toContain('apple');
    expect((await ana.ask('/log?hub=never')).body).not.toMatch(/apple|zebra/);
    // From one page to the other the hub stays the one that was chosen.
    expect((await ana.ask('/deaths?hub=east')).body).toContain('href="/verdicts?hub=east"');
    const verdicts = (await ana.ask('/verdicts?hub=east')).body;
    expect(verdicts).toContain('href="/deaths?hub=east"');
    expect(verdicts).toContain('<option selected="">east</option>');
    expect((await ana.ask('/verdicts')).body).toContain('href="/deaths"');
  });

  it('is on record at both hubs, in a name that is nobody’s at the other', async () => {
    const [ana, west, east] = [
      await service.staff('west', 'ana'),
      await service.staff('west'),
      await service.staff('east')
    ];
    const urls = [...(await views('east')), '/log?hub=east&user=zebra-user'];
    for (const url of urls) {
      await (url.startsWith('/api/') ? ana.call(url) : ana.ask(url));
    }
    const looks = await service.database.read
      .selectFrom('look')
      .select(['hub', 'reader', 'query'])
      .orderBy('id')
      .execute();
    const by = (hub: string, reader: string): readonly string[] =>
      looks.filter(look => look.hub === hub && look.reader === reader).map(({ query }) => query);
    expect(by('east', 'west/ana')).toHaveLength(urls.length);
    // Whom there she searched for is told there alone: at hers everybody who may read all of her hub's log reads it.
    const place = (query: string): string => query.replace(/[?].*/, '');
    expect(by('west', 'ana').map(place)).toEqual(by('east', 'west/ana').map(place));
    expect(by('west', 'ana').filter(query => query !== place(query) && !query.endsWith('?hub=east'))).toEqual(
      []
    );
    expect(by('east', 'west/ana').join()).toContain('zebra-user');
    expect(by('west', 'ana').join()).not.toContain('zebra');
    expect((await east.ask('/looks')).body).toContain('west/ana');
    expect((await west.ask('/looks')).body).toContain('/log?hub=east');
    // Who may is no secret either.
    expect((await east.ask('/status')).body).toContain('ana@west');
    expect((await west.ask('/status')).body).not.toContain('ana@west');
    // What the people of the other hub looked at is theirs.
    expect((await ana.ask('/looks?hub=east')).body).not.toContain('west/ana');
  });

  it('is not told of by a view that she shares: its address names people there', async () => {
    const ana = await service.staff('west', 'ana');
    const view = { name: 'theirs', query: 'hub=east&user=zebra-user', shared: '1' };
    expect((await ana.post('/views/save', view)).statusCode).toBe(303);
    expect((await ana.ask('/log')).body).toContain('zebra-user');
    expect((await (await service.staff('west')).ask('/log')).body).not.toMatch(/zebra|theirs/);
    expect((await (await service.staff('east')).ask('/log')).body).not.toContain('theirs');
  });

  it('is nobody else’s: not a namesake’s, not a colleague’s, and not of the other hub over hers', async () => {
    const everybody = [
      [await service.staff('east', 'ana'), 'west'],
      [await service.staff('east', 'ana@west'), 'west'],
      [await service.staff('east'), 'west'],
      [await service.staff('west'), 'east'],
      [await service.staff('west', 'Ana'), 'east'],
      [await service.staff('west', 'ana@west'), 'east']
    ] as const;
    for (const [somebody, hub] of everybody) {
      for (const url of await views(hub)) {
        const answer = await (url.startsWith('/api/') ? somebody.call(url) : somebody.ask(url));
        expect([url, answer.statusCode]).toEqual([url, /^\/log\/\d/.test(url) ? 404 : 403]);
        expect([url, answer.body.includes(MARK[hub])]).toEqual([url, false]);
      }
      expect((await somebody.ask('/log')).body).not.toContain('<select name="hub"');
    }
    // No hub has a user of such a name, and one that says so is not believed.
    const liar = await service.staff('east', 'west/ana');
    expect((await liar.call('/api/v1/log')).statusCode).toBe(503);
    // Nothing was put on record at the hub whose records were not shown.
    const looks = await service.database.read.selectFrom('look').select(['hub', 'reader']).execute();
    expect(looks.filter(({ reader }) => reader.includes('/') && reader !== 'west/ana')).toEqual([]);
  });

  it('is given by no scope of a hub, and by none that is limited to groups', async () => {
    for (const scopes of [
      [ENTER, 'custom:labkeeper:audit!group=course'],
      [ENTER, 'custom:labkeeper:audit!group=course', 'custom:labkeeper:audit!hub=east'],
      [ENTER, 'custom:labkeeper:audit!hub=east', 'custom:labkeeper:approve', 'custom:labkeeper:admin'],
      [ENTER]
    ]) {
      const ana = await service.staff('west', 'ana', scopes);
      for (const url of await views('east')) {
        const answer = await (url.startsWith('/api/') ? ana.call(url) : ana.ask(url));
        expect([url, [403, 404].includes(answer.statusCode)]).toEqual([url, true]);
        expect(answer.body).not.toContain('zebra');
      }
    }
    // What a hub says of scopes beside reaches no other, whoever it is.
    const made = [
      ENTER,
      'custom:labkeeper:audit',
      'custom:labkeeper:audit!hub=west',
      'custom:labkeeper:support!hub=west'
    ];
    const boss = await service.staff('east', 'boss', made);
    expect((await boss.ask('/log?hub=west')).statusCode).toBe(403);
  });

  it('is no right to decide, hold, erase or see requests, nor over a third hub', async () => {
    const ana = await service.staff('west', 'ana');
    expect((await ana.ask(`/requests/${requests.east}`)).statusCode).toBe(404);
    expect((await ana.ask('/requests?hub=east')).body).not.toContain('zebra');
    const decision = { version: '1', decision: 'approve', reason: 'x' };
    expect((await ana.post('/requests/decide', { id: requests.east, ...decision })).statusCode).toBe(404);
    expect((await ana.post('/holds/set', { user: 'zebra-user', reason: 'x' })).statusCode).toBe(404);
    const erase = { user: 'zebra-user', confirm: 'zebra-user', reason: 'x' };
    expect((await ana.post('/holds/erase', erase)).statusCode).toBe(404);
    const wanted = { user: 'zebra-user', case: null, reason: 'x' };
    expect((await ana.call('/api/v1/offboard', wanted)).statusCode).toBe(404);
    expect((await ana.ask('/log?hub=north')).statusCode).toBe(403);
    for (const tampered of ['east%00', 'EAST', 'east,west', '*', 'east%20x', '%27', '../east']) {
      expect([tampered, (await ana.ask(`/log?hub=${tampered}`)).statusCode]).toEqual([tampered, 403]);
      expect((await ana.ask(`/export?hub=${tampered}`)).statusCode).toBe(403);
    }
    // Twice in an address it is a mistake, and never the one that is allowed.
    for (const path of ['log', 'export', 'holders', 'deaths', 'verdicts', 'api/v1/log']) {
      const url = `/${path}?hub=east&hub=west&package=x`;
      const answer = await (path.startsWith('api') ? ana.call(url) : ana.ask(url));
      expect([url, [400, 403].includes(answer.statusCode)]).toEqual([url, true]);
      expect(answer.body).not.toMatch(/zebra|apple/);
    }
    // The token of one hub says nothing at the other.
    expect((await ana.call('/api/v1/log?hub=east', undefined, 'east')).statusCode).toBe(401);
  });

  it('ends while she is signed in, also for who waits for news', async () => {
    const ana = await service.staff('west', 'ana');
    expect((await ana.ask('/log?hub=east')).statusCode).toBe(200);
    const newest = await indexOf('east');
    const waiting = ana.ask(`/log/news?hub=east&newest=${newest + 2}`);
    writeFileSync(policy, RIGHT.replace('ana@west', 'ana@east').replace(', "never"', ''));
    for (const endMs = performance.now() + 10_000; (await ana.ask('/log?hub=east')).statusCode !== 403;) {
      expect(performance.now()).toBeLessThan(endMs);
      await pause(50);
    }
    const body = new CompanionStream().batch(1);
    const speaker = { hub: 'east', user: 'zebra-user', server: '', groups: [] };
    await new SqlLogWriter(service.database, nowMs).append([batchOf(speaker, body)]);
    const news = await waiting;
    expect([news.statusCode, news.body.includes('zebra')]).toEqual([403, false]);
    for (const url of await views('east')) {
      const answer = await (url.startsWith('/api/') ? ana.call(url) : ana.ask(url));
      expect([url, [403, 404].includes(answer.statusCode)]).toEqual([url, true]);
    }
    // Named at a hub herself, she has no right over her own twice.
    const namesake = await service.staff('east', 'ana');
    expect((await namesake.ask('/log')).body).not.toContain('<select name="hub"');
    expect((await namesake.ask('/log?hub=west')).statusCode).toBe(403);
  });
});
