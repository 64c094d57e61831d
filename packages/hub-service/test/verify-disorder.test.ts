import { reportText } from '../src/verify/report-text.js';
import { exported, fileOf, linesOf, verified } from './support/exported.js';
import { MadeKey, MadeLog } from './support/made-log.js';

jest.setTimeout(60_000);

const key = new MadeKey();
const log = new MadeLog({ key, records: 120, streams: 5, digestRecords: 20, uncovered: 10 });
const GARBAGE = Buffer.from('this is no line of an export');

const found = (lines: readonly Buffer[]): string[] =>
  verified(fileOf(lines)).findings.first.map(({ what }) => what);
const text = (lines: readonly Buffer[]): string => reportText('export.jsonl', verified(fileOf(lines)));

describe('lines at the ends of a range', () => {
  const part = async (): Promise<Buffer[]> =>
    linesOf((await exported(log, { firstIndex: 50, endIndex: 100 })).bytes);
  const all = async (): Promise<Buffer[]> => linesOf((await exported(log)).bytes);

  it('a record from before it is told, and the others are still verified', async () => {
    const lines = await part();
    const [before = GARBAGE] = (await all()).slice(50, 51);
    const report = verified(fileOf(lines.toSpliced(1, 0, before)));
    expect(report.findings.first.map(({ what }) => what)).toEqual([
      'Line 2 tells of record 49, which the first line does not.'
    ]);
    expect(report).toMatchObject({ covers: 'put-back', records: 50 });
  });

  it('a record from behind it too, beside a swap', async () => {
    const lines = await part();
    const [behind = GARBAGE] = (await all()).slice(101, 102);
    const [one = GARBAGE, other = GARBAGE] = [lines[10], lines[30]];
    const changed = lines.with(10, other).with(30, one).toSpliced(51, 0, behind);
    expect(found(changed)).toEqual([
      'Lines 11 and 31 are swapped (records 79 and 59).',
      'Line 52 tells of record 100, which the first line does not.'
    ]);
  });

  it('where the first line tells of fewer, those before are told and the others verify', async () => {
    const lines = await part();
    const head = Buffer.from((lines[0] ?? GARBAGE).toString().replace('"firstIndex":50', '"firstIndex":60'));
    const [one = GARBAGE, other = GARBAGE] = [lines[20], lines[30]];
    const report = verified(fileOf(lines.with(0, head).with(20, other).with(30, one)));
    const what = report.findings.first.map(finding => finding.what).join(' ');
    expect(what).toContain('Lines 2 to 11 tell of records 50 to 59, which the first line does not.');
    expect(what).not.toContain('issing');
    expect(report).toMatchObject({ covers: 'no', records: 40 });
  });
});

describe('lines that have no place', () => {
  it('are told where one was put in behind a record that was moved to the front', async () => {
    const lines = linesOf((await exported(log)).bytes);
    const [moved = GARBAGE] = lines.slice(51, 52);
    const changed = lines.toSpliced(51, 1).toSpliced(1, 0, moved, GARBAGE);
    expect(found(changed)).toEqual([
      'Line 2 (record 50) stands where it does not belong: the place is after record 49.',
      'Line 3 cannot be read.',
      expect.stringContaining(
        'With the lines put back and left out as told above: Bytes of the file were altered'
      )
    ]);
    expect(text(changed)).not.toContain('nothing else was done');
  });

  it('the first line is found behind a record that was moved before it', async () => {
    const lines = linesOf((await exported(log)).bytes);
    const [moved = GARBAGE] = lines.slice(51, 52);
    const report = verified(fileOf(lines.toSpliced(51, 1).toSpliced(0, 0, moved)));
    expect(report).toMatchObject({ covers: 'put-back', records: 120 });
    expect(report.findings.first.map(({ what }) => what)).toEqual([
      'Line 1 (record 50) stands where it does not belong: the place is after record 49.'
    ]);
  });

  it('the last line is told where it was moved among the records beside a swap', async () => {
    const lines = linesOf((await exported(log)).bytes);
    const last = lines.at(-1) ?? GARBAGE;
    const [one = GARBAGE, other = GARBAGE] = [lines[10], lines[30]];
    const changed = lines.slice(0, -1).with(10, other).with(30, one).toSpliced(70, 0, last);
    expect(found(changed)).toEqual([
      'Lines 11 and 31 are swapped (records 29 and 9).',
      'Line 71 stands where it does not belong: the place is behind all records and digests.'
    ]);
  });

  it('the last line stays where a record was moved behind it', async () => {
    const lines = linesOf((await exported(log)).bytes);
    const [moved = GARBAGE] = lines.slice(51, 52);
    expect(found([...lines.toSpliced(51, 1), moved])).toEqual([
      `Line ${lines.length} (record 50) stands where it does not belong: the place is after record 49.`
    ]);
  });

  it('a line that does not end is told by its number in the file, where another one was left out', async () => {
    const lines = linesOf((await exported(log)).bytes);
    const [twice = GARBAGE] = lines.slice(51, 52);
    const torn = Buffer.concat([fileOf(lines.toSpliced(80, 0, twice)), GARBAGE]);
    const what = verified(torn).findings.first.map(finding => finding.what);
    expect(what).toContain('Line 81 is line 52 again (record 50).');
    expect(what).toContain(`The file ends in the middle of line ${lines.length + 2}.`);
  });
});

