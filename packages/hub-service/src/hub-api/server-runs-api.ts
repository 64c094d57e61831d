import * as v from 'valibot';
import { reasonOf } from '../failure.js';
import type { IServerRun } from '../store/server-events.js';
import { HubUnavailableError, shortText } from './hub-api.js';
import { serverKey } from './running-servers-api.js';

/** What labkeeper.hub says in JupyterHub's own process: where servers run, as their spawners know it. */
export interface IServerRunsApi {
  /**
   * Runs by server (`serverKey`).
   *
   * @returns null = this hub does not say.
   * @throws HubUnavailableError
   */
  all(): Promise<ReadonlyMap<string, IServerRun> | null>;
}

/** Longest answer that is read, in bytes: tens of thousands of servers. */
const BYTES = 16 * 1024 * 1024;
/** Longer names are no names of machines or images. */
const NAME = 512;

const Name = v.nullable(v.pipe(v.string(), v.maxLength(NAME)));
const Answer = v.object({
  servers: v.array(
    v.object({
      user: v.string(),
      server: v.string(),
      startedAtMs: v.pipe(v.number(), v.integer(), v.minValue(0), v.maxValue(Number.MAX_SAFE_INTEGER)),
      node: Name,
      image: Name
    })
  )
});

export interface IServerRunsApiOptions {
  /** Of the hub's API, without a slash at its end. */
  readonly url: string;
  /** The service's own. */
  readonly token: string;
  /** Longest wait for the answer, in ms. */
  readonly timeoutMs: number;
}

/** Asks `GET labkeeper/servers` below the hub's API (labkeeper/hub.py). */
export function createServerRunsApi({ url, token, timeoutMs }: IServerRunsApiOptions): IServerRunsApi {
  return {
    async all() {
      let status: number;
      let body: string;
      try {
        const response = await fetch(`${url}/labkeeper/servers`, {
          headers: { authorization: `token ${token}` },
          redirect: 'error',
          signal: AbortSignal.timeout(timeoutMs)
        });
        ({ status } = response);
        body = await shortText(response, BYTES);
      } catch (cause) {
        throw new HubUnavailableError(`JupyterHub does not answer: ${reasonOf(cause)}`, { cause });
      }
      if (status === 404 || status === 403) {
        return null;
      }
      const read = status === 200 ? v.safeParse(Answer, parse(body)) : null;
      if (!read?.success) {
        throw new HubUnavailableError(`JupyterHub did not say where servers run (status ${status}).`);
      }
      return new Map(
        read.output.servers.map(({ user, server, ...run }) => [serverKey(user, server), run] as const)
      );
    }
  };
}

/** @returns undefined = it is no JSON. */
function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
