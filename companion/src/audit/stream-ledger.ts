import type { IClock } from '../clock.js';
import { codeOf, reasonOf } from '../failure.js';
import type { IJournalDisk, IJournalFile } from '../journal/journal-disk.js';
import type { Log } from '../log.js';
import { NotOursError } from '../recorder/own-folder.js';
import { readSmallFile } from './audit-disk.js';
import type { INotedLife } from './life-sign.js';

/** Longest note that is read, in bytes. */
const NOTE_BYTES = 4096;
/** So many notes are read at a time: recording waits for them, and anybody who has this home can write more. */
const MOST_NOTES = 1000;
const NAME = /^([0-9a-f-]{36})\.stream$/;

/** A stream that was begun, and is not known to be whole at the hub. */
export interface INotedStream extends INotedLife {
  /** Wall clock ms. */
  readonly openedAtMs: number;
}

/**
 * Notes which streams were begun, in a folder apart from their files, until the hub has all of them or the log says that it
 * will not: so that a stream of which every file was removed while no companion ran is missed by the next one. Records do
 * not depend on it: whatever somebody made of the notes, nothing here throws.
 */
export class StreamLedger {
  /** @param disk - a folder that nothing else is in. */
  constructor(
    private readonly options: {
      readonly disk: IJournalDisk;
      readonly serverId: string;
      readonly clock: IClock;
      readonly log: Log;
    }
  ) {}

  /** A stream has a file. It is noted on the disk when this resolves, where that can be: one write for each stream. */
  begin(boot: string, openedAtMs: number): Promise<void> {
    return this.attempt(async () => {
      if (!this.own.has(boot)) {
        await this.write(boot, openedAtMs);
        this.dismissed.delete(boot);
      }
    });
  }

  /** This companion lives: others leave its streams alone. Where that fails its files tell them. */
  touch(): Promise<void> {
    this.touching ??= this.touchAll().finally(() => (this.touching = null));
    return this.touching;
  }

  /** The streams that are noted, but for those that were dismissed. */
  async noted(): Promise<INotedStream[]> {
    const { disk } = this.options;
    const streams: INotedStream[] = [];
    await this.quietly(async () => {
      // Looks first whether the folder is ours: a link could lead anywhere.
      await disk.prepare();
      const boots = (await disk.names()).map(name => NAME.exec(name)?.[1]).filter(boot => boot !== undefined);
      for (const boot of boots.filter(boot => !this.dismissed.has(boot)).slice(0, MOST_NOTES)) {
        const stream = await this.read(boot);
        if (stream) {
          streams.push(stream);
        }
      }
    });
    return streams;
  }

  /** It is known what became of a stream, or it will be told: this companion need not hear of it again. */
  dismiss(boot: string): void {
    this.dismissed.add(boot);
  }

  /** The hub has all of a stream, or the log says that it will not. A note that cannot be removed is dismissed. */
  end(boot: string): Promise<void> {
    this.dismiss(boot);
    return this.attempt(async () => {
      await this.leave(boot);
      await this.options.disk.remove(`${boot}.stream`);
    });
  }

  /** This companion ends; what is noted stays. */
  async close(): Promise<void> {
    for (const boot of [...this.own.keys()]) {
      await this.attempt(() => this.leave(boot));
    }
  }

  /** One after the other: a note that is being removed is made again only then. */
  private attempt(act: () => Promise<void>): Promise<void> {
    this.last = this.last.then(() => this.quietly(act));
    return this.last;
  }

  /** What does not succeed is told once, and matters to nobody else. */
  private async quietly(act: () => Promise<void>): Promise<void> {
    try {
      await act();
    } catch (error) {
      if (!this.told) {
        this.told = true;
        this.options.log(
          `It cannot be noted which streams of the audited log were begun. They are recorded and sent all the same: ${reasonOf(error)}`
        );
      }
    }
  }

  private async write(boot: string, openedAtMs: number): Promise<void> {
    const { disk, serverId } = this.options;
    const name = `${boot}.stream`;
    await disk.prepare();
    const file = await this.create(name);
    if (file === null) {
      return;
    }
    try {
      await file.append(Buffer.from(`${JSON.stringify({ serverId, openedAtMs })}\n`));
      await disk.syncFolder();
      this.own.set(boot, file);
    } catch (error) {
      // Half a note is none, and the stream's next file tries again.
      await file.close();
      await disk.remove(name);
      throw error;
    }
  }

  /** null = there is one already, from before `close`. */
  private async create(name: string): Promise<IJournalFile | null> {
    try {
      return await this.options.disk.create(name);
    } catch (error) {
      if (codeOf(error) === 'EEXIST') {
        return null;
      }
      throw error;
    }
  }

  private async leave(boot: string): Promise<void> {
    const file = this.own.get(boot);
    this.own.delete(boot);
    await file?.close();
  }

  private async touchAll(): Promise<void> {
    for (const file of [...this.own.values()]) {
      await file.touch(this.options.clock.wallMs()).catch(() => undefined);
    }
  }

  /** null = there is no such note, or none that can be read. */
  private async read(boot: string): Promise<INotedStream | null> {
    const { disk } = this.options;
    const name = `${boot}.stream`;
    try {
      const { changedAtMs } = await disk.state(name);
      const note: unknown = JSON.parse(await readSmallFile(disk, name, NOTE_BYTES));
      return typeof note === 'object' &&
        note !== null &&
        'serverId' in note &&
        typeof note.serverId === 'string' &&
        'openedAtMs' in note &&
        typeof note.openedAtMs === 'number'
        ? { boot, serverId: note.serverId, lastMs: changedAtMs, closed: false, openedAtMs: note.openedAtMs }
        : null;
    } catch (error) {
      // It was just removed, or is a link or another user's; or the power went while it was written: then nothing of its
      // stream had been told as recorded.
      if (
        codeOf(error) !== null ||
        [SyntaxError, RangeError, NotOursError].some(kind => error instanceof kind)
      ) {
        return null;
      }
      throw error;
    }
  }

  private readonly own = new Map<string, IJournalFile>();
  /** Streams of which nothing more is to be told, though their notes may be there. */
  private readonly dismissed = new Set<string>();
  private last: Promise<void> = Promise.resolve();
  private touching: Promise<void> | null = null;
  /** That notes cannot be kept was said. */
  private told = false;
}
