import { randomBytes, randomUUID, type KeyObject } from 'node:crypto';
import { canonicalJson, NO_HASH } from '@labkeeper/core';
import type { Kysely } from 'kysely';
import type { IIncomingBatch, ISpeaker } from './log-writer.js';
import { PERSON_KEY_BYTES, personKey } from './personal-cipher.js';
import type { IPlacedBatch } from './placed-batch.js';
import type { ITables } from './tables.js';

/** The rows that stand for a speaker. */
export interface IKnownSpeaker {
  readonly hubId: number;
  readonly personId: number;
  readonly person: string;
  readonly personKey: KeyObject;
  readonly serverId: number;
  readonly server: string;
  readonly groupSetId: number;
}

/** The row that stands for a stream. */
export interface IKnownStream {
  readonly id: number;
  readonly uuid: string;
}

/** Learnt rows are believed so long, in ms: another replica may erase a person. */
const BELIEVED_MS = 60_000;
/** What is remembered, at most. */
const REMEMBERED = 50_000;

/** Remembers which rows stand for whom. Rows come into being inside the transaction that needs them. */
export class Identities {
  /** @param nowMs - epoch ms. */
  constructor(private readonly nowMs: () => number) {}

  /** Looks and learns inside one transaction; what was learnt counts only after `keep`. */
  session(db: Kysely<ITables>): IdentitySession {
    return new IdentitySession(db, this.nowMs, this.memory);
  }

  /** The batches with their rows, from memory alone; null = one of them must be looked up. */
  known(batches: readonly IIncomingBatch[]): readonly IPlacedBatch[] | null {
    const placed: IPlacedBatch[] = [];
    for (const batch of batches) {
      const speaker = this.recall(this.memory.speakers, speakerKey(batch.speaker));
      const stream = speaker && this.recall(this.memory.streams, streamKey(speaker.serverId, batch.boot));
      if (!speaker || !stream) {
        return null;
      }
      placed.push({ batch, speaker, stream });
    }
    return placed;
  }

  private recall<T>(memory: Map<string, IRemembered<T>>, key: string): T | null {
    return recall(memory, key, this.nowMs());
  }

  private readonly memory: IMemory = { speakers: new Map(), streams: new Map() };
}

interface IMemory {
  readonly speakers: Map<string, IRemembered<IKnownSpeaker>>;
  readonly streams: Map<string, IRemembered<IKnownStream>>;
}

interface IRemembered<T> {
  readonly value: T;
  readonly untilMs: number;
}

/** See `Identities.session`. */
export class IdentitySession {
  constructor(
    private readonly db: Kysely<ITables>,
    private readonly nowMs: () => number,
    private readonly known: IMemory
  ) {}

  /** The transaction was committed: what it made is there. */
  keep(): void {
    const untilMs = this.nowMs() + BELIEVED_MS;
    remember(this.known.speakers, this.speakers, untilMs);
    remember(this.known.streams, this.streams, untilMs);
  }

  /** Makes what is not there yet. */
  async speaker(speaker: ISpeaker): Promise<IKnownSpeaker> {
    const groups = sorted(speaker.groups);
    const key = speakerKey(speaker);
    const before = this.speakers.get(key) ?? this.recall(this.known.speakers, key);
    if (before) {
      return before;
    }
    const hubId = await this.hub(speaker.hub);
    const person = await this.person(hubId, speaker.user);
    const server = await this.server(person.id, speaker.server);
    const made: IKnownSpeaker = {
      hubId,
      personId: person.id,
      person: person.uuid,
      personKey: personKey(person.key),
      serverId: server.id,
      server: server.uuid,
      groupSetId: await this.groupSet(hubId, groups)
    };
    this.speakers.set(key, made);
    return made;
  }

  /** @param make - whether it may come into being now. @returns null = it is not there. */
  async stream(serverId: number, boot: string, make: boolean): Promise<IKnownStream | null> {
    const key = streamKey(serverId, boot);
    const before = this.streams.get(key) ?? this.recall(this.known.streams, key);
    if (before) {
      return before;
    }
    const find = () =>
      this.db
        .selectFrom('stream')
        .select(['id', 'uuid'])
        .where('server_id', '=', serverId)
        .where('boot', '=', boot)
        .executeTakeFirst();
    let found = await find();
    if (!found && make) {
      await this.db
        .insertInto('stream')
        .values({
          uuid: randomUUID(),
          server_id: serverId,
          boot,
          seq: 0,
          head: NO_HASH,
          seen_at_ms: this.nowMs()
        })
        .onConflict(conflict => conflict.doNothing())
        .execute();
      found = await find();
    }
    if (found) {
      this.streams.set(key, found);
    }
    return found ?? null;
  }

