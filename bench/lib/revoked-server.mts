// A server that goes on asking on every route of the hub service, and notes until when it was served.
import { randomUUID } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import { chainRecord, NO_HASH, streamEvent } from '../../packages/core/lib/index.js';
import { HUB_PATHS, type StreamHead } from '../../packages/protocol/lib/index.js';
import { sha256Hex } from '../../packages/hub-service/lib/sha256.js';

/** From one round to the next, in ms. */
const EVERY_MS = 500;
/** Each ticket is asked of JupyterHub; from one to the next, in ms. */
const TICKET_EVERY_MS = 6000;

export const ROUTES = ['own', 'head', 'batch', 'receipt', 'events', 'ticket'] as const;
export type Route = (typeof ROUTES)[number];

/** How one route stood. */
export interface IRouteTimes {
  /** When it last gave what was asked for, epoch ms. */
  lastServedAtMs: number;
  /** The first refusal after that; null = there was none. */
  refusedAtMs: number | null;
}

export class RevokedServer {
  constructor(url: string, token: string) {
    this.url = url;
    this.token = token;
  }

  readonly times: Record<Route, IRouteTimes> = {
    own: { lastServedAtMs: 0, refusedAtMs: null },
    head: { lastServedAtMs: 0, refusedAtMs: null },
    batch: { lastServedAtMs: 0, refusedAtMs: null },
    receipt: { lastServedAtMs: 0, refusedAtMs: null },
    events: { lastServedAtMs: 0, refusedAtMs: null },
    ticket: { lastServedAtMs: 0, refusedAtMs: null }
  };
  /** Answers that were neither, by route and status. */
  readonly others: Record<string, number> = {};

  /** Gets its ticket. @throws when there is none. */
  async enter(): Promise<void> {
    const answer = await this.ask('ticket', 'POST', HUB_PATHS.ticket, `token ${this.token}`);
    if (answer === null) throw new Error('no ticket');
    const { ticket }: { ticket: string } = JSON.parse(answer);
    this.ticket = ticket;
  }

  /** Asks until `isOver`. */
  async run(isOver: () => boolean): Promise<void> {
    // Not all at one moment.
    await pause(Math.random() * EVERY_MS);
    let ticketAtMs = Date.now() + Math.random() * TICKET_EVERY_MS;
    for (let round = 0; !isOver(); round++) {
      const nextAtMs = performance.now() + EVERY_MS;
      await this.round(round);
      if (Date.now() >= ticketAtMs) {
        // The first one goes on being used: it is to be refused, too.
        await this.ask('ticket', 'POST', HUB_PATHS.ticket, `token ${this.token}`);
        ticketAtMs = Date.now() + TICKET_EVERY_MS;
      }
      await pause(Math.max(0, nextAtMs - performance.now()));
    }
  }

  private async round(round: number): Promise<void> {
    const bearer = `Bearer ${this.ticket}`;
    await this.ask('own', 'GET', HUB_PATHS.own, bearer);
    await this.ask('head', 'GET', `${HUB_PATHS.records}?boot=${this.boot}`, bearer);
    await this.batch(bearer);
    if (this.head.seq > 0) {
      await this.ask('receipt', 'GET', `${HUB_PATHS.receipt}?boot=${this.boot}&first=1&seq=1`, bearer);
    }
    // Without what it has seen it is told at once; a server may ask once in a second.
    if (round % 3 === 0) await this.ask('events', 'GET', HUB_PATHS.events, bearer);
  }

  private async batch(bearer: string): Promise<void> {
    const { boot, head } = this;
    const event = streamEvent('heartbeat', Date.now());
    const record = chainRecord(sha256Hex, boot, head, event, randomUUID());
    const first = JSON.stringify({ protocol: 1, boot, first: head.seq + 1, count: 1, prev: head.hash });
    const body = `${first}\n${record.line}\n${record.personal ?? 'null'}\n`;
    if ((await this.ask('batch', 'POST', HUB_PATHS.records, bearer, body)) !== null) this.head = record.head;
  }

  /** @returns null = it was not served. */
  private async ask(
    route: Route,
    method: string,
    path: string,
    authorization: string,
    body?: string
  ): Promise<string | null> {
    const answer = await fetch(`${this.url}${path}`, {
      method,
      headers: {
        authorization,
        ...(body === undefined ? {} : { 'content-type': 'application/x-ndjson' })
      },
      ...(body === undefined ? {} : { body })
    });
    const text = await answer.text();
    const times = this.times[route];
    if (answer.ok) {
      times.lastServedAtMs = Date.now();
      times.refusedAtMs = null;
      return text;
    }
    if (answer.status === 401 || answer.status === 403) times.refusedAtMs ??= Date.now();
    else {
      const name = `${route} ${answer.status}`;
      this.others[name] = (this.others[name] ?? 0) + 1;
    }
    return null;
  }

  private readonly url: string;
  private readonly token: string;
  private readonly boot = randomUUID();
  private head: StreamHead = { seq: 0, hash: NO_HASH };
  private ticket = '';
}
