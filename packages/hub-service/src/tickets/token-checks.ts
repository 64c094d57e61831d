import { HubUnavailableError, type IHubApi } from '../hub-api/hub-api.js';
import { TokenBuckets } from '../ingest/token-buckets.js';
import { serverOf } from './server-identity.js';
import type { ITicketHolder } from './ticket.js';

export interface ITokenChecksOptions {
  readonly hubApi: IHubApi;
  /** Epoch ms. */
  readonly nowMs: () => number;
  readonly monotonicMs: () => number;
}

/** JupyterHub's word about a token counts for so long, in ms. */
export const WORD_MS = 20_000;
/**
 * Looks at JupyterHub a second, those for tickets among them: at 3.3 ms each (measured on 6.1.1) some 7 % of its one thread.
 * Ten thousand servers need nearly all of that for their tickets. Requests beyond it go by the ticket and the list of
 * running servers alone.
 */
export const CHECKS = { perSecond: 20, burst: 40 };
/** So many looks for tickets, beyond what is allowed, keep checks waiting: after a start of thousands, 2 s. */
const MOST_OWED = 40;
/** Looks that are under way, at most: more requests do not wait for a slow hub. */
const AT_ONCE = 8;
/** After JupyterHub did not answer it is left alone for so long, in ms. */
const PAUSE_MS = 5000;
/** Tokens that are remembered, at most. */
const REMEMBERED = 50_000;

/**
 * Asks JupyterHub about the token of a ticket that is used, where its last word is too old: what a user revokes while her
 * server runs stands in no list. While JupyterHub does not answer, tickets are good until they end: records must not be
 * lost for its sake.
 */
export class TokenChecks {
  constructor(private readonly options: ITokenChecksOptions) {
    this.budget = new TokenBuckets({ ...CHECKS, monotonicMs: options.monotonicMs });
  }

  /** Knows what another knew: the same hub is asked in another way from now on, and revives no token. */
  goOnFrom(old: TokenChecks): void {
    old.dead.forEach((atMs, token) => remember(this.dead, token, atMs));
  }

  /** Whether JupyterHub has said since the ticket was given that its token is no longer good. Does not ask. */
  isRevoked({ token, mintedAtMs }: ITicketHolder): boolean {
    return (this.dead.get(token) ?? -Infinity) > mintedAtMs;
  }

  /** JupyterHub was asked for a ticket. */
  lookedForTicket(): void {
    this.budget.spend('', 1, MOST_OWED);
  }

  /** Whether a ticket's token is still good, as far as can be known now. @param hubToken - gives the token itself. */
  async isGood(holder: ITicketHolder, hubToken: () => string): Promise<boolean> {
    if (this.isRevoked(holder)) {
      return false;
    }
    const { nowMs, monotonicMs } = this.options;
    const wordAtMs = Math.max(holder.mintedAtMs, this.good.get(holder.token) ?? -Infinity);
    // Its absolute value: where the clock was set back, what is known is of no known age.
    if (Math.abs(nowMs() - wordAtMs) < WORD_MS) {
      return true;
    }
    const running = this.running.get(holder.token);
    if (running) {
      return running;
    }
    if (monotonicMs() < this.notBeforeMs || this.running.size >= AT_ONCE || this.budget.take('', 1) > 0) {
      return true;
    }
    const asking = this.ask(holder, hubToken()).finally(() => this.running.delete(holder.token));
    this.running.set(holder.token, asking);
    return asking;
  }

  private async ask(holder: ITicketHolder, hubToken: string): Promise<boolean> {
    const { hubApi, nowMs, monotonicMs } = this.options;
    const atMs = nowMs();
    try {
      const user = await hubApi.whoIs(hubToken);
      const isGood = user !== null && user.name === holder.user && serverOf(user) === holder.server;
      remember(isGood ? this.good : this.dead, holder.token, atMs);
      return isGood;
    } catch (error) {
      if (error instanceof HubUnavailableError) {
        this.notBeforeMs = monotonicMs() + PAUSE_MS;
        return true;
      }
      throw error;
    }
  }

  private readonly budget: TokenBuckets;
  private readonly running = new Map<string, Promise<boolean>>();
  /** When JupyterHub last said so, epoch ms, by the digits of a token. */
  private readonly good = new Map<string, number>();
  private readonly dead = new Map<string, number>();
  private notBeforeMs = -Infinity;
}

/** The oldest goes. */
function remember(memory: Map<string, number>, token: string, atMs: number): void {
  memory.delete(token);
  memory.set(token, atMs);
  const [oldest] = memory.keys();
  if (memory.size > REMEMBERED && oldest !== undefined) {
    memory.delete(oldest);
  }
}
