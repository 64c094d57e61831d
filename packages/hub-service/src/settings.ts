import { join } from 'node:path';
import { readAnchorSettings, type IAnchorSettings } from './anchors/anchor-settings.js';
import type { DatabasePlace } from './store/database.js';

/** A host name or address with a port. */
export interface IListen {
  readonly host: string;
  readonly port: number;
}

/** What the service is told by its environment. */
export interface ISettings {
  /** What this hub is called in records, identities and keys. */
  readonly hubId: string;
  /** JupyterHub's REST API, without a slash at its end. */
  readonly hubApiUrl: string;
  /** The service's own token at JupyterHub. */
  readonly hubToken: string;
  /** What JupyterHub calls the service. */
  readonly serviceName: string;
  /** Path of the machine routes: begins and ends with a slash. */
  readonly prefix: string;
  /** Where companions are listened to. */
  readonly machine: IListen;
  /** The pages' own host; null = no pages. */
  readonly pages: IPagesSettings | null;
  /** Folder for keys and for the default database. */
  readonly stateFolder: string;
  /** File with the master key; null or absent = it is in the state folder. */
  readonly masterKeyFile?: string | null;
  readonly database: DatabasePlace;
  /** The policy file; null = there is none. */
  readonly policyFile: string | null;
  /** The file of further hubs; absent = there is one hub. */
  readonly hubsFile?: string | null;
  /** Where digests are anchored; absent = nowhere. */
  readonly anchors?: IAnchorSettings;
  readonly build: string;
}

export interface IPagesSettings {
  /** Origin that browsers use, without a slash at its end. */
  readonly origin: string;
  readonly listen: IListen;
}

/** What the log itself needs: the same for the service and for commands beside it. */
export interface IStorageSettings extends Pick<ISettings, 'stateFolder' | 'masterKeyFile' | 'database'> {
  /** What the first hub is called; null = it is not said, and the log knows. */
  readonly hubId: string | null;
}

/** What is wrong with the environment: one sentence per mistake. */
export class SettingsError extends Error {
  override readonly name = 'SettingsError';

  constructor(readonly mistakes: readonly string[]) {
    super(mistakes.join(' '));
  }
}

/** @throws SettingsError, which names every mistake. An empty variable counts as not set. */
export function readSettings(variables: Readonly<Record<string, string | undefined>>): ISettings {
  const mistakes: string[] = [];
  const text = (name: string): string | null => variables[name]?.trim() || null;
  const required = (name: string, what: string): string => {
    const value = text(name);
    if (value === null) {
      mistakes.push(`${name} is not set: ${what}.`);
    }
    return value ?? '';
  };
  const url = (name: string, value: string | null): URL | null => {
    if (value === null || value === '') {
      return null;
    }
    const parsed = URL.parse(value);
    if (parsed === null || !['http:', 'https:'].includes(parsed.protocol)) {
      mistakes.push(`${name} is no http or https address: ${value}.`);
      return null;
    }
    return parsed;
  };

  const hubApiUrl = url(
    'JUPYTERHUB_API_URL',
    required('JUPYTERHUB_API_URL', "it is the address of JupyterHub's REST API")
  );
  const hubToken = required('JUPYTERHUB_API_TOKEN', "it is the service's token at JupyterHub");
  const serviceUrl = url(
    'JUPYTERHUB_SERVICE_URL',
    required('JUPYTERHUB_SERVICE_URL', 'it is the address to listen on')
  );
  const prefix = text('JUPYTERHUB_SERVICE_PREFIX') ?? '/services/labkeeper/';
  if (!/^\/([\w.~%@:+-]+\/)*$/.test(prefix)) {
    mistakes.push(`JUPYTERHUB_SERVICE_PREFIX must be a path that begins and ends with a slash: ${prefix}.`);
  }
  const hubId = text('LABKEEPER_HUB_ID') ?? 'hub';
  if (!/^[\w.-]{1,64}$/.test(hubId)) {
    mistakes.push(`LABKEEPER_HUB_ID may hold 1 to 64 letters, digits, dots and dashes: ${hubId}.`);
  }
  const stateFolder = required('LABKEEPER_STATE', 'it names the folder for keys and the database');
  const database = readDatabase(text('LABKEEPER_DATABASE'), stateFolder, mistakes);
  const pages = readPages(
    url('LABKEEPER_PAGES_URL', text('LABKEEPER_PAGES_URL')),
    text('LABKEEPER_PAGES_LISTEN'),
    mistakes
  );
  const anchors = readAnchorSettings(variables, mistakes);
  if (mistakes.length > 0 || !hubApiUrl || !serviceUrl || !database) {
    throw new SettingsError(mistakes);
  }
  return {
    hubId,
    hubApiUrl: hubApiUrl.href.replace(/\/+$/, ''),
    hubToken,
    serviceName: text('JUPYTERHUB_SERVICE_NAME') ?? 'labkeeper',
    prefix,
    machine: listenOf(serviceUrl),
    pages,
    stateFolder,
    masterKeyFile: text('LABKEEPER_MASTER_KEY_FILE'),
    database,
    policyFile: text('LABKEEPER_POLICY'),
    hubsFile: text('LABKEEPER_HUBS'),
    anchors,
    build: text('LABKEEPER_BUILD') ?? 'development'
  };
}

