import { randomUUID } from 'node:crypto';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  HUB_PATHS,
  HUB_PROTOCOL,
  HUB_PROTOCOLS,
  HubRefusal,
  OutgoingClass,
  ServerEvent
} from '@labkeeper/protocol';
import type { DatabaseKind } from '../src/store/database.js';
import { json } from './support/answers.js';
import { CompanionStream } from './support/companion-stream.js';
import {
  isReadableAs,
  readRecording,
  RECORDINGS,
  recordedEvents,
  replay,
  storedOf,
  type IExchange
} from './support/recorded-companion.js';
import { startService, type IRunningService } from './support/running-service.js';
import { scratchFolder } from './support/scratch-databases.js';

jest.setTimeout(60_000);

const NAMES = readdirSync(RECORDINGS).filter(name => /^v\d+-/.test(name));

/** A service with the policy under which recordings are made. */
async function startAsRecorded(kind: DatabaseKind): Promise<IRunningService & { remove(): void }> {
  const folder = scratchFolder();
  const policy = join(folder.path, 'labkeeper.toml');
  writeFileSync(policy, '[events]\nerrors = true\n');
  const service = await startService(kind, { holdMs: 50 }, policy);
  return { ...service, remove: () => folder.remove() };
}

describe.each<DatabaseKind>(['sqlite', 'postgres'])('companions of earlier releases on %s', kind => {
  let service: IRunningService & { remove(): void };
  beforeEach(async () => void (service = await startAsRecorded(kind)));
  afterEach(async () => {
    await service.close();
    service.remove();
  });

  it.each(NAMES)('%s is taken as it was, and its answers can be read by it', async name => {
    const exchanges = readRecording(name);
    const token = service.hub.serverToken('0123456789abcdef', 'ada', 'recorded');
    const ticket = await service.ticket('ada', 'recorded');
    for (const exchange of exchanges) {
      const credential = exchange.what === 'ticket' ? `token ${token}` : `Bearer ${ticket}`;
      const response = await replay(service.url, credential, exchange);
      const text = await response.text();
      const label = `${name}: ${exchange.method} ${exchange.path}`;
      if (exchange.what !== 'policy') {
        // Whether there is news is a matter of the moment.
        expect(`${label} ${response.status}`).toBe(`${label} ${exchange.answer.status}`);
      }
      if (response.status === 200 && exchange.answer.status === 200) {
        const [then, now]: unknown[] = [exchange.answer.text, text].map(each => JSON.parse(each));
        expect([label, text, isReadableAs(then, now)]).toEqual([label, text, true]);
      }
    }
    // What it did with requests, its message too, is among its records by now: it can read that list as well.
    const own = exchanges.find(({ what }) => what === 'own-records');
    if (!own) {
      throw new Error(`${name} never asked for its records.`);
    }
    const now: unknown = await (await replay(service.url, `Bearer ${ticket}`, own)).json();
    expect(JSON.stringify(now)).toContain('"action":"message"');
    expect([now, isReadableAs(JSON.parse(own.answer.text), now)]).toEqual([now, true]);
    const stored = JSON.parse(readFileSync(join(RECORDINGS, name, 'stored.json'), 'utf8'));
    expect(await storedOf(service.url, service.database, ticket, exchanges)).toMatchObject(stored);
    // And once: sent again, nothing is stored twice.
    for (const exchange of exchanges.filter(({ what }) => ['server-events', 'feedback'].includes(what))) {
      expect((await replay(service.url, `Bearer ${ticket}`, exchange)).status).toBe(200);
    }
    expect(await storedOf(service.url, service.database, ticket, exchanges)).toMatchObject(stored);
  });

  it('of a version that is not read here are told so in one sentence, whatever they send', async () => {
    const ticket = await service.ticket('ada');
    const stream = new CompanionStream();
    const head = { protocol: HUB_PROTOCOL + 1, boot: randomUUID(), first: 1, count: 1 };
    const batches = [
      [HUB_PATHS.records, { ...head, prev: '0'.repeat(64) }, `${stream.pair().line}\nnull\n`],
      [HUB_PATHS.serverEvents, { ...head, image: null, more: [] }, '{"kind":"of later"}\n']
    ] as const;
    for (const [path, first, rest] of batches) {
      const response = await fetch(`${service.url}${path}`, {
        method: 'POST',
        headers: { authorization: `Bearer ${ticket}`, 'content-type': 'application/x-ndjson' },
        body: `${JSON.stringify(first)}\n${rest}`
      });
      expect(response.status).toBe(426);
      expect(await json(HubRefusal, response)).toMatchObject({
        code: 'protocol',
        message: `This service reads protocol ${HUB_PROTOCOLS.join(', ')}, not ${HUB_PROTOCOL + 1}: bring the older of the two up to date.`
      });
    }
  });
});

describe('recordings of companions', () => {
  it('are there of every version that is read, and of the newest with every message and every kind of event', () => {
    const of = (protocol: number): string[] => NAMES.filter(name => name.startsWith(`v${protocol}-`));
    const missing = HUB_PROTOCOLS.filter(protocol => of(protocol).length === 0);
    // Make one with `node scripts/record-companion.mjs`, see CONTRIBUTING.md.
    expect(missing).toEqual([]);
    const exchanges = of(HUB_PROTOCOL).flatMap(name => readRecording(name));
    expect([...new Set(exchanges.map(({ what }) => what))].sort()).toEqual([...OutgoingClass.options].sort());
    const kinds = ServerEvent.options.map(({ entries }) => entries.kind.literal);
    expect([...recordedEvents(exchanges)].sort()).toEqual([...kinds].sort());
  });

  it('say their version in every batch, and hold no credential', () => {
    for (const name of NAMES) {
      const protocol = Number(/^v(\d+)-/.exec(name)?.[1]);
      const batches = readRecording(name).filter(
        ({ what, method }) => method === 'POST' && ['records', 'server-events'].includes(what)
      );
      expect(batches.length).toBeGreaterThan(1);
      expect(new Set(batches.map(headOf).map(head => head.protocol))).toEqual(new Set([protocol]));
      for (const file of readdirSync(join(RECORDINGS, name))) {
        const text = readFileSync(join(RECORDINGS, name, file), 'utf8');
        expect(text).not.toMatch(/authorization:|"ticket":"[^…]/i);
      }
    }
  });
});

it('tells a changed answer from one that says more', () => {
  const then = { a: 1, list: [{ b: 'x', c: null }] };
  expect(isReadableAs(then, { a: 2, more: true, list: [{ b: 'y', c: 5, d: 1 }] })).toBe(true);
  expect(isReadableAs(then, { a: 2, list: [{ c: 5 }] })).toBe(false);
  expect(isReadableAs(then, { a: '2', list: [] })).toBe(false);
  expect(isReadableAs(then, { list: [] })).toBe(false);
});

function headOf({ body }: IExchange): { readonly protocol: number } {
  return JSON.parse(String(body).split('\n')[0] ?? '');
}
