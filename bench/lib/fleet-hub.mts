// A stand-in for JupyterHub, with answers of the form and length of those of 6.1.1: who a token is of, and which servers run
// (as labkeeper.hub says there).
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';

/** Users on one page, as JupyterHub gives them. */
const PAGE = 200;

export interface IFleetHub {
  readonly apiUrl: string;
  readonly serviceToken: string;
  /** One for the default server of each user. */
  readonly tokens: readonly string[];
  close(): void;
}

/** Starts one in which `users` users have a running server. */
export async function startFleetHub(users: number): Promise<IFleetHub> {
  const names = Array.from({ length: users }, (_, i) => `user-${String(i).padStart(5, '0')}`);
  const owners = new Map(names.map(name => [`token-of-${name}`, name]));
  const server = createServer((request, response) => {
    const token = request.headers.authorization?.replace(/^token /, '') ?? '';
    const url = new URL(request.url ?? '', 'http://hub');
    const owner = owners.get(token);
    const isService = token === SERVICE_TOKEN;
    const answer = (): unknown => {
      if (url.pathname === '/hub/api/user' && owner) return own(owner);
      if (url.pathname === '/hub/api/labkeeper/running' && isService)
        return {
          servers: names.map(name => [name, '']),
          tokens: names.map((name, index) => [index, name, 'toke'])
        };
      if (url.pathname === '/hub/api/users' && isService) return page(names, url.searchParams);
      const name = /^\/hub\/api\/users\/(.+)$/.exec(url.pathname)?.[1];
      return name && isService ? listed(name) : null;
    };
    const body = answer();
    response.writeHead(body === null ? 403 : 200, { 'content-type': 'application/json' });
    response.end(JSON.stringify(body));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    apiUrl: `http://127.0.0.1:${portOf(server)}/hub/api`,
    serviceToken: SERVICE_TOKEN,
    tokens: [...owners.keys()],
    close: () => {
      server.closeAllConnections();
      server.close();
    }
  };
}

const SERVICE_TOKEN = '0123456789abcdef0123456789abcdef';

function portOf(server: Server): number {
  return (server.address() as AddressInfo).port;
}

function page(names: readonly string[], query: URLSearchParams): unknown {
  const [offset, limit] = [
    Number(query.get('offset') ?? 0),
    Math.min(PAGE, Number(query.get('limit') ?? PAGE))
  ];
  const end = offset + limit;
  return {
    items: names.slice(offset, end).map(listed),
    _pagination: {
      ...{ offset, limit, total: names.length },
      next: end < names.length ? { offset: end, limit, url: `http://hub/hub/api/users?offset=${end}` } : null
    }
  };
}

function own(name: string): unknown {
  return {
    ...{ kind: 'user', name, admin: false, groups: ['quants', 'risk'] },
    last_activity: '2026-11-27T10:00:00.000000Z',
    user_info: null,
    scopes: [
      `access:servers!server=${name}/`,
      ...['activity', 'groups', 'name'].map(what => `read:users:${what}!user=${name}`),
      `users:activity!user=${name}`
    ],
    session_id: null,
    token_id: `a${Number(name.replace('user-', ''))}`
  };
}

function listed(name: string): unknown {
  const server = {
    ...{ name: '', display_name: '', full_name: `${name}/` },
    last_activity: '2026-11-27T10:00:00.000000Z',
    started: '2026-11-27T08:00:00.000000Z',
    ...{ pending: null, ready: true, stopped: false },
    url: `/user/${name}/`,
    user_options: { profile: 'small' },
    progress_url: `/hub/api/users/${name}/server/progress`,
    ...{ full_url: null, full_progress_url: null }
  };
  return { kind: 'user', name, servers: { '': server } };
}
