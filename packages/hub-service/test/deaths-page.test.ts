import { randomUUID } from 'node:crypto';
import type { ServerEvent } from '@labkeeper/protocol';
import { Browser } from '../src/pages/browser.test.data.js';
import { openDatabase, type DatabaseKind, type IDatabase } from '../src/store/database.js';
import { SqlLogReader } from '../src/store/sql-log-reader.js';
import { SqlLogWriter } from '../src/store/sql-log-writer.js';
import { SqlServerEventReader } from '../src/store/sql-server-event-reader.js';
import { SqlServerEvents } from '../src/store/sql-server-events.js';
import { batchOf } from './support/batch-of.js';
import { CompanionStream } from './support/companion-stream.js';
import { migratedDatabase } from './support/migrated-databases.js';
import { type IScratchDatabase } from './support/scratch-databases.js';

jest.setTimeout(60_000);

const EVIL = `<script>alert(1)</script>"\u202E`;

describe.each<DatabaseKind>(['sqlite', 'postgres'])('“Deaths” on %s', kind => {
  let scratch: IScratchDatabase;
  let database: IDatabase;
  let reader: SqlLogReader;
  let browser: Browser;

  const dies = async (
    user: string,
    node: string,
    more: { readonly groups?: readonly string[]; readonly image?: string; readonly kernelMs?: number } = {},
    times = 1
  ): Promise<void> => {
    // Each has a run of its own behind it.
    browser.nowMs += 60_000;
    const atMs = browser.nowMs - 1000;
    const death = (): ServerEvent => ({
      kind: 'death',
      ...{ id: randomUUID().replaceAll('-', ''), atMs, cause: 'memory-limit', confidence: 'certain' },
      ...{ memory: 'yes', consequence: 'restarted', signal: 9, exitCode: null, heldBytes: 1_073_741_824 },
      ...{ unreclaimableBytes: null, limitBytes: 2_147_483_648 }
    });
    const kernels: ServerEvent = {
      kind: 'kernels',
      ...{ id: randomUUID().replaceAll('-', ''), atMs, started: 1, unsentRecords: 0 },
      kernelMs: more.kernelMs ?? 0
    };
    const events = [...Array.from({ length: times }, death), kernels];
    await new SqlServerEvents(database, () => browser.nowMs).append({
      speaker: { hub: 'hub', user, server: '', groups: more.groups ?? [] },
      head: { protocol: 1, boot: randomUUID(), first: 1, count: events.length, image: more.image ?? null },
      events,
      runs: [{ startedAtMs: atMs - 20_000, node, image: null }]
    });
  };
  const cells = (page: string, head: string): string[] =>
    [...page.matchAll(new RegExp(`data-head="${head}"[^>]*><div>(.*?)</div>`, 'g'))].map(([, cell]) =>
      (cell ?? '').replace(/<[^>]+>/g, '')
    );

  beforeEach(async () => {
    scratch = await migratedDatabase(kind);
    database = await openDatabase(scratch.place, () => undefined);
    reader = new SqlLogReader(database, () => browser.nowMs);
    browser = await Browser.open({ reader, events: new SqlServerEventReader(database) });
  });
  afterEach(async () => {
    await database.close();
    await scratch.remove();
  });

  it('shows who lost a kernel where and why, and how often that happens', async () => {
    await dies('anna', 'node-a', { image: 'lab:1', kernelMs: 72_000_000 }, 3);
    await dies('bert', 'node-b', { image: 'lab:2', kernelMs: 36_000_000 });
    const { body } = await browser.visit('/deaths');
    expect(cells(body, 'User')).toEqual(['bert', 'anna', 'anna', 'anna']);
    expect(cells(body, 'What')[0]).toBe('Kernel died: Memory limit of the server');
    expect(cells(body, 'Numbers')[0]).toBe('cause certain, signal 9, held 1,024 MiB, limit 2,048 MiB');
    expect(cells(body, 'Deaths')).toEqual(['3', '1', '3', '1', '4']);
    expect(cells(body, 'Deaths in 100 kernel hours')).toEqual(['15.0', '10.0', '15.0', '10.0', '13.3']);
    expect(body).not.toContain('<script');
    const ofNode = (await browser.ask('/deaths?node=node-b')).body;
    expect(cells(ofNode, 'User')).toEqual(['bert']);
    expect(cells((await browser.ask('/deaths?cause=segfault')).body, 'User')).toEqual([]);
    expect(cells((await browser.ask('/deaths?user=anna&image=lab%3A1')).body, 'User')).toHaveLength(3);
    browser.nowMs += 2 * 86_400_000;
    expect((await browser.visit('/deaths?days=1')).body).toContain('No kernel died in 1 day.');
  });

  it('goes through all of them, page by page', async () => {
    await dies('anna', 'node-a', {}, 60);
    const first = (await browser.visit('/deaths')).body;
    const next = (/href="([^"]+)" rel="next"/.exec(first)?.[1] ?? '').replaceAll('&amp;', '&');
    const second = (await browser.ask(next)).body;
    expect([cells(first, 'User').length, cells(second, 'User').length]).toEqual([50, 10]);
    expect(second).not.toContain('rel="next"');
  });

  it('is on record before anything is shown, and shows nothing otherwise', async () => {
    await dies('anna', 'node-a');
    await browser.visit('/deaths?node=node-a&utm_source=ticket');
    expect(await reader.looks(1)).toMatchObject([
      { kind: 'deaths', query: '/deaths?node=node-a', reader: 'lead' }
    ]);
    jest.spyOn(reader, 'looked').mockRejectedValueOnce(new Error('disk full'));
    const answer = await browser.ask('/deaths');
    expect([answer.statusCode, answer.body.includes('anna')]).toEqual([503, false]);
  });

  it('shows people of one group to whoever may read no others, and beside a record too', async () => {
    await dies('anna', 'node-a', { groups: ['lab-a'] });
    await dies('anna', 'node-b', { groups: ['lab-b'] });
    await dies('bert', 'node-c', { groups: ['lab-b'] });
    const stream = new CompanionStream();
    const speaker = { hub: 'hub', user: 'anna', server: '', groups: ['lab-a'] };
    await new SqlLogWriter(database, () => browser.nowMs).append([batchOf(speaker, stream.batch(1))]);
    const all = (await browser.visit('/log/0')).body;
    expect(cells(all, 'Node').sort()).toEqual(['node-a', 'node-b']);
    const scopes = ['access:services', 'custom:labkeeper:audit!group=lab-a'];
    browser.hub.people.set('lead', { name: 'lead', groups: [], scopes });
    browser.cookies.clear();
    const { body } = await browser.visit('/deaths');
    expect(cells(body, 'Node')).toContain('node-a');
    expect(body).not.toMatch(/node-b|node-c|bert/);
    expect(body).toContain('not counted for a part');
    expect(cells((await browser.ask('/log/0')).body, 'Node')).toEqual(['node-a']);
  });

  it.each([
    ['node=a&node=b', 'may stand once'],
    ['cause=x', 'none of those'],
    ['days=0', 'a number from 1 to 400'],
    ['before=-1', 'no place in the list']
  ])('does not take %s', async (query, sentence) => {
    await browser.visit('/status');
    const answer = await browser.ask(`/deaths?${query}`);
    expect(answer.statusCode).toBe(400);
    expect(answer.body).toContain(sentence);
    expect(await reader.looks(1)).toEqual([]);
  });

  it('shows markup and hidden characters as text', async () => {
    await dies(EVIL, EVIL, { image: EVIL });
    const { body } = await browser.visit(`/deaths?node=${encodeURIComponent(EVIL)}`);
    expect(cells(body, 'User')).toHaveLength(1);
    expect(body).not.toContain('<script');
    expect(body.replace(/(value|href)="[^"]*"/g, '')).not.toContain('\u202E');
  });
});
