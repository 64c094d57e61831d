import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';

/**
 * Stands in for JupyterHub's `GET /hub/api/user` and for the token of a sign-in, with the shapes that 5.5.4 and 6.1.1 were seen to answer. The real hub
 * takes part in other tests.
 */
export class HubStandIn {
  private constructor(private readonly server: Server) {}

  static async start(): Promise<HubStandIn> {
    const server = createServer();
    const hub = new HubStandIn(server);
    server.on('request', (request, response) => hub.answer(request, response));
    await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
    return hub;
  }

  /** What `JUPYTERHUB_API_URL` says. */
  get apiUrl(): string {
    return `http://127.0.0.1:${addressOf(this.server).port}/hub/api`;
  }

  /** Look-ups so far. */
  asked = 0;
  /** Every token that was sent to it. */
  readonly seen = new Set<string>();
  /** While set, this is what it answers. */
  trouble: { readonly status: number; readonly body: string } | 'silent' | null = null;

  /** A server of `user` begins: its token is known. */
  serverToken(token: string, user: string, server: string, groups: readonly string[] = []): string {
    this.tokens.set(token, {
      kind: 'user',
      name: user,
      admin: false,
      groups,
      last_activity: '2026-11-21T10:00:00.000000Z',
      scopes: [
        `access:servers!server=${user}/${server}`,
        `read:users:activity!user=${user}`,
        `read:users:groups!user=${user}`,
        `read:users:name!user=${user}`,
        `users:activity!user=${user}`
      ],
      session_id: null,
      token_id: 'a20'
    });
    return token;
  }

  /** Any other token. */
  anyToken(token: string, model: object): string {
    this.tokens.set(token, model);
    return token;
  }

  /** A code of a sign-in, which is traded for a token that it knows. */
  code(code: string, token: string): void {
    this.codes.set(code, token);
  }

  revoke(token: string): void {
    this.tokens.delete(token);
  }

  async close(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise(resolve => this.server.close(resolve));
  }

  private answer(request: IncomingMessage, response: ServerResponse): void {
    this.asked += 1;
    const token = /^token (.+)$/.exec(request.headers.authorization ?? '')?.[1] ?? '';
    this.seen.add(token);
    const model = this.tokens.get(token);
    const json = (status: number, body: string): void => {
      response.writeHead(status, { 'content-type': 'application/json' }).end(body);
    };
    if (this.trouble === 'silent') {
      // The head comes, and then nothing.
      response.writeHead(200, { 'content-type': 'application/json' }).write('{');
    } else if (this.trouble) {
      json(this.trouble.status, this.trouble.body);
    } else if (request.url === '/hub/api/oauth2/token') {
      void this.trade(request).then(traded =>
        traded === null ? json(400, '{"error": "invalid_grant"}') : json(200, traded)
      );
    } else if (request.url !== '/hub/api/user') {
      json(404, '{"status": 404, "message": "Not Found"}');
    } else if (model) {
      json(200, JSON.stringify(model));
    } else {
      json(403, '{"status": 403, "message": "Missing or invalid credentials."}');
    }
  }

  /** null = nobody has such a code, or it was traded before. */
  private async trade(request: IncomingMessage): Promise<string | null> {
    const body = new URLSearchParams(await text(request));
    const code = body.get('code') ?? '';
    const token = this.codes.get(code);
    this.codes.delete(code);
    return token === undefined || body.get('grant_type') !== 'authorization_code'
      ? null
      : JSON.stringify({ access_token: token, expires_in: 1_209_600, token_type: 'Bearer' });
  }

  private readonly tokens = new Map<string, object>();
  private readonly codes = new Map<string, string>();
}

function addressOf(server: Server): AddressInfo {
  const address = server.address();
  if (address === null || typeof address === 'string') {
    throw new Error('The server does not listen on a port.');
  }
  return address;
}
