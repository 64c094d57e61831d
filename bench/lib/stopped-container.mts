import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { Patience } from './patience.mts';
import type { IStopHost } from './stop-lane.mts';

const run = promisify(execFile);
const PORT = 8888;
const TOKEN = 'bench-token';
const UP_MS = 120_000;

interface IAbout {
  readonly host: string;
  readonly image: string;
  readonly mounts: readonly string[];
  readonly uid: number;
  readonly gid: number;
  readonly home: string;
  readonly prefix: string;
}

/** A Docker engine with the image that the tests make: the one that runs here, or one of our own that ends with us. */
export interface IEngine {
  readonly about: IAbout;
  docker(...words: string[]): Promise<string>;
  close(): Promise<void>;
}

/** A user's container with a real jupyter_server that is PID 1's child, and a volume as its home. */
export class ContainerHost implements IStopHost {
  private readonly engine: IEngine;
  private readonly volume: string;

  constructor(engine: IEngine, name: string) {
    this.engine = engine;
    this.volume = `labkeeper-term-${process.pid}-${name}`;
  }

  /** @throws where no engine can be had. */
  static async openEngine(): Promise<IEngine> {
    const keeper: ChildProcess = spawn('.venv/bin/python', ['-m', 'dev.docker'], {
      stdio: ['pipe', 'pipe', 'inherit']
    });
    const ended = once(keeper, 'exit');
    if (!keeper.stdout) throw new Error('the engine has a standard output');
    const lines = createInterface({ input: keeper.stdout });
    const line = await Promise.race([once(lines, 'line').then(([line]) => String(line)), ended.then(String)]);
    if (!line.startsWith('{')) throw new Error(`there is no Docker engine: ${line}`);
    const about: IAbout = JSON.parse(line);
    const docker = async (...words: string[]): Promise<string> =>
      (await run('docker', ['--host', about.host, ...words], { maxBuffer: 16 << 20 })).stdout.trim();
    const close = async (): Promise<void> => {
      keeper.stdin?.end();
      await ended;
    };
    return { about, docker, close };
  }

  folder = '';

  async start(): Promise<{ url: string; token: string }> {
    const { docker, about } = this.engine;
    this.serial += 1;
    this.name = `${this.volume}-${this.serial}`;
    const { home } = about;
    await docker(
      ...['run', '--detach', '--name', this.name, '--user', `${about.uid}:${about.gid}`, '--memory', '1g'],
      ...about.mounts.flatMap(path => ['--volume', `${path}:${path}:ro`]),
      ...['--env', `HOME=${home}`, '--volume', `${this.volume}:${home}`],
      ...['--env', `PYTHONPATH=${process.cwd()}`, '--env', 'JUPYTER_RUNTIME_DIR=/tmp/runtime'],
      ...[
        about.image,
        `${about.prefix}/bin/jupyter-server`,
        '--ip=0.0.0.0',
        `--port=${PORT}`,
        '--no-browser'
      ],
      ...[`--IdentityProvider.token=${TOKEN}`, `--ServerApp.root_dir=${home}`],
      "--ServerApp.jpserver_extensions={'labkeeper': True}"
    );
    this.folder = await docker('volume', 'inspect', '--format', '{{.Mountpoint}}', this.volume);
    const address = await docker('inspect', '--format', '{{.NetworkSettings.IPAddress}}', this.name);
    const server = { url: `http://${address}:${PORT}`, token: TOKEN };
    const patience = new Patience(UP_MS);
    while (!(await isUp(server))) {
      if (patience.isOver) throw new Error(`no answer: ${await docker('logs', this.name)}`);
      await sleep(100);
    }
    return server;
  }

  /** By turns with Docker's own grace, as DockerSpawner stops, and with 1 s. */
  async stop(round: number): Promise<void> {
    const { docker } = this.engine;
    await docker('stop', ...(round % 2 === 0 ? ['--time', '1'] : []), this.name);
    await docker('rm', '--force', this.name);
  }

  async end(): Promise<void> {
    const { docker } = this.engine;
    await docker('rm', '--force', this.name);
    await docker('volume', 'rm', '--force', this.volume);
  }

  private name = '';
  private serial = 0;
}

/** Jupyter_server answers, and the companion runs. */
async function isUp({ url, token }: { url: string; token: string }): Promise<boolean> {
  try {
    return (await fetch(`${url}/labkeeper/health?token=${token}`)).ok;
  } catch {
    // It does not listen yet.
    return false;
  }
}
