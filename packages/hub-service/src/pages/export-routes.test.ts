import { verified } from '../../test/support/exported.js';
import { MadeKey, MadeLog } from '../../test/support/made-log.js';
import { OWN_HUB } from '../hubs/hub-scope.js';
import { TokenAccess } from '../people/token-access.js';
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

  it('holds up no other where the right to it went while it was being prepared', async () => {
    const reached = ['east'];
    let covering = (): void => undefined;
    const exports = { source: made, signer: made.made.key, cover: async () => covering() };
    const browser = await Browser.open({ exports, scope: OWN_HUB, reach: () => reached });
    await browser.visit('/log');
    for (let i = 0; i < 3; i += 1) {
      reached.splice(0, 1, 'east');
      covering = () => void reached.splice(0, 1);
      const { statusCode } = await browser.ask('/export?format=csv&hub=east');
      expect([i, statusCode]).toEqual([i, 403]);
    }
    covering = () => undefined;
    expect((await browser.ask('/export?format=csv')).statusCode).toBe(200);
  });

  it('breaks off when the right to it is withdrawn, or the session ends', async () => {
    for (const ends of [
      (browser: Browser) => browser.hub.people.delete('lead'),
      (browser: Browser) => browser.hub.people.get('lead')?.scopes.splice(1, 1)
    ]) {
      const slow = new MadeLog(made.made);
      let release = (): void => undefined;
      const held = new Promise<void>(resolve => (release = resolve));
      Object.assign(slow, { end: () => held.then(() => made.end()) });
      const exports = { source: slow, signer: made.made.key, cover: async () => undefined };
      const browser = await Browser.open({ exports });
      await browser.visit('/log');
      jest.useFakeTimers({ doNotFake: ['nextTick', 'setImmediate', 'queueMicrotask', 'setTimeout', 'Date'] });
      try {
        const answer = browser.ask('/export?format=jsonl').then(
          ({ statusCode, rawPayload }) => (statusCode === 200 ? verified(rawPayload).outcome : 'refused'),
          () => 'broken off'
        );
        while (!browser.log.seen.some(({ kind }) => kind === 'export')) {
          await new Promise(setImmediate);
        }
        // As long as she may, it goes on, and while nobody can say.
        browser.nowMs += 10_000;
        browser.hub.away = true;
        await jest.advanceTimersByTimeAsync(10_000);
        browser.hub.away = false;
        browser.nowMs += 10_000;
        await jest.advanceTimersByTimeAsync(10_000);
        expect(browser.lines.join('')).not.toContain('broke off');
        ends(browser);
        browser.nowMs += 10_000;
        await jest.advanceTimersByTimeAsync(10_000);
        release();
        expect(await answer).not.toBe('consistent');
      } finally {
        jest.useRealTimers();
      }
      expect(browser.lines.join('')).toContain('Whoever read it may no longer.');
    }
  });

  it('is one of two at a time', async () => {
    const { browser } = await signedIn();
    const answers = await Promise.all([1, 2, 3].map(() => browser.ask('/export')));
    expect(answers.map(({ statusCode }) => statusCode).sort()).toEqual([200, 200, 503]);
    expect((await browser.ask('/export')).statusCode).toBe(200);
  });
});

describe('an export with a token', () => {
  const opened = async (exports = { source: made, signer: made.made.key, cover: async () => undefined }) => {
    const browser = await Browser.open({
      exports,
      access: hub =>
        new TokenAccess({
          hub: hub.settings.hub,
          hubApi: { whoIs: token => hub.whoIs(token) },
          serviceName: 'labkeeper',
          monotonicMs: Date.now
        })
    });
    browser.log.add({});
    const call = (query: string, name: string, ...scopes: string[]) => {
      browser.hub.people.set(name, {
        name,
        groups: [],
        scopes: ['access:services!service=labkeeper', ...scopes]
      });
      const authorization = `Bearer ${browser.hub.tokenOf(name)}`;
      return browser.ask(`/api/v1/export${query}`, { headers: { authorization } });
    };
    return { browser, call };
  };
  const AUDIT = 'custom:labkeeper:audit';

  it('is the file of the pages, and on record before it begins', async () => {
    const { browser, call } = await opened();
    const answer = await call('', 'ana', AUDIT);
    expect(answer.statusCode).toBe(200);
    expect(answer.headers['content-type']).toBe('application/x-ndjson');
    expect(answer.headers['cache-control']).toBe('no-store');
    expect(verified(answer.rawPayload)).toMatchObject({ outcome: 'consistent', records: 60 });
    expect(browser.log.seen).toMatchObject([
      { kind: 'export', reader: 'ana', query: '/api/v1/export?format=jsonl' }
    ]);
    const filtered = verified((await call('?format=jsonl&package=pack-2', 'ana', AUDIT)).rawPayload);
    expect(filtered).toMatchObject({ outcome: 'consistent', about: { filter: { package: 'pack-2' } } });
    expect((await call('?format=csv', 'ana', AUDIT)).body).toMatch(/^index,received,/);
    expect((await call('?format=ocsf', 'ana', AUDIT)).body).toMatch(/^{"class_uid":6002/);
    expect(browser.log.seen).toHaveLength(4);
  });

  it('is of the groups alone that the token may read', async () => {
    const { call } = await opened();
    const { rawPayload } = await call('', 'tutor', `${AUDIT}!group=lab-a`);
    expect(verified(rawPayload)).toMatchObject({ about: { filter: { group: 'lab-a' } } });
    expect((await call('?group=lab-b', 'tutor', `${AUDIT}!group=lab-a`)).statusCode).toBe(403);
  });

  it('is refused in a sentence, and then nothing is on record', async () => {
    const { browser, call } = await opened();
    const said = async (query: string, ...scopes: string[]): Promise<unknown[]> => {
      const answer = await call(query, 'ana', ...scopes);
      return [answer.statusCode, answer.json<{ message: string }>().message];
    };
    expect(await said('')).toEqual([403, expect.stringContaining(`${AUDIT} is missing`)]);
    expect(await said('?format=exe', AUDIT)).toEqual([400, 'An export is jsonl, csv or ocsf.']);
    expect(await said('?grade=odd', AUDIT)).toEqual([400, expect.stringContaining('one of confirmed')]);
    // A filter that is misspelt does not take everything away.
    expect(await said('?usr=alice', AUDIT)).toEqual([400, expect.stringContaining('look at usr')]);
    // Cookies count for nothing here.
    await browser.visit('/log');
    const looks = browser.log.seen.length;
    expect((await browser.ask('/api/v1/export')).statusCode).toBe(401);
    expect(browser.log.seen).toHaveLength(looks);
  });

  it('is counted with those of the pages', async () => {
    const { browser, call } = await opened();
    await browser.visit('/log');
    const answers = await Promise.all([
      browser.ask('/export'),
      call('', 'lead', AUDIT),
      call('', 'lead', AUDIT),
      call('', 'ana', AUDIT)
    ]);
    expect(answers.map(({ statusCode }) => statusCode).sort()).toEqual([200, 200, 200, 503]);
  });
});
