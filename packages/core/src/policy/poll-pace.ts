/** After an answer, anything up to this, in ms: those who were told at one moment do not ask again at one moment. */
const NEXT_MS = 2000;
/** After a failure, anything up to this, in ms; then up to twice that, and so on. */
const FIRST_FAILURE_MS = 8000;
/** Longest of these, ms: also after a long outage all are back within a minute of its end, with time for ten thousand to be let in. */
const LONGEST_MS = 45_000;
/** After a refusal for good it is asked again this seldom, ms: a token may come to life, a service may be mended. */
const REFUSED_MS = 10 * 60_000;
/** Longest pause that a service may ask for, ms. */
const LONGEST_LATER_MS = 60 * 60_000;

/** Why a question came to nothing. */
export type PollFailure =
  /** Nobody answered, or something else than the service; or it says: later. */
  | 'away'
  /** Nobody took the connection. */
  | 'unreached'
  /** The ticket is no longer good. */
  | 'ticket'
  /** The service does not answer this to this server. */
  | 'refused';

/** How long a companion waits before it asks the service for news again. */
export class PollPace {
  /** @param random - from 0 up to 1. */
  constructor(private readonly random: () => number) {}

  /** The service answered. @returns ms until the next question. */
  answered(): number {
    this.failures = 0;
    this.ticketFailures = 0;
    this.wasUnreached = false;
    return this.random() * NEXT_MS;
  }

  /** @param laterMs - how long the service asks us to wait; null = it does not say. @returns ms until the next question. */
  failed(failure: PollFailure, laterMs: number | null = null): number {
    if (failure === 'ticket') {
      this.ticketFailures += 1;
      if (this.ticketFailures === 1) {
        // Every ticket ends once; only one that ends at once is a failure.
        return 0;
      }
    }
    if (laterMs !== null && this.wasUnreached) {
      // Somebody is there again: how long nobody was says nothing about how busy it is. One that was too busy to answer is
      // another matter.
      this.failures = 0;
    }
    this.wasUnreached = failure === 'unreached';
    const backOffMs =
      this.random() * Math.min(LONGEST_MS, FIRST_FAILURE_MS * 2 ** Math.min(this.failures, 30));
    this.failures += 1;
    const askedMs = Math.min(LONGEST_LATER_MS, Math.max(0, laterMs ?? 0));
    // On top of what was asked for: otherwise all containers would come back at the same moment.
    return (failure === 'refused' ? Math.max(REFUSED_MS, askedMs) : askedMs) + backOffMs;
  }

  private failures = 0;
  private ticketFailures = 0;
  /** The last failure was that nobody took the connection. */
  private wasUnreached = false;
}
