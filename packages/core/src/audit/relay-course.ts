import { BATCH_RECORDS, type StreamHead } from '@labkeeper/protocol';
import { fullJitterMs } from './full-jitter.js';

/** A stream that waits to be sent, as far as it is on the disk. */
export interface IWaitingStream {
  readonly boot: string;
  /** `seq` of its last record; 0 = it has none. */
  readonly last: number;
}

/** What is to be done next. */
export type RelayStep =
  | { readonly do: 'ticket' }
  /** Ask for the head of a stream. */
  | { readonly do: 'head'; readonly boot: string }
  /** Send what comes after `after`, at most so many records. */
  | { readonly do: 'send'; readonly boot: string; readonly after: StreamHead; readonly records: number }
  /** Nothing for so long, ms; null = until there is something to send. */
  | { readonly do: 'wait'; readonly ms: number | null };

/** Why a request came to nothing. */
export type RelayFailure =
  /** Nobody answered, or something else than the service. */
  | 'away'
  /** Nobody took the connection: what was to be sent cannot have arrived. */
  | 'unreached'
  /** The service says: later. */
  | 'later'
  /** The ticket is no longer good. */
  | 'ticket'
  /** The service will not take anything from this server: its token is not known, or it is no server's. */
  | 'refused'
  /** The batch is too large. */
  | 'too-large';

/** A ticket is renewed so long before its end, ms. */
const RENEW_MS = 60_000;
/** After a refusal for good it is asked again this seldom, ms: a token may come to life, a service may be mended. */
const REFUSED_MS = 10 * 60_000;
/** Longest pause that a service may ask for, ms. */
const LONGEST_LATER_MS = 60 * 60_000;

/**
 * Decides how records travel: a ticket first, then the head of each stream, then what comes after it, one request at a
 * time. After a failure the head is asked for again where what was sent may have arrived; nothing is ever sent blind.
 */
export class RelayCourse {
  /** @param random - from 0 up to 1. */
  constructor(private readonly random: () => number) {}

  /** Whether the last request was answered as it should be. */
  get connected(): boolean {
    return this.answered;
  }

  /**
   * @param nowMs - monotonic.
   * @param streams - those with something to send first come first.
   */
  next(nowMs: number, streams: readonly IWaitingStream[]): RelayStep {
    const stream = streams.find(({ boot, last }) => last > (this.heads.get(boot)?.seq ?? 0));
    if (!stream) {
      return { do: 'wait', ms: null };
    }
    if (nowMs < this.notBeforeMs) {
      return { do: 'wait', ms: this.notBeforeMs - nowMs };
    }
    if (nowMs >= this.ticketUntilMs) {
      return { do: 'ticket' };
    }
    const after = this.heads.get(stream.boot);
    return after
      ? { do: 'send', boot: stream.boot, after, records: this.records }
      : { do: 'head', boot: stream.boot };
  }

  /** @param lifeMs - how long the ticket is good. */
  gotTicket(nowMs: number, lifeMs: number): void {
    // However short its life is, it is used once.
    this.ticketUntilMs = nowMs + Math.max(lifeMs - RENEW_MS, lifeMs / 2, 1);
  }

  /** The service has a stream up to here, and it is ours: that was checked. */
  reached(boot: string, head: StreamHead): void {
    this.heads.set(boot, head);
    this.answered = true;
    this.failures = 0;
    this.ticketFailures = 0;
    this.wasUnreached = false;
    this.records = Math.min(BATCH_RECORDS, this.records * 2);
  }

  /** A stream ended, or is given up. */
  forget(boot: string): void {
    this.heads.delete(boot);
  }

  /** @param laterMs - how long the service asks us to wait; null = it does not say. */
  failed(nowMs: number, failure: RelayFailure, laterMs: number | null = null): void {
    this.answered = false;
    if (failure !== 'unreached') {
      // What was sent may have arrived.
      this.heads.clear();
    }
    if (failure === 'ticket') {
      this.ticketUntilMs = -Infinity;
      this.ticketFailures += 1;
      if (this.ticketFailures === 1) {
        // Every ticket ends once; only one that ends at once is a failure.
        return;
      }
    }
    if (failure === 'too-large' && this.records > 1) {
      this.records = Math.floor(this.records / 2);
      return;
    }
    if (failure === 'later' && this.wasUnreached) {
      // Somebody is there again: how long nobody was says nothing about how busy it is. One that was too busy to answer is
      // another matter.
      this.failures = 0;
    }
    this.wasUnreached = failure === 'unreached';
    const backOffMs = fullJitterMs(this.failures, this.random());
    this.failures += 1;
    const askedMs = Math.min(LONGEST_LATER_MS, Math.max(0, laterMs ?? 0));
    const leastMs = failure === 'refused' ? Math.max(REFUSED_MS, askedMs) : askedMs;
    // On top of what was asked for: otherwise all containers would come back at the same moment.
    this.notBeforeMs = nowMs + leastMs + backOffMs;
  }

  private readonly heads = new Map<string, StreamHead>();
  private ticketUntilMs = -Infinity;
  private notBeforeMs = -Infinity;
  private records = BATCH_RECORDS;
  private failures = 0;
  private ticketFailures = 0;
  /** The last failure was that nobody took the connection. */
  private wasUnreached = false;
  private answered = false;
}
