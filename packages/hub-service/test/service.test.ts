import { createPublicKey, randomUUID, verify } from 'node:crypto';
import { connect } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import { canonicalJson, receiptText } from '@labkeeper/core';
import { BATCH_BYTES, BatchAnswer, HUB_PATHS, OwnAnswer } from '@labkeeper/protocol';
import type { DatabaseKind } from '../src/store/database.js';
import { json, refusal } from './support/answers.js';
import { batchBody, CompanionStream } from './support/companion-stream.js';
import { startService, type IRunningService } from './support/running-service.js';

jest.setTimeout(60_000);

describe.each<DatabaseKind>(['sqlite', 'postgres'])('the machine listener on %s', kind => {
  let service: IRunningService;

  beforeAll(async () => {
    service = await startService(kind);
  });
  afterAll(() => service.close());

  const get = (path: string, ticket: string): Promise<Response> =>
    fetch(`${service.url}${path}`, { headers: { authorization: `Bearer ${ticket}` } });

  it('takes a batch and signs for it; a second time it says where the stream is', async () => {
    const ticket = await service.ticket('alice', 'big', ['physics']);
    const stream = new CompanionStream();
    const body = stream.batch(3);
    const response = await service.send(ticket, body);
    expect(response.status).toBe(200);
    const { head, receipt } = await json(BatchAnswer, response);
    expect(head).toEqual({ seq: 3, hash: stream.head });
    expect(receipt?.body).toMatchObject({
      hub: 'hub',
      boot: stream.boot,
      first: 1,
      seq: 3,
      head: stream.head
    });
    const key = createPublicKey({
      format: 'jwk',
      key: { kty: 'OKP', crv: 'Ed25519', x: service.keys.publicKey }
    });
    const signature = Buffer.from(receipt?.signature ?? '', 'base64url');
    expect(verify(null, Buffer.from(receiptText(receipt?.body ?? {})), key, signature)).toBe(true);

    const again = await service.send(ticket, body);
    expect(again.status).toBe(409);
    expect(await json(BatchAnswer, again)).toEqual({ head, receipt: null });
    expect(await (await get(`${HUB_PATHS.records}?boot=${stream.boot}`, ticket)).json()).toEqual(head);
  });

  it('takes the same batch once when it is sent four times at once', async () => {
    const ticket = await service.ticket('alice', 'four');
    for (let round = 0; round < 10; round++) {
      const stream = new CompanionStream();
      const body = stream.batch(5);
      const statuses = await Promise.all(
        [1, 2, 3, 4].map(async () => (await service.send(ticket, body)).status)
      );
      expect(statuses.sort()).toEqual([200, 409, 409, 409]);
    }
  });

  it('says where the stream is to a sequence from the future, and to a replay', async () => {
    const ticket = await service.ticket('alice', 'future');
    const stream = new CompanionStream();
    const [first, second, third] = [stream.batch(1), stream.batch(1), stream.batch(1)];
    expect((await service.send(ticket, third)).status).toBe(409);
    expect((await service.send(ticket, first)).status).toBe(200);
    const early = await service.send(ticket, third);
    expect([early.status, (await json(BatchAnswer, early)).head.seq]).toEqual([409, 1]);
    expect((await service.send(ticket, second)).status).toBe(200);
    expect((await service.send(ticket, first)).status).toBe(409);
    expect((await service.send(ticket, third)).status).toBe(200);
  });

  it('knows from the ticket alone who speaks', async () => {
    const [alice, mallory] = [await service.ticket('alice', 'own'), await service.ticket('mallory')];
    const stream = new CompanionStream();
    expect((await service.send(alice, stream.batch(2))).status).toBe(200);
    // The same boot from somebody else is another stream, of which nothing is known.
    const forged = await service.send(mallory, stream.batch(1));
    expect([forged.status, (await json(BatchAnswer, forged)).head.seq]).toEqual([409, 0]);
    expect(await (await get(`${HUB_PATHS.records}?boot=${stream.boot}`, mallory)).json()).toMatchObject({
      seq: 0
    });
    expect((await json(OwnAnswer, await get(HUB_PATHS.own, mallory))).records).toEqual([]);
    const page = await json(OwnAnswer, await get(`${HUB_PATHS.own}?limit=1`, alice));
    expect(page.records).toMatchObject([
      { boot: stream.boot, seq: 2, environment: { kind: 'venv', python: '3.12' }, gap: null }
    ]);
    const rest = await json(OwnAnswer, await get(`${HUB_PATHS.own}?before=${page.next}`, alice));
    expect(rest).toMatchObject({ records: [{ action: 'install', packageName: 'package-0' }], next: null });
    // Whose a record is cannot be said in it.
    const claimed = new CompanionStream();
    const body = claimed.batchOf([
      () => ({ line: canonicalJson({ ...claimed.record(null), user: 'alice' }), personal: null })
    ]);
    expect((await service.send(mallory, body)).status).toBe(200);
    expect((await json(OwnAnswer, await get(HUB_PATHS.own, mallory))).records).toMatchObject([
      { grade: 'unreadable', boot: claimed.boot, seq: 1, environment: null }
    ]);
  });

  it('refuses what is no batch, one sentence each', async () => {
    const ticket = await service.ticket('alice', 'bad');
    const stream = new CompanionStream();
    const good = stream.batch(2).toString();
    const { boot } = stream;
    const head = { protocol: 1, boot, first: 1, count: 1, prev: '0'.repeat(64) };
    const pair = new CompanionStream(boot).pair();
    const bad: [number, string, string | Buffer][] = [
      [400, 'malformed', ''],
      [400, 'malformed', '\n'],
      [400, 'malformed', good.slice(0, -1)],
      [400, 'malformed', `${good}\n`],
      [400, 'malformed', '['.repeat(100_000)],
      [400, 'malformed', `${'['.repeat(900)}\n`],
      [400, 'malformed', '\n'.repeat(2_000_000)],
      [400, 'malformed', Buffer.from([0xff, 0xfe, 0x0a])],
      [400, 'malformed', batchBody({ ...head, count: 2 }, [pair])],
      [400, 'malformed', batchBody({ ...head, count: 0 }, [])],
      [400, 'malformed', batchBody({ ...head, first: 2 ** 53 - 1 }, [pair])],
      [400, 'malformed', batchBody({ ...head, user: 'root' }, [pair])],
      [400, 'malformed', batchBody({ ...head, first: 2 }, [pair])],
      [400, 'malformed', batchBody({ ...head, prev: '1'.repeat(64) }, [pair])],
      [400, 'malformed', batchBody({ ...head, boot: randomUUID() }, [pair])],
      [400, 'malformed', batchBody({ ...head, count: 2 }, [pair, pair])],
      [426, 'protocol', batchBody({ ...head, protocol: 2 }, [pair])],
      [413, 'too-large', Buffer.alloc(BATCH_BYTES + 1, 0x0a)]
    ];
    for (const [status, code, body] of bad) {
      const begin = body.toString().slice(0, 40);
      const answer = await refusal(await service.send(ticket, Buffer.from(body)));
      expect([begin, ...answer]).toEqual([begin, status, code]);
    }
    expect(await (await get(`${HUB_PATHS.records}?boot=${boot}`, ticket)).json()).toMatchObject({ seq: 0 });
    expect(await refusal(await get(`${HUB_PATHS.records}?boot=x`, ticket))).toEqual([400, 'malformed']);
    expect(await refusal(await get(`${HUB_PATHS.own}?before=1`, ticket))).toEqual([400, 'malformed']);
    expect(await refusal(await get('nothing', ticket))).toEqual([404, 'malformed']);
  });

  it('reads neither 100 MB nor the body of somebody without a ticket', async () => {
    const { port } = new URL(service.url);
    const ticket = await service.ticket('alice', 'huge');
    for (const [authorization, status] of [
      [`Bearer ${ticket}`, 413],
      ['Bearer x', 401]
    ] as const) {
      const answer = await new Promise<string>((resolve, reject) => {
        const socket = connect(Number(port), '127.0.0.1');
        let said = '';
        socket.setEncoding('utf8').on('data', text => (said += String(text)));
        socket.on('error', reject).on('end', () => resolve(said));
        // Only the head: the answer comes, and the connection ends, before a byte of the body.
        socket.write(
          [
            `POST ${new URL(HUB_PATHS.records, service.url).pathname} HTTP/1.1`,
            'Host: hub',
            `Authorization: ${authorization}`,
            'Content-Type: application/x-ndjson',
            `Content-Length: ${100 * 1024 * 1024}`,
            '\r\n'
          ].join('\r\n')
        );
      });
      expect(answer).toMatch(new RegExp(`^HTTP/1.1 ${status} `));
    }
  });

  it('holds few bodies of one server at once, and forgets those whose connection broke', async () => {
    const ticket = await service.ticket('alice', 'many');
    const { port } = new URL(service.url);
    const sockets = await Promise.all(
      Array.from({ length: 8 }, async () => {
        const socket = connect(Number(port), '127.0.0.1').on('error', () => undefined);
        const head = [
          `POST ${new URL(HUB_PATHS.records, service.url).pathname} HTTP/1.1`,
          'Host: hub',
          `Authorization: Bearer ${ticket}`,
          'Content-Type: application/x-ndjson',
          'Content-Length: 1000000',
          '\r\n'
        ];
        await new Promise<void>(resolve => socket.write(head.join('\r\n'), () => resolve()));
        return socket;
      })
    );
    const body = new CompanionStream().batch(1);
    await pause(200);
    expect(await refusal(await service.send(ticket, body))).toEqual([429, 'too-much']);
    expect((await service.send(await service.ticket('bob', 'many'), body)).status).toBe(200);
    sockets.forEach(socket => socket.destroy());
    await pause(200);
    expect((await service.send(ticket, body)).status).toBe(200);
  });

  it('stores broken UTF-8 and deep JSON as they came, and the stream goes on', async () => {
    const ticket = await service.ticket('alice', 'odd');
    const stream = new CompanionStream();
    const odd = [Buffer.from([0x22, 0xc3, 0x28, 0x22]), '['.repeat(5000), '{"a":1,"a":1}', 'null', ''];
    const body = stream.batchOf([
      () => stream.pair(),
      ...odd.map(line => () => ({ line, personal: null })),
      () => stream.pair()
    ]);
    expect((await service.send(ticket, body)).status).toBe(200);
    expect((await service.send(ticket, stream.batch(1))).status).toBe(200);
    const { records } = await json(OwnAnswer, await get(HUB_PATHS.own, ticket));
    expect(records.map(({ action }) => action)).toEqual([
      ...['install', 'install'],
      ...odd.map(() => 'unreadable'),
      'install'
    ]);
  });

  it('says how it is, and no page', async () => {
    expect(await (await fetch(`${service.url}health`)).json()).toEqual({ ok: true });
    expect(await (await fetch(`${service.url}ready`)).json()).toEqual({ ready: true });
    expect(await (await fetch(`${service.url}metrics`)).text()).toContain('labkeeper_audit_records_total');
    const proxied = await fetch(`${service.url}metrics`, { headers: { 'x-forwarded-for': '10.0.0.1' } });
    expect(await refusal(proxied)).toEqual([404, 'malformed']);
    expect(await refusal(await fetch(service.url))).toEqual([404, 'malformed']);
    expect(service.app.pages).toBeNull();
  });
});

