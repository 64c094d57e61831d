import * as v from 'valibot';
import { HubAwayError, type IHubIdentity, type IHubPerson } from './hub-identity.js';

export interface IFetchHubIdentityOptions {
  /** JUPYTERHUB_API_URL, such as `http://127.0.0.1:8081/hub/api`. */
  readonly apiUrl: string;
  readonly clientId: string;
  /** The service's own token of JupyterHub, which is the client's secret too. */
  readonly apiToken: string;
  /** As it is registered, to the letter. */
  readonly redirectUri: string;
  readonly fetch?: typeof fetch;
}

/** How long JupyterHub may take, in ms. */
const TIMEOUT_MS = 10_000;
/** Bytes of one answer: a person may be in thousands of groups. */
const ANSWER_BYTES = 4 * 1024 * 1024;

const TokenAnswer = v.object({ access_token: v.pipe(v.string(), v.regex(/^[\x21-\x7e]{1,4096}$/)) });
const Person = v.object({
  kind: v.literal('user'),
  name: v.pipe(v.string(), v.minLength(1), v.maxLength(255)),
  groups: v.optional(v.array(v.string()), []),
  scopes: v.array(v.string())
});

/** Asks JupyterHub over HTTP, as `facts/hub.md` §1.3 and `facts/hub-live.md` §3 found. */
export class FetchHubIdentity implements IHubIdentity {
  constructor(private readonly options: IFetchHubIdentityOptions) {}

  async exchange(code: string, verifier: string): Promise<string | null> {
    const { clientId, apiToken, redirectUri } = this.options;
    // The credentials stand in the body: JupyterHub's validator reads them nowhere else.
    const body = new URLSearchParams({
      client_id: clientId,
      client_secret: apiToken,
      grant_type: 'authorization_code',
      code,
      redirect_uri: redirectUri,
      code_verifier: verifier
    });
    const answer = await this.ask('/oauth2/token', { method: 'POST', body });
    // 401 is a wrong secret of ours and not the person's fault, but she cannot come in either way.
    if (answer.status === 400 || answer.status === 401 || answer.status === 403) {
      return null;
    }
    return read(TokenAnswer, answer, 'a token').access_token;
  }

  async whoami(token: string): Promise<IHubPerson | null> {
    const answer = await this.ask('/user', { headers: { authorization: `token ${token}` } });
    if (answer.status === 401 || answer.status === 403) {
      return null;
    }
    const { name, groups, scopes } = read(Person, answer, 'a person');
    return { name, groups, scopes };
  }

  private async ask(path: string, init: RequestInit): Promise<IAnswer> {
    const { apiUrl, fetch: ask = fetch } = this.options;
    try {
      const response = await ask(`${apiUrl.replace(/\/+$/, '')}${path}`, {
        ...init,
        redirect: 'error',
        signal: AbortSignal.timeout(TIMEOUT_MS)
      });
      return { status: response.status, text: await boundedText(response) };
    } catch (error) {
      if (error instanceof HubAwayError) {
        throw error;
      }
      throw new HubAwayError(`JupyterHub did not answer ${path}.`, { cause: error });
    }
  }
}

interface IAnswer {
  readonly status: number;
  readonly text: string;
}

async function boundedText(response: Response): Promise<string> {
  const parts: Uint8Array[] = [];
  let bytes = 0;
  for await (const part of response.body ?? []) {
    bytes += part.byteLength;
    if (bytes > ANSWER_BYTES) {
      throw new HubAwayError(`JupyterHub's answer is longer than ${ANSWER_BYTES} bytes.`);
    }
    parts.push(part);
  }
  return Buffer.concat(parts).toString('utf8');
}

function read<Schema extends v.GenericSchema>(
  schema: Schema,
  answer: IAnswer,
  what: string
): v.InferOutput<Schema> {
  let value: unknown;
  try {
    value = JSON.parse(answer.text);
  } catch (error) {
    throw new HubAwayError(`JupyterHub answered ${answer.status} without JSON.`, { cause: error });
  }
  const result = v.safeParse(schema, value);
  if (answer.status !== 200 || !result.success) {
    throw new HubAwayError(`JupyterHub answered ${answer.status}, and what it said is not ${what}.`);
  }
  return result.output;
}
