import type { Logger } from 'pino';
import { reasonOf } from '../failure.js';
import { serverKey } from '../hub-api/running-servers-api.js';
import type { IServerRunsApi } from '../hub-api/server-runs-api.js';
import type { IServerRun } from '../store/server-events.js';

/** From one reading to the next, ms. */
const READ_EVERY_MS = 60_000;
/** Readings that somebody waits for are no closer together, ms: JupyterHub has one thread. */
const APART_MS = 5000;
/** Boots that are remembered, at most. */
const BOOTS = 50_000;

/** Where servers run, as JupyterHub's spawners say: read from time to time, and when a companion comes that is new here. */
export class ServerRuns {
  constructor(
    private readonly options: {
      readonly api: IServerRunsApi;
      readonly log: Pick<Logger, 'warn'>;
      /** Told of each reading, runs by `serverKey`. It must not throw. */
      readonly told?: (runs: ReadonlyMap<string, IServerRun>) => void;
      /** Milliseconds that only grow. */
      readonly monotonicMs: () => number;
    }
  ) {}

  start(): void {
    this.timer = setInterval(() => void this.read(), READ_EVERY_MS);
    this.timer.unref();
    void this.read();
  }

  close(): void {
    clearInterval(this.timer);
  }

  /** The run of a server that speaks now. Never throws: where a server runs must not keep its events out. */
  async of(user: string, server: string, boot: string): Promise<readonly IServerRun[]> {
    const isNew = !this.boots.has(boot);
    if (isNew) {
      if (this.boots.size >= BOOTS) {
        this.boots.clear();
      }
      this.boots.add(boot);
    }
    if ((isNew || !this.runs.has(serverKey(user, server))) && this.readMs + APART_MS < this.now()) {
      await this.read();
    }
    const run = this.runs.get(serverKey(user, server));
    return run ? [run] : [];
  }

  private read(): Promise<void> {
    this.reading ??= this.tryRead().finally(() => (this.reading = null));
    return this.reading;
  }

  private async tryRead(): Promise<void> {
    const beganMs = this.now();
    try {
      this.runs = (await this.options.api.all()) ?? new Map();
      this.options.told?.(this.runs);
      this.told = false;
    } catch (error) {
      if (!this.told) {
        this.told = true;
        this.options.log.warn({ reason: reasonOf(error) }, 'Where servers run cannot be read.');
      }
    }
    this.readMs = beganMs;
  }

  private now(): number {
    return this.options.monotonicMs();
  }

  private runs: ReadonlyMap<string, IServerRun> = new Map();
  private readonly boots = new Set<string>();
  private readMs = -Infinity;
  private reading: Promise<void> | null = null;
  private told = false;
  private timer: NodeJS.Timeout | undefined;
}
