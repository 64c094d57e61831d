/** Longest step that counts, in ms: a process that was stopped for a while has not waited in vain meanwhile. */
const STEP_MS = 1000;

/** How long somebody goes on waiting who looks again and again. */
export class Patience {
  constructor(ms: number) {
    this.leftMs = ms;
  }

  /** Asked at each look. */
  get isOver(): boolean {
    const nowMs = Date.now();
    this.leftMs -= Math.min(nowMs - this.lookedAtMs, STEP_MS);
    this.lookedAtMs = nowMs;
    return this.leftMs <= 0;
  }

  private leftMs: number;
  private lookedAtMs = Date.now();
}
