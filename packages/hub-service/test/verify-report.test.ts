import { reportText } from '../src/verify/report-text.js';
import { exported, fileOf, linesOf, verified } from './support/exported.js';
import { MadeKey, MadeLog } from './support/made-log.js';

const log = new MadeLog({ key: new MadeKey(), records: 40, streams: 3, digestRecords: 10, uncovered: 0 });

const entryAt = (index: number): { readonly stream: string; readonly seq: number } =>
  JSON.parse(log.lines[index]?.entry ?? '');

describe('the report for people', () => {
  const textOf = async (filter: { readonly package: string } | null): Promise<string> => {
    const { bytes } = await exported(log, { filter });
    return reportText('export.jsonl', verified(bytes));
  };

  it('says what a filtered export does not prove', async () => {
    expect(await textOf({ package: 'pack-2' })).toMatch(
      /^Complete +each record here is proven by itself; that no other one fits the filter, nothing but the signature says\./m
    );
    expect(await textOf(null)).not.toContain('Complete');
  });

  it('names the stream of a record that is missing, where its neighbours tell, and says so', async () => {
    const lines = linesOf((await exported(log)).bytes);
    // A head comes first. Record 20 is in the midst of its stream; record 39 is the last of all.
    const { stream, seq } = entryAt(20);
    const report = verified(fileOf(lines.filter((_, at) => at !== 21 && at !== 40)));
    expect(report.missing).toMatchObject({
      count: 2,
      first: [
        { first: 20, end: 21, of: { stream, firstSeq: seq }, streams: [] },
        { first: 39, end: 40, of: null, streams: [] }
      ]
    });
    const text = reportText('export.jsonl', report);
    expect(text).toContain(`record 20: by the neighbours record ${seq} of stream ${stream}, run `);
    expect(text).toContain('(inferred: ');
    expect(text).toContain('record 39: of which stream cannot be known: what is left does not tell');
    expect(verified(fileOf(lines)).missing).toEqual({ count: 0, first: [], moreLacks: 0 });
  });

  it('names no signature as a reason where it does not hold for these bytes', async () => {
    const open = new MadeLog({
      key: new MadeKey(),
      records: 12,
      streams: 2,
      digestRecords: 10,
      uncovered: 2
    });
    const lines = linesOf((await exported(open)).bytes);
    const rest = '2 by nothing but the signature over the whole file';
    expect(reportText('export.jsonl', verified(fileOf(lines)))).toContain(rest);
    const changed = Buffer.from(lines[3] ?? '');
    changed.write('x', changed.indexOf('pack-') + 1);
    const altered = reportText('export.jsonl', verified(fileOf(lines.with(3, changed))));
    expect(altered).not.toContain('nothing but the signature');
    expect(altered).toContain('12 by nothing: no signature over the whole file holds for these bytes');
    const [one, next] = lines.slice(3, 5);
    const swapped = fileOf(lines.with(3, next ?? Buffer.alloc(0)).with(4, one ?? Buffer.alloc(0)));
    const text = reportText('export.jsonl', verified(swapped));
    expect(text).toContain('With what is told below undone, every byte is what the service signed');
    expect(text).toContain(`${rest}, which holds once every line is where it belongs`);
  });

  it('infers nothing where more was done than taking records away', async () => {
    const lines = linesOf((await exported(log)).bytes);
    const [one, next] = [lines[31], lines[32]];
    if (!one || !next) {
      throw new Error('It is too short.');
    }
    lines.splice(31, 2, next, one);
    const report = verified(fileOf(lines.filter((_, at) => at !== 21)));
    expect(report.findings.first.map(({ kind }) => kind)).toContain('order');
    const { stream } = entryAt(20);
    expect(report.missing.first).toMatchObject([{ first: 20, end: 21, of: null }]);
    expect(report.missing.first[0]?.streams).toContain(stream);
  });

  it('says of the first record of a stream in a range no more than is known', async () => {
    const lines = linesOf((await exported(log, { firstIndex: 12 })).bytes);
    const text = reportText('export.jsonl', verified(fileOf(lines.filter((_, at) => at !== 1))));
    expect(text).toContain('record 12: of which stream cannot be known: what is left does not tell');
    expect(text).not.toContain('no stream');
  });
});
