import { randomUUID } from 'node:crypto';
import { REQUEST_STATES } from '@labkeeper/protocol';
import type { FastifyInstance } from 'fastify';
import { Browser } from '../src/pages/browser.test.data.js';
import { requestParts } from '../src/requests/request-parts.js';
import { TokenAccess } from '../src/people/token-access.js';
import { GroupCommit } from '../src/ingest/group-commit.js';
import { openDatabase, type IDatabase } from '../src/store/database.js';
import { SqlLogReader } from '../src/store/sql-log-reader.js';
import { SqlLogWriter } from '../src/store/sql-log-writer.js';
import type { IRequestParts } from '../src/requests/request-routes.js';
import { migratedDatabase } from './support/migrated-databases.js';
import { type IScratchDatabase } from './support/scratch-databases.js';

const ACCESS = 'access:services!service=labkeeper';

describe('pages and commands about requests', () => {
  let scratch: IScratchDatabase;
  let database: IDatabase;
  let asked: IRequestParts;
  let browser: Browser;
  beforeEach(async () => {
    scratch = await migratedDatabase('sqlite');
    database = await openDatabase(scratch.place, () => undefined);
    const nowMs = (): number => Date.now();
    const writer = new SqlLogWriter(database, nowMs);
    asked = requestParts({
      ...{ database, writer, nowMs },
      commit: new GroupCommit({
        writer,
        groupRecords: 10,
        waitingRecords: 99,
        monotonicMs: nowMs,
        committed: () => undefined
      }),
      policy: { active: { digest: 'a'.repeat(64) } } as never,
      log: { warn: (_: unknown, text: string) => console.warn(text) } as never
    });
    const reader = new SqlLogReader(database, nowMs);
    browser = await Browser.open({
      ...{ reader, asked },
      access: hub =>
        new TokenAccess({
          hub: 'hub',
          hubApi: { whoIs: token => hub.whoIs(token) },
          serviceName: 'labkeeper',
          monotonicMs: nowMs
        })
    });
    as('lead', 'custom:labkeeper:approve');
  });
  afterEach(async () => {
    await browser.fastify.close();
    await database.close();
    await scratch.remove();
  });
  const as = (name: string, ...scopes: string[]): void => {
    browser.hub.people.set(name, { name, groups: [], scopes: [ACCESS, ...scopes] });
    browser.hub.present = name;
    browser.cookies.clear();
  };
  const ask = async (
    user: string,
    groups: string[] = ['lab-a'],
    reason = 'Week 9 <script>alert(1)</script>',
    id: string = randomUUID()
  ) => {
    await asked.requests.submit(
      { hub: 'hub', user, server: 'big', groups },
      {
        ...{ id, reason },
        want: { kind: 'package', ecosystem: 'pypi', name: 'torch', version: '2.9.1' },
        evidence: [
          { kind: 'command', title: 'Blocked', lines: [{ label: 'pip', text: 'pip install torch' }] }
        ]
      }
    );
    return id;
  };
  it('say what researchers think of verdicts, to who may read all', async () => {
    const say = (user: string, answer: 'yes' | 'no', note: string | null = null) =>
      asked.feedback.say(
        { hub: 'hub', user, server: '', groups: [] },
        {
          id: randomUUID(),
          ...{ of: 'death', subject: 'd1', toldCause: 'memory-limit', toldConfidence: 'high', answer, note },
          cause: answer === 'no' ? 'exited' : null
        }
      );
    as('support', 'custom:labkeeper:audit');
    expect((await browser.visit('/verdicts')).body).toContain('Nobody has said anything yet.');
    await say('alice', 'yes');
    await say('bob', 'no', '<b>I left.</b>');
    const page = await browser.visit('/verdicts');
    expect(page.body).toContain('&lt;b&gt;I left.');
    expect(page.body).toContain('Exited by itself');
    expect(await asked.feedback.tally()).toEqual([{ toldCause: 'memory-limit', right: 1, wrong: 1 }]);
    expect((await browser.visit('/looks')).body).toContain('/verdicts');
    as('tutor', 'custom:labkeeper:audit!group=lab-a');
    expect((await browser.visit('/verdicts')).statusCode).toBe(403);
    as('nobody');
    expect((await browser.visit('/verdicts')).statusCode).toBe(403);
  });

  const post = (path: string, form: string, fields: Record<string, string>) =>
    browser.ask(path, {
      method: 'POST',
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
      payload: new URLSearchParams({ form, ...fields }).toString()
    });

  it('are found by the number that the researcher sees: in the inbox, in the log, and by the terminal', async () => {
    const [id, other] = [await ask('alice'), await ask('bob')];
    const number = id.slice(0, 8);
    as('lead', 'custom:labkeeper:approve', 'custom:labkeeper:audit');
    const inbox = (await browser.visit('/requests')).body;
    expect(inbox).toContain(`<code>${number}</code>`);
    const one = (await browser.ask(`/requests?number=%23${number.toUpperCase()}`)).body;
    expect([one.includes(`/requests/${id}"`), one.includes(`/requests/${other}"`)]).toEqual([true, false]);
    const none = (await browser.ask('/requests?number=00000000')).body;
    expect(none).toContain('No request matches all of these filters.');
    expect((await browser.ask('/requests?number=54e4')).statusCode).toBe(400);
    expect((await browser.ask('/requests?nummer=54e42925')).body).toContain('“nummer”');
    const page = (await browser.ask(`/requests/${id}`)).body;
    expect(page).toContain(`<dt>Number</dt><dd><code>${number}</code></dd>`);
    await asked.recorder.flush();
    const log = (await browser.ask(`/log?text=${number}`)).body;
    expect([log.includes('alice'), log.includes('bob')]).toEqual([true, false]);
    const [, record] = /href="\/log\/(\d+)"/.exec(log) ?? [];
    const story = (await browser.ask(`/log/${record}`)).body;
    expect(story).toContain(`<dt>Number</dt><dd><code>${number}</code></dd>`);
    expect(story).toContain('Package: ');
    // A right to one group's records finds no other's by it.
    as('tutor', 'custom:labkeeper:audit!group=lab-b');
    expect((await browser.visit(`/log?text=${number}`)).body).not.toContain('alice');
  });

  it('an approver reads the story, answers and decides; a second decision about what she saw changes nothing', async () => {
    const id = await ask('alice');
    expect((await browser.visit('/requests')).body).toContain(`/requests/${id}`);
    const page = (await browser.visit(`/requests/${id}`)).body;
    expect(page).toContain('pip install torch');
    expect(page).not.toContain('<script>');
    const form = Browser.formToken(page);
    expect(
      (await post('/requests/answer', form, { id, version: '1', text: 'Would the CPU build do?' })).statusCode
    ).toBe(303);
    const decide = { id, decision: 'deny', reason: 'Use the CPU build.' };
    expect((await post('/requests/decide', form, { ...decide, version: '1' })).statusCode).toBe(409);
    expect((await post('/requests/decide', form, { ...decide, version: '2' })).statusCode).toBe(303);
    expect((await post('/requests/decide', form, { ...decide, version: '2' })).statusCode).toBe(409);
    const after = (await browser.visit(`/requests/${id}`)).body;
    expect(after).toContain('Use the CPU build.');
    expect(after).not.toContain('/requests/decide');
    expect((await asked.requests.find(id))?.decision).toMatchObject({ by: 'lead' });
    const log = await new SqlLogReader(database, Date.now).list({ user: 'alice' }, null, 5);
    expect(log.map(({ action }) => action)).toEqual(['deny', 'message', 'request']);
  });

  it('a message and its record lead to each other, for who may read the log', async () => {
    const id = await ask('alice');
    const form = Browser.formToken((await browser.visit(`/requests/${id}`)).body);
    await post('/requests/answer', form, { id, version: '1', text: 'Would the <b>CPU</b> build\ndo?' });
    // She decides, and does not read the log.
    expect((await browser.visit(`/requests/${id}`)).body).not.toContain('href="/log/');
    as('support', 'custom:labkeeper:audit!group=lab-a');
    const page = (await browser.visit(`/requests/${id}`)).body;
    expect(page).toMatch(/href="\/log\/0".*Asked|Asked.*href="\/log\/0"/s);
    const list = (await browser.visit('/log?group=lab-a&action=message')).body;
    expect(list).toContain('1 record, the newest first');
    expect(list).toContain('Message about a request');
    for (const address of [page, list]) {
      expect(address).toContain('href="/log/1"');
    }
    const record = (await browser.visit('/log/1')).body;
    expect(record).toContain(`href="/requests/${id}"`);
    expect(record).toContain('support, or an approver');
    expect(record).toContain('Would the &lt;b&gt;CPU&lt;/b&gt; build');
    expect(record).toContain('30 characters');
    expect(record).not.toMatch(/Command|which environment is not known|Whether policy allowed it/);
    expect(record).toContain('Nothing had to be decided.');
    // What is in another group is no link that leads nowhere.
    const foreign = await ask('bob', ['lab-b']);
    await asked.recorder.flush();
    as('support', 'custom:labkeeper:audit!group=lab-a', 'custom:labkeeper:approve');
    expect((await browser.visit(`/requests/${foreign}`)).body).not.toContain('href="/log/2"');
    as('support', 'custom:labkeeper:audit');
    expect((await browser.visit(`/requests/${foreign}`)).body).toContain('href="/log/2"');
  });

  it('nobody decides without a form of the session, in a frame of another host, or without a reason', async () => {
    const id = await ask('alice');
    const form = Browser.formToken((await browser.visit(`/requests/${id}`)).body);
    const fields = { id, version: '1', decision: 'approve', reason: 'ok' };
    expect((await post('/requests/decide', 'x', fields)).statusCode).toBe(403);
    expect((await post('/requests/decide', form, { ...fields, reason: ' ' })).statusCode).toBe(400);
    expect((await post('/requests/decide', form, { ...fields, decision: 'revoke' })).statusCode).toBe(400);
    const foreign = await browser.ask('/requests/decide', {
      method: 'POST',
      headers: { 'content-type': 'application/x-www-form-urlencoded', origin: 'https://evil.example' },
      payload: new URLSearchParams({ form, ...fields }).toString()
    });
    expect(foreign.statusCode).toBe(403);
    expect((await asked.requests.find(id))?.state).toBe('requested');
  });

  it('nobody decides about her own, nor who only reads, nor beyond her groups; and who has no right sees nothing', async () => {
    const [own, other, foreign] = [await ask('lead'), await ask('alice'), await ask('bob', ['lab-b'])];
    const tryAll = async (): Promise<number[]> => {
      const form = Browser.formToken((await browser.visit('/requests')).body);
      const statuses = [];
      for (const id of [own, other, foreign]) {
        statuses.push((await browser.ask(`/requests/${id}`)).statusCode);
        statuses.push(
          (await post('/requests/decide', form, { id, version: '1', decision: 'approve', reason: 'ok' }))
            .statusCode
        );
      }
      return statuses;
    };
    as('lead', 'custom:labkeeper:audit');
    expect(await tryAll()).toEqual([200, 403, 200, 403, 200, 403]);
    as('lead', 'custom:labkeeper:approve!group=lab-a', 'custom:labkeeper:audit!group=lab-c');
    expect(await tryAll()).toEqual([200, 403, 200, 303, 404, 404]);
    as('lead', 'custom:labkeeper:admin');
    expect((await browser.visit('/requests')).statusCode).toBe(403);
    expect((await browser.visit(`/requests/${own}`)).statusCode).toBe(403);
    expect((await asked.requests.find(own))?.state).toBe('requested');
  });

  it('commands do the same with a token, under the same rules, and every look is on record', async () => {
    const [id, own] = [await ask('alice'), await ask('lead')];
    as('lead', 'custom:labkeeper:approve', 'custom:labkeeper:audit');
    const token = browser.hub.tokenOf('lead');
    const call = (path: string, body?: unknown, bearer = token) =>
      (browser.fastify as FastifyInstance).inject({
        method: body === undefined ? 'GET' : 'POST',
        url: `/api/v1${path}`,
        headers: {
          host: browser.hub.settings.host,
          authorization: `Bearer ${bearer}`,
          ...(body !== undefined && { 'content-type': 'application/json' })
        },
        ...(body !== undefined && { payload: JSON.stringify(body) })
      });
    const list = await call('/requests?state=requested');
    expect(
      list
        .json()
        .requests.map((row: { id: string }) => row.id)
        .sort()
    ).toEqual([id, own].sort());
    expect((await call('/requests?stat=requested')).statusCode).toBe(400);
    expect((await call('/requests?state=closed')).json().message).toBe(
      `“state” is one of ${REQUEST_STATES.join(', ')}.`
    );
    expect((await call(`/requests/${id}`)).json()).toMatchObject({ id, thread: [] });
    const said = { id: randomUUID(), text: 'Soon.' };
    expect((await call(`/requests/${id}/messages`, said)).json().thread.length).toBe(1);
    expect((await call(`/requests/${id}/messages`, said)).json().thread.length).toBe(1);
    const decision = { decision: 'approve', reason: 'For the course.' };
    expect((await call(`/requests/${id}/decide`, { ...decision, version: 1 })).statusCode).toBe(409);
    expect((await call(`/requests/${id}/decide`, { ...decision, version: 2, by: 'bob' })).statusCode).toBe(
      400
    );
    expect((await call(`/requests/${id}/decide`, { ...decision, version: 2 })).json().state).toBe('approved');
    expect((await call(`/requests/${own}/decide`, { ...decision, version: 1 })).statusCode).toBe(403);
    expect((await call('/requests', undefined, 'made-up-token')).statusCode).toBe(401);
    const log = (await call('/log?action=allow')).json();
    expect(log.records.map((row: { packageName: string }) => row.packageName)).toEqual(['torch']);
    const [{ index }] = log.records;
    const looks = async () =>
      (await new SqlLogReader(database, Date.now).looks(50)).map(({ query }) => query);
    const before = await looks();
    const nothing = { records: [], next: null };
    // Another filter, or a place that she was not given, is a look also where it shows nothing.
    expect((await call(`/log?since=${index}`)).json()).toEqual(nothing);
    expect(await looks()).toEqual(['/api/v1/log', ...before]);
    expect((await call(`/log?since=${index}`)).json()).toEqual(nothing);
    expect((await call(`/log?since=${index}&action=allow`)).json()).toEqual(nothing);
    expect(await looks()).toEqual(['/api/v1/log', ...before]);
    expect((await call(`/log?since=999&action=allow`)).json()).toEqual(nothing);
    expect((await call(`/log?since=${index - 1}`)).json().records.length).toBe(1);
    expect(await looks()).toEqual(['/api/v1/log', '/api/v1/log?action=allow', '/api/v1/log', ...before]);
    expect(before).toContain(`/requests/${id}`);
    const foreign = await ask('bob', ['lab-b']);
    const who = { side: 'staff', by: 'boss', words: 'Secret of lab-b.', messageId: null } as const;
    await asked.requests.act(foreign, 1, { kind: 'approve' }, who);
    const last = await ask('carol');
    as('lead', 'custom:labkeeper:approve!group=lab-a');
    const bounded = browser.hub.tokenOf('lead');
    for (const answer of [
      await call(`/requests/${last}`, undefined, bounded),
      await call(`/requests/${last}/messages`, { id: randomUUID(), text: 'Soon.' }, bounded),
      await call(`/requests/${last}/decide`, { ...decision, version: 2 }, bounded)
    ]) {
      expect(answer.statusCode).toBe(200);
      expect(answer.json().similar.map((row: { id: string }) => row.id)).toEqual([id]);
    }
    expect((await looks()).slice(0, 3)).toEqual(Array.from({ length: 3 }, () => `/requests/${last}`));
    as('lead', 'custom:labkeeper:approve');
    expect((await call('/log', undefined, browser.hub.tokenOf('lead'))).statusCode).toBe(403);
  });

  it('commands name a request by the first digits of its id, among those that the person may see', async () => {
    const rest = '0c1d-4a57-9a3e-2f3f6f1d7a10';
    const [mine, foreign] = [`54e42925-${rest}`, `54e42925-1${rest.slice(1)}`];
    await ask('alice', ['lab-a'], 'Week 9', mine);
    await ask('bob', ['lab-b'], 'Week 9', foreign);
    const call = (path: string, token: string, body?: unknown) =>
      (browser.fastify as FastifyInstance).inject({
        method: body === undefined ? 'GET' : 'POST',
        url: `/api/v1${path}`,
        headers: {
          host: browser.hub.settings.host,
          authorization: `Bearer ${token}`,
          ...(body !== undefined && { 'content-type': 'application/json' })
        },
        ...(body !== undefined && { payload: JSON.stringify(body) })
      });
    const looks = async () =>
      (await new SqlLogReader(database, Date.now).looks(50)).map(({ query }) => query);
    as('lead', 'custom:labkeeper:approve');
    const whole = browser.hub.tokenOf('lead');
    const several = await call('/requests/54e42925', whole);
    expect(several.statusCode).toBe(409);
    expect(several.json().message).toMatch(
      new RegExp(`^Several requests begin with 54e42925: (${mine}, ${foreign}|${foreign}, ${mine})\\.$`)
    );
    expect((await call('/requests/54E429250', whole)).json().id).toBe(mine);
    expect((await call('/requests/54e42925-1', whole)).json().id).toBe(foreign);
    expect(await looks()).toEqual([`/requests/${foreign}`, `/requests/${mine}`, '/requests/54e42925']);
    for (const wrong of ['54e4292', '54e42925%25', 'torch']) {
      const answer = await call(`/requests/${wrong}`, whole);
      expect([answer.statusCode, answer.json().message]).toEqual([
        400,
        expect.stringContaining('first 8 digits')
      ]);
    }
    as('tutor', 'custom:labkeeper:approve!group=lab-a');
    const bounded = browser.hub.tokenOf('tutor');
    // Another's request of the same begin is not there for her, nor in the way.
    expect((await call('/requests/54e42925', bounded)).json().id).toBe(mine);
    expect((await call('/requests/54e42925-1', bounded)).statusCode).toBe(404);
    expect((await call('/requests/54e42926', bounded)).statusCode).toBe(404);
    const said = { id: randomUUID(), text: 'Soon.' };
    expect((await call('/requests/54e42925/messages', bounded, said)).json().thread.length).toBe(1);
    const deny = { version: 2, decision: 'deny', reason: 'Use the CPU build.' };
    expect((await call('/requests/54e42925/decide', whole, deny)).statusCode).toBe(409);
    expect((await call('/requests/54e42925/decide', bounded, deny)).json().state).toBe('denied');
    as('nobody');
    expect((await call('/requests/54e42925', browser.hub.tokenOf('nobody'))).statusCode).toBe(403);
  });
});
