import { codeOf } from '../failure.js';
import { fileStamp } from '../file-stamp.js';
import type { IHubsFile } from './hub-entry.js';
import { readHubsFile, type IFirstHub } from './read-hubs-file.js';

/** What a look found. */
export type HubsLook =
  /** As at the last look, or it is just being written. */
  { readonly kind: 'same' } | { readonly kind: 'read'; readonly told: IHubsFile };

/**
 * Finds out when the file of hubs changes, or one of the files with secrets that it names, by looking: that also works for
 * names that are made to lead elsewhere (a ConfigMap, a Secret).
 */
export class HubsFile {
  constructor(
    readonly path: string,
    private readonly first: IFirstHub
  ) {}

  /** Whether the last look found a state that is not read yet. */
  get isUnsettled(): boolean {
    return this.seen !== this.taken;
  }

  /** The first look: what is there now is taken as it is. */
  async begin(): Promise<IHubsFile> {
    const told = await readHubsFile(this.path, this.first);
    this.secrets = told.files;
    // Of the file as it is a moment later: an edit in between is found by the next look, which reads it again.
    this.seen = await this.stamp();
    return told;
  }

  /**
   * Looks. A new state is only read when two looks in a row have found it, so that half a file is not taken for a whole.
   * Never throws: what cannot be read is a trouble of the file.
   */
  async look(): Promise<HubsLook> {
    const stamp = await this.stamp();
    const isSettled = stamp === this.seen;
    this.seen = stamp;
    if (!isSettled || stamp === this.taken) {
      return { kind: 'same' };
    }
    const told = await readHubsFile(this.path, this.first);
    const isWhole = told.files.join('\n') === this.secrets.join('\n') && (await this.stamp()) === stamp;
    this.secrets = told.files;
    if (!isWhole) {
      // Written meanwhile, or it names other files now: the next looks take it.
      this.seen = await this.stamp();
      return { kind: 'same' };
    }
    this.taken = stamp;
    return { kind: 'read', told };
  }

  private async stamp(): Promise<string> {
    const stamps = await Promise.all(
      [this.path, ...this.secrets].map(path =>
        fileStamp(path).catch((error: unknown) => codeOf(error) ?? 'unreadable')
      )
    );
    return stamps.map(stamp => stamp ?? 'none').join('\n');
  }

  /** null = nobody looked yet; of `taken` also: what was read may have been written meanwhile. */
  private seen: string | null = null;
  private taken: string | null = null;
  /** Files of secrets that were named last. */
  private secrets: readonly string[] = [];
}
