import { createHmac, createSecretKey, timingSafeEqual, type KeyObject } from 'node:crypto';
import * as v from 'valibot';
import { sha256Hex } from '../sha256.js';
import type { ISpeaker } from '../store/log-writer.js';
import { TokenSeal } from './token-seal.js';

/** How long a ticket is good, in ms. */
export const TICKET_MS = 600_000;
/** Longest ticket, in characters: it travels in a header. */
const TICKET_LENGTH = 8192;
/** So many bytes of JSON find room in it: base64url makes four characters of three bytes, and a dot and 43 are the MAC's. */
const CONTENT_BYTES = Math.floor(((TICKET_LENGTH - 44) * 3) / 4);
/** First digits of the token's hash: enough to find its ticket, too little to find the token. */
const TOKEN_DIGITS = 16;

// What a later version puts in beside this is left aside: it is ours all the same.
const Ticket = v.object({
  hub: v.string(),
  user: v.string(),
  server: v.string(),
  groups: v.array(v.string()),
  token: v.pipe(v.string(), v.regex(/^[0-9a-f]{16}$/)),
  /** Left out where JupyterHub does not list tokens; tickets from before it was there go on to their end. */
  id: v.optional(v.string()),
  /** Left out for the first hub. */
  place: v.optional(v.string()),
  sealed: v.string(),
  /** Epoch ms. */
  exp: v.number()
});

/** Whom a ticket stands for. */
export interface ITicketHolder extends ISpeaker {
  /** First 16 hexadecimal digits of SHA-256 of the token that it was given for. */
  readonly token: string;
  /** The token in JupyterHub's list of good ones (`tokenKey`); null = this hub has no such list. */
  readonly listed: string | null;
  /** What stands for the address of its hub, as it was told when the ticket was given; null = it is the first hub's. */
  readonly place: string | null;
  /** The token itself, which only `Tickets.tokenOf` can read. */
  readonly sealed: string;
  /** When the ticket was given, epoch ms. */
  readonly mintedAtMs: number;
}

/** A ticket with its end. */
export interface IMintedTicket {
  readonly ticket: string;
  readonly expiresAtMs: number;
  /** Groups that found no room in it. */
  readonly groupsLeftOut: number;
}

/** Makes and checks the service's own tickets: a JSON with an HMAC-SHA256, so that every replica can check them alone. */
export class Tickets {
  /** @param key - the same for all replicas. @param nowMs - epoch ms. */
  constructor(
    key: Uint8Array,
    private readonly nowMs: () => number
  ) {
    // Made once: each request brings a ticket, and a key of bytes would be made into one of these each time.
    this.key = createSecretKey(key);
    this.seal = new TokenSeal(key);
  }

  /**
   * @param token - JupyterHub's, of the server.
   * @param more - the token in JupyterHub's list, and the hub's address; null = there is none.
   */
  mint(
    { hub, user, server, groups: all }: ISpeaker,
    token: string,
    { listed, place }: Pick<ITicketHolder, 'listed' | 'place'> = { listed: null, place: null }
  ): IMintedTicket {
    const expiresAtMs = this.nowMs() + TICKET_MS;
    const sealed = this.seal.close(token);
    const more = { ...(listed !== null && { id: listed }), ...(place !== null && { place }) };
    const contentOf = (groups: readonly string[]): string =>
      JSON.stringify({
        hub,
        user,
        server,
        groups,
        token: tokenDigits(token),
        ...more,
        sealed,
        exp: expiresAtMs
      });
    const groups = fitting(all, CONTENT_BYTES - Buffer.byteLength(contentOf([])));
    const body = Buffer.from(contentOf(groups)).toString('base64url');
    const ticket = `${body}.${this.mac(body).toString('base64url')}`;
    return { ticket, expiresAtMs, groupsLeftOut: all.length - groups.length };
  }

  /** @returns null = it is not ours, was altered, or has ended. */
  check(ticket: string): ITicketHolder | null {
    const [body, mac, ...more] = ticket.length > TICKET_LENGTH ? [] : ticket.split('.');
    if (body === undefined || mac === undefined || more.length > 0) {
      return null;
    }
    const given = Buffer.from(mac, 'base64url');
    const right = this.mac(body);
    // Of a fixed length whatever comes, so that the comparison takes the same time.
    if (given.length !== right.length || !timingSafeEqual(given, right)) {
      return null;
    }
    // It is ours: what is in it was written above, perhaps by another version.
    const read = v.safeParse(Ticket, JSON.parse(Buffer.from(body, 'base64url').toString('utf8')));
    if (!read.success || read.output.exp <= this.nowMs()) {
      return null;
    }
    const { hub, user, server, groups, token, id, place, sealed, exp } = read.output;
    return {
      ...{ hub, user, server, groups, token, sealed },
      ...{ listed: id ?? null, place: place ?? null, mintedAtMs: exp - TICKET_MS }
    };
  }

  /** JupyterHub's token, for which a ticket was given. */
  tokenOf({ sealed }: ITicketHolder): string {
    return this.seal.open(sealed);
  }

  private mac(body: string): Buffer {
    return createHmac('sha256', this.key).update(body).digest();
  }

  private readonly key: KeyObject;
  private readonly seal: TokenSeal;
}

/** As many groups, from the first on, as find room in so many bytes of JSON. Each is looked at once: there may be thousands. */
function fitting(groups: readonly string[], bytes: number): readonly string[] {
  let left = bytes;
  const end = groups.findIndex(group => {
    left -= Buffer.byteLength(JSON.stringify(group)) + ','.length;
    return left < 0;
  });
  return groups.slice(0, end < 0 ? groups.length : end);
}

/** What stands for a token in tickets and logs. */
export function tokenDigits(token: string): string {
  return sha256Hex(token).slice(0, TOKEN_DIGITS);
}

/** What stands for a hub's address in tickets, which a container reads. */
export function placeDigits(apiUrl: string): string {
  return sha256Hex(apiUrl).slice(0, TOKEN_DIGITS);
}
