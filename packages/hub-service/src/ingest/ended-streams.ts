import { randomUUID } from 'node:crypto';
import { chainRecord, gapEvent, NOTHING_YET } from '@labkeeper/core';
import type { Logger } from 'pino';
import { reasonOf } from '../failure.js';
import { sha256Hex } from '../sha256.js';
import type { IDatabase } from '../store/database.js';
import type { IIncomingBatch } from '../store/log-writer.js';
import { silentStreams, type ISilentStream } from '../store/silent-streams.js';
import type { GroupCommit } from './group-commit.js';

/**
 * A stream of which nothing came for so long, and that does not say that it ended, is put on record, in ms. A companion that
 * reaches the hub says every ten minutes that it lives; a day is longer than a hub is away.
 */
export const SILENT_MS = 24 * 3_600_000;
/** Those that fell silent longer ago are from before this was looked for, or were told, in ms. */
const LOOK_BACK_MS = 30 * SILENT_MS;
/** How often it is looked for them, in ms. */
const LOOK_MS = 3_600_000;
/** Streams that are read at a time. */
const AT_ONCE = 200;

export interface IEndedStreamsOptions {
  readonly database: IDatabase;
  readonly commit: Pick<GroupCommit, 'append'>;
  readonly log: Pick<Logger, 'warn'>;
  /** Epoch ms. */
  readonly nowMs: () => number;
}

/**
 * Says of each stream that fell silent without an end that what it had recorded beyond may be lost: whoever owns the container
 * can take away the spool and all that would miss it, but not this. The record stands in a stream of the service's own, in the
 * name of the same server and called after the one it tells of: so several replicas tell it once.
 */
export class EndedStreams {
  constructor(private readonly options: IEndedStreamsOptions) {}

  start(): void {
    this.timer = setInterval(() => void this.look(), LOOK_MS).unref();
    void this.look();
  }

  /** Ends when what is under way has. */
  async close(): Promise<void> {
    this.isEnding = true;
    clearInterval(this.timer);
    await this.looking;
  }

  /** Looks now. Never rejects: what cannot be told now is told at the next look. */
  look(): Promise<void> {
    this.looking = this.looking.then(() => this.tryToLook());
    return this.looking;
  }

  private async tryToLook(): Promise<void> {
    const { database, nowMs, log } = this.options;
    const untilMs = nowMs() - SILENT_MS;
    try {
      let after = { seenAtMs: this.toldMs ?? untilMs - LOOK_BACK_MS, id: -1 };
      for (let isMore = true; isMore && !this.isEnding;) {
        const silent = await silentStreams(database, after, untilMs, AT_ONCE);
        for (const stream of silent.streams) {
          await this.tell(stream);
        }
        isMore = silent.last !== null;
        after = silent.last ?? after;
      }
      if (!this.isEnding) {
        this.toldMs = untilMs;
      }
    } catch (error) {
      log.warn({ reason: reasonOf(error) }, 'Streams that fell silent could not be put on record.');
    }
  }

  private async tell({ speaker, told, head, seenAtMs }: ISilentStream): Promise<void> {
    const { commit, nowMs } = this.options;
    const before = head ?? NOTHING_YET;
    const event = gapEvent('stream-silent', seenAtMs, null, nowMs());
    const record = chainRecord(sha256Hex, told, before, event, randomUUID());
    const batch: IIncomingBatch = {
      ...{ speaker, boot: told, first: before.seq + 1, prev: before.hash, head: record.head.hash },
      records: [
        {
          ...{ seq: record.head.seq, line: record.line, opaque: null, personal: null },
          columns: {
            occurredAtMs: event.occurredAtMs,
            action: 'gap',
            ecosystem: null,
            packageName: null,
            packageVersion: null,
            tool: null,
            effect: null,
            grade: 'stream',
            environment: null,
            held: null
          }
        }
      ]
    };
    // A conflict: another replica told it.
    await commit.append(batch);
  }

  private timer: NodeJS.Timeout | undefined;
  private looking: Promise<void> = Promise.resolve();
  private isEnding = false;
  /** All that fell silent before is told, epoch ms; null = not known. */
  private toldMs: number | null = null;
}