/** @throws SettingsError, which names every mistake. */
export function readStorage(variables: Readonly<Record<string, string | undefined>>): IStorageSettings {
  const mistakes: string[] = [];
  const stateFolder = variables['LABKEEPER_STATE']?.trim() ?? '';
  if (stateFolder === '') {
    mistakes.push('LABKEEPER_STATE is not set: it names the folder for keys and the database.');
  }
  const database = readDatabase(variables['LABKEEPER_DATABASE']?.trim() || null, stateFolder, mistakes);
  if (mistakes.length > 0 || !database) {
    throw new SettingsError(mistakes);
  }
  return {
    hubId: variables['LABKEEPER_HUB_ID']?.trim() || null,
    ...{ stateFolder, database },
    masterKeyFile: variables['LABKEEPER_MASTER_KEY_FILE']?.trim() || null
  };
}

function readDatabase(value: string | null, stateFolder: string, mistakes: string[]): DatabasePlace | null {
  if (value === null) {
    return { kind: 'sqlite', file: join(stateFolder, 'labkeeper.sqlite') };
  }
  if (/^sqlite:[^:]/.test(value)) {
    return { kind: 'sqlite', file: value.slice('sqlite:'.length) };
  }
  if (/^postgres(ql)?:\/\//.test(value) && URL.canParse(value)) {
    return { kind: 'postgres', url: value };
  }
  // The value is not shown: it may hold a password.
  mistakes.push('LABKEEPER_DATABASE must be sqlite:/path/to/a/file or postgres://….');
  return null;
}

function readPages(url: URL | null, listen: string | null, mistakes: string[]): IPagesSettings | null {
  if (url === null) {
    return null;
  }
  if (url.pathname !== '/' || url.search !== '') {
    mistakes.push(`LABKEEPER_PAGES_URL must be a host of its own, without a path: ${url.href}.`);
  }
  if (listen === null) {
    return { origin: url.origin, listen: listenOf(url) };
  }
  const place = /^(\[[\da-f:]+\]|[\w.-]+):\d{1,5}$/i.test(listen) ? URL.parse(`http://${listen}`) : null;
  if (place === null) {
    mistakes.push(`LABKEEPER_PAGES_LISTEN must be a host and a port: ${listen}.`);
    return null;
  }
  return { origin: url.origin, listen: listenOf(place) };
}

function listenOf({ hostname, port, protocol }: URL): IListen {
  return {
    // An IPv6 address stands in brackets in a URL alone.
    host: hostname.replace(/^\[|\]$/g, ''),
    port: port === '' ? (protocol === 'https:' ? 443 : 80) : Number(port)
  };
}
