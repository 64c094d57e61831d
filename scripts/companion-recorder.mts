// Runs the companion's own code against the real service, with a proxy between them that writes down what goes over. Started
// by record-companion.mjs. The clock is a fake one, so that hours of a companion take seconds.
import { randomUUID } from 'node:crypto';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import { join } from 'node:path';
import type { Notice, OutgoingClass } from '@labkeeper/protocol';
import { HubClient } from '../companion/src/audit/hub-client.js';
import { HubTickets } from '../companion/src/audit/hub-tickets.js';
import { OutgoingLedger } from '../companion/src/outgoing/outgoing-ledger.js';
import { outgoingClass } from '../companion/src/outgoing/outgoing-table.js';
import { EventQueue } from '../companion/src/server-events/event-queue.js';
import { EventSender } from '../companion/src/server-events/event-sender.js';
import { ServerEvents } from '../companion/src/server-events/server-events.js';
import { death } from '../companion/test/death.js';
import { FakeClock } from '../companion/test/fake-clock.js';
import { RunningApp } from '../companion/test/running-app.js';
import { kernel, ScriptedObserver } from '../companion/test/scripted-observer.js';
import { scratch, type Client } from '../companion/test/wire.js';
import { storedOf, type IExchange } from '../packages/hub-service/test/support/recorded-companion.js';
import { startService } from '../packages/hub-service/test/support/running-service.js';

/** The clock begins so long ago, ms: nothing that is recorded comes from the future. */
const AGO_MS = 6 * 3_600_000;
const IMAGE = 'lab:2026';
/** Of messages without a body so many are kept: more tell nothing. */
const ALIKE = 2;

/** Passes everything on to the service, and keeps it. */
class RecordingProxy {
  constructor(private readonly target: string) {}

  readonly exchanges: IExchange[] = [];
  /** The answer to the next batch of records is lost on its way. */
  losesAnswer = false;

  async listen(): Promise<URL> {
    this.server = createServer((request, response) => {
      this.pass(request).then(
        ({ status, text, isLost }) => {
          if (isLost) {
            request.socket.destroy();
          } else {
            response.writeHead(status, { 'content-type': 'application/json' }).end(text);
          }
        },
        (error: unknown) => response.destroy(error instanceof Error ? error : undefined)
      );
    });
    await new Promise<void>(resolve => this.server?.listen(0, '127.0.0.1', resolve));
    const address = this.server.address();
    return new URL(`http://127.0.0.1:${typeof address === 'object' ? address?.port : 0}/`);
  }

  count(what: OutgoingClass): number {
    return this.exchanges.filter(exchange => exchange.what === what).length;
  }

  close(): void {
    this.server?.closeAllConnections();
    this.server?.close();
  }

  private async pass(request: IncomingMessage): Promise<{ status: number; text: string; isLost: boolean }> {
    const chunks: Buffer[] = [];
    for await (const chunk of request) {
      chunks.push(chunk);
    }
    const body = Buffer.concat(chunks);
    const { method = '', headers } = request;
    const path = (request.url ?? '').slice(1);
    const what = outgoingClass(method, path);
    if (what === null) {
      throw new Error(`${method} ${path} is in no table.`);
    }
    const contentType = headers['content-type'] ?? null;
    const answer = await fetch(`${this.target}${path}`, {
      method,
      headers: {
        authorization: headers.authorization ?? '',
        ...(contentType !== null && { 'content-type': contentType })
      },
      ...(contentType !== null && { body: new Uint8Array(body) })
    });
    const [status, text] = [answer.status, await answer.text()];
    if (contentType !== null || this.count(what) < ALIKE) {
      this.exchanges.push({ what, method, path, contentType, body, answer: { status, text } });
    }
    const isLost = this.losesAnswer && what === 'records' && method === 'POST';
    this.losesAnswer &&= !isLost;
    return { status, text, isLost };
  }

  private server: Server | null = null;
}

