import type { CountedError } from './error-name.js';

/** Pairs of class and module that are told apart; what comes beyond counts without its module. */
const MOST = 50;

/** Counts errors by class and missing module. */
export class ErrorCounts {
  add({ class: name, module }: CountedError): void {
    const whole = JSON.stringify([name, module]);
    const key = this.counts.has(whole) || this.counts.size < MOST ? whole : JSON.stringify([name, null]);
    const known = this.counts.get(key);
    this.counts.set(key, {
      error: known?.error ?? { class: name, module: key === whole ? module : null },
      count: (known?.count ?? 0) + 1
    });
  }

  /** What was counted since `begin`; what is new stands behind what was there. */
  look(): readonly { readonly error: CountedError; readonly count: number }[] {
    return [...this.counts.values()];
  }

  /** Counts anew from here on. */
  begin(): void {
    this.counts.clear();
  }

  private readonly counts = new Map<string, { readonly error: CountedError; readonly count: number }>();
}
