import { TokenAccess } from '../people/token-access.js';
import type { IAgain } from '../outgoing/message-queue.js';
import type { IOutgoingState } from '../outgoing/outgoing-state.js';
import { Browser } from './browser.test.data.js';
import { START_MS } from './memory-log.test.data.js';

const STATE: IOutgoingState = {
  targets: [
    {
      ...{
        name: 'hook',
        kind: 'webhook',
        waiting: 0,
        dead: 30,
        lag: null,
        sentAtMs: START_MS,
        trouble: null
      },
      losses: [{ target: 'hook', what: 'dropped', count: 4, lastAtMs: START_MS, says: null }]
    },
    {
      ...{ name: 'old <b>', kind: null, waiting: 0, dead: 1, lag: null, sentAtMs: null, trouble: null },
      losses: []
    }
  ],
  dead: [
    { id: 41, target: 'hook', atMs: START_MS, trouble: 'It answered with status 410.' },
    { id: 40, target: 'old <b>', atMs: START_MS, trouble: 'It was given up.' }
  ]
};

describe('messages that were given up', () => {
  let asked: IAgain[];
  let state: IOutgoingState;
  let found: number;
  let browser: Browser;

  beforeEach(async () => {
    asked = [];
    state = STATE;
    found = 1;
    browser = await Browser.open({
      outgoing: {
        state: async () => state,
        again: async which => {
          asked.push(which);
          return found;
        }
      },
      access: hub =>
        new TokenAccess({
          hub: hub.settings.hub,
          hubApi: { whoIs: token => hub.whoIs(token) },
          serviceName: 'labkeeper',
          monotonicMs: () => browser.nowMs
        })
    });
  });
  const asAdmin = () => browser.hub.people.get('lead')?.scopes.push('custom:labkeeper:admin');
  const send = (fields: Record<string, string>) =>
    browser.ask('/outgoing/again', {
      method: 'POST',
      payload: new URLSearchParams(fields).toString(),
      headers: { 'content-type': 'application/x-www-form-urlencoded' }
    });

  it('stand beside records that were missing from the log, and what to do about those', async () => {
    const told = await browser.visit('/status');
    expect(told.body).not.toContain('missing from the log');
    const loss = (target: string, count: number, says: string) =>
      ({ target, what: 'missing', count, lastAtMs: START_MS, says }) as const;
    state = {
      ...STATE,
      targets: STATE.targets.map((target, at) => ({
        ...target,
        losses: [loss(target.name, 2 + at, `record ${at}`)]
      }))
    };
    const { body } = await browser.visit('/status');
    expect(body).toContain('2 records missing from the log without an act that deleted them');
    expect(body).toContain(
      '3 records are missing from the log (the last: record 1), and no act of retention deleted them.'
    );
  });

  it('are sent again by an administrator, on record, one or all of a target', async () => {
    asAdmin();
    const { body } = await browser.visit('/status');
    expect(body).toContain('aria-label="Send message 41 again"');
    expect(body).not.toContain('aria-label="Send message 40 again"');
    expect(body).toContain('aria-label="Send all that was given up for hook again"');
    expect(body).toContain('4 messages not kept, because too many waited');
    const form = Browser.formToken(body);
    const one = await send({ form, message: '41' });
    expect([one.statusCode, one.headers.location]).toEqual([303, '/status#outgoing']);
    expect((await send({ form, target: 'hook' })).statusCode).toBe(303);
    expect(asked).toEqual([{ message: 41 }, { target: 'hook' }]);
    expect(browser.log.seen.map(({ kind, query }) => [kind, query])).toEqual([
      ['outgoing', '/outgoing/again?target=hook'],
      ['outgoing', '/outgoing/again?message=41']
    ]);
    found = 0;
    expect((await send({ form, message: '41' })).statusCode).toBe(409);
    for (const odd of ['', '-1', '1e3', 'x', '9'.repeat(16)]) {
      expect((await send({ form, message: odd })).statusCode).toBe(400);
    }
  });

  it('are not by others, from another page, or where it cannot be put on record', async () => {
    const { body } = await browser.visit('/status');
    expect(body).toContain('It answered with status 410.');
    expect(body).not.toContain('/outgoing/again');
    const form = Browser.formToken(body);
    expect((await send({ form, message: '41' })).statusCode).toBe(403);
    asAdmin();
    expect((await send({ form: 'x', message: '41' })).statusCode).toBe(403);
    expect((await send({ message: '41' })).statusCode).toBe(403);
    browser.log.trouble = new Error('disk full');
    expect((await send({ form, message: '41' })).statusCode).toBe(503);
    expect(asked).toEqual([]);
    expect((await browser.ask('/outgoing/again')).statusCode).toBe(405);
  });

  it('are by a command with a token, under the same rules', async () => {
    await browser.visit('/status');
    const call = (method: 'GET' | 'POST', url: string, payload?: object) =>
      browser.fastify.inject({
        ...{ method, url: `/api/v1${url}` },
        headers: {
          host: browser.hub.settings.host,
          authorization: `Bearer ${browser.hub.tokenOf('lead')}`,
          ...(payload && { 'content-type': 'application/json' })
        },
        ...(payload && { payload: JSON.stringify(payload) })
      });
    expect((await call('GET', '/outgoing')).statusCode).toBe(403);
    asAdmin();
    browser.nowMs += 60_000;
    expect((await call('GET', '/outgoing')).json()).toEqual(JSON.parse(JSON.stringify(STATE)));
    const again = await call('POST', '/outgoing/again', { message: 41 });
    expect([again.statusCode, again.json()]).toEqual([200, { count: 1 }]);
    for (const odd of [{}, { message: 0 }, { message: '41' }, { message: 41, target: 'hook' }]) {
      expect((await call('POST', '/outgoing/again', odd)).statusCode).toBe(400);
    }
    expect(asked).toEqual([{ message: 41 }]);
    expect(browser.log.seen.map(({ reader, kind }) => [reader, kind])).toEqual([['lead', 'outgoing']]);
  });
});
