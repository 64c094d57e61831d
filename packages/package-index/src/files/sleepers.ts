/** Those who wait until something goes on. */
export class Sleepers {
  /** Resolves when they are woken, or `signal` is aborted. */
  sleep(signal: AbortSignal): Promise<void> {
    return new Promise(resolve => {
      const wake = (): void => {
        this.waiting.delete(wake);
        signal.removeEventListener('abort', wake);
        resolve();
      };
      this.waiting.add(wake);
      signal.addEventListener('abort', wake, { once: true });
      if (signal.aborted) {
        wake();
      }
    });
  }

  wake(): void {
    for (const wake of [...this.waiting]) {
      wake();
    }
  }

  private readonly waiting = new Set<() => void>();
}
