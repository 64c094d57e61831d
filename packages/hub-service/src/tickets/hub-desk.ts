import type { IHubSettings } from '../hubs/hub-entry.js';
import { HubUnavailableError, type IHubApi } from '../hub-api/hub-api.js';
import { tokenKey } from '../hub-api/running-servers-api.js';
import { TokenBuckets } from '../ingest/token-buckets.js';
import { Refusal } from '../refusal.js';
import { KnownTokens } from './known-tokens.js';
import type { RunningServers } from './running-servers.js';
import { serverOf } from './server-identity.js';
import { placeDigits, tokenDigits, type IMintedTicket, type ITicketHolder, type Tickets } from './ticket.js';
import type { TokenChecks } from './token-checks.js';

/** What is asked of one hub for tickets. */
export interface ITicketHub {
  /** Its name in records, identities and keys. */
  readonly id: string;
  readonly hubApi: IHubApi;
  readonly checks: TokenChecks;
  /** null = which servers run is not known here. */
  readonly running: RunningServers | null;
  /** What the file of hubs says of it; absent = it is the first one. */
  readonly settings?: Pick<IHubSettings, 'apiUrl'>;
}

export interface IHubDeskOptions extends ITicketHub {
  readonly tickets: Tickets;
  readonly monotonicMs: () => number;
}

/** Whose token JupyterHub knew before waits with others like it: made-up tokens must not keep servers out that run. */
type Lane = 'known' | 'new';

/** Looks at JupyterHub that are under way in a lane, at most: it has one thread. */
const LOOKS_AT_ONCE = 32;
/** All tokens of a lane: 10 000 companions are back within a minute, and JupyterHub is spared what goes beyond. */
const ALL = { perSecond: 200, burst: 400 };
/** One token: a ticket is good for ten minutes. */
const EACH = { perSecond: 0.2, burst: 5 };
const LATER_MS = 5000;

/** The tickets of one hub's servers. What keeps one hub busy makes no other's servers wait. */
export class HubDesk {
  constructor(private readonly options: IHubDeskOptions) {
    const { monotonicMs } = options;
    this.all = new TokenBuckets({ ...ALL, monotonicMs });
    this.each = new TokenBuckets({ ...EACH, monotonicMs });
    const { settings } = options;
    this.place = settings === undefined ? null : placeDigits(settings.apiUrl);
  }

  /** @param authorization - the header as it came. @throws Refusal */
  async exchange(authorization: string | undefined): Promise<IMintedTicket> {
    const token = /^(?:token|bearer) ([\x21-\x7e]{8,128})$/i.exec(authorization ?? '')?.[1];
    if (token === undefined) {
      throw new Refusal(401, 'token', 'Send the token that JupyterHub gave to this server.');
    }
    const digits = tokenDigits(token);
    const lane: Lane = this.known.has(digits) ? 'known' : 'new';
    const waitMs = this.each.take(digits, 1) || this.all.take(lane, 1);
    if (waitMs > 0) {
      throw new Refusal(429, 'too-much', 'Tickets were asked for too often.', waitMs);
    }
    const { id: hub, tickets, hubApi, running, checks } = this.options;
    checks.lookedForTicket();
    const user = await this.ask(lane, () => hubApi.whoIs(token));
    this.known.learn(digits, user !== null);
    if (user === null) {
      throw new Refusal(401, 'token', 'JupyterHub does not know this token.');
    }
    const server = serverOf(user);
    if (server === null) {
      throw new Refusal(
        403,
        'not-a-server',
        'This is not the token of a server, given by JupyterHub to that server.'
      );
    }
    if (running !== null && !(await this.ask(lane, () => running.runs(user.name, server)))) {
      throw new Refusal(403, 'not-a-server', 'JupyterHub says that this server does not run.');
    }
    const speaker = { hub, user: user.name, server, groups: user.groups };
    const { token_id: tokenId } = user;
    const isListed = tokenId !== null && running?.listsTokens === true;
    const listed = isListed ? tokenKey(user.name, tokenId, token) : null;
    return tickets.mint(speaker, token, { listed, place: this.place });
  }

  /** Whether a ticket's server, user or token is known to be gone. Does not ask. */
  isOver(holder: ITicketHolder): boolean {
    const { running, checks } = this.options;
    // What is at another address is perhaps another hub: it must not be sent the tokens of this one's servers.
    return holder.place !== this.place || running?.isGone(holder) === true || checks.isRevoked(holder);
  }

  /** Whether a ticket's token is still good, after JupyterHub was asked where its last word is too old. */
  isGood(holder: ITicketHolder): Promise<boolean> {
    const { tickets, checks, running } = this.options;
    if (running?.saysGood(holder) === true && !checks.isRevoked(holder)) {
      return Promise.resolve(true);
    }
    return checks.isGood(holder, () => tickets.tokenOf(holder));
  }

  /** @throws Refusal */
  private async ask<T>(lane: Lane, question: () => Promise<T>): Promise<T> {
    if (this.looks[lane] >= LOOKS_AT_ONCE) {
      throw new Refusal(503, 'unavailable', 'JupyterHub is being asked for many servers at once.', LATER_MS);
    }
    this.looks[lane] += 1;
    try {
      return await question();
    } catch (error) {
      if (error instanceof HubUnavailableError) {
        throw new Refusal(
          503,
          'unavailable',
          'JupyterHub does not say now whose token this is.',
          LATER_MS,
          error
        );
      }
      throw error;
    } finally {
      this.looks[lane] -= 1;
    }
  }

  /** Stands for its address in tickets; null = it is the first hub, whose address is the service's own. */
  private readonly place: string | null;
  private readonly all: TokenBuckets;
  private readonly each: TokenBuckets;
  private readonly known = new KnownTokens();
  private readonly looks = { known: 0, new: 0 };
}
