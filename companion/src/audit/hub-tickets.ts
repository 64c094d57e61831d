import type { RelayFailure } from '@labkeeper/core';
import { HUB_PROTOCOL, readTicketAnswer, ticketPath } from '@labkeeper/protocol';
import type { IClock } from '../clock.js';
import { failureOf, said } from './hub-answers.js';
import type { HubClient } from './hub-client.js';

/** A ticket is not given out for the last part of its life, ms. */
const RENEW_MS = 60_000;

/** Longest pause that a service may ask for, ms. */
const LONGEST_LATER_MS = 60 * 60_000;

/** What came of asking for a ticket. */
export type TicketGot =
  /** `lifeMs`: how long it is still good. */
  | { readonly kind: 'ticket'; readonly ticket: string; readonly lifeMs: number }
  | {
      readonly kind: 'refused';
      readonly failure: RelayFailure;
      /** What the service says, as the end of a sentence. */
      readonly said: string;
      /** How long it asks us to wait, ms; null = it does not say. */
      readonly laterMs: number | null;
    };

/** The ticket of the hub service, for all that speak with it: JupyterHub is asked about this server once in its life. */
export class HubTickets {
  constructor(
    private readonly options: {
      readonly client: HubClient;
      /** The server's own token of JupyterHub. */
      readonly token: string;
      /** How the service calls its hub; null = it is not said. */
      readonly hub?: string | null;
      readonly clock: IClock;
    }
  ) {}

  /** The ticket that there is, or a new one. Who asks meanwhile gets the same. @throws HubAway */
  get(): Promise<TicketGot> {
    const lifeMs = this.untilMs - this.options.clock.monotonicMs();
    if (lifeMs > RENEW_MS) {
      return Promise.resolve({ kind: 'ticket', ticket: this.ticket, lifeMs });
    }
    const restMs = this.notBeforeMs - this.options.clock.monotonicMs();
    if (this.refusal && restMs > 0) {
      // The service asked for a pause, and it asked all who speak with it here.
      return Promise.resolve({ ...this.refusal, laterMs: restMs });
    }
    this.asking ??= this.ask()
      .then(got => this.noted(got))
      .finally(() => (this.asking = null));
    return this.asking;
  }

  /** The service does not take this ticket. */
  drop(ticket: string): void {
    if (ticket === this.ticket) {
      this.untilMs = -Infinity;
    }
  }

  /** Ends what is under way. */
  dispose(): void {
    this.options.client.dispose();
  }

  private async ask(): Promise<TicketGot> {
    const { client, token, hub, clock } = this.options;
    const answer = await client.ask({
      method: 'POST',
      path: ticketPath(hub ?? null),
      authorization: `token ${token}`
    });
    const read = answer.status === 200 ? readTicketAnswer(answer.text) : null;
    if (!read) {
      const isNobody = answer.status === 401 || answer.status === 403;
      return {
        kind: 'refused',
        failure: isNobody ? 'refused' : failureOf(answer.status),
        said: said(answer),
        laterMs: answer.laterMs
      };
    }
    if (!read.protocols.includes(HUB_PROTOCOL)) {
      return {
        kind: 'refused',
        failure: 'refused',
        said: `does not read version ${HUB_PROTOCOL} of the protocol: the image's Labkeeper is too old or too new`,
        laterMs: null
      };
    }
    // By the service's own clock: ours may be a year off.
    const lifeMs = read.expiresAtMs - read.nowMs;
    this.ticket = read.ticket;
    this.untilMs = clock.monotonicMs() + lifeMs;
    return { kind: 'ticket', ticket: read.ticket, lifeMs };
  }

  private noted(got: TicketGot): TicketGot {
    this.refusal = got.kind === 'refused' && got.laterMs !== null ? got : null;
    this.notBeforeMs =
      this.options.clock.monotonicMs() + Math.min(LONGEST_LATER_MS, this.refusal?.laterMs ?? 0);
    return got;
  }

  private refusal: Extract<TicketGot, { kind: 'refused' }> | null = null;
  private notBeforeMs = -Infinity;
  private ticket = '';
  private untilMs = -Infinity;
  private asking: Promise<TicketGot> | null = null;
}
