import type { IEarlierLife } from '@labkeeper/core';
import type { IClock, IDisposable } from '../clock.js';
import { codeOf, reasonOf } from '../failure.js';
import type { IJournalDisk, IJournalFile } from '../journal/journal-disk.js';
import type { Log } from '../log.js';
import { NotOursError } from '../recorder/own-folder.js';
import { readSmallFile } from './audit-disk.js';
import { isSpoilt } from './spoilt.js';

/** A companion that lives says so this often, in ms. */
export const LIFE_SIGN_MS = 60_000;
/** One that cannot be seen from here is dead when it has said nothing for so long, in ms. */
const SILENCE_MS = 3 * LIFE_SIGN_MS;
/** Longest note that is read, in bytes. */
const NOTE_BYTES = 4096;

/** The second line of the note of one that ended in order. */
const CLOSED = 'closed';
const NAME = /^([0-9a-f-]{36})\.life$/;

/** What one companion noted about itself, and when it did last. */
export interface INotedLife extends IEarlierLife {
  readonly boot: string;
}

/**
 * Notes on the disk that this companion lives, so that the next one knows since when nobody looked, and one in another
 * container knows that our stream is still written to.
 */
export class LifeSign implements IDisposable {
  constructor(
    private readonly options: {
      readonly disk: IJournalDisk;
      readonly boot: string;
      readonly serverId: string;
      readonly clock: IClock;
      readonly log: Log;
      /** Another minute has passed. */
      readonly minute: () => void;
    }
  ) {}

  /** Begins; the first note is on the disk when this resolves. @throws the system's error, and is tried again each minute. */
  async start(): Promise<void> {
    this.plan();
    await this.note();
  }

  /** Ends. @param orderly - the stream was closed, and the note says so. @throws the system's error. */
  async close(orderly: boolean): Promise<void> {
    this.dispose();
    await this.noting;
    const { file } = this;
    this.file = null;
    try {
      if (orderly) {
        await file?.append(Buffer.from(`${CLOSED}\n`));
      }
    } finally {
      await file?.close();
    }
  }

  dispose(): void {
    this.timer?.dispose();
    this.timer = null;
  }

  private plan(): void {
    this.timer = this.options.clock.after(LIFE_SIGN_MS, () => {
      this.plan();
      this.options.minute();
      // One at a time: a home on a network may hang.
      this.noting ??= this.touch().finally(() => (this.noting = null));
    });
  }

  private async note(): Promise<void> {
    const { disk, boot, serverId } = this.options;
    await disk.prepare();
    const file = await disk.create(`${boot}.life`);
    try {
      await file.append(Buffer.from(`${JSON.stringify({ serverId })}\n`));
      await disk.syncFolder();
      this.file = file;
    } catch (error) {
      // Half a note is none: tried again each minute.
      await file.close();
      await disk.remove(`${boot}.life`);
      throw error;
    }
  }

  private async touch(): Promise<void> {
    try {
      await this.leaveWhatIsSpoilt();
      await (this.file === null ? this.note() : this.file.touch(this.options.clock.wallMs()));
    } catch (error) {
      this.trouble(error);
    }
  }

  /** A note that somebody removed, or made something else of, is made again: others would take our stream for a dead one's. */
  private async leaveWhatIsSpoilt(): Promise<void> {
    const { disk, boot } = this.options;
    const name = `${boot}.life`;
    try {
      await disk.state(name);
    } catch (error) {
      if (!(await isSpoilt(disk, error))) {
        return;
      }
      const { file } = this;
      this.file = null;
      await file?.close();
      await disk.remove(name);
    }
  }

  private trouble(error: unknown): void {
    if (!this.told) {
      this.told = true;
      this.options.log(`The audited log cannot note that it is kept: ${reasonOf(error)}`);
    }
  }

  private timer: IDisposable | null = null;
  private noting: Promise<void> | null = null;
  private file: IJournalFile | null = null;
  private told = false;
}

/** Reads the notes of other companions. @throws the system's error. */
export async function readLives(disk: IJournalDisk, ownBoot: string): Promise<INotedLife[]> {
  const lives: INotedLife[] = [];
  const names = await disk.names();
  for (const name of names) {
    const boot = NAME.exec(name)?.[1];
    const life = boot === undefined || boot === ownBoot ? null : await readLife(disk, boot, name);
    if (life) {
      // Whatever it wrote is a sign of life as well.
      const times = await Promise.all(
        names.filter(other => other.startsWith(`${boot}.`)).map(other => changedAtMs(disk, other))
      );
      lives.push({ ...life, lastMs: Math.max(life.lastMs, ...times) });
    }
  }
  return lives;
}

/** Removes the note of a companion that is dead. */
export function removeLife(disk: IJournalDisk, boot: string): Promise<void> {
  return disk.remove(`${boot}.life`);
}

/**
 * Whether a companion is dead, so that its stream is ours to send.
 *
 * @param nowMs - by the file system's clock.
 * @param serverLives - whether a server lives; null = it cannot be seen from here.
 */
export function isDead(
  life: INotedLife,
  ownServerId: string,
  nowMs: number,
  serverLives: (serverId: string) => boolean | null
): boolean {
  // A server has one companion at a time: of ours it is this one.
  if (life.closed || life.serverId === ownServerId) {
    return true;
  }
  return !(serverLives(life.serverId) ?? nowMs - life.lastMs < SILENCE_MS);
}

/** 0 = it is gone, or nobody's whose word counts. */
async function changedAtMs(disk: IJournalDisk, name: string): Promise<number> {
  try {
    return (await disk.state(name)).changedAtMs;
  } catch (error) {
    if (codeOf(error) === null && !(error instanceof NotOursError)) {
      throw error;
    }
    return 0;
  }
}

async function readLife(disk: IJournalDisk, boot: string, name: string): Promise<INotedLife | null> {
  try {
    const { changedAtMs } = await disk.state(name);
    const [first = '', second = ''] = (await readSmallFile(disk, name, NOTE_BYTES)).split('\n');
    const note: unknown = JSON.parse(first);
    return typeof note === 'object' &&
      note !== null &&
      'serverId' in note &&
      typeof note.serverId === 'string'
      ? { boot, serverId: note.serverId, lastMs: changedAtMs, closed: second === CLOSED }
      : null;
  } catch (error) {
    // It was just removed, or it is damaged: then the stream's own files tell enough. Not where a disk fails for a while:
    // a stream that is still written to would be taken.
    if (error instanceof SyntaxError || error instanceof RangeError || (await isSpoilt(disk, error))) {
      return null;
    }
    throw error;
  }
}
