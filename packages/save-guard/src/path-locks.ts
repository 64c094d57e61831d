import type { IDisposable } from '@lumino/disposable';

/** Which page of this browser writes a path: one at a time, the first that opened it. */
export interface IPathLock extends IDisposable {
  /** Whether this page writes it. */
  readonly isHeld: boolean;
}

/**
 * Queues for the right to write a path. The browser gives it to the next page when the holder goes.
 *
 * Browsers have no such locks on pages without TLS; there every page writes, and versions that differ are kept twice.
 */
export function lockPath(server: string, path: string, taken: () => void): IPathLock {
  const { locks } = navigator as Partial<Navigator>;
  if (!locks) {
    return { isHeld: true, isDisposed: false, dispose: () => undefined };
  }
  const abort = new AbortController();
  let release: (() => void) | null = null;
  let isDisposed = false;
  locks
    .request(
      `labkeeper-path:${server}:${path}`,
      { signal: abort.signal },
      () =>
        new Promise<void>(resolve => {
          release = resolve;
          taken();
        })
    )
    .catch((error: unknown) => {
      if (!isDisposed) {
        console.warn('Labkeeper: the browser gives no lock; every page writes.', error);
        release = () => undefined;
      }
    });
  return {
    get isHeld() {
      return release !== null;
    },
    get isDisposed() {
      return isDisposed;
    },
    dispose() {
      isDisposed = true;
      if (release) {
        release();
      } else {
        abort.abort();
      }
    }
  };
}
