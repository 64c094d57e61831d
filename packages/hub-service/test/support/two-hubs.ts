import { randomUUID } from 'node:crypto';
import type { InjectOptions, LightMyRequestResponse } from 'fastify';
import { pino } from 'pino';
import { createApp, type IApp } from '../../src/app.js';
import type { IAppOptions } from '../../src/app-options.js';
import type { IAccessApi } from '../../src/hub-api/access-api.js';
import { createHubApi } from '../../src/hub-api/hub-api.js';
import type { IRunningServersApi } from '../../src/hub-api/running-servers-api.js';
import type { IHubSettings } from '../../src/hubs/hub-entry.js';
import { openFurtherHubs } from '../../src/hubs/open-further-hubs.js';
import { openKeys, registerSigningKey, SECRETS, type IKeys } from '../../src/keys/keys.js';
import { pagesPlugins } from '../../src/pages-plugins.js';
import type { PagesPlugin } from '../../src/pages-seam.js';
import { readPeopleSettings } from '../../src/people/people-settings.js';
import { fingerprint } from '../../src/people/secrets.js';
import { openDatabase, type DatabaseKind, type IDatabase } from '../../src/store/database.js';
import { keepFirst } from '../../src/store/first-hub.js';
import { keepFurtherHubs } from '../../src/store/further-hubs.js';
import { SqlSessionStore } from '../../src/store/sql-session-store.js';
import { HubStandIn } from './hub-stand-in.js';
import { migratedDatabase } from './migrated-databases.js';
import { scratchFolder } from './scratch-databases.js';

/** The first hub, and one of the file. */
export const HUBS = ['west', 'east'] as const;
export type HubName = (typeof HUBS)[number];

/** What can be ended at a hub: servers by user. */
export class StandInAccess implements IAccessApi {
  readonly running = new Map<string, string[]>();

  async servers(user: string): Promise<readonly string[] | null> {
    return this.running.get(user) ?? null;
  }
  async stop(user: string, server: string): Promise<boolean> {
    const servers = this.running.get(user) ?? [];
    this.running.set(
      user,
      servers.filter(name => name !== server)
    );
    return servers.includes(server);
  }
  async tokens(): Promise<readonly string[]> {
    return [];
  }
  async revoke(): Promise<boolean> {
    return false;
  }
  async signOut(user: string): Promise<boolean> {
    return this.running.has(user);
  }
}

/** One service that trusts two hubs, with its pages, in the test's process. */
export interface ITwoHubs {
  readonly app: IApp;
  readonly database: IDatabase;
  readonly keys: IKeys;
  readonly hubs: Readonly<Record<HubName, HubStandIn>>;
  readonly access: Readonly<Record<HubName, StandInAccess>>;
  /** Of the machine routes, with a slash at its end. */
  readonly url: string;
  /** Method and pattern of every route of the pages' host, and of those that were asked for. */
  readonly routes: ReadonlySet<string>;
  readonly walked: Set<string>;
  /** Somebody of a hub who may everything there. @param scopes - what she may instead. */
  staff(hub: HubName, name?: string, scopes?: readonly string[]): Promise<IStaff>;
  /** Another replica, of the same database, that was told of no further hub. Whoever asks for it closes it. */
  withoutFile(): Promise<IApp>;
  close(): Promise<void>;
}

/** A person with a browser and a token. */
export interface IStaff {
  readonly hub: HubName;
  /** As a browser with a session. @param at - the replica that is asked; the first unless given. */
  ask(url: string, more?: InjectOptions, at?: IApp): Promise<LightMyRequestResponse>;
  /** A form of a page. */
  post(url: string, fields: Readonly<Record<string, string>>): Promise<LightMyRequestResponse>;
  /** As a command with a token. */
  call(url: string, body?: object, hub?: string): Promise<LightMyRequestResponse>;
}

const FORM = 'the-form-token';
const SCOPES: readonly string[] = [
  'access:services!service=labkeeper',
  ...['audit', 'approve', 'admin'].map(right => `custom:labkeeper:${right}`)
];

/** The file of hubs of a service in a test. */
export interface ITestHubsFile {
  readonly path: string;
  /** Writes it. @param hubs - those beside the first. */
  readonly first: (hubs: Readonly<Record<HubName, HubStandIn>>) => void;
  /** Takes what the service's log says. */
  readonly logged?: (line: string) => void;
}

/**
 * @param running - which servers run, by hub; without it that is not read.
 * @param file - names the further hubs; without it `east` is one, and nothing is followed.
 * @param policyFile - null = there is none.
 */
