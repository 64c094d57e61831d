import { createServer, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createHubApi, HubUnavailableError } from '../hub-api/hub-api.js';
import { OAuthIdentity } from './oauth-identity.js';

/** A hub that says what the test wants, over a real socket. */
let answer: (response: ServerResponse) => void;
let asked: { url?: string; authorization?: string; body: string };
let server: Server;
let identity: OAuthIdentity;

beforeAll(async () => {
  server = createServer((request, response) => {
    asked = { url: request.url, authorization: request.headers.authorization, body: '' };
    request.on('data', part => (asked.body += String(part)));
    request.on('end', () => answer(response));
  });
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const apiUrl = `http://127.0.0.1:${port}/hub/api`;
  identity = new OAuthIdentity({
    hub: 'hub',
    hubApi: createHubApi({ url: apiUrl, timeoutMs: 5000 }),
    apiUrl,
    clientId: 'service-labkeeper',
    clientSecret: 'secret',
    redirectUri: 'http://127.0.0.2:8010/oauth_callback'
  });
});

afterAll(() => new Promise(resolve => server.close(resolve)));

const say = (status: number, body: unknown, headers: Record<string, string> = {}): void => {
  answer = response => {
    response.writeHead(status, headers);
    response.end(typeof body === 'string' ? body : JSON.stringify(body));
  };
};

describe('what is asked of JupyterHub', () => {
  it('a code is traded with the credentials in the body', async () => {
    say(200, { access_token: 'abc', expires_in: 1_209_600, scope: 'x y', token_type: 'Bearer' });
    expect(await identity.exchange('c+d', 'v')).toBe('abc');
    expect(asked.url).toBe('/hub/api/oauth2/token');
    expect(Object.fromEntries(new URLSearchParams(asked.body))).toEqual({
      client_id: 'service-labkeeper',
      client_secret: 'secret',
      grant_type: 'authorization_code',
      code: 'c+d',
      redirect_uri: 'http://127.0.0.2:8010/oauth_callback',
      code_verifier: 'v'
    });
  });

  it('a person is whom JupyterHub names', async () => {
    const scopes = ['custom:labkeeper:audit!group=lab-a'];
    say(200, {
      ...{ kind: 'user', name: 'lead', admin: false, groups: ['lab-a'], scopes },
      ...{ session_id: 's', token_id: 'a1', user_info: {} }
    });
    expect(await identity.whoami('t')).toEqual({
      ...{ hub: 'hub', name: 'lead', groups: ['lab-a'] },
      scopes
    });
    expect([asked.url, asked.authorization]).toEqual(['/hub/api/user', 'token t']);
  });

  it('a no is a no, and a service is nobody', async () => {
    say(403, { status: 403, message: 'Forbidden' });
    expect(await identity.whoami('t')).toBeNull();
    say(200, { kind: 'service', name: 'culler', scopes: ['custom:labkeeper:audit'] });
    expect(await identity.whoami('t')).toBeNull();
    say(400, { error: 'invalid_grant' });
    expect(await identity.exchange('c', 'v')).toBeNull();
    say(401, { error: 'invalid_client' });
    expect(await identity.exchange('c', 'v')).toBeNull();
  });

  it.each([
    ['an error of its own', 500, { status: 500 }],
    ['a page', 200, '<html>'],
    ['no token', 200, { token_type: 'Bearer' }],
    ['a token that is no header', 200, { access_token: 'a\nb' }],
    ['another status', 201, { access_token: 'abc' }],
    ['nothing', 200, ''],
    ['too much', 200, `{"access_token":"${'x'.repeat(5_000_000)}"}`]
  ])('%s is no answer', async (_what, status, body) => {
    say(status, body);
    await expect(identity.exchange('c', 'v')).rejects.toThrow(HubUnavailableError);
  });

  it('a redirect is not followed with the secret', async () => {
    say(302, '', { location: 'http://127.0.0.1:1/' });
    await expect(identity.exchange('c', 'v')).rejects.toThrow(HubUnavailableError);
  });

  it('a hub that hangs up is away', async () => {
    answer = response => response.destroy();
    await expect(identity.exchange('c', 'v')).rejects.toThrow(HubUnavailableError);
    await expect(identity.whoami('t')).rejects.toThrow(HubUnavailableError);
  });
});
