import type { Logger } from 'pino';
import type { IAccessApi } from '../hub-api/access-api.js';
import type { IHubApi } from '../hub-api/hub-api.js';
import type { IRunningServersApi } from '../hub-api/running-servers-api.js';
import type { IServerRunsApi } from '../hub-api/server-runs-api.js';
import { RunningServers } from '../tickets/running-servers.js';
import { TokenChecks } from '../tickets/token-checks.js';
import type { IHubTrouble } from './hub-entry.js';
import { hubState, type IHubState } from './hub-state.js';

/** How one hub is asked. */
export interface IHubLinks {
  /** Its name in records, identities and keys. */
  readonly id: string;
  readonly hubApi: IHubApi;
  /** null = which servers run is not read; it is asked about tokens alone. */
  readonly runningServers: IRunningServersApi | null;
  /** null = where servers run is not read. */
  readonly serverRuns: IServerRunsApi | null;
  /** null = nothing can be ended there. */
  readonly accessApi: IAccessApi | null;
}

/** What the service knows of one hub: its own links, lists, and words about tokens. No hub's is another's. */
export interface IHub extends IHubLinks {
  readonly checks: TokenChecks;
  readonly running: RunningServers | null;
}

/** The hub of the environment, and those of the file. */
export interface IHubsOptions {
  readonly first: IHubLinks;
  readonly further: readonly IHubLinks[];
  /** What is wrong with the file. */
  readonly troubles: readonly IHubTrouble[];
  readonly log: Logger;
  /** Epoch ms. */
  readonly nowMs: () => number;
  /** Milliseconds that only grow. */
  readonly monotonicMs: () => number;
}

/** The hubs that this service trusts, by their ids. */
export class Hubs {
  constructor(private readonly options: IHubsOptions) {
    this.first = this.known(options.first);
    this.further = options.further.map(links => this.known(links));
    this.byId = new Map(this.all.map(hub => [hub.id, hub]));
  }

  readonly first: IHub;
  readonly further: readonly IHub[];

  get all(): readonly IHub[] {
    return [this.first, ...this.further];
  }

  get(id: string): IHub | undefined {
    return this.byId.get(id);
  }

  /** How it stands with each, the first one first; then what the file does not say rightly. */
  states(): readonly IHubState[] {
    const { troubles, nowMs } = this.options;
    return [
      ...this.all.map(({ id, running }) => hubState(id, running?.state ?? null, nowMs())),
      ...troubles.map(({ id, sentence }): IHubState => ({
        ...{ id, kind: 'misconfigured', heardAtMs: null },
        trouble: {
          sentence,
          todo: 'This hub is left out; the others go on. Mend the file and start the service anew.'
        }
      }))
    ];
  }

  /** Begins to read which servers run, of each hub by itself. */
  start(): void {
    this.all.forEach(({ running }) => running?.start());
  }

  close(): void {
    this.all.forEach(({ running }) => running?.close());
  }

  private known(links: IHubLinks): IHub {
    const { log, nowMs, monotonicMs } = this.options;
    const { hubApi, runningServers: api } = links;
    return {
      ...links,
      checks: new TokenChecks({ hubApi, nowMs, monotonicMs }),
      running: api && new RunningServers({ api, log: this.logOf(links.id, log), nowMs, monotonicMs })
    };
  }

  /** Lines say of which hub they are, where there are several. */
  private logOf(hub: string, log: Logger): Logger {
    return this.options.further.length === 0 ? log : log.child({ hub });
  }

  private readonly byId: ReadonlyMap<string, IHub>;
}
