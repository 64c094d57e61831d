import { createPublicKey, verify } from 'node:crypto';
import { receiptText } from '@labkeeper/core';
import { BatchAnswer, HUB_PATHS, ReceiptAnswer, type SignedReceipt } from '@labkeeper/protocol';
import type { DatabaseKind } from '../src/store/database.js';
import { json, refusal } from './support/answers.js';
import { CompanionStream } from './support/companion-stream.js';
import { startService, type IRunningService } from './support/running-service.js';

jest.setTimeout(60_000);

describe.each<DatabaseKind>(['sqlite', 'postgres'])('a receipt that is asked for again on %s', kind => {
  let service: IRunningService;

  beforeAll(async () => {
    service = await startService(kind);
  });
  afterAll(() => service.close());

  const ask = (ticket: string, query: string): Promise<Response> =>
    fetch(`${service.url}${HUB_PATHS.receipt}?${query}`, { headers: { authorization: `Bearer ${ticket}` } });
  const isSigned = ({ body, signature }: SignedReceipt): boolean => {
    const key = createPublicKey({
      format: 'jwk',
      key: { kty: 'OKP', crv: 'Ed25519', x: service.keys.publicKey }
    });
    return verify(null, Buffer.from(receiptText(body)), key, Buffer.from(signature, 'base64url'));
  };

  it('is the one that was lost, for the whole batch and for a part of it', async () => {
    const ticket = await service.ticket('alice', 'lost');
    const stream = new CompanionStream();
    await service.send(ticket, stream.batch(3));
    const before = stream.head;
    const { receipt } = await json(BatchAnswer, await service.send(ticket, stream.batch(4)));
    const again = await json(ReceiptAnswer, await ask(ticket, `boot=${stream.boot}&first=4&seq=7`));
    expect(again.receipt).toEqual(receipt);
    const earlier = await json(ReceiptAnswer, await ask(ticket, `boot=${stream.boot}&first=2&seq=3`));
    expect(earlier.receipt.body).toMatchObject({ first: 2, seq: 3, head: before });
    expect(isSigned(earlier.receipt)).toBe(true);
  });

  it('begins where what is stored together begins', async () => {
    const [ticket, other] = [await service.ticket('alice', 'cut'), await service.ticket('bob', 'cut')];
    const stream = new CompanionStream();
    await service.send(ticket, stream.batch(2));
    await service.send(other, new CompanionStream().batch(1));
    const { receipt } = await json(BatchAnswer, await service.send(ticket, stream.batch(2)));
    const again = await json(ReceiptAnswer, await ask(ticket, `boot=${stream.boot}&first=1&seq=4`));
    expect(again.receipt).toEqual(receipt);
    expect(again.receipt.body.first).toBe(3);
  });

  it('names the bytes that came, also where they are no record', async () => {
    const ticket = await service.ticket('alice', 'odd');
    const stream = new CompanionStream();
    const odd = [Buffer.from([0x22, 0xc3, 0x28, 0x22]), '{"a":1,"a":1}', ''];
    await service.send(ticket, stream.batchOf(odd.map(line => () => ({ line, personal: null }))));
    const { receipt } = await json(ReceiptAnswer, await ask(ticket, `boot=${stream.boot}&first=1&seq=3`));
    expect(receipt.body).toMatchObject({ first: 1, seq: 3, head: stream.head });
    const first = await json(ReceiptAnswer, await ask(ticket, `boot=${stream.boot}&first=1&seq=1`));
    expect(isSigned(first.receipt)).toBe(true);
  });

  it('is given for nothing that is not stored, and to nobody else', async () => {
    const [ticket, mallory] = [await service.ticket('alice', 'own'), await service.ticket('mallory', 'own')];
    const stream = new CompanionStream();
    await service.send(ticket, stream.batch(2));
    const at = `boot=${stream.boot}`;
    expect((await ask(ticket, `${at}&first=1&seq=2`)).status).toBe(200);
    for (const [who, query] of [
      [mallory, `${at}&first=1&seq=2`],
      [await service.ticket('alice', 'other'), `${at}&first=1&seq=2`],
      [ticket, `${at}&first=1&seq=3`],
      [ticket, `${at}&first=3&seq=3`]
    ] as const) {
      expect(await refusal(await ask(who, query))).toEqual([404, 'malformed']);
    }
    for (const query of [
      '',
      at,
      `${at}&first=0&seq=1`,
      `${at}&first=2&seq=1`,
      `${at}&first=1&seq=501`,
      `${at}&first=1&seq=1e1`,
      `${at}&first=1&seq=1&seq=2`,
      `${at}&first=1&seq=99999999999999999999`,
      `boot=x&first=1&seq=1`,
      `${at}&first=1&seq=1&user=alice`
    ]) {
      expect([query, ...(await refusal(await ask(ticket, query)))]).toEqual([query, 400, 'malformed']);
    }
    expect(await refusal(await ask('x', `${at}&first=1&seq=1`))).toEqual([401, 'ticket']);
  });
});
