import { exportCsv } from '../src/export/csv.js';
import { exportOcsf } from '../src/export/ocsf.js';
import type { DatabaseKind } from '../src/store/database.js';
import type { ILogFilter } from '../src/store/log-reader.js';
import { Kept } from './support/exported.js';
import { RetainedLog } from './support/retained-log.js';

jest.setTimeout(60_000);

const ANNA: ILogFilter = { user: 'anna' };

describe.each<DatabaseKind>(['sqlite', 'postgres'])('an export of records that are gone, on %s', kind => {
  let log: RetainedLog;
  beforeEach(async () => {
    log = await RetainedLog.open(kind);
    for (let day = 0; day < 3; day += 1) {
      await log.happens('anna', ['install', 'found-on-disk']);
      await log.happens('ben', ['install', 'gap']);
      await log.digest();
      log.pass(1);
    }
  });
  afterEach(() => log.close());

  /** The lines of it, without the head. */
  const csv = async (filter: ILogFilter | null, endIndex: number | null = null): Promise<string[]> => {
    const out = new Kept();
    await exportCsv(log.range, { filter, firstIndex: 0, endIndex }, out);
    return out.bytes.toString().trimEnd().split('\r\n').slice(1);
  };
  const ocsf = async (filter: ILogFilter | null): Promise<unknown[]> => {
    const out = new Kept();
    await exportOcsf(log.range, { filter, firstIndex: 0, endIndex: null }, out, log.nowMs);
    const lines = out.bytes.toString().trimEnd().split('\n');
    return lines.map((line): unknown => JSON.parse(line));
  };
  /** Installs are 0, 2, 4, 6, 8 and 10. */
  const deleteInstalls = async (): Promise<void> => {
    log.policy = { installs: '30 days' };
    await log.livesOn(60);
    await log.digest();
  };

  it('says how many retention deleted, and has no line for them', async () => {
    expect(await csv(null, 12)).toHaveLength(12);
    expect((await ocsf(ANNA)).at(-1)).not.toHaveProperty('message');
    await deleteInstalls();
    const whole = await csv(null, 12);
    expect(whole).toHaveLength(7);
    expect(whole.at(-1)).toMatch(
      /^,.*,deleted-records,.*6 of the records 0 to 11 were deleted by retention, each by an act that is in the log\./
    );
    expect((await csv(null, 5)).at(-1)).toContain('3 of the records 0 to 4 were deleted');
    const filtered = await csv(ANNA);
    expect(filtered.slice(0, -1).map(line => line.split(',')[0])).toEqual(['1', '5', '9']);
    expect(filtered.at(-1)).toContain('whether the filter would mean them is not known any more');
    expect((await ocsf(ANNA)).at(-1)).toMatchObject({
      activity_name: 'deleted-records',
      message: expect.stringContaining('deleted by retention')
    });
  });

  it('goes on where retention deleted one between two looks', async () => {
    const row = await log.database.read
      .selectFrom('record')
      .selectAll()
      .where('idx', '=', 4)
      .executeTakeFirstOrThrow();
    await deleteInstalls();
    // As whoever looked before sees it.
    await log.database.write.insertInto('record').values(row).execute();
    expect((await csv(ANNA)).slice(0, -1).map(line => line.split(',')[0])).toEqual(['1', '5', '9']);
    expect(await log.verified({ filter: ANNA })).toMatchObject({ records: 3, proven: 3 });
  });

  it('is refused where a line is gone and no act says why, but for a whole one, which verify reads', async () => {
    await deleteInstalls();
    await log.database.write.deleteFrom('record_body').where('idx', '=', 5).execute();
    const missing = 'Record 5 is missing from the log, and no act of retention deleted it.';
    await expect(csv(ANNA)).rejects.toThrow(missing);
    await expect(ocsf(ANNA)).rejects.toThrow(missing);
    await expect(csv(null)).rejects.toThrow(missing);
    await expect(log.exported({ filter: ANNA })).rejects.toThrow(missing);
    // It is none of Ben's.
    expect(await csv({ user: 'ben' })).toHaveLength(4);
    const { findings } = await log.verified();
    expect(JSON.stringify(findings.first)).toContain('5');
  });

  it('of everything is refused where nothing is left of a record', async () => {
    for (const table of ['record', 'record_body', 'personal'] as const) {
      await log.database.write.deleteFrom(table).where('idx', '=', 11).execute();
    }
    const missing = 'Record 11 is missing from the log';
    await expect(csv(null)).rejects.toThrow(missing);
    await expect(ocsf(null)).rejects.toThrow(missing);
    await deleteInstalls();
    await expect(csv(null)).rejects.toThrow(missing);
  });

  it('with a filter says of one of which nothing is left that nobody knows whether it was meant', async () => {
    await deleteInstalls();
    for (const table of ['record', 'record_body', 'personal'] as const) {
      await log.database.write.deleteFrom(table).where('idx', '=', 5).execute();
    }
    const lines = await csv(ANNA);
    expect(lines.slice(0, -2).map(line => line.split(',')[0])).toEqual(['1', '9']);
    expect(lines.at(-2)).toContain(',deleted-records,');
    expect(lines.at(-1)).toMatch(
      /^,.*,missing-records,.*"1 of the records 0 to \d+ is missing from the log, the first of them record 5, and no act/
    );
    expect((await ocsf(ANNA)).at(-1)).toMatchObject({
      ...{ activity_name: 'missing-records', severity_id: 4 },
      message: expect.stringContaining('whether the filter would mean it is not known any more')
    });
    await expect(log.exported({ filter: ANNA })).rejects.toThrow(
      'Record 5 is missing from the log, and no act of retention deleted it: whether the filter means it nobody knows'
    );
    // Nothing is said of ranges that do not have it.
    expect((await csv(ANNA, 5)).at(-1)).toContain(',deleted-records,');
    expect(await log.verified({ filter: ANNA, firstIndex: 8 })).toMatchObject({ findings: { count: 0 } });
  });
});
