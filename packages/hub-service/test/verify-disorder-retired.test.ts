import { fileOf, linesOf, verified } from './support/exported.js';
import { ACTOR, RetainedLog } from './support/retained-log.js';

jest.setTimeout(60_000);

/** Lines that stand for deleted records, put in, changed and moved. */
describe('an export of which retention deleted records', () => {
  let log: RetainedLog;
  let lines: readonly Buffer[];
  let at: number;
  beforeAll(async () => {
    log = await RetainedLog.open('sqlite');
    await log.happens('anna', ['heartbeat', 'heartbeat', 'install', 'install', 'install', 'heartbeat']);
    await log.happens('ben', ['heartbeat', 'heartbeat', 'heartbeat', 'install']);
    await log.legal.hold(ACTOR, null, 'Case 7');
    await log.legal.lift(ACTOR, (await log.legal.holds())[0]?.id ?? 0);
    await log.digest();
    await log.happens('anna', ['install', 'install']);
    await log.digest();
    log.pass(100);
    log.policy = { installs: '30 days' };
    await log.livesOn(9);
    await log.digest();
    lines = linesOf(await log.exported());
    at = lines.findIndex(line => line.includes('{"gone":{"firstIndex":') && goneOf(line).count > 1);
  });
  afterAll(() => log.close());

  const goneOf = (line: Buffer | undefined): { firstIndex: number; count: number; leaves?: string } =>
    JSON.parse(String(line)).gone;
  /** The same line over more or fewer records. */
  const counted = (by: number): Buffer => {
    const { firstIndex, count, leaves = '' } = goneOf(lines[at]);
    const hashes = leaves.padEnd((count + by) * 64, '0').slice(0, (count + by) * 64);
    return Buffer.from(JSON.stringify({ gone: { firstIndex, count: count + by, leaves: hashes } }));
  };
  const told = (changed: readonly Buffer[]) => {
    const report = verified(fileOf(changed));
    return { report, found: report.findings.first.map(({ what }) => what) };
  };

  it('is in order as it is made', () => {
    const { report, found } = told(lines);
    expect(found).toEqual([]);
    expect(report.covers).toBe('as-it-is');
    expect(goneOf(lines[at])).toMatchObject({ count: expect.any(Number) });
    // Written anew it is the same, to the byte.
    expect(counted(0).toString()).toBe(String(lines[at]));
  });

  it('tells a line that says that more was deleted than was', () => {
    const { report, found } = told(lines.with(at, counted(1)));
    const { firstIndex, count } = goneOf(lines[at]);
    expect(found[0]).toBe(
      `Line ${at + 1} tells of records ${firstIndex} to ${firstIndex + count} as deleted, and other lines tell of some of them too: they contradict each other, and it was left out.`
    );
    expect(found.join(' ')).not.toMatch(/does not belong/);
    expect(report.covers).toBe('no');
  });

  it.each([1, -1])('tells a copy of a line over %d more records, and the line that was signed stays', by => {
    for (const place of [at, at + 1]) {
      const { report, found } = told(lines.toSpliced(place, 0, counted(by)));
      expect(found).toEqual([
        expect.stringMatching(new RegExp(`^Line ${place + 1} tells of record.* as deleted, and other lines`))
      ]);
      expect(report.covers).toBe('put-back');
    }
  });

  it('tells a line that is there twice', () => {
    const [line = Buffer.alloc(0)] = lines.slice(at, at + 1);
    const { report, found } = told(lines.toSpliced(at + 3, 0, line));
    expect(found).toEqual([expect.stringMatching(`^Line ${at + 4} is line ${at + 1} again`)]);
    expect(report.covers).toBe('put-back');
  });

  it('tells an act of retention that was moved among the records, and believes it all the same', () => {
    const retire = lines.findIndex(line => line.includes('{"retire":'));
    const [line = Buffer.alloc(0)] = lines.slice(retire, retire + 1);
    const { report, found } = told(lines.toSpliced(retire, 1).toSpliced(2, 0, line));
    expect(found).toEqual([
      'Line 3 stands where it does not belong: the place is behind all records and digests.'
    ]);
    expect(report.covers).toBe('put-back');
    expect(report.deleted.records).toBeGreaterThan(0);
  });
});
