import * as fc from 'fast-check';
import { exported, fileOf, linesOf, verified } from './support/exported.js';
import { MadeKey, MadeLog } from './support/made-log.js';

jest.setTimeout(120_000);

const key = new MadeKey();

/** A history, and what is asked of it. */
const history = fc.record({
  records: fc.integer({ min: 12, max: 160 }),
  streams: fc.integer({ min: 1, max: 9 }),
  digestRecords: fc.integer({ min: 3, max: 60 }),
  uncovered: fc.integer({ min: 0, max: 12 }),
  isFiltered: fc.boolean()
});
type History = typeof history extends fc.Arbitrary<infer Value> ? Value : never;

const place = fc.double({ min: 0, max: 1, noNaN: true, maxExcluded: true });
const act = fc.record({
  kind: fc.constantFrom('swap' as const, 'move' as const, 'twice' as const, 'reverse' as const),
  one: place,
  other: place
});
type Act = typeof act extends fc.Arbitrary<infer Value> ? Value : never;

async function exportOf({ isFiltered, ...made }: History): Promise<Buffer> {
  const log = new MadeLog({ key, ...made });
  return (await exported(log, { filter: isFiltered ? { package: 'pack-2' } : null })).bytes;
}

/** Lines of records in a file, by their place in it. */
function recordLines(lines: readonly Buffer[]): number[] {
  return lines.flatMap((line, at) => (line.toString('latin1').startsWith('{"index":') ? [at] : []));
}

/** What an act makes of the lines, and the numbers of the lines that it touched. */
function done(
  lines: readonly Buffer[],
  { kind, one, other }: Act
): { lines: Buffer[]; touched: number[] } | null {
  const records = recordLines(lines);
  const [first = 0] = records;
  const [a, b] = [one, other].map(where => first + Math.floor(where * records.length)).sort((x, y) => x - y);
  const line = (at: number): Buffer => lines[at] ?? Buffer.alloc(0);
  if (a === undefined || b === undefined || records.length < 2 || (a === b && kind !== 'twice')) {
    return null;
  }
  switch (kind) {
    case 'swap':
      return { lines: lines.with(a, line(b)).with(b, line(a)), touched: [a + 1, b + 1] };
    case 'move': {
      const isForward = one < other;
      const [from, to] = isForward ? [a, b] : [b, a];
      // Two lines that changed places are swapped, whichever was moved.
      const beside = b - a === 1 ? [a + 1, b + 1] : [];
      return { lines: lines.toSpliced(from, 1).toSpliced(to, 0, line(from)), touched: [to + 1, ...beside] };
    }
    case 'twice':
      // It stands before line b now, and line a may have gone on by one.
      return { lines: lines.toSpliced(b, 0, line(a)), touched: [a + 1, a + 2, b + 1] };
    case 'reverse': {
      const turned = lines.slice(a, b + 1).reverse();
      return { lines: lines.toSpliced(a, turned.length, ...turned), touched: [a + 1, b + 1] };
    }
  }
}

/** Every number of a line that a sentence names. */
function namedLines(what: string): number[] {
  return [...what.matchAll(/\blines? (\d+)(?: (?:and|to) (\d+))?/gi)].flatMap(([, one, other]) =>
    [one, other].flatMap(number => (number === undefined ? [] : [Number(number)]))
  );
}

it('one act on the order of lines is told once, by the lines that it touched, and the rest verifies', async () => {
  await fc.assert(
    fc.asyncProperty(history, act, async (of, what) => {
      const bytes = await exportOf(of);
      const whole = verified(bytes);
      expect(whole).toMatchObject({ outcome: 'consistent', covers: 'as-it-is' });
      const changed = done(linesOf(bytes), what);
      fc.pre(changed !== null && !fileOf(changed.lines).equals(bytes));
      const report = verified(fileOf(changed?.lines ?? []));
      const found = report.findings.first.map(finding => finding.what);
      expect(report).toMatchObject({ outcome: 'altered', covers: 'put-back' });
      expect(report).toMatchObject({
        ...{ records: whole.records, proven: whole.proven, digests: whole.digests, streams: whole.streams }
      });
      expect(found).toHaveLength(1);
      const named = namedLines(found[0] ?? '');
      expect(named.length).toBeGreaterThan(0);
      expect(changed?.touched).toEqual(expect.arrayContaining(named));
    }),
    { numRuns: 120 }
  );
});

it('many acts on the order of lines are all found, and with each line put back it is what was signed', async () => {
  await fc.assert(
    fc.asyncProperty(history, fc.array(act, { minLength: 2, maxLength: 5 }), async (of, acts) => {
      const bytes = await exportOf(of);
      const lines = acts.reduce((all, next) => done(all, next)?.lines ?? all, linesOf(bytes));
      fc.pre(!fileOf(lines).equals(bytes));
      const report = verified(fileOf(lines));
      expect(report).toMatchObject({ outcome: 'altered', covers: 'put-back' });
      expect(report.findings.first.every(({ kind }) => kind === 'order')).toBe(true);
      expect(report.findings.count).toBeLessThanOrEqual(3 * acts.length);
    }),
    { numRuns: 80 }
  );
});

