import { type ChildProcess, spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, openSync, closeSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Patience } from './patience.mts';

/** Longest that a start may take; on a busy machine it takes some seconds. */
const START_MS = 120_000;

export interface IServerOptions {
  readonly memory?: string;
  readonly cpu?: number;
  readonly processes?: number;
  readonly environment?: Record<string, string>;
  readonly args?: readonly string[];
  /** Which application, of which virtual environment. */
  readonly app?: 'jupyter-lab' | 'jupyter-notebook' | 'jupyter-server';
  readonly venv?: string;
  /** A cgroup, below the root of every controller, in which the server's is made. */
  readonly within?: string;
  /** Folder that serves as the home; kept when given, else made and removed. */
  readonly home?: string;
  /** Shell commands run first, as root, in a mount namespace of the server's own. */
  readonly inside?: readonly string[];
  /** As another server had them, for one that takes its place. */
  readonly port?: number;
  readonly token?: string;
  /** Whether it is waited for the companion (or the word that it is switched off); default true. */
  readonly awaitCompanion?: boolean;
  /** Called before the server starts with a folder of Jupyter's data path, for kernelspecs. */
  readonly prepare?: (data: string) => void;
}

/** A running Jupyter server in a cgroup of its own. */
export interface IServer {
  readonly port: number;
  readonly token: string;
  /** The folder that serves as the home. Seen from inside where the server has mounts of its own: see `inside`. */
  readonly home: string;
  readonly group: string;
  readonly url: string;
  /** The server's own process id. */
  readonly pid: number;
  /** The companion's, once it runs; null when Labkeeper is off. */
  companionPid(): number | null;
  /** Where a path of the server is found from here, its own mounts included. */
  inside(path: string): string;
  fetch(path: string, init?: RequestInit): Promise<Response>;
  log(): string;
  /** How the server ended (128 + signal); null while it runs. */
  exitCode(): number | null;
  stop(): Promise<void>;
}

async function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer();
    probe.on('error', reject);
    probe.listen(0, '127.0.0.1', () => {
      const address = probe.address();
      probe.close(() =>
        address && typeof address === 'object' ? resolve(address.port) : reject(new Error('no port'))
      );
    });
  });
}

/** The processes whose parent is `pid`. */
export function childrenOf(pid: number): number[] {
  return readdirSync('/proc')
    .filter(name => /^\d+$/.test(name))
    .map(Number)
    .filter(child => {
      try {
        const stat = readFileSync(`/proc/${child}/stat`, 'latin1');
        return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]) === pid;
      } catch {
        return false; // It ended while we looked.
      }
    });
}

/** The words of a process's command line, with spaces between; empty when it ended. */
export function commandLine(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'latin1').replaceAll('\0', ' ');
  } catch {
    return ''; // It ended while we looked.
  }
}

/** Starts `jupyter lab` (no browser) in a cgroup with limits and waits until it answers. */
export async function startServer(options: IServerOptions = {}): Promise<IServer> {
  const port = options.port ?? (await freePort());
  const token = options.token ?? `t${Math.random().toString(36).slice(2)}`;
  const group = `labkeeper-bench-${port}`;
  const base = mkdtempSync(join(tmpdir(), 'labkeeper-bench-'));
  const home = options.home ?? join(base, 'home');
  mkdirSync(join(home, 'work'), { recursive: true });
  mkdirSync(join(base, 'data'));
  options.prepare?.(join(base, 'data'));
  // `exec "$@"` keeps the server the direct child of the runner.
  const inside = options.inside
    ? ['unshare', '-m', 'sh', '-c', [...options.inside, 'exec "$@"'].join(' && '), 'sh']
    : [];
  const logFile = join(base, 'server.log');
  const log = openSync(logFile, 'a');
  const runner: ChildProcess = spawn(
    '.venv/bin/python',
    [
      ...[
        '-m',
        'dev.in_group',
        '--name',
        options.within ? `${options.within}/${group}` : group,
        '--memory',
        options.memory ?? '2G',
        '--cpu',
        String(options.cpu ?? 2)
      ],
      ...['--processes', String(options.processes ?? 2000), '--', ...inside],
      ...[
        `${options.venv ?? '.venv'}/bin/${options.app ?? 'jupyter-lab'}`,
        '--no-browser',
        '--allow-root',
        `--port=${port}`,
        '--ServerApp.port_retries=0'
      ],
      ...[
        `--IdentityProvider.token=${token}`,
        `--ServerApp.root_dir=${join(home, 'work')}`,
        '--ServerApp.ip=127.0.0.1'
      ],
      ...[
        '--LabApp.news_url=None',
        '--LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate',
        '--LabApp.expose_app_in_browser=True',
        '--JupyterNotebookApp.expose_app_in_browser=True'
      ],
      ...(options.args ?? [])
    ],
    {
      stdio: ['ignore', log, log],
      env: {
        ...process.env,
        HOME: home,
        JUPYTER_RUNTIME_DIR: join(base, 'runtime'),
        JUPYTER_CONFIG_DIR: join(base, 'config'),
        JUPYTER_PATH: join(base, 'data'),
        ...options.environment
      }
    }
  );
  closeSync(log);
  const url = `http://127.0.0.1:${port}`;
  const readLog = () => readFileSync(logFile, 'utf8');
  // An error in a benchmark leaves no server behind.
  const atExit = (): void => void runner.kill('SIGTERM');
  process.once('exit', atExit);
  const patience = new Patience(START_MS);
  for (;;) {
    if (runner.exitCode !== null)
      throw new Error(`the server ended with ${runner.exitCode}:\n${readLog().slice(-2000)}`);
    if (patience.isOver) throw new Error(`the server does not answer:\n${readLog().slice(-2000)}`);
    try {
      if ((await fetch(`${url}/api/status?token=${token}`)).ok) break;
    } catch {
      // Not listening yet.
    }
    await new Promise(resolve => setTimeout(resolve, 100));
  }
  // Labkeeper's part: up within the same patience, or switched off.
  while (options.awaitCompanion ?? true) {
    const health = await fetch(`${url}/labkeeper/health?token=${token}`);
    if (health.ok || health.status === 404 || (await health.text()).includes('disabled')) break;
    if (patience.isOver) {
      runner.kill('SIGTERM');
      throw new Error(`the companion does not answer:\n${readLog().slice(-3000)}`);
    }
    await new Promise(resolve => setTimeout(resolve, 100));
  }
  const pid = childrenOf(runner.pid ?? 0)[0] ?? 0;
  return {
    port,
    token,
    home,
    group,
    url,
    pid,
    inside: path => `/proc/${pid}/root${path}`,
    companionPid: () => childrenOf(pid).find(child => commandLine(child).includes('companion.mjs')) ?? null,
    fetch: (path, init = {}) =>
      fetch(`${url}${path}`, { ...init, headers: { Authorization: `token ${token}`, ...init.headers } }),
    log: readLog,
    exitCode: () => runner.exitCode,
    stop: async () => {
      const ended = new Promise<void>(resolve =>
        runner.exitCode !== null ? resolve() : runner.once('exit', () => resolve())
      );
      runner.kill('SIGTERM');
      const patience = setTimeout(() => runner.kill('SIGINT'), 8000);
      await ended;
      clearTimeout(patience);
      process.off('exit', atExit);
      rmSync(base, { recursive: true, force: true });
    }
  };
}
