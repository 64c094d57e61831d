import { Browser } from '../src/pages/browser.test.data.js';
import { openDatabase, type DatabaseKind, type IDatabase } from '../src/store/database.js';
import { SqlHolders } from '../src/store/sql-holders.js';
import { SqlLogReader } from '../src/store/sql-log-reader.js';
import { SqlLogWriter } from '../src/store/sql-log-writer.js';
import { batchOf } from './support/batch-of.js';
import { CompanionStream } from './support/companion-stream.js';
import { migratedDatabase } from './support/migrated-databases.js';
import { type IScratchDatabase } from './support/scratch-databases.js';

jest.setTimeout(60_000);

const DAY_MS = 86_400_000;
/** Noon of 1 November 2026, UTC. */
const NOON_MS = Date.UTC(2026, 10, 1, 12);
const EVIL = `<script>alert(1)</script>"\u202E`;

describe.each<DatabaseKind>(['sqlite', 'postgres'])('“Who has it?” on %s', kind => {
  let scratch: IScratchDatabase;
  let database: IDatabase;
  let reader: SqlLogReader;
  let browser: Browser;
  let nowMs = NOON_MS;
  const streams = new Map<string, CompanionStream>();

  /** Something happens to a package on somebody's server. */
  const happens = async (
    user: string,
    action: 'install' | 'upgrade' | 'remove',
    name: string,
    version: string,
    groups: readonly string[] = []
  ): Promise<void> => {
    const stream = streams.get(user) ?? new CompanionStream();
    streams.set(user, stream);
    const body = stream.batch(1, record => ({
      ...record,
      action,
      package: record.package && { ...record.package, name, version }
    }));
    const speaker = { hub: 'hub', user, server: '', groups };
    await new SqlLogWriter(database, () => nowMs).append([batchOf(speaker, body)]);
  };
  const users = (page: string): string[] =>
    [...page.matchAll(/data-head="User"[^>]*><div>(.*?)<\/div>/g)].map(([, cell]) =>
      (cell ?? '').replace(/<[^>]+>/g, '')
    );

  beforeEach(async () => {
    streams.clear();
    nowMs = NOON_MS;
    scratch = await migratedDatabase(kind);
    database = await openDatabase(scratch.place, () => undefined);
    reader = new SqlLogReader(database, () => nowMs);
    browser = await Browser.open({ reader, holders: new SqlHolders(database) });
  });
  afterEach(async () => {
    await database.close();
    await scratch.remove();
  });

  it('says who has it now, and who had it on a day', async () => {
    await happens('anna', 'install', 'scikit-learn', '1.5');
    await happens('bert', 'install', 'scikit-learn', '1.6');
    nowMs += DAY_MS;
    await happens('anna', 'upgrade', 'scikit-learn', '1.6');
    nowMs += DAY_MS;
    await happens('bert', 'remove', 'scikit-learn', '1.6');
    nowMs += DAY_MS;
    const now = (await browser.visit('/holders?package=Scikit_Learn')).body;
    expect(users(now)).toEqual(['anna']);
    expect(now).toContain('1 person, 1 server, 1 installation, now, as far as is on record');
    expect(now).toContain('2026-11-02 12:00:00');
    expect(users((await browser.ask('/holders?package=scikit-learn&version=1.5')).body)).toEqual([]);
    for (const [query, who] of [
      ['at=2026-10-31', []],
      ['at=2026-11-01', ['bert', 'anna']],
      ['at=2026-11-02', ['anna', 'bert', 'anna']],
      ['at=2026-11-03', ['anna', 'bert']],
      ['at=2026-11-04', ['anna']],
      ['at=2026-11-02&version=1.6', ['anna', 'bert']],
      ['at=2026-11-03&version=1.5', []]
    ] as const) {
      expect([query, users((await browser.ask(`/holders?package=scikit-learn&${query}`)).body)]).toEqual([
        query,
        who
      ]);
    }
  });

  it('keeps what a server that is gone had, with when it was heard of last', async () => {
    await happens('anna', 'install', 'numpy', '2.0');
    nowMs += 400 * DAY_MS;
    const { body } = await browser.visit('/holders?package=numpy');
    expect(users(body)).toEqual(['anna']);
    expect(body).toMatch(
      /data-head="Last heard of \(UTC\)"[^>]*><div><time dateTime="2026-11-01T12:00:00.000Z"/
    );
  });

  it('goes through all of them, page by page, each once', async () => {
    const stream = new CompanionStream();
    const body = stream.batch(120, record => ({
      ...record,
      package: record.package && { ...record.package, name: 'numpy', version: `1.${record.seq}` }
    }));
    const speaker = { hub: 'hub', user: 'anna', server: 'big', groups: [] };
    await new SqlLogWriter(database, () => nowMs).append([batchOf(speaker, body)]);
    const seen: string[] = [];
    let path = '/holders?package=numpy';
    while (path !== '') {
      const page = (await browser.visit(path)).body;
      expect(page).toContain('1 person, 1 server, 120 installations');
      seen.push(
        ...[...page.matchAll(/data-head="Version"[^>]*><div><bdi class="text">([^<]+)/g)].map(
          ([, v]) => v ?? ''
        )
      );
      path = (/href="([^"]+)" rel="next"/.exec(page)?.[1] ?? '').replaceAll('&amp;', '&');
    }
    expect(seen).toEqual(Array.from({ length: 120 }, (_none, at) => `1.${120 - at}`));
    expect((await browser.ask('/holders?package=numpy&before=0')).body).toContain('There are no older ones.');
  });

  it('is on record before anything is shown, and shows nothing otherwise', async () => {
    await happens('anna', 'install', 'numpy', '2.0');
    await browser.visit('/holders?package=numpy&utm_source=ticket');
    expect(await reader.looks(1)).toMatchObject([
      { kind: 'holders', query: '/holders?package=numpy', reader: 'lead' }
    ]);
    jest.spyOn(reader, 'looked').mockRejectedValueOnce(new Error('disk full'));
    const answer = await browser.ask('/holders?package=numpy');
    expect(answer.statusCode).toBe(503);
    expect(answer.body).not.toContain('anna');
  });

  it('shows people of one group to whoever may read no others', async () => {
    await happens('anna', 'install', 'numpy', '2.0', ['lab-a']);
    await happens('bert', 'install', 'numpy', '2.0', ['lab-b', 'lab-x']);
    await happens('cleo', 'install', 'numpy', '2.0', []);
    const scopes = [
      'access:services',
      'custom:labkeeper:audit!group=lab-a',
      'custom:labkeeper:audit!group=lab-b'
    ];
    browser.hub.people.set('lead', { name: 'lead', groups: [], scopes });
    const { body } = await browser.visit('/holders?package=numpy');
    expect(users(body)).toEqual(['bert', 'anna']);
    expect(body).toContain('2 people, 2 servers');
    expect(body).not.toContain('cleo');
  });

  it('is linked from records and lists, and says what is not there', async () => {
    await happens('anna', 'install', 'numpy', '2.0');
    expect((await browser.visit('/log/0')).body).toContain('href="/holders?package=numpy&amp;version=2.0"');
    expect((await browser.ask('/log?package=numpy')).body).toContain('href="/holders?package=numpy"');
    expect((await browser.ask('/holders')).body).toContain('Name a package to see');
    expect((await browser.ask('/holders?package=polars&at=2026-11-01')).body).toContain('Nobody had');
    await expect(reader.looks(10)).resolves.toHaveLength(3);
  });

  it.each([
    ['package=a&package=b', 'may stand once'],
    ['package=a&at=2026-02-31', 'should be a day'],
    ['package=a&at=2027-01-01', 'has not come yet'],
    ['version=1', 'Name a package.'],
    ['package=a&before=-1', 'no place in the list']
  ])('does not take %s', async (query, sentence) => {
    await browser.visit('/status');
    const answer = await browser.ask(`/holders?${query}`);
    expect(answer.statusCode).toBe(400);
    expect(answer.body).toContain(sentence);
    expect(await reader.looks(1)).toEqual([]);
  });

  it('shows markup and hidden characters as text', async () => {
    await happens(EVIL, 'install', EVIL, EVIL);
    const { body } = await browser.visit(`/holders?package=${encodeURIComponent(EVIL)}`);
    expect(users(body)).toHaveLength(1);
    expect(body).not.toContain('<script');
    expect(body.replace(/value="[^"]*"/g, '')).not.toContain('\u202E');
  });

  it('is for readers of the log alone', async () => {
    browser.hub.people.set('lead', { name: 'lead', groups: [], scopes: ['access:services'] });
    expect((await browser.visit('/holders?package=numpy')).statusCode).toBe(403);
  });
});
