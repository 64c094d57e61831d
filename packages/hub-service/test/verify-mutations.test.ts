import * as fc from 'fast-check';
import { NotAnExportError, type IVerifyReport } from '@labkeeper/core';
import { createHash } from 'node:crypto';
import { exported, fileOf, linesOf, verified } from './support/exported.js';
import { MadeKey, MadeLog } from './support/made-log.js';

const key = new MadeKey();
const log = new MadeLog({ key, records: 120, streams: 5, digestRecords: 10, uncovered: 13 });

/** A number between 0 and 1 that says where. */
const place = fc.double({ min: 0, max: 1, noNaN: true, maxExcluded: true });

interface IMutation {
  readonly kind: 'flip' | 'remove' | 'double' | 'swap' | 'cut' | 'field';
  readonly one: number;
  readonly other: number;
  readonly bit: number;
}

const mutation: fc.Arbitrary<IMutation> = fc.record({
  kind: fc.constantFrom('flip', 'flip', 'remove', 'double', 'swap', 'cut', 'field'),
  one: place,
  other: place,
  bit: fc.integer({ min: 0, max: 7 })
});

function mutated(bytes: Buffer, { kind, one, other, bit }: IMutation): Buffer {
  const lines = linesOf(bytes);
  const [a, b] = [Math.floor(one * lines.length), Math.floor(other * lines.length)];
  const line = (index: number): Buffer => lines[index] ?? Buffer.alloc(0);
  switch (kind) {
    case 'flip': {
      const copy = Buffer.from(bytes);
      const at = Math.floor(one * bytes.length);
      copy[at] = (copy[at] ?? 0) ^ (1 << bit);
      return copy;
    }
    case 'remove':
      return fileOf(lines.toSpliced(a, 1));
    case 'double':
      return fileOf(lines.toSpliced(b, 0, line(a)));
    case 'swap':
      return fileOf(lines.with(a, line(b)).with(b, line(a)));
    case 'cut':
      return bytes.subarray(0, Math.floor(one * bytes.length));
    case 'field':
      return withNewHash(lines, a);
  }
}

/** One who changes a record and makes the hash in the last line anew, but has no key. */
function withNewHash(lines: Buffer[], at: number): Buffer {
  const changed = lines.with(at, Buffer.from((lines[at] ?? '').toString().replace(/:1([^"])/, ':2$1')));
  const last = changed.pop()?.toString() ?? '';
  const before = fileOf(changed);
  const sha256 = createHash('sha256').update(before).digest('hex');
  return Buffer.concat([
    before,
    Buffer.from(`${last.replace(/"sha256":"[^"]*"/, `"sha256":"${sha256}"`)}\n`)
  ]);
}

/** null = it was told that it is no export. */
function outcome(bytes: Buffer): IVerifyReport | null {
  try {
    return verified(bytes);
  } catch (error) {
    if (error instanceof NotAnExportError) {
      return null;
    }
    throw error;
  }
}

it.each([
  ['whole', null],
  ['filtered', { package: 'pack-2' }]
])('every one of 1 000 changes of a %s export is found, and none crashes', async (_, filter) => {
  const { bytes } = await exported(log, { filter });
  expect(verified(bytes).outcome).toBe('consistent');
  fc.assert(
    fc.property(mutation, change => {
      const other = mutated(bytes, change);
      fc.pre(!other.equals(bytes));
      const report = outcome(other);
      if (report) {
        expect(report.outcome).not.toMatch(/whole|consistent/);
        expect(report.findings.count).toBeGreaterThan(0);
      }
    }),
    { numRuns: 1000 }
  );
});

it('none of 100 histories that the owner of the key made anew is whole beside a later digest', async () => {
  const whole = await exported(log);
  for (let change = 0; change < 100; change++) {
    const remade = new MadeLog({
      ...log.made,
      // Another time is enough, where there is a record that can be read.
      remade: (record, index) => (index === change ? { ...record, observedAtMs: 1 } : record)
    });
    const { bytes } = await exported(remade);
    const first = Math.floor(change / log.made.digestRecords);
    const number = first + (change % (log.signedDigests.length - first));
    const digests = [{ name: 'd', digests: log.signedDigests.slice(number, number + 1) }];
    const isUnreadable = bytes.equals(whole.bytes);
    expect(verified(bytes).outcome).toBe('consistent');
    expect(verified(bytes, { digests }).outcome).toBe(isUnreadable ? 'consistent' : 'altered');
  }
});

it('any bytes at all give a report or one sentence', () => {
  const head = Buffer.from(
    `{"labkeeperExport":1,"log":"${log.id}","createdAtMs":1,"filter":null,"firstIndex":0,"endIndex":9,"keys":[]}\n`
  );
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 400 }), fc.boolean(), (noise, isHeaded) => {
      const report = outcome(isHeaded ? Buffer.concat([head, noise]) : Buffer.from(noise));
      expect(report?.outcome ?? 'none').not.toMatch(/whole|consistent/);
    }),
    { numRuns: 1000 }
  );
});
