import type { IClock } from '../clock.js';
import { codeOf } from '../failure.js';
import type { IJournalDisk, IJournalFile } from '../journal/journal-disk.js';
import { NotOursError } from '../recorder/own-folder.js';
import { readSmallFile } from './audit-disk.js';
import type { INotedLife } from './life-sign.js';

/** Longest note that is read, in bytes. */
const NOTE_BYTES = 4096;
const NAME = /^([0-9a-f-]{36})\.stream$/;

/** A stream that was begun, and is not known to be whole at the hub. */
export interface INotedStream extends INotedLife {
  /** Wall clock ms. */
  readonly openedAtMs: number;
}

/**
 * Notes which streams were begun, in a folder apart from their files, until the hub has all of them or the log says that it
 * will not: so that a stream of which every file was removed while no companion ran is missed by the next one.
 */
export class StreamLedger {
  /** @param disk - a folder that nothing else is in. */
  constructor(
    private readonly options: {
      readonly disk: IJournalDisk;
      readonly serverId: string;
      readonly clock: IClock;
    }
  ) {}

  /** A stream has its first file. The note is on the disk when this resolves: one write for each stream. @throws the system's error. */
  async begin(boot: string, openedAtMs: number): Promise<void> {
    const { disk, serverId } = this.options;
    if (this.own.has(boot)) {
      return;
    }
    await disk.prepare();
    const file = await disk.create(`${boot}.stream`);
    this.own.set(boot, file);
    await file.append(Buffer.from(`${JSON.stringify({ serverId, openedAtMs })}\n`));
    await disk.syncFolder();
  }

  /** This companion lives: others leave its streams alone. @throws the system's error. */
  async touch(): Promise<void> {
    for (const file of this.own.values()) {
      await file.touch(this.options.clock.wallMs());
    }
  }

  /** All streams that are noted. @throws the system's error. */
  async noted(): Promise<INotedStream[]> {
    const { disk } = this.options;
    const streams: INotedStream[] = [];
    for (const name of await disk.names()) {
      const boot = NAME.exec(name)?.[1];
      const stream = boot === undefined ? null : await this.read(boot, name);
      if (stream) {
        streams.push(stream);
      }
    }
    return streams;
  }

  /** The hub has all of a stream, or the log says that it will not. @throws the system's error. */
  async end(boot: string): Promise<void> {
    await this.leave(boot);
    await this.options.disk.remove(`${boot}.stream`);
  }

  /** This companion ends; what is noted stays. @throws the system's error. */
  async close(): Promise<void> {
    for (const boot of [...this.own.keys()]) {
      await this.leave(boot);
    }
  }

  private async leave(boot: string): Promise<void> {
    const file = this.own.get(boot);
    this.own.delete(boot);
    await file?.close();
  }

  private async read(boot: string, name: string): Promise<INotedStream | null> {
    const { disk } = this.options;
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
      // It was just removed, or the power went while it was written: then nothing of its stream had been told as recorded.
      if (
        codeOf(error) === 'ENOENT' ||
        [SyntaxError, RangeError, NotOursError].some(kind => error instanceof kind)
      ) {
        return null;
      }
      throw error;
    }
  }

  private readonly own = new Map<string, IJournalFile>();
}
