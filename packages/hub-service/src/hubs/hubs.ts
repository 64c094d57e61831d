import type { Logger } from 'pino';
import type { IAccessApi } from '../hub-api/access-api.js';
import type { IHubApi } from '../hub-api/hub-api.js';
import type { IRunningServersApi } from '../hub-api/running-servers-api.js';
import type { IServerRunsApi } from '../hub-api/server-runs-api.js';
import { RunningServers } from '../tickets/running-servers.js';
import { TokenChecks } from '../tickets/token-checks.js';
import type { IHubSettings, IHubTrouble } from './hub-entry.js';
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
  /** What the file of hubs says of it; absent = it is the first one. */
  readonly settings?: IHubSettings;
}

/** What the service knows of one hub: its own links, lists, and words about tokens. No hub's is another's. */
export interface IHub extends IHubLinks {
  /** As it was told. */
  readonly links: IHubLinks;
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

/** What is wrong with the file of hubs, and what became of it. */
interface IWrong {
  readonly troubles: readonly IHubTrouble[];
  /** Whether the hubs before it stay; else those with a mistake are left out. */
  readonly isKept: boolean;
}

const MEND = 'Mend the file; it is read again by itself.';

/** The hubs that this service trusts now, by their ids. Who keeps something of one looks it up again, or listens. */
export class Hubs {
  constructor(private readonly options: IHubsOptions) {
    this.first = this.known(options.first, null);
    this.wrong = { troubles: options.troubles, isKept: false };
    this.others = new Map(options.further.map(links => [links.id, this.known(links, null)]));
  }

  readonly first: IHub;

  get further(): readonly IHub[] {
    return [...this.others.values()];
  }

  get all(): readonly IHub[] {
    return [this.first, ...this.further];
  }

  /** undefined = it is not trusted, or no longer. */
  get(id: string): IHub | undefined {
    return id === this.first.id ? this.first : this.others.get(id);
  }

  /** Calls back whenever other hubs are trusted. */
  onChange(changed: () => void): void {
    this.listeners.push(changed);
  }

  /** Trusts these beside the first from now on, and no others. One with the same links goes on as it is. */
  use(further: readonly IHubLinks[]): void {
    const before = this.others;
    this.others = new Map(
      further.map(links => {
        const old = before.get(links.id) ?? null;
        return [links.id, old?.links === links ? old : this.known(links, old)] as const;
      })
    );
    this.others.forEach((_hub, id) => this.gone.delete(id));
    for (const hub of before.values()) {
      if (this.others.get(hub.id) !== hub) {
        hub.running?.close();
      }
      if (!this.others.has(hub.id)) {
        this.gone.set(hub.id, hub);
      }
    }
    if (this.isStarted) {
      this.further.forEach(hub => before.get(hub.id) !== hub && hub.running?.start());
    }
    this.listeners.forEach(changed => changed());
  }

  /** The file has mistakes, so that what was said before it stays; none = it is right. */
  keepDespite(troubles: readonly IHubTrouble[]): void {
    this.wrong = { troubles, isKept: true };
  }

  /** What is wrong with the file, as it was told last. */
  get troubles(): readonly IHubTrouble[] {
    return this.wrong.troubles;
  }

  /** How it stands with each, the first one first; then what the file does not say rightly. */
  states(): readonly IHubState[] {
    const { nowMs } = this.options;
    const { troubles, isKept } = this.wrong;
    const todo = isKept
      ? `The hubs that were trusted before stay as they are. ${MEND}`
      : `This hub is left out; the others go on. ${MEND}`;
    return [
      ...this.all.map(({ id, running }) => hubState(id, running?.state ?? null, nowMs())),
      ...troubles.map(({ id, sentence }): IHubState => ({
        ...{ id, kind: 'misconfigured', heardAtMs: null, isOfFile: true },
        trouble: { sentence, todo }
      }))
    ];
  }

  /** Begins to read which servers run, of each hub by itself. */
  start(): void {
    this.isStarted = true;
    this.all.forEach(({ running }) => running?.start());
  }

  close(): void {
    this.isStarted = false;
    this.all.forEach(({ running }) => running?.close());
  }

  /**
   * @param old - what is called so until now. At the same address it is the same hub, and what it said of tokens and servers
   * counts until it says otherwise; what it said of tokens also when it was taken out in between.
   */
  private known(links: IHubLinks, old: IHub | null): IHub {
    const { log, nowMs, monotonicMs } = this.options;
    const { hubApi, runningServers: api } = links;
    const checks = new TokenChecks({ hubApi, nowMs, monotonicMs });
    const running = api && new RunningServers({ api, log: this.logOf(links.id, log), nowMs, monotonicMs });
    const same = (hub: IHub | null | undefined): IHub | null =>
      hub && hub.links.settings?.apiUrl === links.settings?.apiUrl ? hub : null;
    const [now, once] = [same(old), same(old ?? this.gone.get(links.id))];
    if (once) {
      checks.goOnFrom(once.checks);
    }
    if (now?.running) {
      running?.goOnFrom(now.running);
    }
    return { ...links, links, checks, running };
  }

  /** Lines say of which hub they are, where there are several. */
  private logOf(hub: string, log: Logger): Logger {
    const { first, further } = this.options;
    return hub === first.id && further.length === 0 ? log : log.child({ hub });
  }

  private others: ReadonlyMap<string, IHub>;
  /** Those that were taken out. */
  private readonly gone = new Map<string, IHub>();
  private wrong: IWrong;
  private isStarted = false;
  private readonly listeners: (() => void)[] = [];
}
