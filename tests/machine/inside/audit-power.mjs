/**
 * One life of a machine whose power goes at any moment, with a hub service on SQLite and a companion: brings what the lives
 * before left to the hub, looks for everything that they acknowledged, and records until it is dark.
 *
 * Reports: `up`; `sent`; `checked` with what is lost, twice or wrong; `acknowledged {mark, upTo}`; `problem {what}`.
 */
import { execFileSync, spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import { createServer } from 'node:http';
import { createInterface } from 'node:readline';
import { BlindSender } from '../../../bench/lib/blind-sender.mts';
import { checkLog } from '../../../bench/lib/stored-log.mts';
import { readOrder, report } from './report.mjs';

const HUB_PORT = 8001;
const PORT = 8002;
const PREFIX = '/services/labkeeper/';
const STATE = '/home/hub';
const HOME = '/home/lab';

/** Answers as JupyterHub does to a server's own token. */
function hub() {
  const server = createServer((request, response) => {
    const name = /^token token-(.+)$/.exec(request.headers.authorization ?? '')?.[1];
    response.writeHead(name ? 200 : 403, { 'content-type': 'application/json' });
    response.end(
      JSON.stringify(
        name ? { kind: 'user', name, groups: [], scopes: [`access:servers!server=${name}/`] } : {}
      )
    );
  });
  return new Promise(resolve => server.listen(HUB_PORT, '127.0.0.1', resolve));
}

function service(environment) {
  const child = spawn('node', ['/payload/hub-service.mjs'], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: {
      PATH: '/usr/bin:/bin',
      JUPYTERHUB_API_TOKEN: 'service-token',
      JUPYTERHUB_API_URL: `http://127.0.0.1:${HUB_PORT}/hub/api`,
      JUPYTERHUB_SERVICE_PREFIX: PREFIX,
      JUPYTERHUB_SERVICE_URL: `http://127.0.0.1:${PORT}`,
      LABKEEPER_STATE: STATE,
      ...environment
    }
  });
  let said = '';
  return new Promise((resolve, reject) => {
    child.stdout.on('data', text => {
      said = (said + String(text)).slice(-3000);
      if (said.includes('Labkeeper listens.')) resolve();
    });
    child.once('exit', () => reject(new Error(`the service ended: ${said}`)));
  });
}

/** @returns resolves when the hub has what earlier companions left. */
function companion(environment, url, mark, works) {
  const options = { home: HOME, boot: randomUUID(), mark, service: url, token: 'token-keeper' };
  const drains = works ? 'first' : 'only';
  const child = spawn('node', ['/payload/recording-child.mjs', JSON.stringify({ ...options, drains })], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { PATH: '/usr/bin:/bin', HOME, ...environment }
  });
  const log = [];
  return new Promise((resolve, reject) => {
    createInterface({ input: child.stdout }).on('line', line => {
      const [, recorded] = /^recorded (\d+)$/.exec(line) ?? [];
      if (recorded !== undefined) {
        report({ kind: 'acknowledged', mark, upTo: Number(recorded) });
      } else if (line === 'sent') {
        report({ kind: 'sent' });
        resolve();
      } else {
        log.push(line);
      }
    });
    child.once('exit', (...how) => reject(new Error(`the companion ended: ${how}: ${log.join(' / ')}`)));
  });
}

const order = readOrder();
report({ kind: 'up' });
try {
  const complaints =
    execFileSync('dmesg', { encoding: 'utf8' }).match(/^.*EXT4-fs (error|warning).*$/gm) ?? [];
  complaints.forEach(what => report({ kind: 'problem', what }));
  mkdirSync(HOME, { recursive: true });
  await hub();
  await service(order.environment);
  const url = `http://127.0.0.1:${PORT}${PREFIX}`;
  await companion(order.environment, url, order.mark, order.works);
  report({ kind: 'checked', ...(await checkLog({ file: `${STATE}/labkeeper.sqlite` }, order.promised)) });
  if (order.works) {
    const sender = new BlindSender(url, 'token-sender', ({ mark, upTo }) =>
      report({ kind: 'acknowledged', mark, upTo })
    );
    await sender.run(() => false);
  }
} catch (error) {
  report({ kind: 'problem', what: error.stack });
}
report({ kind: 'done' });
process.exit(0);
