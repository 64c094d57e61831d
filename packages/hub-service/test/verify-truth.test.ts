import * as fc from 'fast-check';
import { reportText } from '../src/verify/report-text.js';
import { exported, fileOf, linesOf, verified } from './support/exported.js';
import { MadeKey, MadeLog } from './support/made-log.js';

jest.setTimeout(120_000);

const key = new MadeKey();
const GARBAGE = Buffer.from('{"this":"is no line of an export"}');

/** A history, and the part of it that is exported. */
const history = fc.record({
  records: fc.integer({ min: 30, max: 90 }),
  streams: fc.integer({ min: 1, max: 5 }),
  digestRecords: fc.integer({ min: 3, max: 30 }),
  uncovered: fc.integer({ min: 0, max: 8 }),
  before: fc.integer({ min: 0, max: 6 }),
  behind: fc.integer({ min: 0, max: 6 }),
  isFiltered: fc.boolean()
});
type History = typeof history extends fc.Arbitrary<infer Value> ? Value : never;

const place = fc.double({ min: 0, max: 1, noNaN: true, maxExcluded: true });
/** What is done to lines of any kind: `outside` = a line of the whole log, `forged` = one that says something else, put beside it. */
const act = fc.record({
  kind: fc.constantFrom(
    ...(['swap', 'move', 'twice', 'reverse', 'garbage', 'outside', 'forged', 'change', 'remove'] as const)
  ),
  one: place,
  other: place,
  length: fc.integer({ min: 1, max: 6 })
});
type Act = typeof act extends fc.Arbitrary<infer Value> ? Value : never;

async function exportsOf({ isFiltered, before, behind, ...made }: History): Promise<readonly Buffer[][]> {
  const log = new MadeLog({ key, ...made });
  const filter = isFiltered ? { package: 'pack-2' } : null;
  const range = isFiltered ? {} : { firstIndex: before, endIndex: made.records - behind };
  const files = await Promise.all([exported(log, { filter, ...range }), exported(log)]);
  return files.map(({ bytes }) => linesOf(bytes));
}

/** The same line with another digit somewhere in the middle, so that it still says what it is. */
function forged(line: Buffer): Buffer {
  const text = line.toString();
  const at = text.indexOf('-4000-8000-0000000000') + 12;
  return Buffer.from(`${text.slice(0, at)}9${text.slice(at + 1)}`);
}

function done(
  lines: readonly Buffer[],
  all: readonly Buffer[],
  { kind, one, other, length }: Act
): readonly Buffer[] {
  // The first line stays: without it there is no range.
  const [a = 1, b = 1] = [one, other].map(where => 1 + Math.floor(where * (lines.length - 1)));
  const line = (at: number): Buffer => lines[at] ?? GARBAGE;
  const block = lines.slice(a, a + length);
  if (lines.length < 2) {
    return lines;
  }
  switch (kind) {
    case 'swap':
      return lines.with(a, line(b)).with(b, line(a));
    case 'move':
      return lines.toSpliced(a, length).toSpliced(b, 0, ...block);
    case 'twice':
      return lines.toSpliced(b, 0, ...block);
    case 'reverse':
      return lines.toSpliced(a, length, ...block.reverse());
    case 'garbage':
      return lines.toSpliced(a, 0, GARBAGE);
    case 'outside':
      return lines.toSpliced(a, 0, all[1 + Math.floor(other * (all.length - 1))] ?? GARBAGE);
    case 'forged':
      return lines.toSpliced(other < 0.5 ? a : a + 1, 0, forged(line(a)));
    case 'change':
      return lines.with(a, forged(line(a)));
    case 'remove':
      return lines.toSpliced(a, length);
  }
}

/** Lines that a sentence says something of; those that it only compares them with are not among them. */
function subjects(what: string): number[] {
  const [, about = ''] = /^(lines? \d+.*?)(?: (?:is|are) lines? | as lines? |$)/i.exec(what) ?? [];
  const named = about || (/\(line \d+\)/.exec(what)?.[0] ?? '');
  return [...named.matchAll(/\blines? (\d+)(?: (and|to) (\d+))?/gi)].flatMap(([, first, how, last]) =>
    how === 'to'
      ? Array.from({ length: Number(last) - Number(first) + 1 }, (_, at) => Number(first) + at)
      : [first, last].flatMap(number => (number === undefined ? [] : [Number(number)]))
  );
}

