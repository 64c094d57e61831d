import * as v from 'valibot';
import { HubUnavailableError, type IHubApi, shortText } from '../hub-api/hub-api.js';
import type { IHubIdentity, IHubPerson } from './hub-identity.js';

export interface IOAuthIdentityOptions {
  /** How the service calls this hub. */
  readonly hub: string;
  readonly hubApi: IHubApi;
  /** JupyterHub's REST API, without a slash at its end. */
  readonly apiUrl: string;
  readonly clientId: string;
  /** The service's own token at JupyterHub, which is the client's secret too. */
  readonly clientSecret: string;
  /** As it is registered, to the letter. */
  readonly redirectUri: string;
  readonly fetch?: typeof fetch;
}

/** How long JupyterHub may take, in ms. */
const TIMEOUT_MS = 10_000;

const TokenAnswer = v.object({ access_token: v.pipe(v.string(), v.regex(/^[\x21-\x7e]{1,4096}$/)) });

/** People as JupyterHub's OAuth knows them (`facts/hub.md` §1.3, `facts/hub-live.md` §3). */
export class OAuthIdentity implements IHubIdentity {
  constructor(private readonly options: IOAuthIdentityOptions) {}

  async exchange(code: string, verifier: string): Promise<string | null> {
    const { apiUrl, clientId, clientSecret, redirectUri, fetch: ask = fetch } = this.options;
    // The credentials stand in the body: JupyterHub's validator reads them nowhere else.
    const body = new URLSearchParams({
      client_id: clientId,
      client_secret: clientSecret,
      grant_type: 'authorization_code',
      code,
      redirect_uri: redirectUri,
      code_verifier: verifier
    });
    let status: number;
    let text: string;
    try {
      const signal = AbortSignal.timeout(TIMEOUT_MS);
      const response = await ask(`${apiUrl}/oauth2/token`, {
        method: 'POST',
        body,
        redirect: 'error',
        signal
      });
      ({ status } = response);
      text = await shortText(response);
    } catch (cause) {
      throw new HubUnavailableError('JupyterHub does not trade the code of a sign-in.', { cause });
    }
    // 401 is a wrong secret of ours and not the person's fault, but she cannot come in either way.
    if (status === 400 || status === 401 || status === 403) {
      return null;
    }
    if (status !== 200) {
      throw new HubUnavailableError(`JupyterHub answered the code of a sign-in with status ${status}.`);
    }
    return readToken(text);
  }

  async whoami(token: string): Promise<IHubPerson | null> {
    const user = await this.options.hubApi.whoIs(token);
    // Services have tokens too, and are nobody who reads.
    return user?.kind === 'user'
      ? { hub: this.options.hub, name: user.name, groups: user.groups, scopes: user.scopes }
      : null;
  }
}

function readToken(text: string): string {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (cause) {
    throw new HubUnavailableError('JupyterHub answered the code of a sign-in without JSON.', { cause });
  }
  const result = v.safeParse(TokenAnswer, json);
  if (!result.success) {
    throw new HubUnavailableError('JupyterHub answered the code of a sign-in without a token.');
  }
  return result.output.access_token;
}
