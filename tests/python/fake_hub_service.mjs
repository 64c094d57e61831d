// Stands in for the hub service where it is not built: the ticket's question to JupyterHub, and a page that is there.
import { createServer } from 'node:http';

const { env } = process;
const prefix = env.JUPYTERHUB_SERVICE_PREFIX;

/** As the real one: the token's own user and the one server that it may reach, which must be that user's. */
async function who(authorization) {
  const answer = await fetch(`${env.JUPYTERHUB_API_URL}/user`, { headers: { authorization } });
  if (!answer.ok) return null;
  const user = await answer.json();
  const servers = user.scopes.filter(scope => scope.startsWith('access:servers!server='));
  const [owner] = (servers[0] ?? '').replace('access:servers!server=', '').split('/');
  return servers.length === 1 && owner === user.name ? user : null;
}

async function answer(request, response) {
  const say = (status, value) => response.writeHead(status).end(JSON.stringify(value));
  if (request.method === 'GET' && request.url === `${prefix}health`) return say(200, { ok: true });
  if (request.url !== `${prefix}api/v1/ticket`) return say(404, {});
  const user = await who(request.headers.authorization ?? '');
  return user ? say(200, { ticket: `for ${user.name}` }) : say(403, { code: 'not-a-server' });
}

const { hostname, port } = new URL(env.JUPYTERHUB_SERVICE_URL);
createServer((request, response) => {
  answer(request, response).catch(error => response.writeHead(503).end(String(error)));
}).listen(Number(port), hostname);
if (env.LABKEEPER_PAGES_LISTEN) {
  const [host, pages] = env.LABKEEPER_PAGES_LISTEN.split(':');
  createServer((_, response) => response.end('pages')).listen(Number(pages), host);
}
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => process.exit(0));
