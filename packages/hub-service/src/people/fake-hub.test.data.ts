import { createHash } from 'node:crypto';
import { HubUnavailableError, type HubUser } from '../hub-api/hub-api.js';
import { OAuthIdentity } from './oauth-identity.js';
import type { IPeopleSettings } from './people-settings.js';

/** Somebody at the made-up hub. */
export interface IFakePerson {
  name: string;
  groups: string[];
  scopes: string[];
}

/** JupyterHub's part in a sign-in, in the shapes that were recorded (`facts/hub-live.md` §3). */
export class FakeHub {
  readonly people = new Map<string, IFakePerson>();
  /** Whose browser it is that comes to the authorize address. */
  present = 'lead';
  /** No answer at all. */
  away = false;
  /** Questions about tokens. */
  asked = 0;

  constructor(
    readonly settings: IPeopleSettings,
    readonly secret = 'a-token-of-thirty-two-characters'
  ) {
    this.people.set('lead', {
      name: 'lead',
      groups: ['support'],
      scopes: [
        'access:services!service=labkeeper',
        'custom:labkeeper:audit',
        'read:users:groups!user',
        'read:users:name!user'
      ]
    });
  }

  identity(): OAuthIdentity {
    return new OAuthIdentity({
      hub: this.settings.hub,
      hubApi: { whoIs: token => this.whoIs(token) },
      apiUrl: 'http://127.0.0.1:8081/hub/api',
      clientId: this.settings.clientId,
      clientSecret: this.secret,
      redirectUri: this.settings.redirectUri,
      fetch: async (_url, init) => this.trade(new URLSearchParams(String(init?.body)))
    });
  }

  /** As its API tells it. */
  async whoIs(token: string): Promise<HubUser | null> {
    this.asked += 1;
    if (this.away) {
      throw new HubUnavailableError('JupyterHub does not answer.');
    }
    const person = this.people.get(this.tokens.get(token) ?? '');
    return person
      ? {
          kind: 'user',
          admin: false,
          session_id: '6d3ad0b7c5d0421c8b6ab2d5a3ff0b7e',
          token_id: 'a7',
          ...person
        }
      : null;
  }

  /** What JupyterHub makes of a browser at its authorize address: where it sends it, or null for a page of its own. */
  authorize(location: string): string | null {
    const query = new URL(location).searchParams;
    const { clientId, redirectUri } = this.settings;
    const wanted = [clientId, redirectUri, 'code', 'S256'];
    const came = ['client_id', 'redirect_uri', 'response_type', 'code_challenge_method'].map(name =>
      query.get(name)
    );
    if (String(wanted) !== String(came) || !this.people.has(this.present)) {
      return null;
    }
    const code = `code-${(this.made += 1)}`;
    this.codes.set(code, { person: this.present, challenge: query.get('code_challenge') ?? '' });
    const back = new URLSearchParams({ code, state: query.get('state') ?? '' });
    return `${redirectUri}?${back.toString()}`;
  }

  /** A token that somebody made for herself. */
  tokenOf(name: string): string {
    const token = `own-token-${(this.made += 1)}`;
    this.tokens.set(token, name);
    return token;
  }

  /** Signing out at the hub, or removing somebody, ends her tokens. */
  revoke(name: string): void {
    for (const [token, person] of this.tokens) {
      if (person === name) {
        this.tokens.delete(token);
      }
    }
  }

  /** Codes for tokens. */
  trade(form: URLSearchParams): Response {
    if (form.get('client_secret') !== this.secret || form.get('client_id') !== this.settings.clientId) {
      return Response.json({ error: 'invalid_client' }, { status: 401 });
    }
    const code = form.get('code') ?? '';
    const grant = this.codes.get(code);
    this.codes.delete(code);
    const challenge = createHash('sha256')
      .update(form.get('code_verifier') ?? '')
      .digest('base64url');
    if (
      !grant ||
      grant.challenge !== challenge ||
      form.get('redirect_uri') !== this.settings.redirectUri ||
      form.get('grant_type') !== 'authorization_code'
    ) {
      return Response.json({ error: 'invalid_grant' }, { status: 400 });
    }
    const token = `token-${(this.made += 1)}`;
    this.tokens.set(token, grant.person);
    return Response.json({
      access_token: token,
      expires_in: 1_209_600,
      scope: this.people.get(grant.person)?.scopes.join(' '),
      token_type: 'Bearer'
    });
  }

  private readonly codes = new Map<string, { readonly person: string; readonly challenge: string }>();
  private readonly tokens = new Map<string, string>();
  private made = 0;
}
