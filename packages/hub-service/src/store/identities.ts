import type { KeyObject } from 'node:crypto';
import type { Kysely } from 'kysely';
import { there } from './find-or-make.js';
import { type ISpeakerRows, learnSpeakers, speakerKey } from './learn-speakers.js';
import { learnStreams, streamKey } from './learn-streams.js';
import type { ISpeaker } from './log-writer.js';
import type { PersonKeys } from './person-keys.js';
import { type IStanding, standingSpeakers } from './standing-speakers.js';
import type { ITables } from './tables.js';

/** The rows that stand for a speaker, and her key. */
export interface IKnownSpeaker extends ISpeakerRows {
  readonly personKey: KeyObject;
}

/** The row that stands for a stream. */
export interface IKnownStream {
  readonly id: number;
  readonly uuid: string;
}

/** A batch, as far as it says whose it is. */
export interface IUnplaced {
  readonly speaker: ISpeaker;
  readonly boot: string;
  readonly first: number;
  readonly onlyServer?: number;
}

/** Whose a batch is; null = of a stream that is not there, and it is not its begin, or of a server that is not there. */
export type KnownPlace = { readonly speaker: IKnownSpeaker; readonly stream: IKnownStream } | null;

/** Learnt rows are believed so long, in ms. */
const BELIEVED_MS = 3_600_000;
/**
 * How often it is looked whether somebody was erased, by whichever replica, in ms: nothing else takes a learnt row away.
 * Companions send a record a minute or so; were each looked up anew, that would be most of what the database is asked.
 */
const LOOK_MS = 5000;
/** What is remembered, at most. */
const REMEMBERED = 50_000;

/** Remembers which rows stand for whom. */
export class Identities {
  /** @param nowMs - epoch ms. */
  constructor(
    private readonly nowMs: () => number,
    private readonly personKeys: Pick<PersonKeys, 'readOrMake'>
  ) {}

  /** Forgets everybody when somebody was erased since the last look; looks seldom. */
  async refresh(db: Kysely<ITables>): Promise<void> {
    // Its absolute value: a clock that was set back must not end the looking.
    if (Math.abs(this.nowMs() - this.lookedAtMs) < LOOK_MS) {
      return;
    }
    const atMs = this.nowMs();
    const { last } = await db
      .selectFrom('legal_act')
      .select(eb => eb.fn.max('id').as('last'))
      .where('kind', '=', 'erase')
      .executeTakeFirstOrThrow();
    if (last !== this.lastErasure) {
      this.speakers.clear();
      this.streams.clear();
      this.lastErasure = last;
    }
    this.lookedAtMs = atMs;
  }

  /** @returns null = not all of them are known: see `learn`. */
  recall(batches: readonly IUnplaced[]): readonly KnownPlace[] | null {
    const places: KnownPlace[] = [];
    for (const { speaker, boot, onlyServer } of batches) {
      const known = this.speakers.get(speakerKey(speaker));
      const stream = known && this.streams.get(streamKey({ server: known.serverId, boot }));
      if (!known || !stream) {
        return null;
      }
      places.push(isFor(known, onlyServer) ? { speaker: known, stream } : null);
    }
    return places;
  }

  /**
   * Looks all of them up at once, and makes what is not there. A stream comes into being with its first batch only.
   *
   * @param db - a transaction.
   * @returns places, and what remembers them: to be called when the transaction was committed.
   */
  async learn(
    db: Kysely<ITables>,
    batches: readonly IUnplaced[]
  ): Promise<{ readonly places: readonly KnownPlace[]; keep(): void }> {
    const unknown = new Map<string, ISpeaker>();
    // Taken out now: while the others are looked up, what is remembered may come to its end.
    const remembered = new Map<string, IKnownSpeaker>();
    const standing: IStanding[] = [];
    for (const { speaker, onlyServer } of batches) {
      const key = speakerKey(speaker);
      const known = this.speakers.get(key);
      if (known) {
        remembered.set(key, known);
      } else if (onlyServer === undefined) {
        unknown.set(key, speaker);
      } else {
        standing.push({ speaker, onlyServer });
      }
    }
    const { lastErasure } = this;
    const found = await standingSpeakers(db, standing);
    const made = await learnSpeakers(db, [...unknown.values()], this.nowMs());
    const learnt = await this.withKeys(db, new Map([...found, ...made]));
    const speakers = batches.map(({ speaker, onlyServer }) => {
      const key = speakerKey(speaker);
      const known = learnt.get(key) ?? remembered.get(key);
      if (onlyServer === undefined) {
        return there(known);
      }
      return known && isFor(known, onlyServer) ? known : null;
    });
    const wanted = batches.flatMap(({ boot, first }, i) => {
      const speaker = speakers[i];
      return speaker ? [{ server: speaker.serverId, boot, isBegun: first === 1 }] : [];
    });
    // Their begins last: of the batches of one stream any may be its first.
    wanted.sort((a, b) => Number(a.isBegun) - Number(b.isBegun));
    const learntStreams = await learnStreams(db, wanted, this.nowMs());
    return {
      places: batches.map(({ boot }, i) => {
        const speaker = speakers[i];
        const stream = speaker && learntStreams.get(streamKey({ server: speaker.serverId, boot }));
        return speaker && stream ? { speaker, stream } : null;
      }),
      keep: () => {
        // Somebody was erased meanwhile, perhaps one of these.
        if (this.lastErasure !== lastErasure) {
          return;
        }
        learnt.forEach((known, key) => this.speakers.set(key, known));
        learntStreams.forEach((known, key) => this.streams.set(key, known));
      }
    };
  }

  private async withKeys(
    db: Kysely<ITables>,
    rows: ReadonlyMap<string, ISpeakerRows>
  ): Promise<ReadonlyMap<string, IKnownSpeaker>> {
    const keys = await this.personKeys.readOrMake(
      db,
      [...rows.values()].map(({ personId }) => personId)
    );
    // Who has none was erased since she was found.
    return new Map(
      [...rows].flatMap(([key, row]) => {
        const personKey = keys.get(row.personId);
        return personKey ? [[key, { ...row, personKey }] as const] : [];
      })
    );
  }

  private readonly speakers = new Memory<IKnownSpeaker>(() => this.nowMs());
  private readonly streams = new Memory<IKnownStream>(() => this.nowMs());
  /** Number of the last erasure; null = there was none. */
  private lastErasure: number | null = null;
  private lookedAtMs = Number.NEGATIVE_INFINITY;
}

/** Whether it is the server that a batch is for. */
function isFor({ serverId }: IKnownSpeaker, onlyServer: number | undefined): boolean {
  return onlyServer === undefined || serverId === onlyServer;
}

/** Believes for a time. */
class Memory<T> {
  constructor(private readonly nowMs: () => number) {}

  get(key: string): T | null {
    const found = this.known.get(key);
    return found !== undefined && found.untilMs > this.nowMs() ? found.value : null;
  }

  set(key: string, value: T): void {
    if (this.known.size >= REMEMBERED) {
      this.known.clear();
    }
    this.known.set(key, { value, untilMs: this.nowMs() + BELIEVED_MS });
  }

  clear(): void {
    this.known.clear();
  }

  private readonly known = new Map<string, { readonly value: T; readonly untilMs: number }>();
}