function isPartOf(some: readonly Buffer[], all: readonly Buffer[]): boolean {
  let at = 0;
  return some.every(line => {
    while (at < all.length && !all[at]?.equals(line)) {
      at += 1;
    }
    at += 1;
    return at <= all.length;
  });
}

const lineOf = (lines: readonly Buffer[], index: number): Buffer[] =>
  lines.filter(line => line.toString('latin1').startsWith(`{"index":${index},`));

it('whatever is done to the lines of a file, all of it is told, and nothing that is not so', async () => {
  await fc.assert(
    fc.asyncProperty(history, fc.array(act, { minLength: 1, maxLength: 3 }), async (of, acts) => {
      const [lines = [], all = []] = await exportsOf(of);
      const changed = acts.reduce<readonly Buffer[]>((now, next) => done(now, all, next), lines);
      fc.pre(!fileOf(changed).equals(fileOf(lines)));
      const report = verified(fileOf(changed));
      const found = report.findings.first.map(({ what }) => what);
      const text = found.join('\n');

      expect(report.outcome).toMatch(/altered|incomplete/);
      expect(report.covers).not.toBe('as-it-is');
      // All is told: what is not named is what was there, in its order.
      const named = new Set(found.flatMap(subjects));
      if (report.covers === 'put-back') {
        expect(
          isPartOf(
            changed.filter((_, at) => !named.has(at + 1)),
            lines
          )
        ).toBe(true);
      } else {
        expect(text).toMatch(
          /Bytes of the file were altered|The last line|before its last line|The export is signed/
        );
      }
      const isLess = lines.some(line => !changed.some(other => other.equals(line)));
      if (reportText('export.jsonl', report).includes('nothing else was done')) {
        expect(report.covers).toBe('put-back');
        expect(isLess && !text.includes('belongs stands one that says')).toBe(false);
      }
      // Nothing that is not so.
      expect([...named].every(number => number >= 1 && number <= changed.length)).toBe(true);
      for (const [, number] of text.matchAll(/Line (\d+)(?:, after record \d+,)? cannot be read/g)) {
        expect(lines.some(line => line.equals(changed[Number(number) - 1] ?? GARBAGE))).toBe(false);
      }
      for (const [, one, other] of text.matchAll(/Line (\d+) is line (\d+) again/g)) {
        expect(changed[Number(one) - 1]).toEqual(changed[Number(other) - 1]);
      }
      for (const [, index] of text.matchAll(/Record (\d+) was altered/g)) {
        const genuine = lineOf(lines, Number(index))[0] ?? GARBAGE;
        expect(lineOf(changed, Number(index)).some(line => !line.equals(genuine))).toBe(true);
      }
      // A line that was put in beside the one that was signed can be the one that is taken for it.
      const isAsSigned = (index: number): boolean => {
        const [genuine = GARBAGE] = lineOf(lines, index);
        const there = lineOf(changed, index);
        return there.length > 0 && there.every(line => line.equals(genuine));
      };
      for (const [, one, other] of text.matchAll(/Altered: record (\d+), or record (\d+) and those after/g)) {
        const behind = Array.from({ length: 100 }, (_, at) => Number(other) + at);
        const touched = [Number(one), ...behind].filter(index => lineOf(lines, index).length > 0);
        expect(touched.every(isAsSigned)).toBe(false);
      }
      for (const [, first, last] of text.matchAll(/Missing from the log: records? (\d+)(?: to (\d+))?\./g)) {
        for (let index = Number(first); index <= Number(last ?? first); index++) {
          expect(lineOf(changed, index)).toEqual([]);
        }
      }
      for (const [, index] of text.matchAll(/record (\d+) is not what it was signed over/g)) {
        const genuine = lineOf(lines, Number(index))[0] ?? GARBAGE;
        expect(lineOf(changed, Number(index)).every(line => line.equals(genuine))).toBe(false);
      }
    }),
    { numRuns: 250 }
  );
});
