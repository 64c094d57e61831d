import type { OncePerDay } from '@labkeeper/core';
import type { Death } from '@labkeeper/protocol';
import type { IClock } from '../clock.js';
import { reasonOf } from '../failure.js';
import type { Log } from '../log.js';
import { ensureOwnFolder } from './own-folder.js';
import { NO_PAST, readPast, removePastLeftovers, writePast, type IPast } from './past.js';

/** Keeps deaths and what was told on the home volume, as far as it lets us. */
export class PastStore {
  constructor(
    private readonly options: {
      readonly home: string;
      readonly serverName: string;
      readonly boot: string;
      readonly clock: IClock;
      readonly log: Log;
    }
  ) {}

  /** What earlier companions left; nothing where the home cannot be read. */
  async read(): Promise<IPast> {
    try {
      const folder = await this.folder();
      await removePastLeftovers(folder, this.options.clock.wallMs());
      return await readPast(folder);
    } catch (error) {
      this.tell(error);
      return NO_PAST;
    }
  }

  /**
   * Writes soon; changes that come meanwhile go together.
   *
   * @param current - called when it is written.
   * @returns whether it was written.
   */
  save(current: () => IPast): Promise<boolean> {
    this.wanted = current;
    this.writing ??= this.write();
    return this.writing;
  }

  /** Resolves when everything is written, or cannot be. */
  async settled(): Promise<void> {
    await this.writing;
  }

  private async write(): Promise<boolean> {
    let written = true;
    try {
      // Lets the caller finish: a death and its siblings come within one turn.
      await Promise.resolve();
      while (this.wanted) {
        const current = this.wanted;
        this.wanted = null;
        const { boot, clock } = this.options;
        await writePast(await this.folder(), current(), `${boot}-${this.writes++}`, clock.wallMs());
      }
    } catch (error) {
      written = false;
      this.wanted = null;
      this.tell(error);
    } finally {
      this.writing = null;
    }
    return written;
  }

  private folder(): Promise<string> {
    return ensureOwnFolder(this.options.home, 'flight', this.options.serverName);
  }

  private tell(error: unknown): void {
    if (!this.told) {
      this.told = true;
      this.options.log(`Past deaths cannot be kept in the home folder: ${reasonOf(error)}`);
    }
  }

  private wanted: (() => IPast) | null = null;
  private writing: Promise<boolean> | null = null;
  private writes = 0;
  private told = false;
}

/** What is worth keeping now. */
export function pastOf(deaths: readonly Death[], told: Iterable<string>, notices: OncePerDay): IPast {
  return { deaths, told: [...told], notices };
}
