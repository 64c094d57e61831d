import type { Grade, HoldingEffect } from '@labkeeper/core';
import type { ActAction, AuditAction, StreamHead } from '@labkeeper/protocol';

/** Who speaks, as JupyterHub says: a name is always a name at a hub. */
export interface ISpeaker {
  readonly hub: string;
  readonly user: string;
  /** '' is the default server. */
  readonly server: string;
  readonly groups: readonly string[];
}

/** One record of a batch, read as far as it could be. */
export interface IIncomingRecord {
  readonly seq: number;
  /** The exact bytes that came, without the newline; null = they are no record, see `opaque`. */
  readonly line: string | null;
  /** The bytes of a line that could not be read as a record, base64; null = it is one. */
  readonly opaque: string | null;
  /** The exact bytes of the personal part; null = there is none. */
  readonly personal: string | null;
  /** What is searched. */
  readonly columns: IRecordColumns;
}

/** What of a record is searched. */
export interface IRecordColumns {
  readonly occurredAtMs: number | null;
  readonly action: AuditAction | ActAction | 'unreadable';
  readonly ecosystem: string | null;
  readonly packageName: string | null;
  readonly packageVersion: string | null;
  readonly tool: string | null;
  /** allow, deny, warn, require-approval; null = nothing was decided. */
  readonly effect: string | null;
  readonly grade: Grade;
  readonly environment: string | null;
  /** What it changes about what is held; null = nothing. */
  readonly held: HoldingEffect | null;
}

/** A batch whose own chain has been checked. */
export interface IIncomingBatch {
  readonly speaker: ISpeaker;
  /**
   * Number of the server that it is for, where the service speaks in somebody's name: whoever was erased since is not made
   * anew for it. Where the speaker's names do not lead to this server any more, it is a conflict. Absent = a container's own.
   */
  readonly onlyServer?: number;
  readonly boot: string;
  readonly first: number;
  /** Hash of the record before the first, hexadecimal. */
  readonly prev: string;
  /** Hash of the last record, hexadecimal. */
  readonly head: string;
  readonly records: readonly IIncomingRecord[];
}

/** What became of a batch. */
export type Appended =
  | {
      readonly kind: 'stored';
      readonly stream: string;
      /** Index of its first record in the log. */
      readonly firstIndex: number;
      readonly receivedAtMs: number;
    }
  /** The stream's head is another one: nothing was stored. */
  | { readonly kind: 'conflict'; readonly head: StreamHead };

/** The log as it is written. */
export interface ILogWriter {
  /** What is stored of a stream. Nobody else's: the speaker must be the one that began it. */
  head(speaker: ISpeaker, boot: string): Promise<StreamHead>;
  /**
   * Appends batches in one transaction: each whole or not at all. Durable when it resolves. Indexes have no gaps and are
   * in the order of the commits.
   */
  append(batches: readonly IIncomingBatch[]): Promise<readonly Appended[]>;
}