describe('a server that sends too much', () => {
  it('is told when to come again, and does not hold up another', async () => {
    let nowMs = 0;
    const service = await startService('sqlite', {
      monotonicMs: () => nowMs,
      rates: { requestsPerSecond: 10, requestsBurst: 5, recordsPerSecond: 5, recordsBurst: 10 }
    });
    try {
      const [noisy, quiet] = [await service.ticket('noisy'), await service.ticket('quiet')];
      const stream = new CompanionStream();
      expect((await service.send(noisy, stream.batch(20))).status).toBe(200);
      const refused = await service.send(noisy, stream.batch(1));
      // Ten more than there were: two seconds, and one record more.
      expect(refused.headers.get('retry-after')).toBe('3');
      expect(await refusal(refused)).toEqual([429, 'too-much']);
      expect((await service.send(quiet, new CompanionStream().batch(1))).status).toBe(200);
      nowMs += 3000;
      const fresh = new CompanionStream();
      expect((await service.send(noisy, fresh.batch(1))).status).toBe(200);
      const statuses: number[] = [];
      for (let i = 0; i < 6; i++) {
        statuses.push((await service.send(noisy, Buffer.alloc(0))).status);
      }
      expect(statuses).toEqual([400, 400, 400, 400, 429, 429]);
    } finally {
      await service.close();
    }
  });
});
