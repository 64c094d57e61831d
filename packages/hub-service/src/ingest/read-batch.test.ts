import { canonicalJson } from '@labkeeper/core';
import * as fc from 'fast-check';
import { CompanionStream } from '../../test/support/companion-stream.js';
import { sha256Hex } from '../sha256.js';
import { isCanonical } from './is-canonical.js';
import { isShallow } from './json-depth.js';
import { readBatch } from './read-batch.js';

const SPEAKER = { hub: 'hub', user: 'alice', server: '', groups: [] };

/** Whatever a reader says of these bytes, it must hold: every byte is kept, hashed, and in its place. */
function check(body: Buffer): void {
  const read = readBatch(SPEAKER, body);
  if (read.kind !== 'batch') {
    expect(read.message).toMatch(/^[A-Z].*\.$/);
    return;
  }
  const { first, prev, head, records } = read.batch;
  const lines = splitBytes(body);
  expect(lines).toHaveLength(1 + 2 * records.length);
  let hash = prev;
  for (const [i, record] of records.entries()) {
    const line = lines[1 + 2 * i] ?? Buffer.alloc(0);
    const kept =
      record.line === null ? Buffer.from(record.opaque ?? '', 'base64') : Buffer.from(record.line, 'utf8');
    expect(kept.equals(line)).toBe(true);
    expect(record.seq).toBe(first + i);
    if (record.line !== null) {
      const value: unknown = JSON.parse(record.line);
      expect(canonicalJson(value)).toBe(record.line);
      expect(value).toMatchObject({ seq: record.seq, prev: hash, action: record.columns.action });
    } else {
      expect(record.columns.grade).toBe('unreadable');
    }
    hash = sha256Hex(line);
  }
  expect(head).toBe(hash);
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

describe('the reader of batches', () => {
  it('reads what a companion sends', () => {
    const stream = new CompanionStream();
    stream.batch(3);
    const read = readBatch(SPEAKER, stream.batch(4));
    expect(read).toMatchObject({ kind: 'batch', batch: { first: 4, head: stream.head, boot: stream.boot } });
    check(new CompanionStream().batch(500));
  });

  it('never fails on bytes of any kind', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 400 }), bytes => check(Buffer.from(bytes))),
      { numRuns: 2000 }
    );
  });

  it('keeps every byte of a batch in which some were changed', () => {
    const change = fc.record({
      at: fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
      bytes: fc.oneof(
        fc.uint8Array({ maxLength: 4 }),
        fc
          .constantFrom('\n', '"', '{', '[', '\\u0000', '\\ud800', '0', ' ', 'null')
          .map(text => Buffer.from(text))
      ),
      cut: fc.nat({ max: 3 })
    });
    let stored = 0;
    fc.assert(
      fc.property(fc.array(change, { minLength: 1, maxLength: 3 }), changes => {
        let body = new CompanionStream().batch(2);
        for (const { at, bytes, cut } of changes) {
          const place = Math.floor(at * body.length);
          body = Buffer.concat([body.subarray(0, place), bytes, body.subarray(place + cut)]);
        }
        check(body);
        stored += readBatch(SPEAKER, body).kind === 'batch' ? 1 : 0;
      }),
      { numRuns: 3000 }
    );
    expect(stored).toBeGreaterThan(20);
  });

  it('keeps any line in the place of a record', () => {
    const anyLine = fc.oneof(
      fc.json().map(text => Buffer.from(text)),
      fc.string({ unit: 'binary' }).map(text => Buffer.from(text)),
      fc.uint8Array({ maxLength: 200 }).map(bytes => Buffer.from(bytes))
    );
    fc.assert(
      fc.property(fc.array(anyLine, { minLength: 1, maxLength: 5 }), lines => {
        const stream = new CompanionStream();
        const clean = lines.map(line => Buffer.from(line.filter(byte => byte !== 0x0a)));
        const body = stream.batchOf([
          ...clean.map(line => () => ({ line, personal: null })),
          () => stream.pair()
        ]);
        check(body);
        const read = readBatch(SPEAKER, body);
        expect(read).toMatchObject({ kind: 'batch', batch: { head: stream.head } });
      }),
      { numRuns: 1000 }
    );
  });

  it('does not take a personal part for one that the record does not hold the hash of', () => {
    const stream = new CompanionStream();
    const other = '{"salt":"another"}';
    const body = stream.batchOf([
      () => ({ ...stream.pair(), personal: other }),
      () => ({ ...stream.pair(), personal: null }),
      () => ({ line: canonicalJson(stream.record(null)), personal: other })
    ]);
    const read = readBatch(SPEAKER, body);
    expect(read.kind === 'batch' && read.batch.records).toMatchObject([
      { line: null, personal: other, columns: { grade: 'unreadable' } },
      { opaque: null, personal: null },
      { line: null, personal: other }
    ]);
  });

  it('refuses a readable record out of its place', () => {
    const stream = new CompanionStream();
    const gap = stream.batchOf([() => stream.pair(), () => stream.pair(record => ({ ...record, seq: 7 }))]);
    expect(readBatch(SPEAKER, gap)).toMatchObject({ kind: 'malformed' });
  });
});

describe('canonical JSON', () => {
  it('is told from any other text of the same value', () => {
    fc.assert(
      fc.property(fc.jsonValue(), value => {
        const text = canonicalJson(value);
        // JavaScript puts keys that are whole numbers first; no record has one, and such a line is kept as it came.
        fc.pre(!/"\d+":/.test(text));
        expect(isCanonical(text, JSON.parse(text))).toBe(true);
        expect(isCanonical(`${text} `, JSON.parse(text))).toBe(false);
      })
    );
    for (const text of [
      '{"b":1,"a":2}',
      '{"a":1,"a":1}',
      '1.0',
      '1e2',
      '-0',
      '"\\u0061"',
      '"\\ud800"',
      '[1, 2]'
    ]) {
      expect([text, isCanonical(text, JSON.parse(text))]).toEqual([text, false]);
    }
  });

  it('is measured in depth without being parsed', () => {
    expect(isShallow('[[]]', 2)).toBe(true);
    expect(isShallow('[[[]]]', 2)).toBe(false);
    expect(isShallow('["[[[\\"[[", {}]', 2)).toBe(true);
    expect(isShallow('['.repeat(10_000_000), 8)).toBe(false);
  });
});
