import fc from 'fast-check';
import { FrameScanner, type Scanned } from '../../src/journal/frame-scanner.js';
import { encodeRecord, FRAME_BYTES, parseRecord, type LogRecord } from '../../src/journal/log-record.js';
import { pushNumbers, readNumbers } from '../../src/journal/varint.js';
import { FRAME_HEADER_BYTES, frameOf } from '../../src/recorder/frame.js';
import { runId } from './scene.js';

const BOOT_AT_MS = Date.UTC(2026, 10, 26);
const count = fc.maxSafeNat();
const body = fc.uint8Array({ maxLength: 200 }).map(bytes => Buffer.from(bytes));
const atMs = fc.nat(10 ** 9).map(afterMs => BOOT_AT_MS + afterMs);
const run = fc.nat(9).map(runId);
const hash = fc.option(fc.constant('0f'.repeat(32)));
const mark = fc.record({ seq: count, hash, atMs });
const record: fc.Arbitrary<LogRecord> = fc.oneof(
  fc.record({
    kind: fc.constant('start' as const),
    boot: fc.string(),
    serverId: fc.string(),
    bootAtMs: count,
    heads: count
  }),
  fc.record({
    kind: fc.constant('head' as const),
    number: count,
    run,
    path: fc.string({ unit: 'grapheme', maxLength: 100 }),
    document: fc.constantFrom('notebook' as const, 'text' as const),
    replaces: fc.option(run),
    openedAtMs: count,
    savedAtMs: fc.option(count),
    saved: fc.option(mark),
    lastFrame: count
  }),
  fc
    .record({
      kind: fc.constantFrom('batch' as const, 'fold' as const),
      number: count,
      seq: fc.nat(2 ** 40),
      more: fc.nat(2 ** 40),
      first: fc.boolean(),
      last: fc.boolean(),
      atMs,
      body
    })
    .map(({ kind, more, first, last, ...frame }) =>
      kind === 'batch'
        ? { kind, ...frame, frame: frame.seq + more, first, last }
        : { kind, ...frame, frame: frame.seq + more }
    ),
  fc.record({ kind: fc.constant('saved' as const), number: count, seq: count, hash, atMs }),
  fc.record({ kind: fc.constant('renamed' as const), number: count, path: fc.string() }),
  fc.record({ kind: fc.constant('closed' as const), number: count }),
  fc.constant({ kind: 'end' as const })
);

describe('records of the journal', () => {
  it('come back as they were written', () => {
    fc.assert(
      fc.property(record, written => {
        const read = parseRecord(encodeRecord(written, BOOT_AT_MS).subarray(FRAME_HEADER_BYTES), BOOT_AT_MS);
        expect(read).toEqual(written);
      })
    );
  });

  it('of another version, or garbage, are none', () => {
    const json = (text: string): Buffer => Buffer.concat([Buffer.of(0x30), Buffer.from(text)]);
    const start = { kind: 'start', boot: 'b', serverId: 's', bootAtMs: 1, heads: 0 };
    expect(parseRecord(json(JSON.stringify({ format: 1, ...start })), 0)).not.toBeNull();
    expect(parseRecord(json(JSON.stringify({ format: 2, ...start })), 0)).toBeNull();
    expect(parseRecord(json('{"kind":"head","number":1,"run":"../..","path":"a"}'), 0)).toBeNull();
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 60 }), bytes => {
        // Whatever it gives, it does not throw, and numbers are whole.
        const read = parseRecord(Buffer.from(bytes), 0);
        return read === null || !('number' in read) || Number.isInteger(read.number);
      })
    );
  });

  it('have numbers in as few bytes as they need', () => {
    fc.assert(
      fc.property(fc.array(count, { minLength: 1 }), numbers => {
        const bytes: number[] = [];
        pushNumbers(bytes, ...numbers);
        expect(bytes.length).toBeLessThanOrEqual(8 * numbers.length);
        expect(readNumbers(Buffer.from(bytes), 0, numbers.length)).toEqual({ numbers, end: bytes.length });
        expect(readNumbers(Buffer.from(bytes.slice(0, -1)), 0, numbers.length)).toBeNull();
      })
    );
    const small: number[] = [];
    pushNumbers(small, 127, 128);
    expect(small).toHaveLength(3);
  });
});

describe('frames of a file that comes in pieces', () => {
  const texts = Array.from({ length: 30 }, (_, i) => `{"n":${i},"v":"${'x'.repeat((i * 37) % 90)}"}`);
  const frames = texts.map(text => frameOf([], Buffer.from(text), FRAME_BYTES));
  const whole = Buffer.concat(frames);

  const scan = (file: Buffer, cuts: readonly number[]): { items: Scanned[]; scanner: FrameScanner } => {
    const scanner = new FrameScanner(FRAME_BYTES, 0);
    const items: Scanned[] = [];
    const keep = (found: Iterable<Scanned>): void => {
      for (const item of found) {
        items.push(item.kind === 'frame' ? { ...item, body: Buffer.from(item.body) } : item);
      }
    };
    let from = 0;
    for (const cut of [...cuts].sort((a, b) => a - b)) {
      keep(scanner.push(file.subarray(from, Math.max(from, cut))));
      from = Math.max(from, cut);
    }
    keep(scanner.push(file.subarray(from)));
    keep(scanner.end());
    return { items, scanner };
  };
  const bodies = (items: readonly Scanned[]): string[] =>
    items.flatMap(item => (item.kind === 'frame' ? [item.body.toString()] : []));
  const cuts = fc.array(fc.nat(whole.length));

  it('are found wherever it is cut', () => {
    fc.assert(
      fc.property(cuts, at => {
        const { items, scanner } = scan(whole, at);
        expect(bodies(items)).toEqual(texts);
        expect(scanner.tail).toEqual({ bytes: 0, torn: false });
        const places = items.map(item => item.at);
        expect(places).toEqual(frames.map((_, i) => Buffer.concat(frames.slice(0, i)).length));
      })
    );
  });

  it('are lost only where it is damaged, and the place is told', () => {
    fc.assert(
      fc.property(cuts, fc.nat(whole.length - 2), fc.integer({ min: 1, max: 255 }), (at, place, flip) => {
        const file = Buffer.from(whole);
        file[place] = (file[place] ?? 0) ^ flip;
        const { items, scanner } = scan(file, at);
        let start = 0;
        const hit = frames.findIndex(frame => (start += frame.length) > place);
        expect(bodies(items)).toEqual(texts.filter((_, i) => i !== hit));
        if (hit < frames.length - 1) {
          expect(items.filter(item => item.kind === 'damage')).toMatchObject([
            { bytes: frames[hit]?.length }
          ]);
        } else {
          expect(scanner.tail.bytes).toBe(frames.at(-1)?.length);
        }
      })
    );
  });

  it('end torn where a write was cut at any byte, also with zeros behind it, and damaged where one was changed', () => {
    const last = frames.at(-1)?.length ?? 0;
    for (let left = 1; left < last; left += 1) {
      const { items, scanner } = scan(whole.subarray(0, whole.length - last + left), []);
      expect(bodies(items)).toEqual(texts.slice(0, -1));
      expect(scanner.tail).toEqual({ bytes: left, torn: true });
    }
    expect(scan(Buffer.concat([whole, Buffer.alloc(5000)]), [5, 4000]).scanner.tail).toEqual({
      bytes: 5000,
      torn: true
    });
    const file = Buffer.from(whole);
    file[file.length - 3] = 0;
    expect(scan(file, [100]).scanner.tail).toEqual({ bytes: last, torn: false });
  });
});
