/** So many looks are compared: within as many messages one at least comes without delay. */
const LOOKS = 16;

/**
 * How far the page's clock is ahead of the server's. Deadlines are times of the server, and a page that is ten minutes
 * off would count down to the wrong moment. Each message that says when it was sent is a look; it comes a little late,
 * and sometimes much, so the least of the last differences is the truest.
 */
export class ServerClock {
  /** A message was sent at `sentAtMs` of the server's clock and came at `nowMs` of the page's. */
  look(sentAtMs: number, nowMs: number): void {
    this.differences.push(nowMs - sentAtMs);
    if (this.differences.length > LOOKS) {
      this.differences.shift();
    }
  }

  /** Another connection, perhaps to another machine. */
  forget(): void {
    this.differences = [];
  }

  /** In ms; 0 while nothing is known. */
  get aheadMs(): number {
    return this.differences.length === 0 ? 0 : Math.min(...this.differences);
  }

  private differences: number[] = [];
}
