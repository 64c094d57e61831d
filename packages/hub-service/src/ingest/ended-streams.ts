import { randomUUID } from 'node:crypto';
import { chainRecord, gapEvent, NOTHING_YET } from '@labkeeper/core';
import type { Logger } from 'pino';
import { reasonOf } from '../failure.js';
import { sha256Hex } from '../sha256.js';
import type { IDatabase } from '../store/database.js';
import type { IIncomingBatch } from '../store/log-writer.js';
import { silentStreams, type ISilentStream } from '../store/silent-streams.js';
import type { GroupCommit } from './group-commit.js';
import { SettledHubs } from './settled-hubs.js';
import { streamColumns } from '../store/stream-columns.js';

/**
 * A stream of which nothing came for so long, and that does not say that it ended, is put on record, in ms, once others of its
 * hub are heard. A companion that reaches the hub says every ten minutes that it lives.
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
  /** Milliseconds that only grow. */
  readonly monotonicMs: () => number;
}

const TROUBLE = 'Streams that fell silent could not be put on record.';

/**
 * Says of each stream that fell silent without an end that what it had recorded beyond may be lost: whoever owns the container
 * can take away the spool and all that would miss it, but not this. The record stands in a stream of the service's own, in the
 * name of the same server and called after the one it tells of: so several replicas tell it once. Where nobody of a hub is heard,
 * silence says nothing of its streams: they wait.
 */
export class EndedStreams {
  constructor(private readonly options: IEndedStreamsOptions) {
    this.settled = new SettledHubs(options);
  }

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
      const settled = await this.settled.look();
      const fromMs = Math.max(this.fromMs(settled), untilMs - LOOK_BACK_MS);
      let after = { seenAtMs: fromMs, id: -1 };
      for (let isMore = settled.size > 0 && !this.isEnding; isMore;) {
        const silent = await silentStreams(database, after, untilMs, AT_ONCE);
        for (const stream of silent.streams.filter(({ speaker }) => settled.has(speaker.hub))) {
          if (this.isEnding) {
            return;
          }
          await this.tryToTell(stream);
        }
        isMore = silent.last !== null && !this.isEnding;
        after = silent.last ?? after;
      }
      if (!this.isEnding) {
        settled.forEach(hub => this.toldMs.set(hub, this.failed.get(hub) ?? untilMs));
      }
    } catch (error) {
      log.warn({ reason: reasonOf(error) }, TROUBLE);
    } finally {
      this.failed.clear();
    }
  }

  /** From where on streams of these hubs are not told, epoch ms. */
  private fromMs(hubs: ReadonlySet<string>): number {
    return Math.min(...[...hubs].map(hub => this.toldMs.get(hub) ?? Number.NEGATIVE_INFINITY));
  }

  /** One that cannot be told holds up no other: the next look begins with the first of these. */
  private async tryToTell(stream: ISilentStream): Promise<void> {
    const { hub } = stream.speaker;
    try {
      await this.tell(stream);
    } catch (error) {
      if (!this.failed.has(hub)) {
        this.failed.set(hub, stream.seenAtMs);
        this.options.log.warn({ hub, reason: reasonOf(error) }, TROUBLE);
      }
    }
  }

  private async tell({ speaker, serverId, told, head, seenAtMs }: ISilentStream): Promise<void> {
    const { commit, nowMs } = this.options;
    const before = head ?? NOTHING_YET;
    const event = gapEvent('stream-silent', seenAtMs, null, nowMs());
    const record = chainRecord(sha256Hex, told, before, event, randomUUID());
    const batch: IIncomingBatch = {
      ...{ speaker, onlyServer: serverId },
      ...{ boot: told, first: before.seq + 1, prev: before.hash, head: record.head.hash },
      records: [
        {
          ...{ seq: record.head.seq, line: record.line, opaque: null, personal: null },
          columns: streamColumns('gap', event.occurredAtMs)
        }
      ]
    };
    // A conflict: another replica told it, or she was erased meanwhile.
    await commit.append(batch);
  }

  private timer: NodeJS.Timeout | undefined;
  private looking: Promise<void> = Promise.resolve();
  private isEnding = false;
  private readonly settled: SettledHubs;
  /** By hub: all that fell silent before is told, epoch ms. */
  private readonly toldMs = new Map<string, number>();
  /** By hub, during a look: when the first of those fell silent that could not be told. */
  private readonly failed = new Map<string, number>();
}