const home = scratch();
const policy = join(home.path, 'labkeeper.toml');
writeFileSync(policy, '[events]\nerrors = true\n');
const service = await startService('sqlite', { holdMs: 500 }, policy);
const proxy = new RecordingProxy(service.url);
const serviceUrl = await proxy.listen();
const token = service.hub.serverToken('0123456789abcdef', 'ada', 'recorded');
const clock = new FakeClock(Date.now() - AGO_MS);
const site = join(home.path, 'env/lib/python3.11/site-packages');
mkdirSync(site, { recursive: true });

await recordApp();
await recordEvents();
const ticket = await service.ticket('ada', 'recorded');
write(process.argv[2] ?? '', await storedOf(service.url, service.database, ticket, proxy.exchanges));
proxy.close();
await service.close();
home.remove();
process.exit(0);

/** A whole companion: installs, requests, feedback, and what a page shows. */
async function recordApp(): Promise<void> {
  put('one', '1');
  const app = await RunningApp.start({
    ...{ home: home.path, boot: randomUUID(), clock, observer: new ScriptedObserver() },
    audit: {
      ...{ serviceUrl, token, user: 'ada', hub: null, image: IMAGE, warnings: [] },
      sites: {
        ...{ prefix: join(home.path, 'env'), python: '3.11', folders: [site] },
        ...{ userFolder: null, kernelFolders: [] }
      }
    }
  });
  const page = await app.page();
  await sends(app, 'records', 2, 'a package that was there');
  proxy.losesAnswer = true;
  put('two', '1');
  await sends(app, 'receipt', 1, 'the receipt of an answer that was lost');
  rmSync(join(site, 'two-1.dist-info'), { recursive: true });
  put('two', '2');
  await sends(app, 'records', proxy.count('records') + 1, 'an upgrade');
  rmSync(join(site, 'one-1.dist-info'), { recursive: true });
  await sends(app, 'records', proxy.count('records') + 1, 'a removal');
  page.send('audit/wanted', { wanted: true });
  await sends(app, 'own-records', 1, 'the own records');
  await ask(app, page);
  await app.stop('asked');
}

async function ask(app: RunningApp, page: Client): Promise<void> {
  const evidence = [{ kind: 'command', title: 'Blocked', lines: [{ label: 'pip', text: 'pip install é' }] }];
  const [help, tier] = [randomUUID(), randomUUID()];
  const durationMs = 3_600_000;
  for (const [id, want] of [
    [help, { kind: 'help', title: 'My kernel dies' }],
    [tier, { kind: 'tier', tier: 'large', durationMs }],
    [randomUUID(), { kind: 'package', ecosystem: 'pypi', name: 'torch', version: '2.9.1' }],
    [randomUUID(), { kind: 'extension', of: tier, durationMs }]
  ] as const) {
    const before = proxy.count('request');
    page.send('requests/submit', { id, want, reason: 'For week 9: “größer”.', evidence });
    await sends(app, 'request', before + 1, `a request, ${want.kind}`);
  }
  page.send('requests/say', { id: help, message: randomUUID(), text: 'It died again.' });
  await sends(app, 'request-message', 1, 'a message');
  page.send('requests/withdraw', { id: tier, version: 1 });
  await sends(app, 'request-withdrawn', 1, 'a request that is taken back');
  page.send('requests/read', { id: help });
  await sends(app, 'request-story', 1, 'the story of a request');
  page.send('requests/wanted', { wanted: true });
  await sends(app, 'own-requests', 1, 'the own requests');
  for (const [answer, cause, note] of [
    ['yes', null, null],
    ['no', 'asked-for', 'It was me.']
  ]) {
    page.send('requests/feedback', {
      ...{ id: randomUUID(), of: 'death', subject: 'kernel.1.2', toldCause: 'exited' },
      ...{ toldConfidence: 'likely', answer, cause, note }
    });
  }
  await sends(app, 'feedback', 2, 'what is said of verdicts');
}

