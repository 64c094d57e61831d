// A real JupyterHub in which thousands of servers run, as far as it can know.
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { cpuMs } from './cpu.mts';
import { Patience } from './patience.mts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const PYTHON = join(ROOT, '.venv/bin/python');
const script = (name: string): string => fileURLToPath(new URL(name, import.meta.url));
const SERVICE_TOKEN = '0123456789abcdef0123456789abcdef';

export class FullHub {
  private constructor(folder: string, port: number, servers: Server) {
    this.folder = folder;
    this.port = port;
    this.servers = servers;
  }

  /** Starts one with so many users, all of whose servers run. @param port - of its API; the next one is taken too. */
  static async start(users: number, port: number): Promise<FullHub> {
    const folder = mkdtempSync(join(tmpdir(), 'labkeeper-full-hub-'));
    // Answers for every server: the hub looks at its start whether they are there.
    const servers = createServer((_request, response) => {
      response.setHeader('x-jupyterhub-version', '6.1.1');
      response.end('{}');
    });
    servers.listen(port + 2, '127.0.0.1');
    await once(servers, 'listening');
    const hub = new FullHub(folder, port, servers);
    // Once to make its database, and then with what is in it.
    await hub.run();
    await hub.end();
    const database = `sqlite:///${join(folder, 'hub.sqlite')}`;
    execFileSync(PYTHON, [
      script('fill_hub.py'),
      ...[database, String(users), String(port + 2), join(folder, 'tokens.json')]
    ]);
    hub.tokens = JSON.parse(readFileSync(join(folder, 'tokens.json'), 'utf8'));
    await hub.run();
    return hub;
  }

  tokens: readonly string[] = [];
  readonly serviceToken = SERVICE_TOKEN;

  get apiUrl(): string {
    return `http://127.0.0.1:${this.port}/hub/api`;
  }

  cpuMs(): number {
    return cpuMs(this.process?.pid ?? 0);
  }

  /** Of a core, over so many seconds. */
  async cpuPercent(seconds: number): Promise<number> {
    const [beganMs, usedMs] = [performance.now(), this.cpuMs()];
    await pause(seconds * 1000);
    return ((this.cpuMs() - usedMs) / (performance.now() - beganMs)) * 100;
  }

  /** Waits until it has done what it does at its start. */
  async settled(): Promise<void> {
    const patience = new Patience(300_000);
    while ((await this.cpuPercent(5)) > 5) {
      if (patience.isOver) throw new Error('the hub does not come to rest');
    }
  }

  async stop(): Promise<void> {
    await this.end();
    this.servers.closeAllConnections();
    this.servers.close();
    rmSync(this.folder, { recursive: true, force: true });
  }

  private async run(): Promise<void> {
    const { folder, port } = this;
    const log = join(folder, 'hub.log');
    const child = spawn(PYTHON, ['-m', 'jupyterhub', '-f', script('full_hub.py')], {
      cwd: folder,
      env: {
        ...process.env,
        ...{ PYTHONPATH: ROOT, BENCH_ROOT: ROOT, BENCH_FOLDER: folder },
        ...{ BENCH_PORT: String(port), BENCH_TOKEN: SERVICE_TOKEN }
      },
      stdio: ['ignore', 'ignore', openSync(log, 'a')]
    });
    this.process = child;
    const patience = new Patience(300_000);
    while (!(await isUp(`http://127.0.0.1:${port}/hub/api/`))) {
      if (patience.isOver || child.exitCode !== null)
        throw new Error(`the hub does not start: ${readFileSync(log, 'utf8').slice(-4000)}`);
      await pause(500);
    }
  }

  private async end(): Promise<void> {
    const child = this.process;
    if (!child || child.exitCode !== null) return;
    const ended = once(child, 'exit');
    child.kill('SIGTERM');
    await ended;
  }

  private readonly folder: string;
  private readonly port: number;
  private readonly servers: Server;
  private process: ChildProcess | null = null;
}

async function isUp(url: string): Promise<boolean> {
  try {
    return (await fetch(url)).ok;
  } catch {
    return false; // Nobody listens yet.
  }
}
