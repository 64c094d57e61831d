import { fullJitterMs } from './full-jitter.js';

/** The hub is asked for the list at most this often, ms. */
const APART_MS = 10_000;
/** Longest pause that a service may ask for, ms. */
const LONGEST_LATER_MS = 60 * 60_000;

/** Decides when the hub is asked for the records of this server: when somebody looks and there may be news, and seldom. */
export class OwnCourse {
  /** @param random - from 0 up to 1. */
  constructor(private readonly random: () => number) {}

  /** The hub may have something that the list does not. */
  stale(): void {
    this.isStale = true;
  }

  /** How long until it is to be asked, ms; null = it need not be. */
  dueMs(nowMs: number): number | null {
    return this.isStale ? Math.max(0, this.notBeforeMs - nowMs) : null;
  }

  /** It is being asked. What becomes stale from here on is asked for again. */
  began(nowMs: number): void {
    this.isStale = false;
    this.notBeforeMs = nowMs + APART_MS;
  }

  succeeded(): void {
    this.failures = 0;
  }

  /** @param laterMs - how long the service asks us to wait; null = it does not say. */
  failed(nowMs: number, laterMs: number | null): void {
    const askedMs = Math.min(LONGEST_LATER_MS, Math.max(APART_MS, laterMs ?? 0));
    this.notBeforeMs = nowMs + askedMs + fullJitterMs(this.failures, this.random());
    this.failures += 1;
    this.isStale = true;
  }

  private isStale = true;
  private notBeforeMs = -Infinity;
  private failures = 0;
}
