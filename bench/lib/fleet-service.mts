// The hub service as it is built, on a PostgreSQL database of its own, that can be ended and started again.
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { cpuMs, statusBytes } from './cpu.mts';
import { SERVICE_COMMAND, SERVICE_MEMORY } from './service-command.mts';

const POSTGRES = process.env['LABKEEPER_TEST_POSTGRES'] ?? 'postgres://postgres@127.0.0.1:5432';
export const PREFIX = '/services/labkeeper/';

export interface IFleetServiceOptions {
  /** JupyterHub's REST API. */
  readonly hubApiUrl: string;
  readonly token: string;
  readonly port: number;
}

/** One replica. */
export class FleetService {
  constructor(options: IFleetServiceOptions) {
    this.options = options;
    this.folder = mkdtempSync(join(tmpdir(), 'labkeeper-fleet-'));
    this.policyFile = join(this.folder, 'labkeeper.toml');
    writeFileSync(this.policyFile, '');
    psql(`create database ${this.database}`);
  }

  readonly policyFile: string;

  /** Starts it; it listens when this resolves. */
  async start(): Promise<void> {
    const { hubApiUrl, token, port } = this.options;
    const child = spawn(process.execPath, SERVICE_COMMAND, {
      env: {
        ...SERVICE_MEMORY,
        JUPYTERHUB_API_TOKEN: token,
        JUPYTERHUB_API_URL: hubApiUrl,
        JUPYTERHUB_SERVICE_PREFIX: PREFIX,
        JUPYTERHUB_SERVICE_URL: `http://0.0.0.0:${port}`,
        LABKEEPER_STATE: join(this.folder, 'state'),
        LABKEEPER_POLICY: this.policyFile,
        LABKEEPER_DATABASE: `${POSTGRES}/${this.database}`
      },
      stdio: ['ignore', 'pipe', 'inherit']
    });
    this.child = child;
    this.said = '';
    await new Promise<void>((resolve, reject) => {
      child.stdout.setEncoding('utf8').on('data', text => {
        // Its warnings are what one wants to see; that it listens is not.
        this.said = `${this.said}${text}`.slice(-20_000);
        if (this.said.includes('Labkeeper listens.')) resolve();
      });
      child.once('exit', () => reject(new Error(`the service ended: ${this.said}`)));
    });
  }

  /** Ends it, as its user or the kernel would. */
  async kill(signal: 'SIGTERM' | 'SIGKILL'): Promise<void> {
    const ended = once(this.running, 'exit');
    this.running.kill(signal);
    await ended;
  }

  /** The last lines of its log. */
  get log(): string {
    return this.said;
  }

  cpuMs(): number {
    return cpuMs(this.pid);
  }

  rssBytes(): number {
    return statusBytes(this.pid, 'VmRSS');
  }

  /** A number of its metrics. */
  async metric(name: string): Promise<number> {
    const answer = await fetch(`http://127.0.0.1:${this.options.port}${PREFIX}metrics`);
    const match = new RegExp(`^${name} (\\S+)$`, 'm').exec(await answer.text());
    return Number(match?.[1] ?? Number.NaN);
  }

  async remove(): Promise<void> {
    if (this.child && this.child.exitCode === null && this.child.signalCode === null)
      await this.kill('SIGTERM');
    psql(`drop database ${this.database} with (force)`);
    rmSync(this.folder, { recursive: true, force: true });
  }

  private get running(): ChildProcess {
    if (!this.child) throw new Error('the service was not started');
    return this.child;
  }

  private get pid(): number {
    return this.running.pid ?? 0;
  }

  private readonly options: IFleetServiceOptions;
  private readonly folder: string;
  private readonly database = `labkeeper_fleet_${process.pid}`;
  private child: ChildProcess | null = null;
  private said = '';
}

function psql(statement: string): void {
  execFileSync('psql', ['--quiet', `${POSTGRES}/postgres`, '--command', statement]);
}
