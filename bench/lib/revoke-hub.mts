// A real JupyterHub with many small servers, and what takes a server's rights away again.
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { Patience } from './patience.mts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const CONFIG = fileURLToPath(new URL('revoke_hub.py', import.meta.url));
const TOKEN = 'token-of-the-benchmark';
/** Servers that are started at a time. */
const AT_ONCE = 4;

/** How somebody's rights end. */
export const WAYS = ['token deleted', 'server stopped', 'stopped, token left', 'user deleted'] as const;
export type Way = (typeof WAYS)[number];

/** The prefix of a user's name says what is to happen to her; `stays` to whom nothing does. */
const PREFIXES: Record<Way, string> = {
  'token deleted': 'token',
  'server stopped': 'stops',
  'stopped, token left': 'resumes',
  'user deleted': 'leaves'
};

export interface IRevokedUser {
  readonly name: string;
  readonly way: Way;
}

export function usersOf(count: number): IRevokedUser[] {
  return Array.from({ length: count }, (_, i) => {
    const way = WAYS[i % WAYS.length] ?? 'token deleted';
    return { name: `${PREFIXES[way]}-${i}`, way };
  });
}

export class RevokeHub {
  private constructor(port: number, folder: string, process: ChildProcess) {
    this.port = port;
    this.folder = folder;
    this.process = process;
  }

  /** Starts it with its service. */
  static async start(port: number, users: readonly string[]): Promise<RevokeHub> {
    const folder = mkdtempSync(join(tmpdir(), 'labkeeper-revoke-'));
    mkdirSync(join(folder, 'home'));
    const child = spawn(join(ROOT, '.venv/bin/python'), ['-m', 'jupyterhub', '-f', CONFIG], {
      cwd: folder,
      env: {
        ...process.env,
        ...{ PYTHONPATH: ROOT, BENCH_ROOT: ROOT, BENCH_FOLDER: folder, BENCH_TOKEN: TOKEN },
        ...{ BENCH_PORT: String(port), BENCH_USERS: users.join(' ') }
      },
      stdio: ['ignore', 'ignore', openSync(join(folder, 'hub.log'), 'w')]
    });
    const hub = new RevokeHub(port, folder, child);
    const patience = new Patience(90_000);
    while (!(await hub.isUp())) {
      if (patience.isOver || child.exitCode !== null)
        throw new Error(`the hub does not start: ${readFileSync(join(folder, 'hub.log'), 'utf8')}`);
      await pause(500);
    }
    return hub;
  }

  get serviceUrl(): string {
    return `http://127.0.0.1:${this.port + 3}/services/labkeeper/`;
  }

  /** Starts the servers of these users. @returns the token of each. */
  async startServers(users: readonly string[]): Promise<Map<string, string>> {
    const waiting = [...users];
    const tokens = new Map<string, string>();
    await Promise.all(
      Array.from({ length: AT_ONCE }, async () => {
        for (let user = waiting.shift(); user !== undefined; user = waiting.shift()) {
          await this.ask('POST', `users/${user}/server`);
          const patience = new Patience(120_000);
          while (!(await this.isReady(user))) {
            if (patience.isOver) throw new Error(`the server of ${user} does not start`);
            await pause(500);
          }
          const environment: Record<string, string> = JSON.parse(
            readFileSync(join(this.folder, `${user}.json`), 'utf8')
          );
          tokens.set(user, environment['JUPYTERHUB_API_TOKEN'] ?? '');
        }
      })
    );
    return tokens;
  }

  /** Takes a user's rights away. @throws when the hub does not do it. */
  async revoke({ name, way }: IRevokedUser): Promise<void> {
    if (way === 'user deleted') await this.ask('DELETE', `users/${name}`);
    else if (way === 'token deleted') {
      const { api_tokens: tokens }: { api_tokens: { id: string; note: string }[] } = JSON.parse(
        await this.ask('GET', `users/${name}/tokens`)
      );
      const own = tokens.find(({ note }) => note.startsWith('Server at'));
      if (!own) throw new Error(`${name} has no token of a server`);
      await this.ask('DELETE', `users/${name}/tokens/${own.id}`);
    } else await this.ask('DELETE', `users/${name}/server`);
  }

  async stop(): Promise<void> {
    this.process.kill('SIGTERM');
    if (this.process.exitCode === null) await once(this.process, 'exit');
    rmSync(this.folder, { recursive: true, force: true });
  }

  private async isReady(user: string): Promise<boolean> {
    const { servers }: { servers: Record<string, { ready: boolean }> } = JSON.parse(
      await this.ask('GET', `users/${user}`)
    );
    return servers['']?.ready === true && existsSync(join(this.folder, `${user}.json`));
  }

  private async isUp(): Promise<boolean> {
    try {
      const [hub, service] = await Promise.all([
        fetch(`http://127.0.0.1:${this.port}/hub/health`),
        fetch(`${this.serviceUrl}health`)
      ]);
      return hub.ok && service.ok;
    } catch {
      return false; // Nobody listens yet.
    }
  }

  private async ask(method: string, path: string): Promise<string> {
    const answer = await fetch(`http://127.0.0.1:${this.port}/hub/api/${path}`, {
      method,
      headers: { authorization: `token ${TOKEN}` }
    });
    const text = await answer.text();
    if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${text}`);
    return text;
  }

  private readonly port: number;
  private readonly folder: string;
  private readonly process: ChildProcess;
}