/** Every kind of event: from the companion's own parts, with what happens told to them. */
async function recordEvents(): Promise<void> {
  const boot = randomUUID();
  const client = (): HubClient =>
    new HubClient(serviceUrl, () => clock.wallMs(), new OutgoingLedger(Date.now));
  const queue = new EventQueue(boot, IMAGE, () => clock.wallMs());
  const sender = new EventSender({
    ...{ queue, clock, log: fail, random: () => 0.5, client: client() },
    tickets: new HubTickets({ client: client(), token, clock })
  });
  const atMs = clock.wallMs();
  const events = new ServerEvents({
    ...{ queue, clock, boot },
    added: () => undefined,
    deaths: () => [{ ...death('kernel.1.2'), atMs }],
    unsentRecords: () => 0
  });
  events.want({ send: true, errors: true });
  events.kernels([kernel('a'), kernel('b')]);
  events.noticed(throttled(atMs));
  const observer = new ScriptedObserver();
  observer.unreclaimableBytes = (observer.limitBytes ?? 0) * 0.95;
  for (let minute = 0; minute <= 10; minute += 1) {
    events.sampled(observer.sample(clock.wallMs()));
    clock.advance(60_000);
  }
  events.saves.changed('run');
  clock.advance(20_000);
  events.saves.saved('run');
  events.erred('KeyError', "'salary'");
  events.erred('ModuleNotFoundError', "No module named 'torch.cuda'");
  queue.lost('a recording', { why: 'full', sinceMs: atMs, count: 3 });
  events.sum();
  await sender.send();
  // A second batch, which goes on with the numbers of the first.
  events.saves.saved('run');
  events.sum();
  await sender.send();
  events.dispose();
  sender.dispose();
}

function throttled(atMs: number): Notice {
  const { verdict } = death('n');
  const proofs = [{ kind: 'throttled', share: 0.7, forMs: 300_000 } as const];
  return {
    ...{ id: 'notice.1', atMs, over: false, kernels: [] },
    verdict: { ...verdict, cause: 'cpu-throttled', confidence: 'certain', proofs }
  };
}

/** Passes time until so many messages of a class were sent. */
async function sends(app: RunningApp, what: OutgoingClass, times: number, label: string): Promise<void> {
  const endMs = performance.now() + 30_000;
  while (proxy.count(what) < times) {
    if (performance.now() > endMs) {
      fail(`The companion does not send ${label}. Its log: ${app.logged.join(' ')}`);
    }
    await app.pass(500, 500);
    await new Promise(resolve => setTimeout(resolve, 5));
  }
}

/** Writes a complete distribution. */
function put(name: string, version: string): void {
  const info = join(site, `${name}-${version}.dist-info`);
  mkdirSync(info, { recursive: true });
  writeFileSync(join(info, 'METADATA'), `Name: ${name}\nVersion: ${version}\n`);
  writeFileSync(join(info, 'INSTALLER'), 'pip\n');
  writeFileSync(join(info, 'RECORD'), `${name}-${version}.dist-info/INSTALLER,,\n`);
}

function write(folder: string, stored: unknown): void {
  for (const [at, exchange] of proxy.exchanges.entries()) {
    const { what, method, path, contentType, body, answer } = exchange;
    const name = join(folder, `${String(at + 1).padStart(2, '0')}-${what}`);
    const head = [`${method} ${path}`, ...(contentType === null ? [] : [`content-type: ${contentType}`])];
    writeFileSync(`${name}.http`, Buffer.concat([Buffer.from(`${head.join('\n')}\n\n`), body]));
    // A ticket of a service that is gone: no secret, but nobody should have to find that out.
    const text = answer.text.replace(/"ticket":"[^"]*"/, '"ticket":"…"');
    writeFileSync(`${name}.answer`, `${answer.status}\n${text}`);
  }
  writeFileSync(join(folder, 'stored.json'), `${JSON.stringify(stored, null, 2)}\n`);
}

function fail(reason: string): never {
  console.error(reason);
  process.exit(1);
}
