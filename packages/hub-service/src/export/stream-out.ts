import { once } from 'node:events';
import type { Writable } from 'node:stream';
import type { IExportOut } from './export-source.js';

/** Writes to a stream no faster than it takes. A stream that fails or is closed rejects the next write. */
export class StreamOut implements IExportOut {
  constructor(private readonly stream: Writable) {
    stream.on('error', error => {
      this.failure = error;
    });
  }

  async write(bytes: Uint8Array): Promise<void> {
    this.check();
    if (!this.stream.write(bytes)) {
      const over = new AbortController();
      try {
        // One who hangs up takes no more, and no 'drain' comes.
        await Promise.race([
          once(this.stream, 'drain', { signal: over.signal }),
          once(this.stream, 'close', { signal: over.signal })
        ]);
      } finally {
        over.abort();
      }
      this.check();
    }
  }

  /** Ends the stream. Resolves when everything has been handed on. */
  async end(): Promise<void> {
    this.check();
    const closed = once(this.stream, 'close');
    this.stream.end();
    await closed;
  }

  private check(): void {
    if (this.failure) {
      throw this.failure;
    }
    if (this.stream.destroyed) {
      throw new Error('whoever reads the export has gone');
    }
  }

  private failure: Error | null = null;
}
