import type { IServerRunsApi } from '../hub-api/server-runs-api.js';
import type { Hubs } from '../hubs/hubs.js';
import type { ServerRuns } from './server-runs.js';

/** Where servers run, read from each hub that is trusted now and says it. */
export class RunsByHub {
  /** @param make - reads from one hub. */
  constructor(
    private readonly hubs: Pick<Hubs, 'all' | 'onChange'>,
    private readonly make: (hub: string, api: IServerRunsApi) => ServerRuns
  ) {
    this.follow();
    hubs.onChange(() => this.follow());
  }

  /** undefined = that hub does not say it, or is not trusted. */
  get(hub: string): ServerRuns | undefined {
    return this.runs.get(hub)?.runs;
  }

  start(): void {
    this.isStarted = true;
    this.runs.forEach(({ runs }) => runs.start());
  }

  close(): void {
    this.isStarted = false;
    this.runs.forEach(({ runs }) => runs.close());
  }

  private follow(): void {
    const before = this.runs;
    this.runs = new Map(
      this.hubs.all.flatMap(({ id, serverRuns: api }) => {
        const old = before.get(id);
        return api ? [[id, old?.api === api ? old : { api, runs: this.make(id, api) }] as const] : [];
      })
    );
    for (const [id, old] of before) {
      if (this.runs.get(id) !== old) {
        old.runs.close();
      }
    }
    for (const [id, made] of this.isStarted ? this.runs : []) {
      if (before.get(id) !== made) {
        made.runs.start();
      }
    }
  }

  private runs: ReadonlyMap<string, { readonly api: IServerRunsApi; readonly runs: ServerRuns }> = new Map();
  private isStarted = false;
}
