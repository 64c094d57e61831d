import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { createServer, request as httpRequest, type Server } from 'node:http';
import { connect } from 'node:net';
import { join } from 'node:path';
import { once } from 'node:events';
import { systemClock } from '../../src/clock.js';
import { EndpointChannel, type IEndpointOptions } from '../../src/reclaim/endpoint/endpoint-channel.js';
import type { IFlushed } from '../../src/reclaim/endpoint/notice-handler.js';
import { FakeClock } from '../fake-clock.js';
import { until } from '../until.js';
import { scratch } from '../wire.js';
import { Heard } from './heard.js';

const SECRET = 'correct-horse-battery-staple';

interface IAnswer {
  readonly status: number;
  readonly body: unknown;
}

describe('the endpoint for notices', () => {
  const folder = scratch();
  const tokenPath = join(folder.path, 'reclaim-token');
  let heard: Heard;
  let flushes: { readonly withinMs: number; readonly done: (flushed: IFlushed | Error) => void }[];
  let log: string[];
  let channel: EndpointChannel;

  beforeEach(() => {
    heard = new Heard();
    flushes = [];
    log = [];
  });
  afterEach(() => heard.stop());
  afterAll(() => folder.remove());

  const open = async (change: Partial<IEndpointOptions> = {}): Promise<void> => {
    channel = new EndpointChannel({
      clock: systemClock,
      log: line => log.push(line),
      flush: withinMs =>
        new Promise((resolve, reject) =>
          flushes.push({
            withinMs,
            done: flushed => (flushed instanceof Error ? reject(flushed) : resolve(flushed))
          })
        ),
      port: 0,
      token: SECRET,
      tokenPath,
      ...change
    });
    heard.start(channel);
    await until(() => channel.port !== null || change.port === null || heard.troubles.length > 0);
  };

  const ask = async (
    path: string,
    options: {
      method?: string;
      body?: string;
      token?: string | null;
      headers?: object;
      socketPath?: string;
    } = {}
  ): Promise<IAnswer> => {
    const { method = 'POST', body = '', token = SECRET, headers = {}, socketPath } = options;
    const sent = httpRequest({
      ...(socketPath === undefined ? { host: '127.0.0.1', port: channel.port ?? 0 } : { socketPath }),
      path,
      method,
      agent: false,
      headers: { ...(token === null ? {} : { authorization: `Bearer ${token}` }), ...headers }
    });
    sent.end(body);
    const [response] = await once(sent, 'response');
    let text = '';
    for await (const chunk of response) {
      text += String(chunk);
    }
    return { status: response.statusCode, body: JSON.parse(text) };
  };

  it('tells the notice first and answers when everything is safe', async () => {
    await open();
    const answer = ask('/reclaim?wait=5', { body: '{"deadline": 30, "source": "preStop"}' });
    let answered = false;
    void answer.then(() => (answered = true));
    await until(() => flushes.length === 1);
    expect(heard.now).toMatchObject([{ kind: 'stop', source: 'preStop' }]);
    expect(flushes[0]?.withinMs).toBe(5000);
    expect(answered).toBe(false);
    flushes[0]?.done({ documents: 3, unsafeDocuments: 0 });
    expect(await answer).toEqual({
      status: 200,
      body: { noticed: true, safe: true, documents: 3, unsafeDocuments: 0 }
    });
  });

  it('says that not everything is safe', async () => {
    await open();
    const answer = ask('/reclaim');
    await until(() => flushes.length === 1);
    expect(flushes[0]?.withinMs).toBe(10_000);
    flushes[0]?.done({ documents: 3, unsafeDocuments: 1 });
    expect(await answer).toEqual({
      status: 202,
      body: { noticed: true, safe: false, documents: 3, unsafeDocuments: 1 }
    });
  });

  it.each([
    ['0', 0],
    ['2.5', 2500],
    ['9999', 120_000]
  ])('waits no longer than asked for, %s s, and never for ever', async (wait, waitMs) => {
    const clock = new FakeClock();
    await open({ clock });
    const answer = ask(`/reclaim?wait=${wait}`);
    await until(() => flushes.length === 1 && clock.pending === 1);
    expect(flushes[0]?.withinMs).toBe(waitMs);
    clock.advance(waitMs);
    expect(await answer).toEqual({
      status: 202,
      body: { noticed: true, safe: false, documents: null, unsafeDocuments: null }
    });
  });

  it('answers although bringing to safety fails, and says why in the log', async () => {
    await open();
    const answer = ask('/reclaim');
    await until(() => flushes.length === 1);
    flushes[0]?.done(new Error('the disk is full'));
    expect((await answer).status).toBe(202);
    expect(log).toEqual(['Not everything could be brought to safety: the disk is full']);
    expect(heard.now).toHaveLength(1);
  });

  it('takes a notice back', async () => {
    await open();
    void ask('/reclaim?wait=0');
    await until(() => heard.now.length === 1);
    expect(await ask('/reclaim', { method: 'DELETE' })).toEqual({ status: 200, body: { noticed: false } });
    expect(heard.now).toEqual([]);
  });

  it('keeps the words of several sources apart, and the last of each', async () => {
    const clock = new FakeClock();
    await open({ clock });
    const post = async (body: object): Promise<void> => {
      const { length } = flushes;
      const answer = ask('/reclaim?wait=1', { body: JSON.stringify(body) });
      await until(() => flushes.length > length);
      flushes[length]?.done({ documents: 0, unsafeDocuments: 0 });
      await answer;
    };
    const said = () => heard.now.map(({ source, deadlineMs }) => [source, deadlineMs]);
    const nowMs = clock.wallMs();
    await post({ source: 'scheduler', deadline: 60 });
    await post({ source: 'preStop' });
    expect(said()).toEqual([
      ['scheduler', nowMs + 60_000],
      ['preStop', null]
    ]);
    await post({ source: 'scheduler', deadline: 600 });
    expect(said()).toEqual([
      ['preStop', null],
      ['scheduler', nowMs + 600_000]
    ]);
    // What has long come to nothing is not said again with the next.
    clock.advance(11 * 60_000);
    await post({ source: 'operator', deadline: 30 });
    expect(said().map(([source]) => source)).toEqual(['scheduler', 'operator']);
    for (let i = 0; i < 20; i++) {
      await post({ source: `hook ${i}` });
    }
    expect(said()).toHaveLength(8);
  });

  it.each([
    ['no secret', null],
    ['a wrong one', 'correct-horse-battery-stapl'],
    ['an empty one', ''],
    ['a longer one', `${SECRET}x`]
  ])('lets nobody in with %s', async (_what, token) => {
    await open();
    expect(await ask('/reclaim', { token })).toMatchObject({ status: 401, body: { code: 'unauthorized' } });
    expect(heard.now).toEqual([]);
    expect(flushes).toEqual([]);
  });

  it.each([
    ['what is no JSON', '/reclaim', 'POST', 'now!', 400, 'bad-notice'],
    ['a mistyped field', '/reclaim', 'POST', '{"deadlin": 5}', 400, 'bad-notice'],
    ['a wait that is none', '/reclaim?wait=soon', 'POST', '', 400, 'bad-notice'],
    ['a negative wait', '/reclaim?wait=-1', 'POST', '', 400, 'bad-notice'],
    ['too much', '/reclaim', 'POST', 'x'.repeat(5000), 413, 'too-large'],
    ['another path', '/health', 'POST', '', 404, 'unknown-path'],
    ['another method', '/reclaim', 'PUT', '', 405, 'unknown-method']
  ])('refuses %s', async (_what, path, method, body, status, code) => {
    await open();
    expect(await ask(path, { method, body })).toMatchObject({ status, body: { code } });
    expect(heard.all).toEqual([]);
    expect(flushes).toEqual([]);
  });

  it("works through the companion's own socket, whose mode guards it", async () => {
    await open({ port: null });
    expect(channel.port).toBeNull();
    const socketPath = join(folder.path, 'companion.sock');
    const server: Server = createServer((request, response) => channel.handle(request, response));
    await new Promise<void>(resolve => server.listen(socketPath, resolve));
    try {
      const answer = ask('/reclaim', { socketPath, token: null });
      await until(() => flushes.length === 1);
      flushes[0]?.done({ documents: 0, unsafeDocuments: 0 });
      expect((await answer).status).toBe(200);
      expect(heard.now).toMatchObject([{ source: 'endpoint' }]);
    } finally {
      server.close();
    }
  });

  it('makes a secret of its own, which only this user can read, and takes it away at the end', async () => {
    writeFileSync(tokenPath, 'of an earlier companion', { mode: 0o644 });
    await open({ token: null });
    await until(() => readFileSync(tokenPath, 'utf8').length === 44);
    expect(statSync(tokenPath).mode & 0o777).toBe(0o600);
    const token = readFileSync(tokenPath, 'utf8').trim();
    expect(token).toMatch(/^[\w-]{43}$/);
    expect((await ask('/reclaim', { method: 'DELETE', token })).status).toBe(200);
    expect((await ask('/reclaim', { method: 'DELETE', token: SECRET })).status).toBe(401);
    heard.stop();
    await until(() => !exists(tokenPath));
  });

  it('can be reached on the loopback interface alone', async () => {
    await open();
    const { port } = channel;
    const socket = connect(port ?? 0, '127.0.0.2');
    const [error] = await once(socket, 'error');
    expect(error).toMatchObject({ code: 'ECONNREFUSED' });
  });

  it('says that its port is taken, and works through the socket all the same', async () => {
    const other = createServer();
    await new Promise<void>(resolve => other.listen(0, '127.0.0.1', resolve));
    const address = other.address();
    const port = typeof address === 'object' && address ? address.port : 0;
    writeFileSync(tokenPath, 'of the other companion');
    await open({ port, token: null });
    expect(heard.troubles).toEqual([
      expect.stringMatching(/^The endpoint for notices of a reclaim is not open: .*EADDRINUSE/)
    ]);
    heard.stop();
    expect(readFileSync(tokenPath, 'utf8')).toBe('of the other companion');
    other.close();
  });

  it('does not stay open with a secret that nobody can read', async () => {
    await open({ token: null, tokenPath: join(folder.path, 'missing', 'reclaim-token') });
    await until(() => heard.troubles.length > 0);
    expect(heard.troubles[0]).toMatch(/is not open: ENOENT/);
    expect(channel.port).toBeNull();
  });

  it('survives what is no HTTP, and huge headers', async () => {
    await open();
    const socket = connect(channel.port ?? 0, '127.0.0.1');
    socket.end('\x16\x03\x01 no HTTP\r\n\r\n');
    await once(socket, 'close');
    const huge = await ask('/reclaim', { headers: { 'x-much': 'x'.repeat(20_000) } }).catch(() => 'closed');
    expect(huge).toBe('closed');
    expect((await ask('/reclaim', { method: 'DELETE' })).status).toBe(200);
  });
});

function exists(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false }) !== undefined;
}
