import { verified } from '../../test/support/exported.js';
import { MadeKey, MadeLog } from '../../test/support/made-log.js';
import { Browser } from './browser.test.data.js';

const made = new MadeLog({ key: new MadeKey(), records: 60, streams: 4, digestRecords: 10, uncovered: 0 });

async function signedIn(): Promise<{ readonly browser: Browser; readonly covered: () => number }> {
  let covered = 0;
  const cover = async (): Promise<void> => {
    covered += 1;
  };
  const browser = await Browser.open({ exports: { source: made, signer: made.made.key, cover } });
  browser.log.add({});
  await browser.visit('/log');
  return { browser, covered: () => covered };
}

describe('an export from the pages', () => {
  it('is offered under the list, for the same view', async () => {
    const { browser } = await signedIn();
    const { body } = await browser.visit('/log?user=alice');
    expect(body).toContain('href="/export?format=jsonl&amp;user=alice"');
    expect((await (await Browser.open()).visit('/log')).body).not.toContain('/export?');
  });

  it('is a file that verifies, and on record before it begins', async () => {
    const { browser, covered } = await signedIn();
    const answer = await browser.ask('/export?format=jsonl');
    expect(answer.statusCode).toBe(200);
    expect(answer.headers['content-type']).toBe('application/x-ndjson');
    expect(answer.headers['content-disposition']).toBe(
      'attachment; filename="labkeeper-log-20261127T050000Z.jsonl"'
    );
    expect(verified(answer.rawPayload)).toMatchObject({ outcome: 'consistent', records: 60 });
    expect(covered()).toBe(1);
    expect(browser.log.seen[0]).toMatchObject({ kind: 'export', query: '/export?format=jsonl' });
  });

  it('has the proofs of what was filtered', async () => {
    const { browser } = await signedIn();
    const answer = await browser.ask('/export?format=jsonl&package=pack-2');
    const report = verified(answer.rawPayload);
    expect(report).toMatchObject({ outcome: 'consistent', about: { filter: { package: 'pack-2' } } });
    expect(report.proven).toBe(report.records);
  });

  it('is not signed with a filter where nobody can know what the filter means', async () => {
    const holed = new MadeLog(made.made);
    Object.assign(holed, {
      missingCount: async (first: number, end: number) => (first <= 7 && end > 7 ? 1 : 0)
    });
    const cover = (): Promise<void> => Promise.resolve();
    const browser = await Browser.open({ exports: { source: holed, signer: made.made.key, cover } });
    await browser.visit('/log');
    const { statusCode, body } = await browser.ask('/export?format=jsonl&package=pack-2');
    expect(statusCode).toBe(409);
    expect(body).toContain('Record 7 is missing from the log');
    expect((await browser.ask('/export?format=jsonl')).statusCode).toBe(200);
    expect((await browser.ask('/export?format=csv&package=pack-2')).body).toContain(',missing-records,');
  });

  it('counts the log once, however long it is', async () => {
    const counted: (readonly [first: number, end: number])[] = [];
    const log = new MadeLog(made.made);
    Object.assign(log, {
      missingCount: async (first: number, end: number) => {
        counted.push([first, end]);
        return 0;
      }
    });
    const cover = (): Promise<void> => Promise.resolve();
    const browser = await Browser.open({ exports: { source: log, signer: made.made.key, cover } });
    await browser.visit('/log');
    const { rawPayload } = await browser.ask('/export?format=jsonl&package=pack-2');
    expect(verified(rawPayload)).toMatchObject({ outcome: 'consistent' });
    expect(counted).toEqual([[0, 60]]);
  });

  it('is CSV or OCSF, and nothing else', async () => {
    const { browser } = await signedIn();
    expect((await browser.ask('/export?format=csv')).body).toMatch(/^index,received,/);
    expect((await browser.ask('/export?format=ocsf')).body).toMatch(/^{"class_uid":6002/);
    expect((await browser.ask('/export?format=exe')).statusCode).toBe(400);
    expect((await browser.ask('/export?from=yesterday')).statusCode).toBe(400);
    expect((await browser.ask('/export?format=csv&usr=bob')).statusCode).toBe(400);
  });

  it('is for nobody who has not signed in, for no script, and not without a record of it', async () => {
    const { browser } = await signedIn();
    const script = { headers: { 'sec-fetch-mode': 'cors', 'sec-fetch-dest': 'empty' } };
    expect((await browser.ask('/export', script)).statusCode).toBe(401);
    expect((await browser.ask('/export', { method: 'HEAD' })).statusCode).toBe(405);
    browser.log.trouble = new Error('full');
    expect((await browser.ask('/export')).statusCode).toBe(503);
    browser.cookies.clear();
    expect((await browser.ask('/export')).statusCode).toBe(401);
  });

  it('is one of two at a time', async () => {
    const { browser } = await signedIn();
    const answers = await Promise.all([1, 2, 3].map(() => browser.ask('/export')));
    expect(answers.map(({ statusCode }) => statusCode).sort()).toEqual([200, 200, 503]);
    expect((await browser.ask('/export')).statusCode).toBe(200);
  });
});
