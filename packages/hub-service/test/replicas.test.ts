import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { BatchAnswer, HUB_PATHS, parseShape, SignedDigest } from '@labkeeper/protocol';
import pg from 'pg';
import * as v from 'valibot';
import { exportCommand } from '../src/export/cli.js';
import { openDatabase } from '../src/store/database.js';
import { LogRange } from '../src/store/log-range.js';
import { verifyFile } from '../src/verify/verify-file.js';
import { buildProgram } from './support/build-program.js';
import { CompanionStream } from './support/companion-stream.js';
import { verified } from './support/exported.js';
import { freePort } from './support/free-port.js';
import { HubStandIn } from './support/hub-stand-in.js';
import { PagesVisitor } from './support/pages-visitor.js';
import { sendBatch, ticketFor } from './support/running-service.js';
import { scratchDatabase, scratchFolder, type IScratchDatabase } from './support/scratch-databases.js';
import { masterKeyFile, storageVariables } from './support/service-keys.js';
import { ServiceProcess } from './support/service-process.js';

jest.setTimeout(180_000);

const PREFIX = '/services/labkeeper/';
const PAGES_HOST = 'log.example.test:8010';
const HUB_URL = 'http://hub.example.test:8000/hub/';
/** As `DigestMaker` takes it. */
const DIGEST_LOCK = 5_013_265;
const LEAD = 'lead-token-0123456789';

/** One replica: a process of its own, with a state folder of its own that is empty. */
interface IReplica {
  readonly process: ServiceProcess;
  readonly url: string;
  readonly pagesPort: number;
  readonly state: string;
}

