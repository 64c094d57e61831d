import * as v from 'valibot';
import { reasonOf } from '../failure.js';
import { HubUnavailableError, shortText } from './hub-api.js';
import { HubRoleError } from './running-servers-api.js';

/** What the service may end at JupyterHub, with its own token, where `labkeeper.hub.configure(…, offboard=True)` lets it. */
export interface IAccessApi {
  /** Names of the servers that run, start or stop; null = JupyterHub has no such user. */
  servers(user: string): Promise<readonly string[] | null>;
  /** @returns false = it does not run any more. */
  stop(user: string, server: string): Promise<boolean>;
  /**
   * Signs all of the user's browsers out of JupyterHub: how many there are nobody knows.
   *
   * @returns false = JupyterHub has no such user.
   */
  signOut(user: string): Promise<boolean>;
  /** Ids of the user's tokens: her own, of her servers, of services that she signed in to. */
  tokens(user: string): Promise<readonly string[]>;
  /** @returns false = it was gone. */
  revoke(user: string, token: string): Promise<boolean>;
}

export interface IAccessApiOptions {
  /** Without a slash at its end. */
  readonly url: string;
  /** The service's own. */
  readonly token: string;
  /** Longest wait for one answer, in ms: JupyterHub answers when a server has stopped, or after 10 s. */
  readonly timeoutMs: number;
}

const ANSWER_BYTES = 4 * 1024 * 1024;
const User = v.object({ servers: v.optional(v.record(v.string(), v.unknown())) });
const SignedOut = v.object({ signedOut: v.boolean() });
const Tokens = v.object({ api_tokens: v.array(v.object({ id: v.string() })) });

/** JupyterHub's API for what is ended, the same on 5.5.4 and 6.1.1. Every method throws HubUnavailableError or HubRoleError. */
export function createAccessApi(options: IAccessApiOptions): IAccessApi {
  return {
    async servers(user) {
      const answer = await ask(options, 'GET', `users/${encodeURIComponent(user)}`);
      if (answer === null) {
        return null;
      }
      const { servers } = read(User, answer);
      if (servers === undefined) {
        throw noRole();
      }
      return Object.keys(servers);
    },
    async stop(user, server) {
      const place = server === '' ? 'server' : `servers/${encodeURIComponent(server)}`;
      return (await ask(options, 'DELETE', `users/${encodeURIComponent(user)}/${place}`)) !== null;
    },
    async signOut(user) {
      const answer = await ask(options, 'DELETE', `labkeeper/sessions/${encodeURIComponent(user)}`);
      // A route of labkeeper.hub, which says so where it has no such user.
      if (answer === null) {
        throw noRole();
      }
      return read(SignedOut, answer).signedOut;
    },
    async tokens(user) {
      const answer = await ask(options, 'GET', `users/${encodeURIComponent(user)}/tokens`);
      return answer === null ? [] : read(Tokens, answer).api_tokens.map(({ id }) => id);
    },
    async revoke(user, token) {
      const path = `users/${encodeURIComponent(user)}/tokens/${encodeURIComponent(token)}`;
      return (await ask(options, 'DELETE', path)) !== null;
    }
  };
}

/** @returns null = there is no such thing. */
async function ask(
  { url, token, timeoutMs }: IAccessApiOptions,
  method: 'GET' | 'DELETE',
  path: string
): Promise<string | null> {
  let status: number;
  let body: string;
  try {
    const response = await fetch(`${url}/${path}`, {
      method,
      headers: { authorization: `token ${token}`, accept: 'application/json' },
      redirect: 'error',
      signal: AbortSignal.timeout(timeoutMs)
    });
    ({ status } = response);
    body = await shortText(response, ANSWER_BYTES);
  } catch (cause) {
    throw new HubUnavailableError(`JupyterHub does not answer: ${reasonOf(cause)}`, { cause });
  }
  if (status === 401 || status === 403) {
    throw noRole();
  }
  // 400: a server that is to be stopped does not run.
  if (status === 404 || (status === 400 && method === 'DELETE')) {
    return null;
  }
  if (status < 200 || status >= 300) {
    throw new HubUnavailableError(`JupyterHub answered with status ${status}.`);
  }
  return body;
}

function noRole(): HubRoleError {
  return new HubRoleError(
    'JupyterHub does not let the service do this: labkeeper.hub.configure(c, …, offboard=True) gives it the right.'
  );
}

function read<S extends v.GenericSchema>(schema: S, body: string): v.InferOutput<S> {
  let json: unknown;
  try {
    json = JSON.parse(body);
  } catch (cause) {
    throw new HubUnavailableError('JupyterHub answered with something that is not JSON.', { cause });
  }
  const result = v.safeParse(schema, json);
  if (!result.success) {
    throw new HubUnavailableError('JupyterHub answered with something that was not expected.');
  }
  return result.output;
}
