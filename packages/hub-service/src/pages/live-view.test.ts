import { Browser } from './browser.test.data.js';

/** Where a browser without scripts looks again. */
const refreshOf = (body: string): string | undefined =>
  /<noscript><meta http-equiv="refresh" content="([^"]*)"\/><\/noscript>/.exec(body)?.[1];

describe('a list that follows the log', () => {
  it('looks again by itself, marks what is new, puts each look on record, and stops after an hour', async () => {
    const browser = await Browser.open();
    browser.log.add({});
    const plain = await browser.visit('/log?user=alice');
    expect(refreshOf(plain.body)).toBeUndefined();
    expect(plain.body).toContain('href="/log?user=alice&amp;live=360"');
    const first = await browser.ask('/log?user=alice&live=360');
    expect(refreshOf(first.body)).toMatch(/^10; url=\/log\?user=alice&amp;live=359(&amp;since=\d+)?$/);
    expect(first.body).not.toContain('class="new"');
    const looks = async () => (await browser.log.looks(1000)).length;
    const before = await looks();
    browser.log.add({});
    const next = await browser.ask('/log?live=359&since=0');
    expect(next.body.match(/class="new"/g)).toHaveLength(1);
    expect(next.body).toContain('href="/log"');
    expect(await looks()).toBe(before + 1);
    const last = await browser.ask('/log?live=0&since=1');
    expect(refreshOf(last.body)).toBeUndefined();
    expect(last.body).toContain('It has looked for an hour and stopped.');
  });

  it('who looks faster than anybody reads is slowed down', async () => {
    const browser = await Browser.open();
    await browser.visit('/log');
    const answers = [];
    for (let at = 0; at < 101; at += 1) {
      answers.push((await browser.ask('/log')).statusCode);
    }
    expect(answers.at(98)).toBe(200);
    expect(answers.at(-1)).toBe(429);
    browser.nowMs += 2000;
    expect((await browser.ask('/log')).statusCode).toBe(200);
  });

  it('is nothing that an address can be made to mean', async () => {
    const browser = await Browser.open();
    browser.log.add({});
    await browser.visit('/log');
    const huge = await browser.ask('/log?live=99999999');
    expect(refreshOf(huge.body)).toMatch(/^10; url=\/log\?live=359/);
    for (const odd of ['live=-1', 'live=1.5', 'live=x', 'live=1&live=2', 'live=']) {
      expect(refreshOf((await browser.ask(`/log?${odd}`)).body)).toBeUndefined();
    }
    const split = await browser.ask('/log?live=5&user=%0d%0aset-cookie:x');
    expect(refreshOf(split.body)).not.toMatch(/[\r\n]/);
    expect(split.headers['set-cookie']).toBeUndefined();
  });
});
