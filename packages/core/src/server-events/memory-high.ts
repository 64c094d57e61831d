/** Above this share of the limit memory is nearly full. */
const HIGH_SHARE = 0.9;
/** So long it must last, ms. */
const LASTS_MS = 600_000;

/** Finds that memory stays nearly full; tells it once until there is room again. */
export class MemoryHigh {
  /** Looks at a sample. @returns whether it is to be told now. @param monotonicMs - now. */
  look(unreclaimableBytes: number, limitBytes: number | null, monotonicMs: number): boolean {
    if (limitBytes === null || unreclaimableBytes <= HIGH_SHARE * limitBytes) {
      [this.sinceMs, this.isTold] = [null, false];
      return false;
    }
    this.sinceMs ??= monotonicMs;
    if (this.isTold || monotonicMs - this.sinceMs < LASTS_MS) {
      return false;
    }
    this.isTold = true;
    return true;
  }

  private sinceMs: number | null = null;
  private isTold = false;
}
