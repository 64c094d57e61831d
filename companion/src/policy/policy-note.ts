import { isDeepStrictEqual } from 'node:util';
import { readKeptPolicy, type KeptPolicy } from '@labkeeper/protocol';
import type { IClock } from '../clock.js';
import { reasonOf } from '../failure.js';
import type { HubFolder } from '../hub/hub-folder.js';
import type { Log } from '../log.js';

/** Policy as the hub says it. */
export type SaidPolicy = Pick<KeptPolicy, 'policy' | 'off' | 'events'>;

/** All parts with the longest reasons have a few kB. */
const MOST_BYTES = 32 * 1024;
/** What is older tells nothing of today, ms. */
const OLD_MS = 30 * 86_400_000;
/** By so much a clock may have been set back since, ms. */
const SKEW_MS = 86_400_000;
/** That the hub says the same still is noted this seldom, ms: "as of" is right to an hour, and the disk has peace. */
const AGAIN_MS = 3_600_000;
const NAME = 'policy';

/**
 * Keeps what the hub's policy said last on the home volume, for a companion that begins while the hub service is away. It is
 * a convenience of the user's: she owns the file, so it is read strictly, it cannot switch on what the container switched off,
 * and whatever the hub says takes its place.
 */
export class PolicyNote {
  constructor(
    private readonly options: { readonly folder: HubFolder; readonly clock: IClock; readonly log: Log }
  ) {}

  /** @returns null = there is nothing that could be used; the log says why, where something is there. */
  async read(): Promise<KeptPolicy | null> {
    const { folder, clock } = this.options;
    try {
      const text = await folder.read(NAME, MOST_BYTES);
      if (text === null) {
        return null;
      }
      const kept = readKeptPolicy(text);
      if (kept === null) {
        return this.refuse('it is damaged, or of another version');
      }
      if (!isDeepStrictEqual(kept.place, folder.place)) {
        return this.refuse('another hub or user is named in it');
      }
      const ageMs = clock.wallMs() - kept.saidAtMs;
      if (ageMs > OLD_MS || ageMs < -SKEW_MS) {
        return this.refuse(
          ageMs < 0
            ? 'it says that it is from the future'
            : `it is ${Math.floor(ageMs / 86_400_000)} days old`
        );
      }
      return kept;
    } catch (error) {
      return this.refuse(reasonOf(error));
    }
  }

  /** The hub says so now. */
  said(said: SaidPolicy): void {
    this.current = said;
    this.note();
  }

  /** The hub says that nothing is new. */
  confirmed(): void {
    this.note();
  }

  /** Resolves when what was said is written, or cannot be. */
  async settled(): Promise<void> {
    await this.writing;
  }

  private note(): void {
    const nowMs = this.options.clock.wallMs();
    const { written, current } = this;
    const isNoted = written !== null && written.said === current && Math.abs(nowMs - written.atMs) < AGAIN_MS;
    if (current !== null && !isNoted) {
      this.written = { said: current, atMs: nowMs };
      this.wanted = { ...current, saidAtMs: Math.max(0, Math.floor(nowMs)) };
      this.writing ??= this.write().finally(() => (this.writing = null));
    }
  }

  private async write(): Promise<void> {
    const { folder, log } = this.options;
    try {
      while (this.wanted !== null) {
        const kept: KeptPolicy = { labkeeperPolicy: 1, place: folder.place, ...this.wanted };
        this.wanted = null;
        await folder.replace(NAME, JSON.stringify(kept), false);
      }
    } catch (error) {
      this.wanted = null;
      if (!this.told) {
        this.told = true;
        log(`What the hub's policy says cannot be kept for the next start: ${reasonOf(error)}`);
      }
    }
  }

  private refuse(why: string): null {
    this.options.log(
      `What the hub's policy said last is not obeyed, because ${why.replace(/\.$/, '')} (${this.options.folder.path}): until the hub service answers, only what LABKEEPER_DISABLE names is off.`
    );
    return null;
  }

  private current: SaidPolicy | null = null;
  private written: { readonly said: SaidPolicy; readonly atMs: number } | null = null;
  private wanted: (SaidPolicy & Pick<KeptPolicy, 'saidAtMs'>) | null = null;
  private writing: Promise<void> | null = null;
  private told = false;
}
