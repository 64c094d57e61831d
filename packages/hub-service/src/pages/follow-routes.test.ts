import { Browser } from './browser.test.data.js';
import { FOLLOW_MS } from './followings.js';

const LOOKS = { everyMs: 5, most: 4 };

interface ITold {
  readonly following: string;
  readonly rows: string;
  readonly newest: number;
  readonly more: boolean;
}

async function followed(records = 1): Promise<Browser> {
  const browser = await Browser.open({ looks: LOOKS });
  for (let at = 0; at < records; at += 1) {
    browser.log.add({});
  }
  await browser.visit('/status');
  return browser;
}

async function news(browser: Browser, query: string): Promise<ITold> {
  // Answers to all who wait are shared for as long as the clock stands.
  browser.nowMs += LOOKS.everyMs;
  const answer = await browser.ask(`/log/news?${query}`, { headers: { 'sec-fetch-mode': 'cors' } });
  expect(answer.statusCode).toBe(200);
  return answer.json<ITold>();
}

describe('a page that follows the log', () => {
  it('is the only one with a script, and that may ask one address alone', async () => {
    const browser = await followed();
    const plain = await browser.ask('/log');
    expect(plain.body).not.toContain('<script');
    expect(plain.headers['content-security-policy']).not.toContain('script-src');
    const { body, headers } = await browser.ask('/log?user=alice&live=360');
    const path = /<script src="(\/follow-[0-9a-f]{16}\.js)" defer=""><\/script>/.exec(body)?.[1] ?? '';
    expect(headers['content-security-policy']).toBe(
      `${String(plain.headers['content-security-policy'])}; script-src http://127.0.0.2:8010${path}; connect-src http://127.0.0.2:8010/log/news`
    );
    expect(body).toContain('data-news="/log/news?user=alice" data-newest="0"');
    const script = await browser.ask(path);
    expect(script.headers['content-type']).toBe('text/javascript; charset=utf-8');
    expect(script.headers['cache-control']).toContain('immutable');
    expect(script.body).toContain('visibilitychange');
    expect((await browser.ask('/log?live=0')).body).not.toContain('<script');
  });

  it('is told what is new as rows of its table, and puts one look on record for all of it', async () => {
    const browser = await followed();
    const first = await news(browser, 'user=alice&newest=0');
    expect(first).toMatchObject({ rows: '', newest: 0, more: false });
    browser.log.add({});
    browser.log.add({ user: 'bob' });
    browser.log.add({});
    const second = await news(browser, `user=alice&newest=0&following=${first.following}`);
    expect(second.following).toBe(first.following);
    expect(second.newest).toBe(3);
    expect(second.rows.match(/<tr /g)).toHaveLength(2);
    expect(second.rows).toMatch(/^<tr role="row"><th role="rowheader".*class="new".*#3.*#1/s);
    expect(second.rows).not.toContain('bob');
    expect(browser.log.seen.map(({ kind, query }) => [kind, query])).toEqual([['follow', '/log?user=alice']]);
    // Another view is another look, whatever id is brought.
    await news(browser, `user=bob&newest=3&following=${first.following}`);
    expect(browser.log.seen.map(({ query }) => query)).toEqual(['/log?user=bob', '/log?user=alice']);
  });

  it('is answered when something comes while it waits', async () => {
    const browser = await Browser.open({ looks: { everyMs: 20, most: 1000 } });
    browser.log.add({});
    await browser.visit('/status');
    const asked = browser.ask('/log/news?newest=0');
    setTimeout(() => {
      browser.log.add({});
      browser.nowMs += 1000;
    }, 100);
    expect((await asked).json<ITold>()).toMatchObject({ newest: 1, more: false });
  });

  it('is told no more than a page of rows, and that there is more', async () => {
    const browser = await followed(120);
    const { rows, more, newest } = await news(browser, 'newest=10');
    expect([rows.match(/<tr /g)?.length, more, newest]).toEqual([50, true, 119]);
    expect(await news(browser, 'newest=-1&text=nothing')).toMatchObject({ rows: '', newest: -1 });
  });

  it('of a view that seldom gets something is looked for in what came since, not since its last record', async () => {
    const browser = await followed(120);
    const { following } = await news(browser, 'newest=-1&user=zoe');
    browser.log.add({});
    browser.log.asked.length = 0;
    await news(browser, `newest=-1&user=zoe&following=${following}`);
    expect(browser.log.asked).toEqual([119]);
    browser.log.add({ user: 'zoe' });
    const told = await news(browser, `newest=-1&user=zoe&following=${following}`);
    expect(told).toMatchObject({ newest: 121, more: false });
    // An answer that did not come is asked for again, and is there.
    expect((await news(browser, `newest=-1&user=zoe&following=${following}`)).rows).toContain('#121');
    browser.log.asked.length = 0;
    await news(browser, `newest=121&user=zoe&following=${following}`);
    expect(browser.log.asked).toEqual([121]);
  });

  it('shows nothing where the look cannot be put on record', async () => {
    const browser = await followed(2);
    browser.log.trouble = new Error('disk full');
    const answer = await browser.ask('/log/news?newest=0', { headers: { 'sec-fetch-mode': 'cors' } });
    expect(answer.statusCode).toBe(503);
    expect(answer.body).not.toContain('polars');
    expect(answer.headers['retry-after']).toBe('10');
  });

  it('ends after an hour, and with the session', async () => {
    const browser = await followed();
    const { following } = await news(browser, 'newest=0');
    browser.nowMs += FOLLOW_MS;
    const over = await browser.ask(`/log/news?newest=0&following=${following}`);
    expect(over.statusCode).toBe(410);
    browser.hub.revoke('lead');
    browser.nowMs += 60_000;
    const ended = await browser.ask('/log/news?newest=0', { headers: { 'sec-fetch-mode': 'cors' } });
    expect(ended.statusCode).toBe(401);
    expect(ended.json()).toEqual({ message: 'Nobody is signed in here, or no longer.' });
  });

  it('whose session ends while it waits is told nothing of what came meanwhile', async () => {
    const browser = await Browser.open({ looks: { everyMs: 20, most: 1000 } });
    browser.log.add({});
    await browser.visit('/status');
    const asked = browser.ask('/log/news?newest=0', { headers: { 'sec-fetch-mode': 'cors' } });
    setTimeout(() => {
      browser.hub.revoke('lead');
      browser.log.add({});
      browser.nowMs += 60_000;
    }, 100);
    const answer = await asked;
    expect(answer.statusCode).toBe(401);
    expect(answer.body).not.toContain('polars');
  });

  it('is limited to the group that a right is limited to', async () => {
    const browser = await Browser.open({ looks: LOOKS });
    const scopes = browser.hub.people.get('lead')?.scopes ?? [];
    scopes.splice(
      0,
      scopes.length,
      'access:services!service=labkeeper',
      'custom:labkeeper:audit!group=lab-a'
    );
    browser.log.add({ groups: ['lab-a'] });
    await browser.visit('/status');
    browser.log.add({ groups: ['lab-b'], user: 'bob' });
    browser.log.add({ groups: ['lab-a'], user: 'carol' });
    const { rows } = await news(browser, 'newest=0');
    expect(rows).toContain('carol');
    expect(rows).not.toContain('bob');
    expect(browser.log.seen[0]?.query).toBe('/log?group=lab-a');
    const other = await browser.ask('/log/news?newest=0&group=lab-b');
    expect(other.statusCode).toBe(403);
  });

  it('cannot be asked for by other hosts, by too many tabs, too often, or without a place', async () => {
    const browser = await Browser.open({ looks: { everyMs: 50, most: 6 } });
    browser.log.add({});
    await browser.visit('/status');
    const foreign = await browser.ask('/log/news?newest=0', {
      headers: { 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'cors' }
    });
    expect(foreign.statusCode).toBe(403);
    expect(browser.log.seen).toEqual([]);
    for (const odd of ['', 'newest=', 'newest=-2', 'newest=1.5', 'newest=1&newest=2', 'newest=1e3']) {
      expect((await browser.ask(`/log/news?${odd}`)).statusCode).toBe(400);
    }
    const tabs = await Promise.all(Array.from({ length: 6 }, () => browser.ask('/log/news?newest=0')));
    expect(tabs.map(({ statusCode }) => statusCode).sort()).toEqual([200, 200, 200, 200, 429, 429]);
    const many = [];
    for (let at = 0; at < 40; at += 1) {
      many.push((await browser.ask('/log/news?newest=')).statusCode);
    }
    expect(many.at(-1)).toBe(429);
  });

  it('does not keep the service from its end', async () => {
    const browser = await Browser.open({ looks: { everyMs: 60_000, most: 60 } });
    browser.log.add({});
    await browser.visit('/status');
    const asked = browser.ask('/log/news?newest=0');
    while (browser.log.seen.length === 0) {
      await new Promise(setImmediate);
    }
    await browser.fastify.close();
    expect((await asked).statusCode).toBeLessThan(600);
  });
});
