import { HubUnavailableError, type IHubApi } from '../hub-api/hub-api.js';
import { TokenBuckets } from '../ingest/token-buckets.js';
import { mayEnter } from './audit-right.js';
import type { IHubPerson } from './hub-identity.js';
import { fingerprint } from './secrets.js';

export interface ITokenAccessOptions {
  /** How the service calls this hub. */
  readonly hub: string;
  readonly hubApi: IHubApi;
  /** What JupyterHub calls the service. */
  readonly serviceName: string;
  /** Milliseconds that only grow. */
  readonly monotonicMs: () => number;
}

/** Why a token lets nobody in: its message is a sentence for who sent it. */
export class TokenRefused extends Error {
  override readonly name = 'TokenRefused';

  constructor(
    readonly status: 401 | 403 | 429 | 503,
    message: string,
    /** null = trying again does not help. */
    readonly retryAfterMs: number | null = null
  ) {
    super(message);
  }
}

/** JupyterHub's word about a token counts for so long where something is only read, in ms. */
const TRUST_MS = 30_000;
/** One token. */
const EACH = { perSecond: 10, burst: 50 };
/** Looks at JupyterHub for all tokens together: it has one thread, and anybody may send made-up ones. */
const LOOKS = { perSecond: 10, burst: 40 };
/** Looks that are under way, at most. */
const AT_ONCE = 8;
const LATER_MS = 5000;
/** Tokens that are remembered, at most. */
const REMEMBERED = 1000;
/** A token that JupyterHub gave to a server lies in a container, where guests and every program read it. */
const SERVER_SCOPE = 'access:servers!server=';

/** Knows who comes with a token of JupyterHub from a terminal of her own, as `labkeeper log` and its likes do. */
export class TokenAccess {
  constructor(private readonly options: ITokenAccessOptions) {
    const { monotonicMs } = options;
    this.each = new TokenBuckets({ ...EACH, monotonicMs });
    this.looks = new TokenBuckets({ ...LOOKS, monotonicMs });
  }

  /**
   * Whose token it is, with the scopes that JupyterHub gives it.
   *
   * @param authorization - the header as it came.
   * @param isFresh - JupyterHub is asked now: for everything that changes something.
   * @throws TokenRefused
   */
  async person(authorization: string | undefined, isFresh: boolean): Promise<IHubPerson> {
    const token = /^(?:token|bearer) ([\x21-\x7e]{8,128})$/i.exec(authorization ?? '')?.[1];
    if (token === undefined) {
      throw new TokenRefused(
        401,
        'No token of JupyterHub came with this, or what came is none: it is 8 to 128 characters, from the page Token of JupyterHub.'
      );
    }
    // Looked up by its hash, so that no time tells how much of a token is right.
    const key = fingerprint(token);
    this.spend(this.each, key);
    const known = this.known.get(key);
    const nowMs = this.options.monotonicMs();
    if (!isFresh && known && nowMs - known.atMs < TRUST_MS) {
      return known.person;
    }
    this.spend(this.looks, 'all');
    this.known.delete(key);
    const person = await this.ask(token);
    this.known.set(key, { person, atMs: nowMs });
    // A map keeps the order in which its keys came: the oldest goes.
    const [oldest] = this.known.keys();
    if (this.known.size > REMEMBERED && oldest !== undefined) {
      this.known.delete(oldest);
    }
    return person;
  }

  private async ask(token: string): Promise<IHubPerson> {
    const { hubApi, serviceName } = this.options;
    if (this.running >= AT_ONCE) {
      throw new TokenRefused(503, 'JupyterHub is being asked about many tokens at once.', LATER_MS);
    }
    this.running += 1;
    let user;
    try {
      user = await hubApi.whoIs(token);
    } catch (error) {
      if (error instanceof HubUnavailableError) {
        throw new TokenRefused(503, 'JupyterHub does not say now whose token this is.', LATER_MS);
      }
      throw error;
    } finally {
      this.running -= 1;
    }
    if (user === null) {
      throw new TokenRefused(401, 'JupyterHub does not know this token, or it has ended.');
    }
    const { kind, name, groups, scopes } = user;
    if (kind !== 'user' || scopes.some(scope => scope.startsWith(SERVER_SCOPE))) {
      throw new TokenRefused(
        403,
        'Use a token of a person, made for this; not that of a server or a service.'
      );
    }
    const person = { hub: this.options.hub, name, groups, scopes };
    if (!mayEnter(person, serviceName)) {
      throw new TokenRefused(
        403,
        `The token lacks access:services!service=${serviceName}: make one that has it.`
      );
    }
    return person;
  }

  private spend(buckets: TokenBuckets, key: string): void {
    const waitMs = buckets.take(key, 1);
    if (waitMs > 0) {
      throw new TokenRefused(429, 'That is more than is answered: wait a moment.', waitMs);
    }
  }

  private readonly each: TokenBuckets;
  private readonly looks: TokenBuckets;
  private readonly known = new Map<string, { readonly person: IHubPerson; readonly atMs: number }>();
  private running = 0;
}