describe('blocks of lines', () => {
  it('that changed places, one of them turned round, are not told as swapped alone', async () => {
    const lines = linesOf((await exported(log)).bytes);
    const changed = [
      ...lines.slice(0, 11),
      ...lines.slice(51, 56),
      ...lines.slice(16, 51),
      ...lines.slice(11, 16).reverse(),
      ...lines.slice(56)
    ];
    const report = verified(fileOf(changed));
    expect(report.covers).toBe('put-back');
    expect(report.findings.first.map(({ what }) => what).join(' ')).toContain('in reverse order');
  });

  it('that are there twice, turned round, are not said to hold something else', async () => {
    const lines = linesOf((await exported(log)).bytes);
    const report = verified(fileOf(lines.toSpliced(91, 0, ...lines.slice(11, 16).reverse())));
    expect(report.covers).toBe('put-back');
    expect(report.findings.first.map(({ what }) => what)).toEqual([
      'Lines 92 to 96 tell of records 10 to 14, as lines 12 to 16 do, in another order or with another content.'
    ]);
  });
});

describe('of two lines that say the same and hold something else', () => {
  const forged = (line: Buffer): Buffer => Buffer.from(line.toString().replace('pack-', 'pick-'));
  const other = 'as line 53 does, and what it holds is something else.';

  it('the one is put back that was signed, wherever it stands', async () => {
    const lines = linesOf((await exported(log)).bytes);
    const line = lines[51] ?? GARBAGE;
    expect(forged(line)).not.toEqual(line);
    const before = verified(fileOf(lines.toSpliced(51, 0, forged(line))));
    expect(before.findings.first.map(({ what }) => what)).toEqual([`Line 52 tells of record 50, ${other}`]);
    expect(before.covers).toBe('put-back');
    const behind = verified(fileOf(lines.toSpliced(52, 0, forged(line))));
    expect(behind.findings.first.map(({ what }) => what)).toEqual([
      'Line 53 tells of record 50, as line 52 does, and what it holds is something else.'
    ]);
    expect(behind.covers).toBe('put-back');
  });

  it('the place of a record that stands elsewhere is not given to another one', async () => {
    const lines = linesOf((await exported(log)).bytes);
    const [zero = GARBAGE, one = GARBAGE] = lines.slice(1, 3);
    const [first, second] = [forged(one), Buffer.from(one.toString().replace('pack-', 'puck-'))];
    const what = found(lines.toSpliced(1, 2, first, second, one, zero)).join(' ');
    expect(what).not.toMatch(/Record 0 was altered|Where record 0 belongs/);
  });

  it('that it stood elsewhere is told as well', async () => {
    const lines = linesOf((await exported(log)).bytes);
    const line = lines[51] ?? GARBAGE;
    const report = verified(fileOf(lines.with(51, forged(line)).toSpliced(91, 0, line)));
    expect(report.covers).toBe('put-back');
    expect(report.findings.first.map(({ what }) => what)).toEqual([
      'Line 52 tells of record 50, as line 92 does, and what it holds is something else.',
      'Line 92 (record 50) stands where it does not belong: the place is after record 49.'
    ]);
  });

  it('a digest that was made anew takes nothing from the one that was signed', async () => {
    const lines = linesOf((await exported(log)).bytes);
    const at = lines.findIndex(each => each.toString().startsWith('{"digest":')) + 2;
    const line = lines[at] ?? GARBAGE;
    const remade = Buffer.from(line.toString().replace('"count":20', '"count":10'));
    for (const place of [at, at + 1]) {
      const report = verified(fileOf(lines.toSpliced(place, 0, remade)));
      expect(report.findings.first.map(({ what }) => what)).toEqual([
        expect.stringMatching(/tells of digest 2, as line \d+ does, and what it holds is something else/)
      ]);
      expect(report).toMatchObject({ covers: 'put-back', proven: 100 });
    }
  });

  it('a digest in the place of a record is not taken for that record', async () => {
    const lines = linesOf((await exported(log)).bytes);
    const at = lines.findIndex(each => each.toString().startsWith('{"digest":')) + 2;
    const remade = Buffer.from((lines[at] ?? GARBAGE).toString().replace('"count":20', '"count":10'));
    const what = found(lines.with(51, remade)).join(' ');
    expect(what).not.toContain('null');
    expect(what).toContain('Missing from the log: record 50.');
  });
});

it('a file without any order is given up, and says so', async () => {
  const [head = GARBAGE, ...rest] = linesOf((await exported(log)).bytes);
  const parts: Buffer[] = [];
  for (let i = 0; i < 12_000; i++) {
    parts.push(Buffer.from('x'), Buffer.from('{"end":'));
  }
  const inOrder = verified(fileOf([head, ...parts, ...rest]));
  expect(inOrder.findings.first[0]?.what).toBe('Line 2 cannot be read.');
  const [one = GARBAGE, other = GARBAGE] = [rest[10], rest[30]];
  const report = verified(fileOf([head, ...parts, ...rest.with(10, other).with(30, one)]));
  expect(report.findings.first[0]?.what).toMatch(/^Which lines were moved was not told apart/);
});

it('where more was done than is printed, the report does not say that nothing else was', async () => {
  const lines = linesOf((await exported(log)).bytes);
  const twice = lines.flatMap((line, at) => (at > 0 && at < 60 && at % 2 === 0 ? [line, line] : [line]));
  const report = verified(fileOf(twice));
  expect(report.covers).toBe('put-back');
  expect(report.findings.count).toBeGreaterThan(20);
  expect(text(twice)).toContain('Not all that was done is told below.');
  expect(text(twice)).not.toContain('nothing else was done');
});
