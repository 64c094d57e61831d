import { open } from 'node:fs/promises';
import { fileStamp } from '../file-stamp.js';
import { POLICY_BYTES } from './parse-policy.js';

/** What a look found. */
export type PolicyLook =
  /** As at the last look, or it is just being written. */
  | { readonly kind: 'same' }
  | { readonly kind: 'missing' }
  | { readonly kind: 'read'; readonly bytes: Uint8Array };

/** Finds out when a file changes, by looking: that also works for a name that is made to lead elsewhere (a ConfigMap). */
export class PolicyFile {
  constructor(readonly path: string) {}

  /** Whether the last look found a state that is not read yet. */
  get isUnsettled(): boolean {
    return this.seen !== this.taken;
  }

  /**
   * Looks. A new state is only read when two looks in a row have found it, so that half a file is not taken for a whole.
   *
   * @param settled - the first look: what is there now is taken as it is.
   * @throws the system's error.
   */
  async look(settled = false): Promise<PolicyLook> {
    try {
      return await this.tryToLook(settled);
    } catch (error) {
      // What could not be read is read again.
      this.taken = undefined;
      throw error;
    }
  }

  private async tryToLook(settled: boolean): Promise<PolicyLook> {
    const stamp = await fileStamp(this.path);
    const isSettled = settled || stamp === this.seen;
    this.seen = stamp;
    if (!isSettled || (stamp === this.taken && !settled)) {
      return { kind: 'same' };
    }
    this.taken = stamp;
    if (stamp === null) {
      return { kind: 'missing' };
    }
    const bytes = await this.read();
    if ((await fileStamp(this.path)) !== stamp) {
      // Written meanwhile: the next look takes it.
      this.taken = undefined;
      return { kind: 'same' };
    }
    return { kind: 'read', bytes };
  }

  /** A little more than may be: that is enough to be refused. */
  private async read(): Promise<Uint8Array> {
    const file = await open(this.path);
    try {
      const buffer = Buffer.alloc(POLICY_BYTES + 1);
      let length = 0;
      for (;;) {
        const { bytesRead } = await file.read(buffer, length, buffer.length - length, length);
        length += bytesRead;
        if (bytesRead === 0 || length === buffer.length) {
          return buffer.subarray(0, length);
        }
      }
    } finally {
      await file.close();
    }
  }

  /** undefined = nobody looked yet; null = there is no file. */
  private seen: string | null | undefined;
  private taken: string | null | undefined;
}
