import { DisposableDelegate, type IDisposable } from '@lumino/disposable';

/** Time as the page's classes see it, so that tests can turn it. */
export interface IClock {
  /** Milliseconds: since the Unix epoch, or of a clock that only grows. */
  now(): number;
  /** Calls back once after `delayMs`, unless disposed before. */
  after(delayMs: number, callback: () => void): IDisposable;
}

/** The browser's own clock and timers. */
export const browserClock: IClock = {
  now: () => Date.now(),
  after: (delayMs, callback) => {
    const timer = window.setTimeout(callback, delayMs);
    return new DisposableDelegate(() => window.clearTimeout(timer));
  }
};

/** For ages and delays: nobody who sets the system's clock moves it. Its `now` counts from the start of the page. */
export const steadyClock: IClock = { ...browserClock, now: () => performance.now() };
