import * as v from 'valibot';
import { reasonOf } from '../failure.js';

/** What JupyterHub says about the owner of a token; other members are left aside. */
const HubUser = v.object({
  kind: v.string(),
  /** JupyterHub lets no name have a slash. Names of ours do, and a hub that lies must not say one. */
  name: v.pipe(v.string(), v.minLength(1), v.maxLength(255), v.excludes('/')),
  admin: v.optional(v.boolean(), false),
  groups: v.optional(v.array(v.pipe(v.string(), v.maxLength(255))), []),
  scopes: v.array(v.string()),
  session_id: v.optional(v.nullable(v.string()), null),
  /** What JupyterHub calls the token itself, such as `a20`. */
  token_id: v.fallback(v.optional(v.nullable(v.pipe(v.string(), v.regex(/^a\d{1,19}$/))), null), null)
});
export type HubUser = v.InferOutput<typeof HubUser>;

/** JupyterHub did not answer, or with nonsense: later perhaps. */
export class HubUnavailableError extends Error {
  override readonly name = 'HubUnavailableError';
}

/** What the service asks JupyterHub. */
export interface IHubApi {
  /**
   * Whose token it is. Not cached.
   *
   * @returns null = JupyterHub does not know the token.
   * @throws HubUnavailableError
   */
  whoIs(token: string): Promise<HubUser | null>;
}

/** Longest answer that is read, in bytes: a user may be in many groups. */
const ANSWER_BYTES = 1024 * 1024;

export interface IHubApiOptions {
  /** Without a slash at its end. */
  readonly url: string;
  /** Longest wait for the whole answer, in ms. */
  readonly timeoutMs: number;
}

/** JupyterHub by its REST API. */
export function createHubApi({ url, timeoutMs }: IHubApiOptions): IHubApi {
  return {
    async whoIs(token) {
      const signal = AbortSignal.timeout(timeoutMs);
      let status: number;
      let body: string;
      try {
        const response = await fetch(`${url}/user`, {
          headers: { authorization: `token ${token}`, accept: 'application/json' },
          redirect: 'error',
          signal
        });
        ({ status } = response);
        body = await shortText(response);
      } catch (cause) {
        throw new HubUnavailableError(`JupyterHub does not answer: ${reasonOf(cause)}`, { cause });
      }
      if (status === 401 || status === 403) {
        return null;
      }
      if (status !== 200) {
        throw new HubUnavailableError(`JupyterHub answered with status ${status}.`);
      }
      return readUser(body);
    }
  };
}

/** The text of an answer that is no longer than any of JupyterHub should be. @param mostBytes - longest that is read. */
export async function shortText(response: Response, mostBytes = ANSWER_BYTES): Promise<string> {
  const parts: Uint8Array[] = [];
  let bytes = 0;
  for await (const part of response.body ?? []) {
    bytes += part.length;
    if (bytes > mostBytes) {
      throw new Error(`the answer is longer than ${mostBytes} bytes`);
    }
    parts.push(part);
  }
  return Buffer.concat(parts).toString('utf8');
}

function readUser(body: string): HubUser {
  let json: unknown;
  try {
    json = JSON.parse(body);
  } catch (cause) {
    throw new HubUnavailableError('JupyterHub answered with something that is not JSON.', { cause });
  }
  const user = v.safeParse(HubUser, json);
  if (!user.success) {
    throw new HubUnavailableError('JupyterHub answered with something that is not a user.');
  }
  return user.output;
}
