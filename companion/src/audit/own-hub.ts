import { isListed } from '@labkeeper/core';
import {
  HUB_PATHS,
  LISTED_RECORDS,
  readHubRefusal,
  readOwnAnswer,
  readTicketAnswer,
  ticketPath,
  type OwnRow
} from '@labkeeper/protocol';
import type { IClock } from '../clock.js';
import type { HubClient, IHubAnswer } from './hub-client.js';

/** Records of one answer: with the longest names they fit into what is read of one. */
const PAGE = 50;
/** Answers of one look: signs of life are among the records, and are not listed. */
const MOST_PAGES = 6;
/** So many rows are remembered. */
const MOST_ROWS = 2 * LISTED_RECORDS;
/** A ticket is not used so shortly before its end, ms. */
const SPARE_MS = 60_000;

/** The service says no. The message is the end of a sentence. */
export class HubRefused extends Error {
  override readonly name = 'HubRefused';
  constructor(
    message: string,
    /** How long it asks us to wait, ms; null = it does not say. */
    readonly laterMs: number | null
  ) {
    super(message);
  }
}

/** Reads what the hub has on record of this server. */
export class OwnHub {
  /** @param token - the server's own token of JupyterHub. @param hub - as the service calls it; null = it is not said. */
  constructor(
    private readonly client: HubClient,
    private readonly token: string,
    private readonly hub: string | null,
    private readonly clock: IClock
  ) {}

  /** What was read, newest first. */
  get rows(): readonly OwnRow[] {
    return this.known;
  }

  /** There are older ones. */
  get isCut(): boolean {
    return this.hasOlder;
  }

  /** Reads what is new. @throws HubAway, HubRefused */
  async read(): Promise<void> {
    const newestKnown = this.known[0]?.index ?? -1;
    const fresh: OwnRow[] = [];
    let next: string | null = null;
    for (let page = 0; page < MOST_PAGES; page += 1) {
      const answer = await this.page(next);
      const news = answer.records.filter(({ index }) => index > newestKnown);
      fresh.push(...news);
      ({ next } = answer);
      if (news.length < answer.records.length) {
        // From here on all is known.
        this.remember([...fresh, ...this.known], this.hasOlder);
        return;
      }
      if (next === null || fresh.filter(({ action }) => isListed(action)).length >= LISTED_RECORDS) {
        break;
      }
    }
    this.remember(fresh, next !== null);
  }

  dispose(): void {
    this.client.dispose();
  }

  private remember(rows: readonly OwnRow[], hasOlder: boolean): void {
    this.known = rows.slice(0, MOST_ROWS);
    this.hasOlder = hasOlder || rows.length > MOST_ROWS;
  }

  private async page(before: string | null): Promise<NonNullable<ReturnType<typeof readOwnAnswer>>> {
    const place = before === null ? '' : `&before=${encodeURIComponent(before)}`;
    const path = `${HUB_PATHS.own}?limit=${PAGE}${place}`;
    let answer = await this.ask(path);
    if (answer.status === 401) {
      // Tickets end, also before their time where somebody was logged out.
      this.ticket = null;
      answer = await this.ask(path);
    }
    const own = answer.status === 200 ? readOwnAnswer(answer.text) : null;
    if (!own) {
      throw refusal(answer);
    }
    return own;
  }

  private async ask(path: string): Promise<IHubAnswer> {
    return this.client.ask({ method: 'GET', path, authorization: `Bearer ${await this.getTicket()}` });
  }

  private async getTicket(): Promise<string> {
    const nowMs = this.clock.monotonicMs();
    if (this.ticket === null || nowMs >= this.ticket.untilMs) {
      const answer = await this.client.ask({
        method: 'POST',
        path: ticketPath(this.hub),
        authorization: `token ${this.token}`
      });
      const given = answer.status === 200 ? readTicketAnswer(answer.text) : null;
      if (!given) {
        throw refusal(answer);
      }
      this.ticket = { text: given.ticket, untilMs: nowMs + given.expiresAtMs - given.nowMs - SPARE_MS };
    }
    return this.ticket.text;
  }

  private known: readonly OwnRow[] = [];
  private hasOlder = false;
  private ticket: { readonly text: string; readonly untilMs: number } | null = null;
}

function refusal(answer: IHubAnswer): HubRefused {
  const message = readHubRefusal(answer.text)?.message;
  return new HubRefused(
    message ? `says: ${message}` : `answered ${answer.status}, which is no answer of Labkeeper's`,
    answer.laterMs
  );
}
