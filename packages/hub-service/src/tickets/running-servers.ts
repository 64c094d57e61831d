import type { Logger } from 'pino';
import { reasonOf } from '../failure.js';
import {
  HubRoleError,
  serverKey,
  type IRunning,
  type IRunningServersApi
} from '../hub-api/running-servers-api.js';
import type { ITicketHolder } from './ticket.js';

export interface IRunningServersOptions {
  readonly api: IRunningServersApi;
  readonly log: Pick<Logger, 'warn' | 'info'>;
  /** Epoch ms. */
  readonly nowMs: () => number;
  /** Milliseconds that only grow. */
  readonly monotonicMs: () => number;
}

/**
 * From one reading to the next, in ms. With the reading itself it stays below the 30 s in which a refusal must come. Where
 * JupyterHub has no labkeeper.hub, or an older one, ten thousand running servers take 3 to 7 s of its one thread (measured on
 * 5.5.4 and 6.1.1).
 */
export const READ_EVERY_MS = 24_000;
/** After a reading that failed, in ms. */
const AGAIN_MS = 5000;
/** JupyterHub, which has one thread, spends at most a fifth of its time on this: where a reading is slow, they are seldom. */
const SHARE = 5;
/** The list's word about a token counts until the next one is there, and a little longer, in ms. */
const WORD_MS = READ_EVERY_MS + 5000;
/** By so much the clocks of replicas may differ, in ms. */
const SKEW_MS = 5000;

/** What of a ticket's holder can be looked up in a list. */
type ListedHolder = Pick<ITicketHolder, 'user' | 'server' | 'listed' | 'mintedAtMs'>;

/** How reading goes. */
export interface IReadingState {
  /** When the last reading that came to its end began, epoch ms; null = none did. */
  readonly readAtMs: number | null;
  /** Why the last try failed; null = it did not. */
  readonly trouble: string | null;
  /** JupyterHub does not let the service read: trying again does not help. */
  readonly isRefused: boolean;
}

/**
 * Which servers run, and which tokens are good, read from JupyterHub in bulk. A ticket of a server or token that was not there
 * when the reading began is no longer honoured; a server that runs all the same, because the list changed between two of its pages, asks for another
 * ticket and has it at once.
 */
export class RunningServers {
  constructor(private readonly options: IRunningServersOptions) {}

  start(): void {
    this.turn();
  }

  close(): void {
    this.isClosed = true;
    clearTimeout(this.timer);
  }

  /** Knows what another knew, until it has read itself: the same hub is asked in another way from now on. */
  goOnFrom(old: RunningServers): void {
    this.last = old.last;
    this.before = old.before;
  }

  get state(): IReadingState {
    return { readAtMs: this.last?.beganAtMs ?? null, trouble: this.trouble, isRefused: this.isRefused };
  }

  /** Whether a ticket's server ended, its user went, or its token was revoked since the ticket was given. */
  isGone({ user, server, listed, mintedAtMs }: ListedHolder): boolean {
    const { last, before } = this;
    if (last === null) {
      return false;
    }
    if (listed !== null && last.tokens?.has(listed) === false && mintedAtMs + SKEW_MS <= last.beganAtMs) {
      return true;
    }
    const key = serverKey(user, server);
    if (last.servers.has(key)) {
      return false;
    }
    // One that was there before has ended, so a ticket that it got shortly before the reading is none of a later start.
    return mintedAtMs + SKEW_MS <= last.beganAtMs || (before.has(key) && mintedAtMs < last.beganAtMs);
  }

  /** Whether JupyterHub lists tokens too. */
  get listsTokens(): boolean {
    return this.last !== null && this.last.tokens !== null;
  }

  /** Whether JupyterHub said lately that a ticket's token is good. */
  saysGood({ listed }: Pick<ListedHolder, 'listed'>): boolean {
    const { last } = this;
    // Its absolute value: where the clock was set back, what is known is of no known age.
    const isFresh = last !== null && Math.abs(this.options.nowMs() - last.beganAtMs) < WORD_MS;
    return isFresh && listed !== null && last.tokens?.has(listed) === true;
  }

  /**
   * Whether a server may have a ticket: some spawners leave a token good when its server has stopped. Asks only about those
   * that were not there at the last reading.
   *
   * @throws HubUnavailableError
   */
  async runs(user: string, server: string): Promise<boolean> {
    if (this.last === null || this.last.servers.has(serverKey(user, server))) {
      return true;
    }
    try {
      return await this.options.api.has(user, server);
    } catch (error) {
      if (error instanceof HubRoleError) {
        return true;
      }
      throw error;
    }
  }

  private turn(): void {
    const beganMs = this.options.monotonicMs();
    void this.read().then(isRead => {
      const tookMs = this.options.monotonicMs() - beganMs;
      const periodMs = isRead ? Math.max(READ_EVERY_MS, tookMs * SHARE) : tookMs + AGAIN_MS;
      if (!this.isClosed) {
        this.timer = setTimeout(() => this.turn(), periodMs - tookMs).unref();
      }
    });
  }

  private async read(): Promise<boolean> {
    const { api, log, nowMs } = this.options;
    const beganAtMs = nowMs();
    try {
      const running = await api.all();
      this.before = this.last?.servers ?? running.servers;
      this.last = { beganAtMs, ...running };
      if (this.trouble !== null) {
        log.info('JupyterHub says again which servers run.');
      }
      this.trouble = null;
      return true;
    } catch (error) {
      // What was read last still counts: no ticket lives longer for it than it would anyway.
      const trouble = reasonOf(error);
      this.isRefused = error instanceof HubRoleError;
      if (trouble !== this.trouble) {
        log.warn({ reason: trouble }, 'Which servers run cannot be read.');
      }
      this.trouble = trouble;
      return false;
    }
  }

  private last: (IRunning & { readonly beganAtMs: number }) | null = null;
  /** What the reading before said. */
  private before: ReadonlySet<string> = new Set();
  private trouble: string | null = null;
  private isRefused = false;
  private timer: NodeJS.Timeout | undefined;
  private isClosed = false;
}