  private recall<T>(memory: Map<string, IRemembered<T>>, key: string): T | null {
    return recall(memory, key, this.nowMs());
  }

  private async hub(name: string): Promise<number> {
    const find = () => this.db.selectFrom('hub').select('id').where('name', '=', name).executeTakeFirst();
    const before = await find();
    if (before) {
      return before.id;
    }
    await this.db
      .insertInto('hub')
      .values({ name })
      .onConflict(conflict => conflict.doNothing())
      .execute();
    return there(await find()).id;
  }

  private async person(hubId: number, name: string): Promise<{ id: number; uuid: string; key: Uint8Array }> {
    const find = () =>
      this.db
        .selectFrom('person')
        .innerJoin('person_key', 'person_key.person_id', 'person.id')
        .select(['person.id', 'person.uuid', 'person_key.key'])
        .where('person.hub_id', '=', hubId)
        .where('person.name', '=', name)
        .executeTakeFirst();
    const before = await find();
    if (before) {
      return before;
    }
    await this.db
      .insertInto('person')
      .values({ uuid: randomUUID(), hub_id: hubId, name, created_at_ms: this.nowMs() })
      .onConflict(conflict => conflict.doNothing())
      .execute();
    const { id } = await this.db
      .selectFrom('person')
      .select('id')
      .where('hub_id', '=', hubId)
      .where('name', '=', name)
      .executeTakeFirstOrThrow();
    await this.db
      .insertInto('person_key')
      .values({ person_id: id, key: randomBytes(PERSON_KEY_BYTES) })
      .onConflict(conflict => conflict.doNothing())
      .execute();
    return there(await find());
  }

  private async server(personId: number, name: string): Promise<{ id: number; uuid: string }> {
    const find = () =>
      this.db
        .selectFrom('server')
        .select(['id', 'uuid'])
        .where('person_id', '=', personId)
        .where('name', '=', name)
        .executeTakeFirst();
    const before = await find();
    if (before) {
      return before;
    }
    await this.db
      .insertInto('server')
      .values({ uuid: randomUUID(), person_id: personId, name })
      .onConflict(conflict => conflict.doNothing())
      .execute();
    return there(await find());
  }

  private async groupSet(hubId: number, groups: readonly string[]): Promise<number> {
    const names = canonicalJson(groups);
    const find = () =>
      this.db
        .selectFrom('group_set')
        .select('id')
        .where('hub_id', '=', hubId)
        .where('names', '=', names)
        .executeTakeFirst();
    const before = await find();
    if (before) {
      return before.id;
    }
    await this.db
      .insertInto('group_set')
      .values({ hub_id: hubId, names })
      .onConflict(conflict => conflict.doNothing())
      .execute();
    const { id } = there(await find());
    if (groups.length > 0) {
      await this.db
        .insertInto('group_member')
        .values(groups.map(name => ({ set_id: id, name })))
        .onConflict(conflict => conflict.doNothing())
        .execute();
    }
    return id;
  }

  private readonly speakers = new Map<string, IKnownSpeaker>();
  private readonly streams = new Map<string, IKnownStream>();
}

function sorted(groups: readonly string[]): readonly string[] {
  return [...new Set(groups)].sort();
}

function speakerKey({ hub, user, server, groups }: ISpeaker): string {
  return JSON.stringify([hub, user, server, sorted(groups)]);
}

function streamKey(serverId: number, boot: string): string {
  return `${serverId} ${boot}`;
}

function recall<T>(memory: Map<string, IRemembered<T>>, key: string, nowMs: number): T | null {
  const found = memory.get(key);
  return found !== undefined && found.untilMs > nowMs ? found.value : null;
}

function remember<T>(memory: Map<string, IRemembered<T>>, learnt: Map<string, T>, untilMs: number): void {
  if (memory.size + learnt.size > REMEMBERED) {
    memory.clear();
  }
  learnt.forEach((value, key) => memory.set(key, { value, untilMs }));
}

/** What was just made; it can be missing only where somebody deletes rows by hand. */
function there<T>(found: T | undefined): T {
  if (found === undefined) {
    throw new Error('A row that was just made is not there.');
  }
  return found;
}
