// A PostgreSQL of its own, whose processes can be killed without doing anybody else any harm.
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chownSync, closeSync, mkdtempSync, openSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** What gets SIGKILL: one of the processes that serve a connection, the first process alone, or all at once. */
export type ClusterKill = 'backend' | 'postmaster' | 'all';

const START_MS = 60_000;

/** PostgreSQL refuses to run as root. */
function unprivileged(): { readonly uid: number; readonly gid: number } | null {
  if (process.getuid?.() !== 0) return null;
  const [, , uid, gid] =
    /^postgres:([^:]*):(\d+):(\d+):/m.exec(readFileSync('/etc/passwd', 'utf8')) ??
    /^nobody:([^:]*):(\d+):(\d+):/m.exec(readFileSync('/etc/passwd', 'utf8')) ??
    [];
  return { uid: Number(uid), gid: Number(gid) };
}

export class OwnCluster {
  /** Makes it, in a folder that is removed with it; with the durability that PostgreSQL has by itself. */
  static make(port: number): OwnCluster {
    const folder = mkdtempSync(join(tmpdir(), 'labkeeper-cluster-'));
    const user = unprivileged();
    if (user) chownSync(folder, user.uid, user.gid);
    execFileSync(
      'initdb',
      ['--auth=trust', '--username=postgres', '--encoding=UTF8', '-D', join(folder, 'data')],
      { ...user, stdio: ['ignore', 'ignore', 'inherit'], cwd: folder }
    );
    return new OwnCluster(port, folder, user);
  }

  private constructor(
    port: number,
    folder: string,
    user: { readonly uid: number; readonly gid: number } | null
  ) {
    this.port = port;
    this.folder = folder;
    this.user = user;
    this.url = `postgres://postgres@127.0.0.1:${port}/postgres`;
    this.log = join(folder, 'log');
  }

  readonly url: string;

  /** Resolves when it takes connections; where processes of the one before are not gone yet, it is tried again. */
  async start(): Promise<void> {
    const deadline = Date.now() + START_MS;
    while (!this.isRunning || !this.answers()) {
      if (Date.now() > deadline)
        throw new Error(`PostgreSQL does not start: ${readFileSync(this.log, 'utf8').slice(-2000)}`);
      if (!this.isRunning) this.spawn();
      await new Promise(resolve => setTimeout(resolve, 100));
    }
  }

  /** @returns false = there was nothing of that kind to kill. */
  async kill(kind: ClusterKill): Promise<boolean> {
    const pid = this.child?.pid;
    if (!this.child || pid === undefined || !this.isRunning) return false;
    const children = childrenOf(pid);
    const backends = children.filter(child => commandOf(child).includes('postgres: postgres postgres'));
    if (kind === 'backend') {
      const victim = backends[Math.floor(Math.random() * backends.length)];
      return victim !== undefined && send(victim);
    }
    const closed = once(this.child, 'close');
    send(pid);
    if (kind === 'all') children.forEach(send);
    await closed;
    return true;
  }

  async remove(): Promise<void> {
    if (this.child && this.isRunning) {
      const closed = once(this.child, 'close');
      this.child.kill('SIGINT');
      await closed;
    }
    rmSync(this.folder, { recursive: true, force: true });
  }

  private get isRunning(): boolean {
    return this.child !== null && this.child.exitCode === null && this.child.signalCode === null;
  }

  /** Runs a file of statements. @throws when one fails. */
  runFile(file: string): void {
    execFileSync('psql', ['-qX', '-v', 'ON_ERROR_STOP=1', this.url, '-f', file], { stdio: 'ignore' });
  }

  private answers(): boolean {
    try {
      execFileSync('psql', ['--quiet', '--no-psqlrc', this.url, '--command', 'select 1'], {
        stdio: 'ignore'
      });
      return true;
    } catch {
      return false; // Not yet.
    }
  }

  private spawn(): void {
    const settings = {
      port: this.port,
      listen_addresses: '127.0.0.1',
      unix_socket_directories: this.folder,
      shared_buffers: '64MB',
      max_connections: 60
    };
    const words = Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
    // Its processes outlive it for a moment and hold what it writes to: not a pipe, whose end would be waited for.
    const log = openSync(this.log, 'a');
    this.child = spawn('postgres', ['-D', join(this.folder, 'data'), ...words], {
      ...this.user,
      cwd: this.folder,
      stdio: ['ignore', log, log]
    });
    closeSync(log);
  }

  private child: ChildProcess | null = null;
  private readonly log: string;
  private readonly port: number;
  private readonly folder: string;
  private readonly user: { readonly uid: number; readonly gid: number } | null;
}

function childrenOf(pid: number): number[] {
  return readdirSync('/proc')
    .filter(name => /^\d+$/.test(name))
    .map(Number)
    .filter(other => parentOf(other) === pid);
}

function parentOf(pid: number): number | null {
  return Number(/^PPid:\s+(\d+)$/m.exec(readProc(pid, 'status'))?.[1] ?? 0) || null;
}

function commandOf(pid: number): string {
  return readProc(pid, 'cmdline');
}

function readProc(pid: number, name: string): string {
  try {
    return readFileSync(`/proc/${pid}/${name}`, 'utf8');
  } catch {
    return ''; // It ended meanwhile.
  }
}

function send(pid: number): boolean {
  try {
    return process.kill(pid, 'SIGKILL');
  } catch {
    return false; // It ended meanwhile.
  }
}
