import { randomUUID } from 'node:crypto';
import type { IClock } from '../clock.js';
import { codeOf, reasonOf } from '../failure.js';
import type { Log } from '../log.js';
import type { IAuditDisk } from './audit-disk.js';
import { isDead, removeLife, type INotedLife } from './life-sign.js';
import { parseSegmentName } from './segment.js';
import { isSpoilt } from './spoilt.js';
import { scanStream, type SpooledStream } from './spooled-stream.js';
import type { INotedStream, StreamLedger } from './stream-ledger.js';

/** What could not be sent is kept for so long, in ms: somebody may want to know what it was. */
const ASIDE_MS = 30 * 24 * 60 * 60 * 1000;
const ASIDE = '.aside';

/** Where a file goes that is not to be sent. */
type Cleared = 'aside' | 'removed';

/** What was found in the folder. */
export interface IFoundEarlier {
  /** Companions that are dead. */
  readonly dead: readonly INotedLife[];
  /** Something of which nobody can say yet what it is, or that cannot be moved yet: look again later. */
  readonly isUndecided: boolean;
  /** Streams of which something is missing. Each is told of once. */
  readonly damaged: readonly string[];
  /** Streams that were begun and of which no file is left. */
  readonly vanished: readonly INotedStream[];
  /** Streams of which there is nothing that could be sent. */
  readonly empty: readonly string[];
}

/** Streams of earlier companions that wait to be sent, and those that were set aside because they never will. */
export class EarlierStreams {
  constructor(
    private readonly options: {
      readonly disk: IAuditDisk;
      readonly boot: string;
      readonly serverId: string;
      readonly clock: IClock;
      readonly log: Log;
      readonly serverLives: (serverId: string) => boolean | null;
      /** null = it is not noted which streams there were. */
      readonly ledger: StreamLedger | null;
      /** Whether a stream is this companion's own. */
      readonly isOwn: (boot: string) => boolean;
    }
  ) {}

  /** Those that wait, oldest first. */
  get waiting(): readonly SpooledStream[] {
    return this.streams;
  }

  /** Bytes of their files. */
  get sizeBytes(): number {
    return this.streams.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
  }

  /** Looks for more of them. A stream whose companion may live is left alone. @throws the system's error. */
  async find(lives: readonly INotedLife[]): Promise<IFoundEarlier> {
    const { disk, serverId, serverLives, ledger } = this.options;
    const nowMs = await this.nowMs();
    for (const [name, where] of [...this.leftOver]) {
      await this.clear(name, where);
    }
    const dead = lives.filter(life => isDead(life, serverId, nowMs, serverLives));
    const undecided = lives.filter(life => !dead.includes(life));
    const damaged: string[] = [];
    const empty: string[] = [];
    let unread = 0;
    // Read before their files are looked for: one that is begun meanwhile has its file already.
    const noted = await this.noted();
    const segments = await this.segments(nowMs);
    for (const [earlier, names] of segments) {
      try {
        const scanned = await scanStream(disk, earlier, names);
        if (undecided.some(life => life.boot === earlier || life.serverId === scanned.serverId)) {
          continue;
        }
        const { stream, isDamaged } = scanned;
        if (isDamaged) {
          damaged.push(earlier);
        }
        if (stream.names.length > 0) {
          this.streams.push(stream);
        } else {
          empty.push(earlier);
          if (!isDamaged) {
            // Before its files: a stream that is noted and has none is one that was lost.
            await ledger?.end(earlier);
          }
        }
        // Files that hold nothing that could be sent are not left behind.
        for (const name of names.filter(name => !stream.names.includes(name))) {
          await this.clear(name, isDamaged ? 'aside' : 'removed');
        }
      } catch (error) {
        unread += 1;
        this.tell('What an earlier companion recorded cannot be read now', error);
      }
    }
    this.streams.sort((a, b) => a.openedAtMs - b.openedAtMs);
    const missed = await this.stillMissed(noted.filter(({ boot: earlier }) => !segments.has(earlier)));
    const vanished = missed.filter(life => isDead(life, serverId, nowMs, serverLives));
    const unsure = undecided.length + missed.length - vanished.length + unread + this.leftOver.size;
    return { dead, isUndecided: unsure > 0, damaged, vanished, empty };
  }

  /** By the file system's clock. Without a note of our own nobody has been silent for long: their streams wait. */
  private async nowMs(): Promise<number> {
    const { disk, boot } = this.options;
    try {
      return (await disk.state(`${boot}.life`)).changedAtMs;
    } catch (error) {
      if (await isSpoilt(disk, error)) {
        return -Infinity;
      }
      throw error;
    }
  }

  /** Streams of others that are noted, and do not wait. */
  private async noted(): Promise<readonly INotedStream[]> {
    const { ledger, isOwn } = this.options;
    const noted = (await ledger?.noted()) ?? [];
    return noted.filter(({ boot }) => !isOwn(boot) && !this.streams.some(stream => stream.boot === boot));
  }

