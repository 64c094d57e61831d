import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { hurryRecoveries } from './recovery-processes.mts';
import { type IServer, startServer } from './server.mts';
import type { IStopHost } from './stop-lane.mts';

/** What Kubernetes gives with `terminationGracePeriodSeconds: 1`, KubeSpawner's default. */
const GRACE_MS = 1000;

/** A real jupyter_server in a cgroup: SIGTERM to it, and after 1 s SIGKILL to everything in the group. */
export class GroupHost implements IStopHost {
  private readonly home = mkdtempSync(join(tmpdir(), 'labkeeper-term-'));
  readonly folder = join(this.home, 'work');

  async start(): Promise<IServer> {
    const before = this.server;
    this.server = await startServer({
      app: 'jupyter-server',
      memory: '3G',
      home: this.home,
      args: ["--ServerApp.jpserver_extensions={'labkeeper': True}"],
      ...(before ? { port: before.port, token: before.token } : {})
    });
    return this.server;
  }

  async stop(): Promise<void> {
    const { server } = this;
    if (!server) return;
    process.kill(server.pid, 'SIGTERM');
    await sleep(GRACE_MS);
    for (const pid of processesOf(server)) process.kill(pid, 'SIGKILL');
    while (server.exitCode() === null) await sleep(20);
    await server.stop();
  }

  readonly waiting = (): void => {
    if (this.server) hurryRecoveries(this.server);
  };

  async end(): Promise<void> {
    await this.server?.stop();
    rmSync(this.home, { recursive: true, force: true });
  }

  private server: IServer | null = null;
}

/** What is left in the server's group; none when the group is gone. */
function processesOf({ group }: IServer): number[] {
  const [file] = ['', 'memory']
    .map(controller => join('/sys/fs/cgroup', controller, group, 'cgroup.procs'))
    .filter(path => existsSync(path));
  if (file === undefined) return [];
  return readFileSync(file, 'latin1').split('\n').filter(Boolean).map(Number);
}
