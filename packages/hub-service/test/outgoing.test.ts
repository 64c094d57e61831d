import { execFileSync } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { createServer, type AddressInfo, type Socket } from 'node:net';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Announcement, OutgoingTarget } from '@labkeeper/protocol';
import { pino } from 'pino';
import { Registry } from 'prom-client';
import { Webhook } from 'standardwebhooks';
import { Outgoing } from '../src/outgoing/outgoing.js';
import { deathAnnouncement } from '../src/outgoing/death-announcement.js';
import { Losses } from '../src/outgoing/losses.js';
import { WAITING } from '../src/outgoing/message-queue.js';
import { OutgoingMetrics } from '../src/outgoing/outgoing-metrics.js';
import { openDatabase, type DatabaseKind, type IDatabase } from '../src/store/database.js';
import { SqlLegal } from '../src/store/sql-legal.js';
import { SqlSavedViews } from '../src/store/sql-saved-views.js';
import { SqlLogWriter } from '../src/store/sql-log-writer.js';
import { batchOf } from './support/batch-of.js';
import { CompanionStream } from './support/companion-stream.js';
import { HttpReceiver, indexOf, SyslogReceiver } from './support/receivers.js';
import { migratedDatabase } from './support/migrated-databases.js';
import { scratchFolder, type IScratchDatabase } from './support/scratch-databases.js';

jest.setTimeout(30_000);

const SECRET = `whsec_${Buffer.from('0123456789abcdef0123456789abcdef').toString('base64')}`;
const LOCAL = { allow_internal: '127.0.0.1' } as const;

const request = (type: 'request.made' | 'request.decided', id: string): Announcement => ({
  type,
  timestamp: '2026-11-27T09:00:00.000Z',
  data: {
    ...{ hub: 'hub', id, user: 'anna', kind: 'package', title: 'torch <!channel>', state: 'requested' },
    ...{ by: null, reason: null, link: null }
  }
});

