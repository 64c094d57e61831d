/** Counts kernels that begin, and the time that kernels lived: what a death rate is measured by. */
export class KernelTally {
  /** These kernels live now. @param monotonicMs - now. */
  set(kernelIds: readonly string[], monotonicMs: number): void {
    this.pass(monotonicMs);
    this.started += kernelIds.filter(id => !this.alive.has(id)).length;
    this.alive = new Set(kernelIds);
  }

  /** What was counted since `begin`. @param monotonicMs - now. */
  look(monotonicMs: number): { readonly started: number; readonly kernelMs: number } {
    this.pass(monotonicMs);
    return { started: this.started, kernelMs: Math.round(this.kernelMs) };
  }

  /** Counts anew from here on. */
  begin(): void {
    [this.started, this.kernelMs] = [0, 0];
  }

  private pass(monotonicMs: number): void {
    this.kernelMs += this.alive.size * Math.max(0, monotonicMs - (this.atMs ?? monotonicMs));
    this.atMs = monotonicMs;
  }

  private alive: ReadonlySet<string> = new Set();
  private atMs: number | null = null;
  private started = 0;
  private kernelMs = 0;
}
