/** The restarter's `stable_start_time` (jupyter_client): deaths nearer together than this are one series. */
export const SERIES_MS = 10_000;

/** Counts the deaths of each kernel id in a row. */
export class DeathSeries {
  /**
   * A kernel died.
   *
   * @returns its place in the series: 1 for a death that follows no other within 10 s.
   */
  count(kernelId: string, atMs: number): number {
    const last = this.deaths.get(kernelId);
    const count = last && Math.abs(atMs - last.atMs) < SERIES_MS ? last.count + 1 : 1;
    this.deaths.set(kernelId, { atMs, count });
    this.forget(atMs);
    return count;
  }

  private forget(nowMs: number): void {
    for (const [kernelId, { atMs }] of this.deaths) {
      if (Math.abs(nowMs - atMs) >= SERIES_MS) {
        this.deaths.delete(kernelId);
      }
    }
  }

  private readonly deaths = new Map<string, { readonly atMs: number; readonly count: number }>();
}