  /**
   * Looks again in the same order: a companion that brings the last of a stream to the hub while this one begins removes its
   * note and then its files, and may have done so between the two. @throws the system's error.
   */
  private async stillMissed(missed: readonly INotedStream[]): Promise<readonly INotedStream[]> {
    if (missed.length === 0) {
      return missed;
    }
    const noted = new Set((await this.noted()).map(({ boot }) => boot));
    const names = await this.options.disk.names();
    const withFiles = new Set(names.map(name => parseSegmentName(name)?.boot));
    return missed.filter(({ boot }) => noted.has(boot) && !withFiles.has(boot));
  }

  /** A stream has been sent whole. @returns whether its files are gone; otherwise that is tried again with the next look. */
  async sent(stream: SpooledStream): Promise<boolean> {
    // Before its files: a stream that is noted and has none is one that was lost.
    await this.options.ledger?.end(stream.boot);
    return this.drop(stream, 'removed');
  }

  /**
   * A stream cannot be sent: its files are kept for a while under other names.
   *
   * @returns whether they have them. Otherwise that is tried again with the next look; the stream is dropped all the same.
   */
  setAside(stream: SpooledStream): Promise<boolean> {
    return this.drop(stream, 'aside');
  }

  private async drop(stream: SpooledStream, where: Cleared): Promise<boolean> {
    for (const name of stream.names) {
      await this.clear(name, where);
    }
    this.remove(stream);
    return this.leftOver.size === 0;
  }

  /** The next companion need not know of these. @throws the system's error. */
  async removeLives(dead: readonly INotedLife[]): Promise<void> {
    for (const { boot } of dead) {
      await removeLife(this.options.disk, boot);
    }
  }

  private remove(stream: SpooledStream): void {
    this.streams = this.streams.filter(other => other !== stream);
  }

  /** A file is no longer wanted among those that wait; what cannot be moved now is tried again. */
  private async clear(name: string, where: Cleared): Promise<void> {
    try {
      await (where === 'removed' ? this.removeOrMove(name) : this.moveAside(name));
      this.leftOver.delete(name);
    } catch (error) {
      this.leftOver.set(name, where);
      this.tell('A file of the spool cannot be set aside or removed', error);
    }
  }

  /** @throws the system's error. */
  private async removeOrMove(name: string): Promise<void> {
    try {
      await this.options.disk.remove(name);
    } catch {
      // Somebody may have made a folder of it: the next companion is not to look for records there.
      await this.moveAside(name);
    }
  }

  /** @throws the system's error, but for a file that is gone. */
  private async moveAside(name: string): Promise<void> {
    const { disk } = this.options;
    try {
      // Somebody may have put something else in the place of the first.
      await disk
        .rename(name, `${name}${ASIDE}`)
        .catch(() => disk.rename(name, `${name}.${randomUUID()}${ASIDE}`));
    } catch (error) {
      if (codeOf(error) !== 'ENOENT') {
        throw error;
      }
    }
  }

  /** What was set aside long ago is removed. What somebody made a link or a folder stays. */
  private async removeOld(name: string, nowMs: number): Promise<void> {
    const { disk } = this.options;
    try {
      if (nowMs - (await disk.state(name)).changedAtMs > ASIDE_MS) {
        await disk.remove(name);
      }
    } catch (error) {
      if (!(await isSpoilt(disk, error))) {
        this.tell('What was set aside of the spool cannot be removed', error);
      }
    }
  }

  private tell(what: string, error: unknown): void {
    if (!this.told.has(what)) {
      this.told.add(what);
      this.options.log(`${what}: ${reasonOf(error)}`);
    }
  }

  /** The names of all segments by stream, in their order. */
  private async segments(nowMs: number): Promise<Map<string, readonly string[]>> {
    const { disk, isOwn } = this.options;
    const found = new Map<string, { number: number; name: string }[]>();
    for (const name of await disk.names()) {
      const segment = parseSegmentName(name);
      if (segment) {
        if (
          this.leftOver.has(name) ||
          isOwn(segment.boot) ||
          this.streams.some(stream => stream.boot === segment.boot)
        ) {
          continue;
        }
        found.set(segment.boot, [...(found.get(segment.boot) ?? []), { number: segment.number, name }]);
      } else if (name.endsWith(ASIDE)) {
        await this.removeOld(name, nowMs);
      }
    }
    return new Map(
      [...found].map(([stream, list]) => [
        stream,
        list.sort((a, b) => a.number - b.number).map(({ name }) => name)
      ])
    );
  }

  private streams: SpooledStream[] = [];
  /** Files that are to go and do not yet. */
  private readonly leftOver = new Map<string, Cleared>();
  /** What was said. */
  private readonly told = new Set<string>();
}
