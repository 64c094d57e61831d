import { told, type OncePerDay } from '@labkeeper/core';

/** What was told today, and where it is written down. */
export class DayLedger {
  /**
   * @param changed - called after each change.
   */
  constructor(private readonly changed: () => void) {}

  /** Adds what an earlier companion told. */
  restore(earlier: OncePerDay): void {
    this.ledger = { ...earlier, ...this.ledger };
  }

  read(): OncePerDay {
    return this.ledger;
  }

  /** Something was told now. */
  tell(key: string, atMs: number): void {
    this.ledger = told(this.ledger, key, atMs);
    this.changed();
  }

  private ledger: OncePerDay = {};
}
