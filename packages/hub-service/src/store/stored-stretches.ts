import { parseEntryLine } from '@labkeeper/core';
import { sha256Hex } from '../sha256.js';
import type { IDatabase } from './database.js';
import type { ILogPlace } from './log-reader.js';
import type { ISpeaker } from './log-writer.js';
import { linesAt } from './record-lines.js';

/** Records of one stream that lie one behind the other in the log, and were received at the same time. */
export interface IStoredStretch {
  readonly stream: string;
  readonly first: number;
  readonly seq: number;
  /** Hash of the record `seq`, hexadecimal. */
  readonly head: string;
  /** Index of the record `first`. */
  readonly firstIndex: number;
  readonly receivedAtMs: number;
}

/** Finds again what a receipt was given for, from the rows alone. */
export class StoredStretches {
  constructor(private readonly database: IDatabase) {}

  /**
   * The stretch that ends with the record `seq`, as far back as `first`, or as was stored together.
   *
   * @param speaker - must be the one that began the stream.
   * @returns null = that record is not stored.
   */
  async find(speaker: ISpeaker, boot: string, first: number, seq: number): Promise<IStoredStretch | null> {
    const rows = await this.database.read
      .selectFrom('record')
      .innerJoin('stream', 'stream.id', 'record.stream_id')
      .innerJoin('server', 'server.id', 'stream.server_id')
      .innerJoin('person', 'person.id', 'server.person_id')
      .innerJoin('hub', 'hub.id', 'person.hub_id')
      .select(['record.seq', 'record.idx', 'record.received_at_ms', 'stream.uuid'])
      .where('hub.name', '=', speaker.hub)
      .where('person.name', '=', speaker.user)
      .where('server.name', '=', speaker.server)
      .where('stream.boot', '=', boot)
      .where('record.seq', '>=', first)
      .where('record.seq', '<=', seq)
      .orderBy('record.seq', 'desc')
      .execute();
    const [last] = rows;
    if (last === undefined || last.seq !== seq) {
      return null;
    }
    let begin = last;
    for (const row of rows.slice(1)) {
      if (row.idx !== begin.idx - 1 || row.received_at_ms !== last.received_at_ms) {
        break;
      }
      begin = row;
    }
    return {
      stream: last.uuid,
      first: begin.seq,
      seq,
      head: await this.hashOf({ index: last.idx, receivedAtMs: last.received_at_ms }),
      firstIndex: begin.idx,
      receivedAtMs: last.received_at_ms
    };
  }

  /** Hash of the bytes that came, which stand in the line of the log as they are. */
  private async hashOf(place: ILogPlace): Promise<string> {
    const { index } = place;
    const entry = (await linesAt(this.database.read, [place])).get(index) ?? '';
    const parts = parseEntryLine(Buffer.from(`{"index":${index},"entry":${entry}}`));
    if (parts === null) {
      throw new Error(`Record ${index} of the log is not as it was written.`);
    }
    const { kind, content } = parts;
    return sha256Hex(
      kind === 'record' ? content : Buffer.from(Buffer.from(content).toString('latin1'), 'base64')
    );
  }
}
