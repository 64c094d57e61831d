import * as v from 'valibot';
import { reasonOf } from '../failure.js';
import { HubUnavailableError, shortText } from './hub-api.js';

/** JupyterHub does not let the service read servers: its role is missing. */
export class HubRoleError extends Error {
  override readonly name = 'HubRoleError';
}

/** What runs at a hub. */
export interface IRunning {
  /** Keys (`serverKey`) of all servers that run, start or stop. */
  readonly servers: ReadonlySet<string>;
  /** Keys (`tokenKey`) of the good tokens of their users; null = this hub does not say. */
  readonly tokens: ReadonlySet<string> | null;
}

/** What the service asks JupyterHub with its own token, role `labkeeper-service`. */
export interface IRunningServersApi {
  /** One that begins or ends meanwhile may be missing. @throws HubUnavailableError, HubRoleError */
  all(): Promise<IRunning>;
  /** Whether one runs, starts or stops. @throws HubUnavailableError, HubRoleError */
  has(user: string, server: string): Promise<boolean>;
}

/** A server of a user, as one text. @param server - '' is the default server. */
export function serverKey(user: string, server: string): string {
  return JSON.stringify([user, server]);
}

/** So many first characters of a token JupyterHub keeps in the clear. */
const FIRST_CHARACTERS = 4;

/**
 * A token, as one text. Its number alone is not enough: a hub on SQLite gives that of a deleted token to the next one.
 *
 * @param id - what JupyterHub calls it, such as `a20`. @param token - itself, or its first characters.
 */
export function tokenKey(user: string, id: string, token: string): string {
  return JSON.stringify([user, id, token.slice(0, FIRST_CHARACTERS)]);
}

export interface IRunningServersApiOptions {
  /** Without a slash at its end. */
  readonly url: string;
  /** The service's own. */
  readonly token: string;
  /** Longest wait for one answer, in ms. */
  readonly timeoutMs: number;
}

/** Users of one page: as many as JupyterHub gives at most, unless it is told otherwise. */
const PAGE_USERS = 200;
/** Longest page that is read, in bytes: start options of many servers may be in it. */
const PAGE_BYTES = 16 * 1024 * 1024;
/** More pages than any hub has: a hub that answers with the same one for ever is given up. */
const MOST_PAGES = 2000;

/** What labkeeper.hub says in JupyterHub's own process. */
const Running = v.object({
  servers: v.array(v.tuple([v.string(), v.string()])),
  /** Number, owner, first characters. */
  tokens: v.optional(
    v.nullable(v.array(v.tuple([v.pipe(v.number(), v.safeInteger()), v.string(), v.string()]))),
    null
  )
});
const User = v.object({
  name: v.string(),
  // JupyterHub leaves out what the role does not let one read.
  servers: v.optional(v.record(v.string(), v.unknown()))
});
const Page = v.object({
  items: v.array(User),
  _pagination: v.object({ next: v.nullable(v.object({ offset: v.number() })) })
});

/**
 * Which servers run, from labkeeper.hub in JupyterHub's own process, and where that says nothing from JupyterHub's list of
 * users by its REST API, the same on 5.5.4 and 6.1.1: there each server takes JupyterHub's one thread 0.4 to 0.7 ms.
 */
export function createRunningServersApi(options: IRunningServersApiOptions): IRunningServersApi {
  return {
    async all() {
      // A fault in it, at a JupyterHub that we do not know, must not hide what the other says.
      const running = await ask(options, 'labkeeper/running', [403, 404, 500]);
      if (running !== null) {
        const { servers, tokens } = read(Running, running);
        return {
          servers: new Set(servers.map(([user, server]) => serverKey(user, server))),
          tokens:
            tokens && new Set(tokens.map(([number, user, first]) => tokenKey(user, `a${number}`, first)))
        };
      }
      const keys = new Set<string>();
      let offset: number | null = 0;
      for (let pages = 0; offset !== null; pages += 1) {
        if (pages === MOST_PAGES) {
          throw new HubUnavailableError('JupyterHub does not come to an end with its list of users.');
        }
        const path = `users?state=active&limit=${PAGE_USERS}&offset=${offset}`;
        const page: v.InferOutput<typeof Page> = read(Page, await ask(options, path));
        page.items.forEach(user => namesOf(user).forEach(name => keys.add(serverKey(user.name, name))));
        offset = page._pagination.next?.offset ?? null;
      }
      return { servers: keys, tokens: null };
    },
    async has(user, server) {
      const answer = await ask(options, `users/${encodeURIComponent(user)}`);
      return answer !== null && namesOf(read(User, answer)).includes(server);
    }
  };
}

/** @param nothing - statuses by which JupyterHub says that there is no such thing. @returns null = there is none. */
async function ask(
  { url, token, timeoutMs }: IRunningServersApiOptions,
  path: string,
  nothing: readonly number[] = [404]
): Promise<string | null> {
  let status: number;
  let body: string;
  try {
    const response = await fetch(`${url}/${path}`, {
      headers: { authorization: `token ${token}`, accept: 'application/jupyterhub-pagination+json' },
      redirect: 'error',
      signal: AbortSignal.timeout(timeoutMs)
    });
    ({ status } = response);
    body = await shortText(response, PAGE_BYTES);
  } catch (cause) {
    throw new HubUnavailableError(`JupyterHub does not answer: ${reasonOf(cause)}`, { cause });
  }
  if (nothing.includes(status)) {
    return null;
  }
  if (status === 401 || status === 403) {
    throw new HubRoleError(
      'JupyterHub does not let the service read who has a running server: labkeeper.hub.configure gives it the role for that.'
    );
  }
  if (status !== 200) {
    throw new HubUnavailableError(`JupyterHub answered with status ${status}.`);
  }
  return body;
}

function read<S extends v.GenericSchema>(schema: S, body: string | null): v.InferOutput<S> {
  let json: unknown;
  try {
    json = JSON.parse(body ?? '');
  } catch (cause) {
    throw new HubUnavailableError('JupyterHub answered with something that is not JSON.', { cause });
  }
  const result = v.safeParse(schema, json);
  if (!result.success) {
    throw new HubUnavailableError('JupyterHub answered with something that is no list of users or servers.');
  }
  return result.output;
}

/** @throws HubRoleError */
function namesOf({ servers }: v.InferOutput<typeof User>): readonly string[] {
  if (servers === undefined) {
    throw new HubRoleError('JupyterHub does not let the service read servers: its role lacks read:servers.');
  }
  return Object.keys(servers);
}
