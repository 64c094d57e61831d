import { randomUUID } from 'node:crypto';
import { HUB_PATHS } from '@labkeeper/protocol';
import { pino } from 'pino';
import { createApp, type IApp } from '../../src/app.js';
import type { IAppOptions } from '../../src/app-options.js';
import { createHubApi } from '../../src/hub-api/hub-api.js';
import { openKeys, registerSigningKey, type IKeys } from '../../src/keys/keys.js';
import type { ISettings } from '../../src/settings.js';
import {
  openDatabase,
  type DatabaseKind,
  type DatabasePlace,
  type IDatabase
} from '../../src/store/database.js';
import { HubStandIn } from './hub-stand-in.js';
import { migratedDatabase } from './migrated-databases.js';
import { scratchFolder } from './scratch-databases.js';

const PREFIX = '/services/labkeeper/';

/** A service inside the test's process, on a real port, with a database and a hub of its own. */
export interface IRunningService {
  readonly app: IApp;
  readonly hub: HubStandIn;
  readonly database: IDatabase;
  readonly keys: IKeys;
  readonly settings: ISettings;
  /** Address of the routes, with a slash at its end. */
  readonly url: string;
  /** A ticket for a server whose token JupyterHub knows. */
  ticket(user: string, server?: string, groups?: readonly string[]): Promise<string>;
  /** POST of a batch. */
  send(ticket: string, body: Uint8Array): Promise<Response>;
  close(): Promise<void>;
}

/**
 * @param change - of the usual options.
 * @param policyFile - read before the service listens; null = there is none.
 * @param place - a database that is there already; null = one of its own.
 */
export async function startService(
  kind: DatabaseKind,
  change: Partial<IAppOptions> = {},
  policyFile: string | null = null,
  place: DatabasePlace | null = null
): Promise<IRunningService> {
  const folder = scratchFolder();
  const scratch = place ? { place, remove: () => Promise.resolve() } : await migratedDatabase(kind);
  const hub = await HubStandIn.start();
  const database = await openDatabase(scratch.place, () => undefined);
  const keys = await openKeys(`${folder.path}/state`);
  await registerSigningKey(database, keys, Date.now());
  const settings: ISettings = {
    hubId: 'hub',
    hubApiUrl: hub.apiUrl,
    hubToken: 'service-token',
    serviceName: 'labkeeper',
    prefix: PREFIX,
    machine: { host: '127.0.0.1', port: 0 },
    pages: null,
    stateFolder: folder.path,
    database: scratch.place,
    policyFile,
    build: 'test'
  };
  const app = createApp({
    ...{ settings, database, keys },
    hubApi: createHubApi({ url: hub.apiUrl, timeoutMs: 2000 }),
    log: pino({ level: 'silent' }),
    nowMs: () => Date.now(),
    monotonicMs: () => performance.now(),
    ...change
  });
  await app.policy.start();
  const origin = await app.machine.listen({ host: '127.0.0.1', port: 0 });
  const url = `${origin}${PREFIX}`;
  return {
    ...{ app, hub, database, keys, settings, url },
    ticket: (user, server = '', groups = []) =>
      ticketFor(url, hub.serverToken(randomUUID().replaceAll('-', ''), user, server, groups)),
    send: (ticket, body) => sendBatch(url, ticket, body),
    close: async () => {
      await app.close();
      await database.close();
      await hub.close();
      await scratch.remove();
      folder.remove();
    }
  };
}

/** Exchanges a token that JupyterHub knows. */
export async function ticketFor(url: string, token: string): Promise<string> {
  const response = await fetch(`${url}${HUB_PATHS.ticket}`, {
    method: 'POST',
    headers: { authorization: `token ${token}` }
  });
  const answer: unknown = await response.json();
  if (typeof answer !== 'object' || answer === null || !('ticket' in answer)) {
    throw new Error(`No ticket: ${response.status} ${JSON.stringify(answer)}`);
  }
  return String(answer.ticket);
}

/** POST of a batch. */
export function sendBatch(url: string, ticket: string, body: Uint8Array): Promise<Response> {
  return fetch(`${url}${HUB_PATHS.records}`, {
    method: 'POST',
    headers: { authorization: `Bearer ${ticket}`, 'content-type': 'application/x-ndjson' },
    body: new Uint8Array(body)
  });
}
