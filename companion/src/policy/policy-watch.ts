import { PollPace, type PollFailure } from '@labkeeper/core';
import {
  HUB_PATHS,
  readEventsAnswer,
  SWITCHABLE,
  type EventsWanted,
  type SwitchablePart,
  type SwitchedOff
} from '@labkeeper/protocol';
import { failureOf, said } from '../audit/hub-answers.js';
import { HubAway, type HubClient } from '../audit/hub-client.js';
import type { HubTickets } from '../audit/hub-tickets.js';
import type { IClock, IDisposable } from '../clock.js';
import { reasonOf } from '../failure.js';
import type { Log } from '../log.js';
import type { SaidPolicy } from './policy-note.js';

/**
 * The service answers within 50 s from when it looks at a question, which takes it half a minute where thousands come back at
 * once; what takes longer is lost, ms.
 */
export const POLL_MS = 80_000;

export interface IPolicyWatchOptions {
  /** Waits for an answer as long as `POLL_MS`. */
  readonly client: HubClient;
  readonly tickets: HubTickets;
  /** The image that this server runs in; null = not known. */
  readonly image: string | null;
  readonly clock: IClock;
  readonly log: Log;
  /** From 0 up to 1. */
  readonly random: () => number;
  /** Policy says what is off, with its reasons. */
  readonly said: (off: ReadonlyMap<SwitchablePart, string>) => void;
  /** A request of this user has changed. */
  readonly requestsChanged?: () => void;
  /** Which events the hub takes. */
  readonly wanted?: (events: EventsWanted) => void;
  /** The hub answered: with what it says now, null = nothing is new. */
  readonly answered?: (said: SaidPolicy | null) => void;
}

/** How the hub's policy stands. */
export interface IPolicyHealth {
  /** SHA-256 of the policy file that decided last; null = nobody said yet. */
  readonly policy: string | null;
  /** Whether the service answered the last question. */
  readonly connected: boolean;
}

/** Asks the hub service what its policy switches off, for ever: it answers when that is news. Without an answer the last one holds. */
export class PolicyWatch implements IDisposable {
  constructor(private readonly options: IPolicyWatchOptions) {
    this.pace = new PollPace(options.random);
  }

  start(): void {
    this.timer = this.options.clock.after(0, () => this.turn());
  }

  health(): IPolicyHealth {
    return { policy: this.policy, connected: this.connected };
  }

  dispose(): void {
    this.disposed = true;
    this.timer?.dispose();
    this.options.client.dispose();
  }

  private turn(): void {
    this.ask()
      .catch((error: unknown) =>
        this.failed(
          error instanceof HubAway && error.unreached ? 'unreached' : 'away',
          error instanceof HubAway ? error.message : `could not be asked: ${reasonOf(error)}`
        )
      )
      .then(
        ms => {
          if (!this.disposed) {
            this.timer = this.options.clock.after(ms, () => this.turn());
          }
        },
        (error: unknown) => this.options.log(`The hub's policy is no longer asked for: ${reasonOf(error)}`)
      );
  }

  /** Asks once. @returns ms until the next question. */
  private async ask(): Promise<number> {
    const { client, tickets, image } = this.options;
    const got = await tickets.get();
    if (got.kind === 'refused') {
      return this.failed(got.failure === 'refused' ? 'refused' : 'away', got.said, got.laterMs);
    }
    const query = new URLSearchParams();
    if (this.seen !== null) {
      query.set('seen', this.seen);
    }
    if (image !== null) {
      query.set('image', image);
    }
    const answer = await client.ask({
      method: 'GET',
      path: `${HUB_PATHS.events}?${query}`,
      authorization: `Bearer ${got.ticket}`
    });
    const events = answer.status === 200 ? readEventsAnswer(answer.text) : null;
    if (events) {
      this.seen = events.seen;
      this.policy = events.policy;
      const off = known(events.off);
      this.options.said(new Map(off.map(({ part, reason }) => [part, reason])));
      if (events.requests !== this.requests) {
        this.requests = events.requests;
        this.options.requestsChanged?.();
      }
      const wanted = events.events ?? { send: false, errors: false };
      this.options.wanted?.(wanted);
      this.options.answered?.({ policy: events.policy, off, events: wanted });
    } else if (answer.status !== 204) {
      if (answer.status === 401) {
        tickets.drop(got.ticket);
        return this.failed('ticket', said(answer));
      }
      // 404: a service from before there were switches.
      const isRefused = answer.status === 404 || failureOf(answer.status) === 'refused';
      return this.failed(isRefused ? 'refused' : 'away', said(answer), answer.laterMs);
    } else {
      this.options.answered?.(null);
    }
    this.connected = true;
    return this.pace.answered();
  }

  /** @returns ms until the next question. */
  private failed(failure: PollFailure, what: string, laterMs: number | null = null): number {
    if (this.connected && failure !== 'ticket' && !this.disposed) {
      this.options.log(
        `The hub service ${what.replace(/\.$/, '')}. Its last policy holds here until it answers.`
      );
    }
    if (failure !== 'ticket') {
      this.connected = false;
    }
    return this.pace.failed(failure, laterMs);
  }

  private readonly pace: PollPace;
  private seen: string | null = null;
  private policy: string | null = null;
  /** What the service counts of changes of requests. */
  private requests = 0;
  private connected = false;
  private timer: IDisposable | null = null;
  private disposed = false;
}

/** A newer service may know parts that we do not. */
function known(off: readonly { readonly part: string; readonly reason: string }[]): SwitchedOff[] {
  return off.flatMap(({ part, reason }) => {
    const switchable = SWITCHABLE.find(name => name === part);
    return switchable ? [{ part: switchable, reason }] : [];
  });
}
