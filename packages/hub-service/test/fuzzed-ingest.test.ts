import { createHash, randomUUID } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import { BatchAnswer, HUB_PATHS, HubRefusal, StreamHead } from '@labkeeper/protocol';
import { sql } from 'kysely';
import * as v from 'valibot';
import { RATES } from '../src/ingest/record-routes.js';
import { LogRange } from '../src/store/log-range.js';
import { CompanionStream } from './support/companion-stream.js';
import { mutate, type Random } from './support/mutate.js';
import { randomFrom } from './support/random-from.js';
import { startService, type IRunningService } from './support/running-service.js';

/** `LABKEEPER_FUZZ=1000000`: so many messages, which takes about half an hour. */
const MESSAGES = Number(process.env['LABKEEPER_FUZZ'] ?? 3000);
const SEED = process.env['LABKEEPER_FUZZ_SEED'] ?? randomUUID();
const SENDERS = 40;
/** Tickets count for ten minutes. */
const TICKET_MS = 300_000;

jest.setTimeout(60_000 + MESSAGES * 20);

/** A companion that sends what no companion sends, and knows each line that was taken of it. */
class Fuzzer {
  constructor(
    private readonly service: IRunningService,
    private readonly user: string,
    private readonly random: Random
  ) {}

  /** SHA-256 of the bytes of each line that the service took, in the order of the streams' numbers. */
  readonly taken = new Map<string, string[]>();
  readonly statuses = new Map<number, number>();

  async send(): Promise<void> {
    const { random } = this;
    // Not all of them at once.
    if (performance.now() - this.ticketAtMs > TICKET_MS * (1 - random() / 2)) {
      [this.ticket, this.ticketAtMs] = [await this.freshTicket(), performance.now()];
    }
    if (random() < 0.05) {
      // A few records follow one another, so that there is something to damage in the middle of.
      this.stream = new CompanionStream();
    }
    const before = { seq: this.stream.seq, head: this.stream.head };
    const good = this.stream.batch(1 + Math.floor(4 * random()));
    const body = random() < 0.1 ? good : mutate(good, random);
    const response = await this.service.send(this.ticket, body);
    const { status } = response;
    this.statuses.set(status, (this.statuses.get(status) ?? 0) + 1);
    const answer: unknown = await response.json();
    if (status !== 200) {
      // Another than itself, but never what is inside: and never "something went wrong".
      expect([400, 409, 413, 426]).toContain(status);
      if (status !== 409) {
        expect(v.parse(HubRefusal, answer).message).toMatch(/^[A-Z][^\n]*\.$/);
      }
      Object.assign(this.stream, before);
      return;
    }
    const { head, receipt } = v.parse(BatchAnswer, answer);
    const lines = splitBytes(body);
    const { boot } = JSON.parse(String(lines[0]));
    const hashes = lines.filter((_, i) => i % 2 === 1).map(sha256);
    const known = this.taken.get(boot) ?? [];
    expect(receipt?.body).toMatchObject({ boot, first: known.length + 1, seq: known.length + hashes.length });
    expect(head).toEqual({ seq: known.length + hashes.length, hash: hashes.at(-1) });
    this.taken.set(boot, [...known, ...hashes]);
    // What was taken may be other bytes than the stream meant.
    Object.assign(this.stream, { boot, seq: head.seq, head: head.hash });
  }

  /** On a busy machine the stand-in for JupyterHub is slow at times, as JupyterHub is. */
  private async freshTicket(): Promise<string> {
    for (let attempt = 0; ; attempt += 1) {
      try {
        return await this.service.ticket(this.user);
      } catch (error) {
        if (attempt === 30 || !String(error).includes('503')) throw error;
        await pause(1000 + 2000 * Math.random());
      }
    }
  }

  private stream = new CompanionStream();
  private ticket = '';
  private ticketAtMs = -Infinity;
}

it(`${MESSAGES} fuzzed messages at the ingest: no crash, one clear sentence each, and no record but those that were taken (seed ${SEED})`, async () => {
  const generous = Object.fromEntries(Object.keys(RATES).map(name => [name, 1e12]));
  const service = await startService('sqlite', { rates: { ...RATES, ...generous } });
  try {
    // It is not the disk that is tried.
    await sql`pragma synchronous = off`.execute(service.database.write);
    const fuzzers = Array.from(
      { length: SENDERS },
      (_, i) => new Fuzzer(service, `user-${i}`, randomFrom(`${SEED} ${i}`))
    );
    await Promise.all(
      fuzzers.map(async fuzzer => {
        for (let message = 0; message < MESSAGES / SENDERS; message += 1) {
          await fuzzer.send();
        }
      })
    );
    const statuses = new Set(fuzzers.flatMap(fuzzer => [...fuzzer.statuses.keys()]));
    expect([...statuses].sort()).toEqual(expect.arrayContaining([200, 400]));

    // The log holds exactly the lines that were taken, byte by byte, in their order.
    const taken = new Map(fuzzers.flatMap(fuzzer => [...fuzzer.taken]));
    const boots = new Map(
      (await service.database.read.selectFrom('stream').select(['uuid', 'boot']).execute()).map(row => [
        row.uuid,
        row.boot
      ])
    );
    const range = new LogRange(service.database);
    const stored = new Map<string, string[]>();
    let unreadable = 0;
    for await (const { entry } of range.entries(0, await range.end(), null, false)) {
      const { stream, seq, opaque } = v.parse(ENTRY, JSON.parse(entry));
      const hashes = stored.get(boots.get(stream) ?? '') ?? [];
      stored.set(boots.get(stream) ?? '', hashes);
      expect(seq).toBe(hashes.length + 1);
      unreadable += opaque === undefined ? 0 : 1;
      hashes.push(sha256(opaque === undefined ? recordBytes(entry) : Buffer.from(opaque, 'base64')));
    }
    expect(stored).toEqual(taken);
    expect(unreadable).toBeGreaterThan(MESSAGES / 200);
    // And it goes on.
    const ticket = await service.ticket('user-0');
    const stream = new CompanionStream();
    expect((await service.send(ticket, stream.batch(3))).status).toBe(200);
    const headers = { authorization: `Bearer ${ticket}` };
    const head = await fetch(`${service.url}${HUB_PATHS.records}?boot=${stream.boot}`, { headers });
    expect(v.parse(StreamHead, await head.json())).toEqual({ seq: 3, hash: stream.head });
  } finally {
    await service.close();
  }
});

const ENTRY = v.object({ stream: v.string(), seq: v.number(), opaque: v.optional(v.string()) });

/** The record's own bytes in its entry, whose members are sorted: hub, person, receivedAtMs, record, seq, server, stream. */
function recordBytes(entry: string): Buffer {
  const from = entry.indexOf(',"record":') + ',"record":'.length;
  return Buffer.from(entry.slice(from, entry.lastIndexOf(',"seq":')));
}

function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}

function splitBytes(body: Buffer): Buffer[] {
  const lines: Buffer[] = [];
  for (let from = 0; from < body.length;) {
    const end = body.indexOf(0x0a, from);
    lines.push(body.subarray(from, end));
    from = end + 1;
  }
  return lines;
}
