// The hub service as it is built, to be killed and started again on the same port with what it left.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

const PROGRAM = fileURLToPath(new URL('../../labkeeper/node/hub-service.mjs', import.meta.url));
const PREFIX = '/services/labkeeper/';
/** A database that recovers from a crash lets it wait. */
const START_MS = 90_000;
const AGAIN_MS = 200;

export interface IKillableOptions {
  readonly state: string;
  readonly port: number;
  /** Of the stand-in for JupyterHub. */
  readonly hubPort: number;
  /** null = SQLite in the state folder. */
  readonly database: string | null;
  /** A module that breaks it on purpose; null = none. */
  readonly sabotage: string | null;
}

/** Runs as one process at a time. */
export class KillableService {
  constructor(options: IKillableOptions) {
    this.options = options;
    this.url = `http://127.0.0.1:${options.port}${PREFIX}`;
  }

  /** Of its routes, with a slash at its end. */
  readonly url: string;

  /** Resolves when it listens. As a supervisor does, it is started again where the database is not there yet. */
  async start(): Promise<void> {
    const deadline = Date.now() + START_MS;
    for (;;) {
      const said = await this.tryToStart();
      if (said === null) return;
      if (Date.now() > deadline) throw new Error(`the service does not start: ${said}`);
      await new Promise(resolve => setTimeout(resolve, AGAIN_MS));
    }
  }

  /** What it said before it ended by itself, which it never should; null = it did not. */
  ended: string | null = null;

  /** The process, for whoever kills it in the middle of its start. */
  get isRunning(): boolean {
    return this.child !== null && this.child.exitCode === null && this.child.signalCode === null;
  }

  async kill(signal: 'SIGKILL' | 'SIGTERM'): Promise<void> {
    const { child } = this;
    if (!child || !this.isRunning) return;
    const closed = once(child, 'close');
    this.isKilled = true;
    child.kill(signal);
    await closed;
  }

  /** @returns what it said, where it ended; null = it listens. */
  private tryToStart(): Promise<string | null> {
    const { state, port, hubPort, database, sabotage } = this.options;
    const words = sabotage === null ? [PROGRAM] : ['--import', sabotage, PROGRAM];
    const child = spawn(process.execPath, words, {
      env: {
        JUPYTERHUB_API_TOKEN: 'service-token',
        JUPYTERHUB_API_URL: `http://127.0.0.1:${hubPort}/hub/api`,
        JUPYTERHUB_SERVICE_PREFIX: PREFIX,
        JUPYTERHUB_SERVICE_URL: `http://127.0.0.1:${port}`,
        LABKEEPER_STATE: state,
        ...(database === null ? {} : { LABKEEPER_DATABASE: database })
      },
      stdio: ['ignore', 'pipe', 'inherit']
    });
    this.child = child;
    this.isKilled = false;
    let said = '';
    let isListening = false;
    return new Promise(resolve => {
      child.stdout.setEncoding('utf8').on('data', text => {
        said = (said + String(text)).slice(-4000);
        if (said.includes('Labkeeper listens.')) {
          isListening = true;
          resolve(null);
        }
      });
      child.once('close', () => {
        if (isListening && !this.isKilled) this.ended ??= said;
        resolve(said);
      });
    });
  }

  private child: ChildProcess | null = null;
  private isKilled = false;
  private readonly options: IKillableOptions;
}