describe.each<DatabaseKind>(['sqlite', 'postgres'])('what goes out, on %s', kind => {
  const folder = scratchFolder();
  const secretFile = join(folder.path, 'secret');
  let scratch: IScratchDatabase;
  let database: IDatabase;
  let http: HttpReceiver;
  let targets: OutgoingTarget[];
  let nowMs = Date.now();

  const outgoing = (change: { everyMs?: number; metrics?: OutgoingMetrics } = {}): Outgoing =>
    new Outgoing({
      database,
      sender: { hubId: 'hub', build: 'test' },
      targets: () => targets,
      metrics: new OutgoingMetrics(new Registry()),
      log: pino({ level: 'silent' }),
      nowMs: () => nowMs,
      ...change
    });
  const webhook = (change: object = {}): OutgoingTarget => ({
    ...{ kind: 'webhook', name: 'hook', url: http.url, secret_file: secretFile, ...LOCAL, ...change }
  });
  const write = async (count: number, change: Parameters<CompanionStream['batch']>[1] = record => record) => {
    const speaker = { hub: 'hub', user: 'anna', server: '', groups: [] };
    const stream = new CompanionStream();
    for (let left = count; left > 0; left -= 50) {
      const batch = batchOf(speaker, stream.batch(Math.min(left, 50), change));
      await new SqlLogWriter(database, () => nowMs).append([batch]);
    }
  };

  beforeEach(async () => {
    writeFileSync(secretFile, `${SECRET}\n`);
    scratch = await migratedDatabase(kind);
    database = await openDatabase(scratch.place, () => undefined);
    http = await HttpReceiver.start();
    targets = [webhook()];
    nowMs = Date.now();
  });
  afterEach(async () => {
    await http.close();
    await database.close();
    await scratch.remove();
  });
  afterAll(() => folder.remove());

  it('signs webhooks as Standard Webhooks says, with the same id for each try', async () => {
    http.answers = [{ status: 500 }, { status: 429, headers: { 'retry-after': '60' } }];
    const one = outgoing();
    await one.announce(request('request.made', 'r1'), { orderKey: 'r1', onceKey: 'r1:1' });
    await one.turn();
    await one.turn();
    expect(http.received).toHaveLength(1);
    nowMs += 10_000;
    await one.turn();
    nowMs += 50_000;
    await one.turn();
    expect(http.received).toHaveLength(2);
    expect((await one.state()).targets).toMatchObject([
      { waiting: 1, trouble: 'It answered with status 429.' }
    ]);
    nowMs += 20_000;
    await one.turn();
    const [first, , third] = http.received;
    expect(third?.headers['webhook-id']).toBe(first?.headers['webhook-id']);
    const headers = {
      'webhook-id': String(third?.headers['webhook-id']),
      'webhook-timestamp': String(third?.headers['webhook-timestamp']),
      'webhook-signature': String(third?.headers['webhook-signature'])
    };
    expect(new Webhook(SECRET).verify(third?.body ?? '', headers)).toEqual(request('request.made', 'r1'));
    expect(() => new Webhook(SECRET).verify(`${third?.body} `, headers)).toThrow('signature');
    expect((await one.state()).targets).toMatchObject([{ waiting: 0, dead: 0, trouble: null }]);
  });

  it('keeps the messages of one request in order, lets others pass, and tells each once', async () => {
    http.answers = [{ status: 500 }];
    const one = outgoing();
    await one.announce(request('request.made', 'r1'), { orderKey: 'r1', onceKey: 'r1:1' });
    await one.turn();
    for (const place of ['r1:2', 'r1:2'] as const) {
      await one.announce(request('request.decided', 'r1'), { orderKey: 'r1', onceKey: place });
    }
    await one.announce(request('request.made', 'r2'), { orderKey: 'r2', onceKey: 'r2:1' });
    await one.turn();
    expect(http.received.map(({ body }) => JSON.parse(body).data.id)).toEqual(['r1', 'r2']);
    nowMs += 10_000;
    await one.turn();
    await one.turn();
    expect(http.received.slice(2).map(({ body }) => JSON.parse(body).type)).toEqual([
      'request.made',
      'request.decided'
    ]);
  });

  it('tells a target what happens at the hubs that it names, and nothing of others', async () => {
    targets = [webhook({ hubs: ['east'] }), webhook({ name: 'all' })];
    const one = outgoing();
    const at = (hub: string, id: string): Announcement => {
      const made = request('request.made', id);
      return made.type === 'request.made' ? { ...made, data: { ...made.data, hub } } : made;
    };
    for (const hub of ['west', 'east']) {
      await one.announce(at(hub, hub), { orderKey: hub, onceKey: hub });
    }
    await one.turn();
    await write(1, record => ({ ...record, action: 'deny' }));
    await one.turn();
    const told = http.received.map(({ body }) => JSON.parse(body).data.hub);
    expect(told.filter(hub => hub === 'east')).toHaveLength(2);
    // The record is one of the hub called hub.
    expect(told.filter(hub => hub !== 'east').sort()).toEqual(['hub', 'west']);
  });

  it('lets each of several replicas take a message once', async () => {
    const replicas = [outgoing(), outgoing(), outgoing()];
    for (let i = 0; i < 60; i += 1) {
      await replicas[0]?.announce(request('request.made', `r${i}`), { orderKey: `r${i}`, onceKey: `r${i}` });
    }
    await Promise.all(replicas.map(replica => replica.turn()));
    await Promise.all(replicas.map(replica => replica.turn()));
    const ids = http.received.map(({ body }) => JSON.parse(body).data.id);
    expect(ids).toHaveLength(60);
    expect(new Set(ids).size).toBe(60);
  });

  it('takes over what a replica had taken that ended', async () => {
    const [gone, other] = [outgoing(), outgoing()];
    await gone.announce(request('request.made', 'r1'), { orderKey: 'r1', onceKey: 'r1' });
    await database.write
      .updateTable('outgoing_message')
      .set({ lease: 'gone', attempts: 1, next_at_ms: nowMs + 30_000 })
      .execute();
    await other.turn();
    expect(http.received).toHaveLength(0);
    nowMs += 30_001;
    await other.turn();
    expect(http.received).toHaveLength(1);
  });

  it('sends to one target while another takes a connection and never answers', async () => {
    const held: Socket[] = [];
    const hole = createServer(socket => void held.push(socket)).listen(0, '127.0.0.1');
    await once(hole, 'listening');
    const { port } = hole.address() as AddressInfo;
    targets = [webhook({ name: 'hole', url: `http://127.0.0.1:${port}/` }), webhook()];
    const one = outgoing({ everyMs: 20 });
    one.start();
    for (let i = 0; i < 3; i += 1) {
      await one.announce(request('request.made', `r${i}`), { orderKey: `r${i}`, onceKey: `r${i}` });
      for (let waited = 0; waited < 3000 && http.received.length <= i; waited += 20) {
        await new Promise(resolve => setTimeout(resolve, 20));
      }
    }
    expect(http.received).toHaveLength(3);
    targets = [];
    hole.close();
    for (const socket of held) {
      socket.destroy();
    }
    await one.close();
  });

  it('keeps nothing more for a target for which too many messages wait, and says so', async () => {
    const row = {
      ...{ target: 'hook', body: '{}', hub: 'hub', person: 'anna', at_ms: nowMs, attempts: 0, lease: null },
      ...{ next_at_ms: nowMs + 1e9, done_at_ms: null, trouble: null }
    } as const;
    for (let i = 0; i < WAITING; i += 1000) {
      const keys = Array.from({ length: 1000 }, (_, j) => `k${i + j}`);
      await database.write
        .insertInto('outgoing_message')
        .values(
          keys.map(key => ({
            ...row,
            message_id: key,
            order_key: key,
            once_key: key,
            state: 'waiting' as const
          }))
        )
        .execute();
    }
    const one = outgoing();
    await one.announce(request('request.made', 'r1'), { orderKey: 'r1', onceKey: 'r1' });
    const state = await one.state();
    expect(state.targets).toMatchObject([{ waiting: WAITING, dead: 0 }]);
    // One count of all replicas, which outlives them.
    await outgoing().announce(request('request.made', 'r2'), { orderKey: 'r2', onceKey: 'r2' });
    expect((await outgoing().state()).targets[0]?.losses).toEqual([
      { target: 'hook', what: 'dropped', count: 2, lastAtMs: nowMs, says: null }
    ]);
    await new Losses(database, () => nowMs + 31 * 86_400_000).tidy();
    expect((await one.state()).targets[0]?.losses).toEqual([]);
  });

  it('forgets messages about whoever is erased, sent or not', async () => {
    await write(1);
    const one = outgoing();
    await one.announce(request('request.made', 'r1'), { orderKey: 'r1', onceKey: 'r1' });
    await one.turn();
    await one.announce(request('request.decided', 'r1'), { orderKey: 'r1', onceKey: 'r1:2' });
    const views = new SqlSavedViews(database, () => nowMs);
    await views.save({ hub: 'hub', owner: 'anna' }, { name: 'mine', address: '/log', isShared: true });
    await views.save({ hub: 'hub', owner: 'bert' }, { name: 'his', address: '/log', isShared: false });
    await new SqlLegal(database, () => nowMs).erase({ hub: 'hub', by: 'lead', reason: 'Asked.' }, 'anna');
    expect(await database.read.selectFrom('outgoing_message').select('body').execute()).toEqual([]);
    expect(await database.read.selectFrom('saved_view').select('name').execute()).toEqual([{ name: 'his' }]);
  });

  it('tells one blocked install of a person and hour, and one death of a server in five minutes', async () => {
    const death = (id: string, atMs: number) =>
      deathAnnouncement(
        { hub: 'hub', user: 'anna', server: '', groups: [] },
        {
          kind: 'death',
          ...{ id, atMs, cause: 'segfault', confidence: 'high', memory: 'no' },
          ...{ consequence: 'restarted', signal: 11, exitCode: null, heldBytes: null },
          ...{ unreclaimableBytes: null, limitBytes: null }
        },
        600_000
      )?.place.onceKey;
    expect(death('a', 1)).toBe(death('b', 1e12));
    const one = outgoing();
    await one.turn();
    await write(5, record => ({
      ...record,
      action: 'deny',
      package: record.package && { ...record.package, name: `p${record.seq}` }
    }));
    await one.turn();
    expect(http.received).toHaveLength(1);
  });

  it('sends again what was given up, once and with all its tries', async () => {
    http.answers = Array.from({ length: 3 }, () => ({ status: 410 }));
    const one = outgoing();
    for (const id of ['r1', 'r2', 'r3']) {
      await one.announce(request('request.made', id), { orderKey: id, onceKey: id });
    }
    await one.turn();
    const ids = (await one.state()).dead.map(({ id }) => id);
    expect(ids).toHaveLength(3);
    const [message = 0] = ids;
    // Two who click at once are one.
    expect((await Promise.all([one.again({ message }), outgoing().again({ message })])).sort()).toEqual([
      0, 1
    ]);
    http.answers = [{ status: 500 }];
    await one.turn();
    expect((await one.state()).targets).toMatchObject([{ waiting: 1, dead: 2 }]);
    nowMs += 60_000;
    await one.turn();
    expect((await one.state()).targets).toMatchObject([{ waiting: 0, dead: 2 }]);
    expect(http.received).toHaveLength(5);
    expect(await one.again({ message })).toBe(0);
    targets = [webhook({ name: 'another' })];
    expect(await one.again({ target: 'hook' })).toBe(0);
    targets = [webhook()];
    expect(await one.again({ target: 'hook' })).toBe(2);
    await one.turn();
    expect((await one.state()).dead).toEqual([]);
    const sent = http.received.slice(4).map(({ body }) => JSON.parse(body).data.id);
    expect(sent.sort()).toEqual(['r1', 'r2', 'r3']);
  });

  it('gives up what the target refuses for ever, and after many tries', async () => {
    http.answers = [{ status: 410 }];
    const one = outgoing();
    await one.announce(request('request.made', 'r1'), { orderKey: 'r1', onceKey: 'r1' });
    await one.turn();
    await one.announce(request('request.made', 'r2'), { orderKey: 'r2', onceKey: 'r2' });
    http.answers = Array.from({ length: 40 }, () => ({ status: 503 }));
    for (let i = 0; i < 20; i += 1) {
      nowMs += 7 * 3_600_000;
      await one.turn();
    }
    const state = await one.state();
    expect(state.targets).toMatchObject([{ waiting: 0, dead: 2 }]);
    expect(state.dead.map(({ trouble }) => trouble)).toEqual([
      'It answered with status 503.',
      'It answered with status 410.'
    ]);
    expect(http.received).toHaveLength(15);
  });

  it('speaks to a chat of Slack’s kind, and announces a blocked install once', async () => {
    const urlFile = join(folder.path, 'chat');
    writeFileSync(urlFile, http.url);
    targets = [{ kind: 'slack', name: 'chat', url_file: urlFile, send: ['install.blocked'], ...LOCAL }];
    const one = outgoing();
    await write(3);
    await one.turn();
    await write(20, record => ({
      ...record,
      action: 'deny',
      package: record.package && { ...record.package, name: 'evil<b>' },
      decision: {
        effect: 'deny',
        ruleId: 'no-evil',
        policyDigest: 'ab'.repeat(32),
        reason: 'Not <here> & now'
      }
    }));
    await one.turn();
    await one.turn();
    await one.announce(request('request.made', 'r1'), { orderKey: 'r1', onceKey: 'r1' });
    await one.turn();
    expect(http.received).toHaveLength(1);
    const { text, blocks } = JSON.parse(http.received[0]?.body ?? '');
    expect(text).toContain('evil&lt;b&gt;');
    expect(text).toContain('Not &lt;here&gt; &amp; now');
    expect(blocks).toHaveLength(2);
    expect(http.received[0]?.headers['webhook-signature']).toBeUndefined();
  });

  it.each([
    ['a redirect', {}, [{ status: 302, headers: { location: 'http://127.0.0.1:1/' } }], 'leads elsewhere'],
    ['an internal address', { allow_internal: 'other' }, [], 'internal address'],
    [
      'metadata',
      { url: 'http://169.254.169.254/', allow_internal: '169.254.169.254' },
      [],
      'nothing may be sent'
    ],
    ['a name of loopback', { url: 'http://localhost:1/', allow_internal: undefined }, [], 'internal address'],
    ['another scheme', { url: 'file:///etc/passwd' }, [], 'must begin with'],
    ['a missing secret', { secret_file: '/nowhere' }, [], 'cannot be read']
  ])('does not follow or reach %s, and says so', async (_what, change, answers, sentence) => {
    targets = [webhook(change)];
    http.answers = [...answers];
    const one = outgoing();
    await one.announce(request('request.made', 'r1'), { orderKey: 'r1', onceKey: 'r1' });
    await one.turn();
    expect((await one.state()).targets[0]?.trouble).toContain(sentence);
    expect(http.received).toHaveLength(answers.length);
  });

  it('counts what an OTLP target throws away of what it took, once, and says so', async () => {
    targets = [{ kind: 'otlp', name: 'otel', url: http.url, names: false, from: 'beginning', ...LOCAL }];
    const partial = { rejectedLogRecords: '3', errorMessage: 'body too long' };
    http.answers = [{ status: 200, body: JSON.stringify({ partialSuccess: partial }) }];
    const one = outgoing();
    await write(510);
    await one.turn();
    expect(http.received).toHaveLength(2);
    await one.turn();
    expect(http.received).toHaveLength(2);
    const { targets: told } = await outgoing().state();
    expect(told).toMatchObject([
      {
        ...{ lag: 0, trouble: null },
        losses: [{ what: 'rejected', count: 3, lastAtMs: nowMs, says: 'body too long' }]
      }
    ]);
    http.answers = [
      { status: 200, body: 'x'.repeat(100_000) },
      { status: 200, body: '{"partialSuccess":' }
    ];
    await write(501);
    await one.turn();
    expect(http.received).toHaveLength(4);
    expect((await one.state()).targets[0]?.losses).toMatchObject([{ count: 3 }]);
  });

  it('forwards by syslog over TCP: a receiver that breaks off gets everything again, and names only if told', async () => {
    const syslog = await SyslogReceiver.start();
    targets = [
      {
        kind: 'syslog',
        name: 'siem',
        url: `tcp://127.0.0.1:${syslog.port}`,
        names: false,
        from: 'beginning',
        ...LOCAL
      }
    ];
    const one = outgoing();
    await write(700);
    syslog.breaks = 1;
    await one.turn();
    expect(syslog.messages).toHaveLength(0);
    expect((await one.state()).targets).toMatchObject([
      { lag: 700, trouble: expect.stringContaining('did not take it') }
    ]);
    nowMs += 10_000;
    await one.turn();
    expect(syslog.messages.map(indexOf)).toEqual(Array.from({ length: 700 }, (_, i) => i));
    expect(syslog.messages.join('')).not.toContain('user=');
    expect((await one.state()).targets).toMatchObject([{ lag: 0, trouble: null }]);
    targets = [
      {
        ...targets[0],
        kind: 'syslog',
        name: 'siem2',
        url: `tcp://127.0.0.1:${syslog.port}`,
        names: true,
        from: 'now'
      }
    ];
    await one.turn();
    await write(1);
    await one.turn();
    expect(syslog.messages).toHaveLength(701);
    expect(syslog.messages.at(-1)).toContain('user="anna"');
    await syslog.close();
  });

  /** Nothing is left of these records, and no act says why. */
  const vanish = async (first: number, end: number): Promise<void> => {
    for (const table of ['personal', 'record_body', 'record'] as const) {
      await database.write.deleteFrom(table).where('idx', '>=', first).where('idx', '<', end).execute();
    }
  };
  /** As retention deletes them. */
  const retire = async (ranges: readonly (readonly [number, number])[]): Promise<void> => {
    const act = {
      action: 'retire',
      event_id: randomUUID(),
      act: '{}',
      subject_id: null,
      stream_hub: null
    } as const;
    const { id } = await database.write
      .insertInto('own_record')
      .values(act)
      .returning('id')
      .executeTakeFirstOrThrow();
    const row = { own_id: id, at_ms: nowMs, leaves: null };
    for (const [first_idx, end_idx] of ranges) {
      await database.write
        .insertInto('retired')
        .values({ ...row, first_idx, end_idx })
        .execute();
      await vanish(first_idx, end_idx);
    }
  };
  const forwarded = { names: false, from: 'beginning', ...LOCAL } as const;

  it('says in its place that a record is missing, counts it once, and goes on', async () => {
    const syslog = await SyslogReceiver.start();
    targets = [
      { kind: 'syslog', name: 'siem', url: `tcp://127.0.0.1:${syslog.port}`, ...forwarded },
      { kind: 'otlp', name: 'otel', url: http.url, ...forwarded }
    ];
    await write(10);
    await vanish(3, 5);
    await database.write.deleteFrom('record_body').where('idx', '=', 9).execute();
    const registry = new Registry();
    const one = outgoing({ metrics: new OutgoingMetrics(registry) });
    http.answers = [{ status: 503 }];
    await one.turn();
    nowMs += 70_000;
    await one.turn();
    await one.turn();
    expect(syslog.messages.map(indexOf)).toEqual([0, 1, 2, 3, 5, 6, 7, 8, 9]);
    expect(syslog.messages[3]).toMatch(
      /^<107>1 \S+ hub labkeeper - missing-records .* count="2"\] \{"missing":/
    );
    expect(syslog.messages[8]).toContain(' count="1"]');
    const { logRecords } = JSON.parse(http.received[1]?.body ?? '').resourceLogs[0].scopeLogs[0];
    const names: string[] = logRecords.map(({ eventName }: { eventName: string }) => eventName);
    expect([names.length, names[3], names[8]]).toEqual([
      9,
      'labkeeper.missing-records',
      'labkeeper.missing-records'
    ]);
    const loss = { what: 'missing', count: 3, says: 'record 9' };
    expect((await outgoing().state()).targets).toMatchObject([
      { name: 'siem', lag: 0, trouble: null, losses: [loss] },
      { name: 'otel', lag: 0, trouble: null, losses: [loss] }
    ]);
    expect(await registry.metrics()).toContain('labkeeper_outgoing_missing_records{target="siem"} 3');
    await syslog.close();
  });

  it('says what retention deleted, however much it was, and that it was no loss', async () => {
    const syslog = await SyslogReceiver.start();
    targets = [{ kind: 'syslog', name: 'siem', url: `tcp://127.0.0.1:${syslog.port}`, ...forwarded }];
    await write(1300);
    await retire([
      [0, 600],
      [600, 1100],
      [1103, 1105]
    ]);
    await vanish(1105, 1106);
    await vanish(1290, 1300);
    const one = outgoing();
    await one.turn();
    const told = syslog.messages
      .filter(message => message.includes('-records ['))
      .map(message => [
        /(deleted|missing)-records/.exec(message)?.[1],
        indexOf(message),
        Number(/ count="(\d+)"/.exec(message)?.[1])
      ]);
    expect(told).toEqual([
      ['deleted', 0, 1100],
      ['deleted', 1103, 2],
      ['missing', 1105, 1],
      ['missing', 1290, 10]
    ]);
    expect(syslog.messages).toHaveLength(1300 - 1100 - 2 - 1 - 10 + 4);
    expect((await one.state()).targets).toMatchObject([{ lag: 0, losses: [{ what: 'missing', count: 11 }] }]);
    await syslog.close();
  });

  it('announces what comes after records that are gone, and counts those that are missing', async () => {
    const one = outgoing();
    await one.turn();
    await write(600);
    await vanish(0, 510);
    await retire([[510, 590]]);
    await write(1, record => ({ ...record, action: 'deny' }));
    await one.turn();
    await one.turn();
    expect(http.received).toHaveLength(1);
    expect((await one.state()).targets[0]?.losses).toMatchObject([{ what: 'missing', count: 510 }]);
  });

  it('forwards by TLS to whom it can know alone, and by datagrams', async () => {
    const [key, cert] = [join(folder.path, 'key.pem'), join(folder.path, 'cert.pem')];
    execFileSync(
      'openssl',
      [
        ...[
          'req',
          '-x509',
          '-newkey',
          'ec',
          '-pkeyopt',
          'ec_paramgen_curve:prime256v1',
          '-nodes',
          '-days',
          '2'
        ],
        ...['-keyout', key, '-out', cert, '-subj', '/CN=siem', '-addext', 'subjectAltName=IP:127.0.0.1']
      ],
      { stdio: 'ignore' }
    );
    const tls = await SyslogReceiver.start({
      key: readFileSync(key, 'utf8'),
      cert: readFileSync(cert, 'utf8')
    });
    const udp = createSocket('udp4');
    const datagrams: string[] = [];
    udp.on('message', message => datagrams.push(message.toString()));
    udp.bind(0, '127.0.0.1');
    await once(udp, 'listening');
    const common = { kind: 'syslog', names: false, from: 'beginning', ...LOCAL } as const;
    targets = [
      { ...common, name: 'unknown', url: `tls://127.0.0.1:${tls.port}` },
      { ...common, name: 'known', url: `tls://127.0.0.1:${tls.port}`, ca_file: cert },
      { ...common, name: 'udp', url: `udp://127.0.0.1:${udp.address().port}` }
    ];
    await write(5);
    const one = outgoing();
    await one.turn();
    expect(tls.messages.map(indexOf)).toEqual([0, 1, 2, 3, 4]);
    expect((await one.state()).targets.map(({ lag }) => lag)).toEqual([5, 0, 0]);
    await new Promise(resolve => setTimeout(resolve, 100));
    expect(datagrams.map(indexOf)).toEqual([0, 1, 2, 3, 4]);
    udp.close();
    await tls.close();
  });

  it('forwards by OTLP, and waits while it is refused', async () => {
    const header = join(folder.path, 'authorization');
    writeFileSync(header, 'Bearer siem-token\n');
    targets = [
      {
        kind: 'otlp',
        name: 'otel',
        url: http.url,
        authorization_file: header,
        names: true,
        from: 'beginning',
        ...LOCAL
      }
    ];
    http.answers = [{ status: 503 }];
    await write(501);
    const one = outgoing();
    await one.turn();
    expect((await one.state()).targets).toMatchObject([{ lag: 501 }]);
    nowMs += 5000;
    await one.turn();
    const records = http.received
      .slice(1)
      .flatMap(({ body }) => JSON.parse(body).resourceLogs[0].scopeLogs[0].logRecords);
    expect(records).toHaveLength(501);
    expect(http.received[1]?.headers['authorization']).toBe('Bearer siem-token');
    const body: unknown = JSON.parse(records[500].body.stringValue);
    expect(body).toMatchObject({ hub: 'hub', seq: 501 });
    expect((await one.state()).targets).toMatchObject([{ lag: 0 }]);
  });
});
