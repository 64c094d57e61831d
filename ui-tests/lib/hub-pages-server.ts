// The hub service's pages over a made-up hub and log, for the browser tests; bundled and run as a process of its own.
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import Fastify from 'fastify';
import { createHubApi } from '../../packages/hub-service/src/hub-api/hub-api.js';
import { fillLog } from '../../packages/hub-service/src/pages/full-log.test.data.js';
import { MemoryEvents } from '../../packages/hub-service/src/pages/memory-events.test.data.js';
import { MemoryHolders, MemoryLegal } from '../../packages/hub-service/src/pages/memory-legal.test.data.js';
import { MemoryLog } from '../../packages/hub-service/src/pages/memory-log.test.data.js';
import { MemoryViews } from '../../packages/hub-service/src/pages/memory-views.test.data.js';
import { registerPages } from '../../packages/hub-service/src/pages/register-pages.js';
import { FakeHub } from '../../packages/hub-service/src/people/fake-hub.test.data.js';
import { OAuthIdentity } from '../../packages/hub-service/src/people/oauth-identity.js';
import { readPeopleSettings } from '../../packages/hub-service/src/people/people-settings.js';
import { systemRandom } from '../../packages/hub-service/src/people/secrets.js';
import { someRequests } from './some-requests.js';

async function body(request: IncomingMessage): Promise<string> {
  const parts: Buffer[] = [];
  for await (const part of request) {
    parts.push(Buffer.from(part));
  }
  return Buffer.concat(parts).toString('utf8');
}

async function freePort(host: string): Promise<number> {
  const probe = createServer();
  await new Promise<void>(resolve => probe.listen(0, host, resolve));
  const { port } = probe.address() as AddressInfo;
  await new Promise(resolve => probe.close(resolve));
  return port;
}

let hub: FakeHub | null = null;
const hubServer = createServer((request, response) => {
  void (async () => {
    const url = new URL(request.url ?? '/', hubUrl);
    if (hub === null || url.pathname === '/frame') {
      response.setHeader('content-type', 'text/html');
      response.end(`<iframe src="${pagesUrl}/signed-out"></iframe>`);
    } else if (url.pathname === '/revoke') {
      hub.revoke('lead');
      response.end('revoked');
    } else if (url.pathname === '/add') {
      log.add({ user: url.searchParams.get('user') });
      response.end('added');
    } else if (url.pathname === '/hub/api/oauth2/authorize') {
      const to = hub.authorize(url.href);
      response.writeHead(to === null ? 400 : 302, to === null ? {} : { location: to });
      response.end();
    } else if (url.pathname === '/hub/api/oauth2/token') {
      const answer = hub.trade(new URLSearchParams(await body(request)));
      response.writeHead(answer.status, { 'content-type': 'application/json' });
      response.end(await answer.text());
    } else {
      const person = await hub.whoIs((request.headers.authorization ?? '').replace('token ', ''));
      response.writeHead(person ? 200 : 403, { 'content-type': 'application/json' });
      response.end(JSON.stringify(person ?? { status: 403, message: 'Forbidden' }));
    }
  })();
});
await new Promise<void>(resolve => hubServer.listen(0, '127.0.0.1', resolve));
const hubUrl = `http://127.0.0.1:${(hubServer.address() as AddressInfo).port}`;
const port = await freePort('127.0.0.2');
const pagesUrl = `http://127.0.0.2:${port}`;
const settings = readPeopleSettings({ LABKEEPER_PAGES_URL: pagesUrl, LABKEEPER_HUB_PUBLIC_URL: hubUrl });
if (settings === null) {
  throw new Error('There are no pages.');
}
hub = new FakeHub(settings);
const log = new MemoryLog();
fillLog(log);
const offboarded = log.add({
  user: 'labkeeper/service',
  act: {
    did: {
      ...{ action: 'offboard', atMs: Date.now(), hub: 'hub', number: null, lifts: null, case: 'HR-112' },
      actor: '0f8fad5b-d9cb-469f-a165-70867728950e',
      subject: '1b4e28ba-2fa1-41d2-883f-0016d3cca427',
      parts: [
        { what: 'hold', state: 'done', ended: 0, failed: 0, says: 'A legal hold is on.' },
        {
          what: 'sessions',
          state: 'none',
          ended: 0,
          failed: 0,
          says: 'Whatever browser was signed in is signed out.'
        },
        { what: 'servers', state: 'done', ended: 2, failed: 0, says: null },
        { what: 'tokens', state: 'failed', ended: 3, failed: 1, says: 'JupyterHub did not answer in time.' }
      ]
    },
    facts: { by: 'carol', subject: 'bob', reason: null }
  }
});
hub.people.get('lead')?.scopes.push('custom:labkeeper:admin', 'custom:labkeeper:approve');
const fastify = Fastify();
await registerPages(fastify, {
  settings,
  reader: log,
  holders: new MemoryHolders(),
  legal: new MemoryLegal(),
  views: new MemoryViews(),
  events: new MemoryEvents(Date.now()),
  asked: await someRequests(),
  identity: new OAuthIdentity({
    hub: settings.hub,
    hubApi: createHubApi({ url: `${hubUrl}/hub/api`, timeoutMs: 5000 }),
    apiUrl: `${hubUrl}/hub/api`,
    clientId: settings.clientId,
    clientSecret: hub.secret,
    redirectUri: settings.redirectUri
  }),
  groupsFiltered: true,
  looks: { everyMs: 100, most: 20 },
  random: systemRandom,
  nowMs: () => Date.now()
});
await fastify.listen({ host: '127.0.0.2', port });
process.stdout.write(`${JSON.stringify({ pagesUrl, hubUrl, offboarded })}\n`);
