import { canonicalJson, receiptAt } from '@labkeeper/core';
import { sha256Hex } from '../sha256.js';
import { Browser } from './browser.test.data.js';
import { headOf } from './record-head.js';
import { readReceiptQuery } from './receipt-query.js';

const ask = (of: string): string => `/receipt?${new URLSearchParams({ of }).toString()}`;

describe('what stands in "Receipt or record number"', () => {
  const head = '8c1f04aa'.padEnd(64, '1');
  const whole = { body: { hub: 'h', first: 3, seq: 5, firstIndex: 10, head }, key: 'k', signature: 's' };
  it.each([
    ['1204', { kind: 'record', index: 1204 }],
    ['#1204', { kind: 'record', index: 1204 }],
    ['1204-8C1F04AA', { kind: 'receipt', place: { index: 1204, head: '8c1f04aa' }, short: '1204-8C1F04AA' }],
    [
      JSON.stringify(whole),
      { kind: 'receipt', place: { index: 12, head: '8c1f04aa' }, short: '12-8c1f04aa' }
    ],
    [head, { kind: 'digest', head }],
    ['8c1f04aa', { kind: 'digest', head: '8c1f04aa' }],
    ['', { kind: 'none' }],
    ['{"body":{}}', { kind: 'none' }],
    ['9'.repeat(16), { kind: 'digest', head: '9'.repeat(16) }],
    ['x'.repeat(2000), { kind: 'none' }]
  ])('%j is read', (of, expected) => {
    expect(readReceiptQuery({ of })).toEqual(expected);
  });

  it('stands there once', () => {
    expect(readReceiptQuery({ of: ['1', '2'] })).toEqual({ kind: 'none' });
    expect(readReceiptQuery(null)).toEqual({ kind: 'none' });
  });
});

describe('a receipt on the pages', () => {
  const headAt = async (browser: Browser, index: number): Promise<string> => {
    const story = await browser.log.story(index);
    return headOf(story?.entry ?? '{}') ?? '';
  };

  it('leads to the record up to which it vouches, and one look is on record', async () => {
    const browser = await Browser.open();
    [0, 1, 2].forEach(() => browser.log.add({}));
    await browser.visit('/status');
    const short = receiptAt(1, await headAt(browser, 1));
    const page = await browser.ask(ask(short));
    expect(page.statusCode).toBe(200);
    expect(page.body).toContain('vouches for this record and the 1 record before it in its stream');
    expect(page.body).toContain(`<code>${short}</code>`);
    expect(browser.log.seen.map(({ kind, query }) => [kind, query])).toEqual([['story', ask(short)]]);
    // All of the hash does as well.
    expect((await browser.ask(ask(`1-${await headAt(browser, 1)}`))).statusCode).toBe(200);
  });

  it('of another record is no receipt', async () => {
    const browser = await Browser.open();
    browser.log.add({});
    await browser.visit('/status');
    const answer = await browser.ask(ask('0-00000000'));
    expect(answer.statusCode).toBe(409);
    expect(answer.body).toContain('this log is not what it was when the receipt was given');
    expect((await browser.ask(ask('7-00000000'))).body).toContain('The log has no record of this number');
    expect((await browser.ask(ask('00000000aa'))).body).toContain('No stream that you may read ends with');
    expect((await browser.ask(ask(''))).statusCode).toBe(400);
    expect((await browser.ask(`${ask('0')}&user=bob`)).statusCode).toBe(400);
  });

  it('tells nobody of records that she may not read', async () => {
    const browser = await Browser.open();
    const scopes = ['access:services', 'custom:labkeeper:audit!group=lab-a'];
    browser.hub.people.set('lead', { name: 'lead', groups: [], scopes });
    browser.log.add({ groups: ['lab-a'] });
    browser.log.add({ groups: ['lab-b'] });
    await browser.visit('/status');
    const tried = [ask(receiptAt(1, await headAt(browser, 1))), ask('1-00000000'), ask('9-00000000')];
    const answers = await Promise.all(tried.map(url => browser.ask(url)));
    expect(new Set(answers.map(({ statusCode }) => statusCode))).toEqual(new Set([404]));
    expect(new Set(answers.map(({ body }) => body)).size).toBe(1);
    expect((await browser.ask(ask(receiptAt(0, await headAt(browser, 0))))).statusCode).toBe(200);
  });

  it('of which only the hash is told is searched one at a time, and few a minute', async () => {
    const browser = await Browser.open();
    browser.log.add({});
    await browser.visit('/status');
    let found = (): void => undefined;
    const slow = new Promise<void>(resolve => (found = resolve));
    const searched = jest.spyOn(browser.log, 'streamEnds').mockImplementation(async () => {
      await slow;
      return [];
    });
    const search = async (): Promise<number> => (await browser.ask(ask('00000000aa'))).statusCode;
    const first = search();
    while (searched.mock.calls.length === 0) {
      await new Promise(setImmediate);
    }
    expect(await search()).toBe(429);
    found();
    expect(await first).toBe(404);
    const answers: number[] = [];
    for (let i = 0; i < 10; i += 1) {
      answers.push(await search());
    }
    expect(answers).toEqual([...Array<number>(9).fill(404), 429]);
    expect(searched).toHaveBeenCalledTimes(10);
    // Whatever has a number is found at once, and other pages are as they were.
    expect((await browser.ask(ask(receiptAt(0, await headAt(browser, 0))))).statusCode).toBe(200);
  });

  it('has the hash of what could not be read, too', () => {
    const bytes = Buffer.from([0, 1, 255]);
    expect(headOf(JSON.stringify({ opaque: bytes.toString('base64') }))).toBe(sha256Hex(bytes));
    expect(headOf(canonicalJson({ record: { b: 1, a: 2 } }))).toBe(sha256Hex('{"a":2,"b":1}'));
    expect(headOf('{}')).toBeNull();
  });

  it('is asked for on the install log', async () => {
    const { body } = await (await Browser.open()).visit('/log');
    expect(body).toContain('Receipt or record number');
    expect(body).toContain('action="/receipt"');
  });
});
