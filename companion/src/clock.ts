/** Something with an end: a timer, a socket, a server. */
export interface IDisposable {
  dispose(): void;
}

/** Time, injected everywhere so that tests can step it. */
export interface IClock {
  /** Milliseconds since the Unix epoch: for labels only, it may step in either direction. */
  wallMs(): number;
  /** Milliseconds that only grow: for delays and ages. */
  monotonicMs(): number;
  /** Calls back once after `delayMs`, unless disposed before. */
  after(delayMs: number, callback: () => void): IDisposable;
}

/** The machine's own clock. */
export const systemClock: IClock = {
  wallMs: () => Date.now(),
  monotonicMs: () => performance.now(),
  after: (delayMs, callback) => {
    const timer = setTimeout(callback, delayMs);
    return { dispose: () => clearTimeout(timer) };
  }
};
