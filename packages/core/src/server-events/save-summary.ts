/** When the oldest change of each run came that is in no file yet; and what came of saves since it began to count. */
export class SaveSummary {
  /** A change came into the journal. @param monotonicMs - now. */
  changed(run: string, monotonicMs: number): void {
    if (!this.since.has(run) && this.since.size < MOST_RUNS) {
      this.since.set(run, monotonicMs);
    }
  }

  /** The file of a run was saved. */
  saved(run: string, monotonicMs: number): void {
    const since = this.since.get(run);
    this.since.delete(run);
    this.count += 1;
    if (since !== undefined) {
      this.worstAgeMs = Math.max(this.worstAgeMs ?? 0, Math.round(monotonicMs - since));
    }
  }

  /** The journal could not take a change. */
  refused(): void {
    this.notSafe += 1;
  }

  /** Nothing more comes of a run. */
  closed(run: string): void {
    this.since.delete(run);
  }

  /** What was counted since `begin`; null = nothing. */
  look(): { readonly count: number; readonly worstAgeMs: number | null; readonly notSafe: number } | null {
    const { count, worstAgeMs, notSafe } = this;
    return count + notSafe === 0 ? null : { count, worstAgeMs, notSafe };
  }

  /** Counts anew from here on. */
  begin(): void {
    [this.count, this.worstAgeMs, this.notSafe] = [0, null, 0];
  }

  private readonly since = new Map<string, number>();
  private count = 0;
  private worstAgeMs: number | null = null;
  private notSafe = 0;
}

/** Runs that are known at once: as many as the journal knows. */
const MOST_RUNS = 1000;
