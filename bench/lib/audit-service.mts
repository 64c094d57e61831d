// The hub service as it is built, with a stand-in for JupyterHub's look-up of tokens and a database of its own.
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { SERVICE_COMMAND, SERVICE_MEMORY } from './service-command.mts';

const POSTGRES = process.env['LABKEEPER_TEST_POSTGRES'] ?? 'postgres://postgres@127.0.0.1:5432';
const PREFIX = '/services/labkeeper/';

/** A running service. */
export interface IAuditService {
  /** Of its routes, with a slash at its end. */
  readonly url: string;
  /** The CPU time that it has used, in ms. */
  cpuMs(): number;
  stop(): Promise<void>;
}

/** Starts a service on an empty database. The token `token-NAME` is that of the default server of the user NAME. */
export async function startAuditService(kind: 'sqlite' | 'pg'): Promise<IAuditService> {
  const folder = mkdtempSync(join(tmpdir(), 'labkeeper-bench-'));
  const hub = await startHub();
  const name = `labkeeper_bench_${process.pid}`;
  const psql = (statement: string): void => {
    execFileSync('psql', ['--quiet', `${POSTGRES}/postgres`, '--command', statement]);
  };
  if (kind === 'pg') psql(`create database ${name}`);
  const port = await freePort();
  const child = spawn(process.execPath, SERVICE_COMMAND, {
    env: {
      ...SERVICE_MEMORY,
      JUPYTERHUB_API_TOKEN: 'service-token',
      JUPYTERHUB_API_URL: `http://127.0.0.1:${portOf(hub)}/hub/api`,
      JUPYTERHUB_SERVICE_PREFIX: PREFIX,
      JUPYTERHUB_SERVICE_URL: `http://127.0.0.1:${port}`,
      LABKEEPER_STATE: join(folder, 'state'),
      ...(kind === 'pg' ? { LABKEEPER_DATABASE: `${POSTGRES}/${name}` } : {})
    },
    stdio: ['ignore', 'pipe', 'inherit']
  });
  await listening(child);
  return {
    url: `http://127.0.0.1:${port}${PREFIX}`,
    cpuMs: () => {
      const fields = readFileSync(`/proc/${child.pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? [];
      // utime and stime of proc(5), in ticks of 10 ms.
      return (Number(fields[11]) + Number(fields[12])) * 10;
    },
    stop: async () => {
      child.kill('SIGTERM');
      if (child.exitCode === null) await once(child, 'close');
      hub.closeAllConnections();
      hub.close();
      if (kind === 'pg') psql(`drop database ${name} with (force)`);
      rmSync(folder, { recursive: true, force: true });
    }
  };
}

function listening(child: ChildProcess): Promise<void> {
  let said = '';
  return new Promise((resolve, reject) => {
    child.stdout?.setEncoding('utf8').on('data', text => {
      said += String(text);
      if (said.includes('Labkeeper listens.')) resolve();
    });
    child.once('exit', () => reject(new Error(`the service ended: ${said}`)));
  });
}

/** Answers as JupyterHub 6.1 does to a server's own token. */
export async function startHub(): Promise<Server> {
  const server = createServer((request, response) => {
    const name = /^token token-(.+)$/.exec(request.headers.authorization ?? '')?.[1];
    response.writeHead(name ? 200 : 403, { 'content-type': 'application/json' });
    response.end(
      JSON.stringify(
        name ? { kind: 'user', name, groups: ['bench'], scopes: [`access:servers!server=${name}/`] } : {}
      )
    );
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return server;
}

export function portOf(server: Server): number {
  return (server.address() as AddressInfo).port;
}

export async function freePort(): Promise<number> {
  const server = createServer();
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const port = portOf(server);
  server.close();
  return port;
}