describe('two replicas that share one PostgreSQL and a master key, and nothing else', () => {
  const folder = scratchFolder();
  const program = join(folder.path, 'hub-service.mjs');
  const master = masterKeyFile(join(folder.path, 'master-key'));
  let scratch: IScratchDatabase;
  let hub: HubStandIn;
  let one: IReplica;
  let two: IReplica;

  const replica = async (name: string): Promise<IReplica> => {
    const [port, pagesPort] = [await freePort(), await freePort()];
    const state = join(folder.path, name);
    const process = new ServiceProcess(program, {
      JUPYTERHUB_API_TOKEN: 'service-token',
      JUPYTERHUB_API_URL: hub.apiUrl,
      JUPYTERHUB_SERVICE_NAME: 'labkeeper',
      JUPYTERHUB_SERVICE_PREFIX: PREFIX,
      JUPYTERHUB_SERVICE_URL: `http://127.0.0.1:${port}`,
      JUPYTERHUB_PUBLIC_HUB_URL: HUB_URL,
      LABKEEPER_PAGES_URL: `http://${PAGES_HOST}`,
      LABKEEPER_PAGES_LISTEN: `127.0.0.1:${pagesPort}`,
      ...storageVariables(scratch.place, { stateFolder: state, masterKeyFile: master })
    });
    return { process, url: `http://127.0.0.1:${port}${PREFIX}`, pagesPort, state };
  };

  beforeAll(async () => {
    [scratch, hub] = [await scratchDatabase('postgres'), await HubStandIn.start()];
    await buildProgram(join(__dirname, '../src/main.ts'), program);
    [one, two] = [await replica('one'), await replica('two')];
    hub.anyToken(LEAD, {
      ...{ kind: 'user', name: 'lead', admin: false, groups: [], session_id: null },
      scopes: ['access:services!service=labkeeper', 'custom:labkeeper:audit']
    });
    // At once: both find an empty database.
    await Promise.all([one.process.start(), two.process.start()]);
  });
  afterAll(async () => {
    await Promise.all([one.process.end('SIGKILL'), two.process.end('SIGKILL')]);
    await hub.close();
    await scratch.remove();
    folder.remove();
  });

  /** Sends the next records; the answer must be good. @returns the receipt's key. */
  const send = async ({ url }: IReplica, ticket: string, stream: CompanionStream, count = 3) => {
    const response = await sendBatch(url, ticket, stream.batch(count));
    expect(response.status).toBe(200);
    const { head, receipt } = v.parse(BatchAnswer, await response.json());
    expect(head).toEqual({ seq: stream.seq, hash: stream.head });
    return receipt?.key;
  };
  const keyOf = ({ process }: IReplica): string | undefined =>
    /"key":"([0-9a-f]{16})"/.exec(process.said)?.[1];
  const digests = async (): Promise<SignedDigest[]> => {
    const database = await openDatabase(scratch.place, () => undefined);
    const range = new LogRange(database);
    const stored = await range.digests(0, await range.end());
    await database.close();
    return stored.flatMap(({ signed }) => parseShape(SignedDigest, signed) ?? []);
  };
  const failures = async ({ url }: IReplica): Promise<string | undefined> => {
    const text = await (await fetch(`${url}metrics`)).text();
    return /^labkeeper_audit_digest_failures_total (\d+)$/m.exec(text)?.[1];
  };
  const signIn = async (begins: IReplica, ends: IReplica): Promise<PagesVisitor> => {
    const visitor = new PagesVisitor(PAGES_HOST);
    const away = await visitor.ask(begins.pagesPort, '/log');
    const to = new URL(away.location ?? '');
    expect(to.href.startsWith(HUB_URL)).toBe(true);
    hub.code('code-1', LEAD);
    const state = to.searchParams.get('state') ?? '';
    const back = await visitor.ask(ends.pagesPort, `/oauth_callback?code=code-1&state=${state}`);
    expect([back.status, back.location]).toEqual([302, '/log']);
    return visitor;
  };

  it('have the same keys, of which none lies in a folder', () => {
    expect(keyOf(one)).toMatch(/^[0-9a-f]{16}$/);
    expect(keyOf(two)).toBe(keyOf(one));
    for (const { state } of [one, two]) {
      expect(existsSync(state) ? readdirSync(state) : []).toEqual([]);
    }
  });

  it('take each other’s tickets, and go on with each other’s streams', async () => {
    const stream = new CompanionStream();
    const ticket = await ticketFor(one.url, hub.serverToken('token-of-anna-0123456789', 'anna', ''));
    for (const at of [one, two, one, two]) {
      expect(await send(at, ticket, stream)).toBe(keyOf(one));
    }
    const head = await fetch(`${two.url}${HUB_PATHS.records}?boot=${stream.boot}`, {
      headers: { authorization: `Bearer ${ticket}` }
    });
    expect(await head.json()).toEqual({ seq: 12, hash: stream.head });
  });

  it('end each other’s sign-ins, know each other’s sessions, and export the same log', async () => {
    const visitor = await signIn(one, two);
    for (const { pagesPort } of [one, two]) {
      expect((await visitor.ask(pagesPort, '/log')).status).toBe(200);
      const { status, body } = await visitor.ask(pagesPort, '/export?format=jsonl');
      expect([status, verified(body)]).toMatchObject([
        200,
        { outcome: 'consistent', records: 12, proven: 12, findings: { count: 0 } }
      ]);
      expect(verified(body).signer?.id).toBe(keyOf(one));
    }
  });

  it('write digests one at a time: none while another is at it, and one chain of both', async () => {
    const visitor = await signIn(two, one);
    const stream = new CompanionStream();
    const ticket = await ticketFor(two.url, hub.serverToken('token-of-bert-0123456789', 'bert', ''));
    const exports = () =>
      Promise.all([one, two].map(({ pagesPort }) => visitor.ask(pagesPort, '/export?format=jsonl')));
    const before = (await digests()).length;
    const another = new pg.Client({
      connectionString: scratch.place.kind === 'postgres' ? scratch.place.url : ''
    });
    await another.connect();
    await another.query(`select pg_advisory_lock(${DIGEST_LOCK})`);
    await send(one, ticket, stream);
    expect((await exports()).map(({ status }) => status)).toEqual([200, 200]);
    expect(await digests()).toHaveLength(before);
    await another.end();

    for (let round = 0; round < 15; round++) {
      await send(round % 2 === 0 ? one : two, ticket, stream, 40);
      expect((await exports()).map(({ status }) => status)).toEqual([200, 200]);
    }
    const made = await digests();
    expect(made.length).toBeGreaterThanOrEqual(before + 10);
    let next = 0;
    for (const [number, { body, key }] of made.entries()) {
      expect([body.number, body.firstIndex, key]).toEqual([number, next, keyOf(one)]);
      next += body.count;
    }
    expect([await failures(one), await failures(two)]).toEqual(['0', '0']);
  });

  it('go on without the other one, which was killed, and nothing that was acknowledged is lost', async () => {
    const streams = Array.from({ length: 6 }, () => new CompanionStream());
    const tickets = await Promise.all(
      streams.map((_, i) => ticketFor(one.url, hub.serverToken(`token-of-${i}-0123456789`, `user-${i}`, '')))
    );
    let isOver = false;
    const sending = streams.map(async (stream, i) => {
      let acknowledged = 0;
      let at = one;
      let waiting: Buffer | null = null;
      while (!isOver) {
        waiting ??= stream.batch(2);
        const response = await sendBatch(at.url, tickets[i] ?? '', waiting).catch(() => null);
        if (response?.status === 200 || response?.status === 409) {
          // 409: it was stored, and the answer was lost with the replica.
          acknowledged = stream.seq;
          waiting = null;
        } else {
          at = at === one ? two : one;
          await pause(10);
        }
      }
      return acknowledged;
    });
    await pause(400);
    await one.process.end('SIGKILL');
    await pause(400);
    await one.process.start();
    await two.process.end('SIGKILL');
    await pause(400);
    isOver = true;
    const acknowledged = await Promise.all(sending);
    expect(Math.min(...acknowledged)).toBeGreaterThan(0);
    // An orderly end has a digest made over the rest.
    expect(await one.process.end('SIGTERM')).toBe(0);

    const file = join(folder.path, 'export.jsonl');
    const lines: string[] = [];
    const code = await exportCommand({
      words: ['--out', file, '--personal'],
      // A third empty folder: the key comes out of the database.
      variables: storageVariables(scratch.place, {
        stateFolder: join(folder.path, 'three'),
        masterKeyFile: master
      }),
      nowMs: () => Date.now(),
      say: line => lines.push(line),
      complain: line => lines.push(line)
    });
    expect([code, lines]).toEqual([0, expect.any(Array)]);
    const fingerprint = /the key ([0-9a-f]{64})/.exec(lines.join('\n'))?.[1] ?? '';
    expect(fingerprint.slice(0, 16)).toBe(keyOf(one));
    const report = verifyFile({
      file,
      personal: null,
      fingerprints: [fingerprint],
      receipts: [],
      digests: []
    });
    expect(report).toMatchObject({
      outcome: 'consistent',
      signer: { isPinned: true },
      findings: { count: 0 }
    });
    expect(report.proven).toBe(report.records);

    const database = await openDatabase(scratch.place, () => undefined);
    try {
      for (const [i, { boot }] of streams.entries()) {
        const { seq } = await database.read
          .selectFrom('stream')
          .select('seq')
          .where('boot', '=', boot)
          .executeTakeFirstOrThrow();
        expect(seq).toBeGreaterThanOrEqual(acknowledged[i] ?? Infinity);
      }
      // What lies in the database alone is sealed: persons' keys and the service's own.
      const plain = await database.read
        .selectFrom('person_key')
        .select('person_id')
        .where('master_id', 'is', null)
        .execute();
      expect(plain).toEqual([]);
      const secrets = await database.read.selectFrom('sealed_secret').selectAll().orderBy('name').execute();
      expect(secrets.map(({ name }) => name)).toEqual(['service-secret', 'signing-key.pem']);
      expect(secrets.some(({ sealed }) => Buffer.from(sealed).includes('PRIVATE KEY'))).toBe(false);
    } finally {
      await database.close();
    }
  });

  it('are refused without the master key, or with another one', async () => {
    const other = masterKeyFile(join(folder.path, 'other'));
    const refused = async (variables: Record<string, string>): Promise<string> => {
      const service = new ServiceProcess(program, {
        JUPYTERHUB_API_TOKEN: 'service-token',
        JUPYTERHUB_API_URL: hub.apiUrl,
        JUPYTERHUB_SERVICE_URL: `http://127.0.0.1:${await freePort()}`,
        ...variables
      });
      await expect(service.start()).rejects.toThrow('The service ended');
      return service.said;
    };
    const stateFolder = join(folder.path, 'four');
    expect(await refused(storageVariables(scratch.place, { stateFolder, masterKeyFile: other }))).toContain(
      'is not the one that the keys in this database are sealed with'
    );
    expect(await refused(storageVariables(scratch.place, { stateFolder }))).toContain(
      `${stateFolder}/master-key is not there: put it back`
    );
    expect(readdirSync(stateFolder)).toEqual([]);
  });
});
