import { PassThrough, Writable } from 'node:stream';
import { csvLine, exportCsv } from '../src/export/csv.js';
import { exportLog } from '../src/export/export-log.js';
import { ExportRangeError, type ILoggedEntry } from '../src/export/export-source.js';
import { exportStream } from '../src/export/export-stream.js';
import { exportOcsf } from '../src/export/ocsf.js';
import { StreamOut } from '../src/export/stream-out.js';
import { Kept, verified } from './support/exported.js';
import { MadeKey, MadeLog } from './support/made-log.js';

const log = new MadeLog({ key: new MadeKey(), records: 60, streams: 3, digestRecords: 10, uncovered: 0 });
const everything = { filter: null, firstIndex: 0, endIndex: null };

/** Says of each record how sure it is, and of one stream which image it came from. */
class Graded extends MadeLog {
  override async *entries(...asked: Parameters<MadeLog['entries']>): AsyncGenerator<ILoggedEntry> {
    for await (const line of super.entries(...asked)) {
      yield { ...line, grade: 'corroborated' };
    }
  }

  async images(streams: readonly string[]): Promise<ReadonlyMap<string, string>> {
    return new Map(streams.slice(0, 1).map(stream => [stream, '=cmd|x']));
  }
}

describe('CSV', () => {
  it.each([
    ['=1+1', `"'=1+1"`],
    ['+1', `"'+1"`],
    ['-1', `"'-1"`],
    ['@SUM(A1)', `"'@SUM(A1)"`],
    ['\t=1', `"'\t=1"`],
    ['\r=1', `"'\r=1"`],
    ['a"b', '"a""b"'],
    ['a,b\nc', '"a,b\nc"'],
    ['plain', 'plain'],
    ['a=b', 'a=b']
  ])('writes %j so that no spreadsheet runs it', (text, cell) => {
    expect(csvLine([text, 1, null, true])).toBe(`${cell},1,,true\r\n`);
  });

  it('has a line for each record, also for those that could not be read', async () => {
    const out = new Kept();
    expect(await exportCsv(log, everything, out)).toBe(60);
    const lines = out.bytes.toString().split('\r\n');
    expect(lines).toHaveLength(62);
    expect(lines[0]).toMatch(/^index,received,hub,/);
    expect(lines[14]).toMatch(/^13,.*,unreadable,/);
    expect(new Set(lines.slice(1, -1).map(line => line.split(',').length)).size).toBe(1);
  });

  it('says how sure each record is and which image it came from, without formulas', async () => {
    const out = new Kept();
    const source = new Graded(log.made);
    await exportCsv(source, everything, out);
    const [head = '', ...lines] = out.bytes.toString().trimEnd().split('\r\n');
    expect(head).toMatch(/,grade,image$/);
    expect(lines.every(line => /,corroborated,("'=cmd\|x")?$/.test(line))).toBe(true);
    expect(lines.some(line => line.endsWith(`,"'=cmd|x"`))).toBe(true);
  });
});

it('OCSF is a JSON object in each line, with installs as installs', async () => {
  const out = new Kept();
  expect(await exportOcsf(log, everything, out, 1)).toBe(60);
  const events = out.bytes
    .toString()
    .trimEnd()
    .split('\n')
    .map(line => JSON.parse(line));
  expect(events[20]).toMatchObject({
    class_uid: 6002,
    activity_id: 1,
    type_uid: 600_201,
    app: { name: 'pack-0' }
  });
  expect(events[13]).toMatchObject({ activity_id: 99, activity_name: 'unreadable' });
});

describe('an export goes no faster than it is read', () => {
  it('waits while nobody reads', async () => {
    const written: number[] = [];
    const slow = new Writable({
      highWaterMark: 1,
      write: (chunk: Buffer, _, done) => {
        written.push(chunk.length);
        setImmediate(done);
      }
    });
    const out = new StreamOut(slow);
    await exportLog({ source: log, signer: log.made.key, out, personalOut: null, nowMs: 1 }, everything);
    await out.end();
    expect(written.length).toBeGreaterThan(3);
    expect(slow.writableLength).toBe(0);
  });

  it('ends when whoever reads has gone', async () => {
    const gone = new PassThrough({ highWaterMark: 1 });
    const out = new StreamOut(gone);
    const exporting = exportLog(
      { source: log, signer: log.made.key, out, personalOut: null, nowMs: 1 },
      everything
    );
    gone.destroy();
    await expect(exporting).rejects.toThrow('whoever reads the export has gone');
  });
});

describe('an export as the body of an answer', () => {
  const parts = { source: log, signer: log.made.key, nowMs: 1 };
  const bytesOf = async (body: AsyncIterable<Buffer>): Promise<Buffer> => {
    const pieces: Buffer[] = [];
    for await (const piece of body) {
      pieces.push(piece);
    }
    return Buffer.concat(pieces);
  };

  it('is the export', async () => {
    expect(verified(await bytesOf(exportStream(parts, everything, 'jsonl'))).outcome).toBe('consistent');
    expect((await bytesOf(exportStream(parts, everything, 'csv'))).toString()).toMatch(/^index,/);
    expect((await bytesOf(exportStream(parts, everything, 'ocsf'))).toString()).toMatch(/^{"class_uid":6002/);
  });

  it('breaks off where the log fails, and nobody takes it for whole', async () => {
    class Failing extends MadeLog {
      override async *entries(): AsyncGenerator<ILoggedEntry> {
        yield* log.lines.slice(0, 1);
        throw new Error('the database is gone');
      }
    }
    const failing = new Failing(log.made);
    await expect(bytesOf(exportStream({ ...parts, source: failing }, everything, 'jsonl'))).rejects.toThrow(
      'the database is gone'
    );
  });
});

it('says so when the range is not in the log', async () => {
  const parts = { source: log, signer: log.made.key, out: new Kept(), personalOut: null, nowMs: 1 };
  await expect(exportLog(parts, { ...everything, firstIndex: 61 })).rejects.toThrow(ExportRangeError);
  await expect(exportLog(parts, { ...everything, firstIndex: 20, endIndex: 10 })).rejects.toThrow(
    'There is no range from record 20 to 10: the log ends before record 60.'
  );
  expect(parts.out.bytes).toHaveLength(0);
});
