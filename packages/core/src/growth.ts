/** How far back growth looks, in milliseconds: long enough for 4 readings of the calm watch. */
const WINDOW_MS = 1000;

/** How fast memory grows, from readings at uneven times. */
export class Growth {
  /**
   * Takes a reading.
   *
   * @returns bytes per second between the oldest reading of the last second and this one; 0 for the first reading,
   * after a pause of the clock, and while memory falls.
   */
  add(atMs: number, bytes: number): number {
    const last = this.readings.at(-1);
    if (last && atMs <= last.atMs) {
      // The clock stepped back: nothing before it can be compared.
      this.readings.length = 0;
    }
    this.readings.push({ atMs, bytes });
    // One reading older than the window stays, so that slow sampling has something to compare with.
    while (this.readings[1] && atMs - this.readings[1].atMs >= WINDOW_MS) {
      this.readings.shift();
    }
    const oldest = this.readings[0];
    const elapsedMs = oldest ? atMs - oldest.atMs : 0;
    this.current =
      oldest && elapsedMs > 0 && elapsedMs <= 4 * WINDOW_MS
        ? Math.max(0, ((bytes - oldest.bytes) * 1000) / elapsedMs)
        : 0;
    return this.current;
  }

  /** The newest answer of `add`. */
  get bytesPerSecond(): number {
    return this.current;
  }

  private current = 0;
  private readonly readings: { readonly atMs: number; readonly bytes: number }[] = [];
}