it('a line that is gone is told by its record, its stream and the file', async () => {
  await fc.assert(
    fc.asyncProperty(history, place, async (of, where) => {
      const bytes = await exportOf({ ...of, isFiltered: false });
      const lines = linesOf(bytes);
      const index = Math.floor(where * of.records);
      const report = verified(fileOf(lines.toSpliced(index + 1, 1)));
      const found = report.findings.first.map(({ what }) => what);
      expect(found.filter(what => what.includes('issing')).join(' ')).toMatch(
        new RegExp(`(Missing from the log|The end of the range is missing): record ${index}\\.`)
      );
      expect(report.findings.count).toBeLessThanOrEqual(3);
    }),
    { numRuns: 60 }
  );
});

it('a changed byte of a record is told by no other record than that one', async () => {
  await fc.assert(
    fc.asyncProperty(history, place, place, fc.integer({ min: 1, max: 255 }), async (of, where, at, bits) => {
      const bytes = await exportOf({ ...of, isFiltered: false });
      const lines = linesOf(bytes);
      const index = Math.floor(where * of.records);
      const line = Buffer.from(lines[index + 1] ?? '');
      const from = line.indexOf(',"entry":');
      const offset = from + Math.floor(at * (line.length - from));
      line[offset] = (line[offset] ?? 0) ^ bits;
      // A newline makes two lines of one.
      fc.pre(line[offset] !== 10);
      const report = verified(fileOf(lines.with(index + 1, line)));
      const text = report.findings.first.map(({ what }) => what).join(' ');
      expect(report).toMatchObject({ outcome: 'altered', covers: 'no' });
      for (const [, named] of text.matchAll(/Record (\d+) was altered/g)) {
        expect(Number(named)).toBe(index);
      }
      for (const [, first, last] of text.matchAll(/more of records (\d+) to (\d+) are not what/g)) {
        expect(index).toBeGreaterThanOrEqual(Number(first));
        expect(index).toBeLessThanOrEqual(Number(last));
      }
      expect(report.findings.count).toBeLessThanOrEqual(4);
    }),
    { numRuns: 250 }
  );
});

describe('what was done is told in words', () => {
  const log = new MadeLog({ key, records: 116, streams: 7, digestRecords: 116, uncovered: 0 });
  const lines = async (): Promise<Buffer[]> => linesOf((await exported(log)).bytes);
  const found = (all: readonly Buffer[]): string[] =>
    verified(fileOf(all)).findings.first.map(({ what }) => what);
  const line = (all: readonly Buffer[], index: number): Buffer => all[index + 1] ?? Buffer.alloc(0);

  it('of two lines that were swapped, 20 apart', async () => {
    const all = await lines();
    const swapped = all.with(41, line(all, 60)).with(61, line(all, 40));
    expect(found(swapped)).toEqual(['Lines 42 and 62 are swapped (records 60 and 40).']);
  });

  it('of a line that was moved, a block turned round, and a line that is there twice', async () => {
    const all = await lines();
    expect(found(all.toSpliced(41, 1).toSpliced(70, 0, line(all, 40)))).toEqual([
      'Line 71 (record 40) stands where it does not belong: the place is after record 39.'
    ]);
    const block = all.slice(31, 51).reverse();
    expect(found(all.toSpliced(31, 20, ...block))).toEqual([
      'Lines 32 to 51 are in reverse order (records 30 to 49).'
    ]);
    expect(found(all.toSpliced(90, 0, line(all, 12)))).toEqual(['Line 91 is line 14 again (record 12).']);
  });

  it('of a digest that was moved among the records', async () => {
    const small = new MadeLog({ key, records: 60, streams: 3, digestRecords: 10, uncovered: 0 });
    const all = linesOf((await exported(small)).bytes);
    const digest = all[63] ?? Buffer.alloc(0);
    expect(found(all.toSpliced(63, 1).toSpliced(20, 0, digest))).toEqual([
      'Line 21 (digest 2) stands where it does not belong: the place is after digest 1.'
    ]);
  });

  it('of the last record of a stream: which ones it can be', async () => {
    const all = await lines();
    const changed = Buffer.from(line(all, 115));
    changed.write('x', changed.indexOf('pack-') + 1);
    const text = found(all.with(116, changed)).join(' ');
    expect(text).toContain('Altered: one or more of records 0 to 115 are not what digest 0 was signed over.');
    const [, named = ''] =
      /if only one was changed, it is one of records ([\d, and]+), or what the service noted/.exec(text) ??
      [];
    const suspects = named.split(/, | and /).map(Number);
    const streams = new Map(
      log.lines.map(({ index, entry }) => [String(JSON.parse(entry).stream), index] as const)
    );
    // Records before bytes that are no record, which hold no hash, and the last one of each stream.
    expect(suspects).toEqual([...new Set([2, 108, ...streams.values()])].sort((one, other) => one - other));
  });
});
