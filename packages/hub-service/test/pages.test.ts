import { Browser } from '../src/pages/browser.test.data.js';
import { openDatabase, type DatabaseKind, type IDatabase } from '../src/store/database.js';
import { SqlLogReader } from '../src/store/sql-log-reader.js';
import { SqlLogWriter } from '../src/store/sql-log-writer.js';
import { batchOf } from './support/batch-of.js';
import { CompanionStream } from './support/companion-stream.js';
import { migratedDatabase } from './support/migrated-databases.js';
import { type IScratchDatabase } from './support/scratch-databases.js';

jest.setTimeout(60_000);

describe.each<DatabaseKind>(['sqlite', 'postgres'])('pages over the log on %s', kind => {
  let scratch: IScratchDatabase;
  let database: IDatabase;
  let browser: Browser;

  beforeEach(async () => {
    scratch = await migratedDatabase(kind);
    database = await openDatabase(scratch.place, () => undefined);
    let nowMs = Date.UTC(2026, 10, 27, 4);
    const writer = new SqlLogWriter(database, () => nowMs);
    for (const [user, groups] of [
      ['anna', ['lab-a']],
      ['cleo', []],
      ['bert', ['lab-b', 'lab-a']]
    ] as const) {
      const stream = new CompanionStream();
      const speaker = { hub: 'hub', user, server: '', groups };
      // Within one batch records have one received time: only the index tells them apart.
      await writer.append([batchOf(speaker, stream.batch(40))]);
      nowMs += 1000;
    }
    browser = await Browser.open({ reader: new SqlLogReader(database, () => nowMs) });
  });

  afterEach(async () => {
    await database.close();
    await scratch.remove();
  });

  const rows = (page: string): number[] =>
    [...page.matchAll(/<a href="\/log\/(\d+)">#\1<\/a>/g)].map(match => Number(match[1]));

  it('go through the whole log, page by page, each record once', async () => {
    const seen: number[] = [];
    let path = '/log';
    while (path !== '') {
      const { body } = await browser.visit(path);
      seen.push(...rows(body));
      path = (/href="([^"]+)" rel="next"/.exec(body)?.[1] ?? '').replaceAll('&amp;', '&');
    }
    expect(seen).toEqual(Array.from({ length: 120 }, (_none, at) => 119 - at));
  });

  it('tell a story with its personal part, and put each look on record', async () => {
    const { body } = await browser.visit('/log/50');
    expect(body).toContain('/home/alice/.venv');
    expect(body).toMatch(/Environment<.*a virtual environment, Python .*Kind<.*Python \(PyPI\)/);
    expect(body).toContain('>cleo<');
    expect(rows(body)).toEqual([45, 46, 47, 48, 49, 50, 51, 52, 53, 54, 55]);
    const looks = (await browser.ask('/looks')).body;
    expect(looks.indexOf('/log/50')).toBeGreaterThan(looks.indexOf('Who read the log'));
  });

  it('show one group’s records to whoever may read no others', async () => {
    const scopes = ['access:services', 'custom:labkeeper:audit!group=lab-a'];
    browser.hub.people.set('lead', { name: 'lead', groups: [], scopes });
    const { body } = await browser.visit('/log');
    expect(body).toContain('80 records');
    for (const [index, status] of [
      [0, 200],
      [39, 200],
      [40, 404],
      [79, 404],
      [80, 200],
      [119, 200],
      [120, 404]
    ] as const) {
      expect([index, (await browser.ask(`/log/${index}`)).statusCode]).toEqual([index, status]);
    }
  });

  it('show nothing while the database is closed', async () => {
    await browser.visit('/log');
    await database.close();
    for (const path of ['/log', '/log/1', '/looks', '/status']) {
      expect((await browser.ask(path)).statusCode).toBe(503);
    }
    database = await openDatabase(scratch.place, () => undefined);
  });
});