export async function startTwoHubs(
  kind: DatabaseKind,
  running: Partial<Record<HubName, IRunningServersApi>> = {},
  file: ITestHubsFile | null = null,
  policyFile: string | null = null
): Promise<ITwoHubs> {
  const folder = scratchFolder();
  const scratch = await migratedDatabase(kind);
  const hubs = { west: await HubStandIn.start(), east: await HubStandIn.start() };
  const access = { west: new StandInAccess(), east: new StandInAccess() };
  const database = await openDatabase(scratch.place, () => undefined);
  const keys = await openKeys(`${folder.path}/state`);
  await registerSigningKey(database, keys, Date.now());
  await keepFirst(database, 'west', Date.now());
  const people = readPeopleSettings({
    LABKEEPER_HUB_ID: 'west',
    LABKEEPER_PAGES_URL: 'http://127.0.0.2:8010',
    LABKEEPER_HUB_PUBLIC_URL: 'http://127.0.0.1:8000/'
  });
  if (people === null) {
    throw new Error('There are no pages.');
  }
  const east: IHubSettings = {
    ...{ id: 'east', apiUrl: hubs.east.apiUrl, publicUrl: 'http://127.0.0.3:8000/hub/' },
    ...{ serviceName: 'labkeeper', clientId: 'service-labkeeper', clientSecret: 'e', token: 'east-token' }
  };
  const routes = new Set<string>();
  const walked = new Set<string>();
  const watch: PagesPlugin = async fastify => {
    fastify.addHook('onRoute', ({ method, url }) =>
      [method]
        .flat()
        .filter(name => name !== 'HEAD')
        .forEach(name => routes.add(`${name} ${url}`))
    );
    fastify.addHook('onRequest', async ({ method, routeOptions }) => {
      walked.add(`${method} ${routeOptions.url ?? ''}`);
    });
  };
  file?.first(hubs);
  const opened =
    file &&
    (await openFurtherHubs({
      ...{ file: file.path, database, keys, timeoutMs: 2000, stoppingMs: 2000, nowMs: Date.now() },
      first: { id: 'west', apiUrl: hubs.west.apiUrl, pagesOrigin: people.origin },
      log: pino({ level: 'silent' }),
      wait: async () => undefined
    }));
  const isKnown = opened ? opened.isKnown : await keepFurtherHubs(database, ['east'], Date.now());
  const common: IAppOptions = {
    settings: {
      ...{ hubId: 'west', hubApiUrl: hubs.west.apiUrl, hubToken: 'west-token', serviceName: 'labkeeper' },
      prefix: '/services/labkeeper/',
      machine: { host: '127.0.0.1', port: 0 },
      pages: { origin: people.origin, listen: { host: '127.0.0.2', port: 0 } },
      stateFolder: folder.path,
      database: scratch.place,
      policyFile,
      build: 'test'
    },
    ...{ database, keys },
    hubApi: createHubApi({ url: hubs.west.apiUrl, timeoutMs: 2000 }),
    log: file?.logged ? pino({ level: 'info' }, { write: file.logged }) : pino({ level: 'silent' }),
    lookMs: { usual: 40, settling: 20 },
    nowMs: () => Date.now(),
    monotonicMs: () => performance.now()
  };
  const app = createApp({
    ...common,
    ...(running.west && { runningServers: running.west }),
    accessApi: access.west,
    further: opened ?? {
      links: [
        {
          id: 'east',
          settings: east,
          hubApi: createHubApi({ url: hubs.east.apiUrl, timeoutMs: 2000 }),
          runningServers: running.east ?? null,
          serverRuns: null,
          accessApi: access.east
        }
      ],
      troubles: [],
      isKnown
    },
    pages: [Object.assign(watch, { [Symbol.for('skip-override')]: true }), ...pagesPlugins(people)]
  });
  await app.policy.start();
  const origin = await app.machine.listen({ host: '127.0.0.1', port: 0 });
  const { pages } = app;
  if (pages === null) {
    throw new Error('There are no pages.');
  }
  await pages.ready();
  const store = new SqlSessionStore(database, keys.secret(SECRETS.session), () => Date.now());
  const staff = async (hub: HubName, name = 'lead', scopes = SCOPES): Promise<IStaff> => {
    const token = randomUUID().replaceAll('-', '');
    hubs[hub].anyToken(token, { kind: 'user', name, groups: [], scopes, session_id: null });
    const session = randomUUID();
    await store.keep({
      ...{ id: fingerprint(session), token, formToken: FORM },
      person: { hub, name, groups: [], scopes },
      checkedAtMs: Date.now(),
      endsAtMs: Date.now() + 3_600_000
    });
    const headers = { host: people.host, cookie: `labkeeper-session=${session}` };
    const ask = async (url: string, more: InjectOptions = {}, at = app): Promise<LightMyRequestResponse> =>
      (at.pages ?? pages).inject({ method: 'GET', url, ...more, headers: { ...headers, ...more.headers } });
    return {
      hub,
      ask,
      post: (url, fields) =>
        ask(url, {
          method: 'POST',
          headers: { 'content-type': 'application/x-www-form-urlencoded' },
          payload: new URLSearchParams({ form: FORM, ...fields }).toString()
        }),
      call: (url, body, named = hub) =>
        pages.inject({
          method: body ? 'POST' : 'GET',
          url,
          headers: {
            ...{ host: people.host, authorization: `Bearer ${token}`, 'labkeeper-hub': named },
            ...(body && { 'content-type': 'application/json' })
          },
          ...(body && { payload: JSON.stringify(body) })
        })
    };
  };
  return {
    ...{ app, database, keys, hubs, access, routes, walked, staff },
    url: `${origin}/services/labkeeper/`,
    withoutFile: async () => {
      const other = createApp({ ...common, pages: pagesPlugins(people) });
      await other.policy.start();
      await other.pages?.ready();
      return other;
    },
    close: async () => {
      await app.close();
      await database.close();
      await Promise.all(HUBS.map(hub => hubs[hub].close()));
      await scratch.remove();
      folder.remove();
    }
  };
}
