import type { ActAction } from '@labkeeper/protocol';
import type { Generated } from 'kysely';

/** Tables of what goes out, and of what the service itself puts on record. */
export interface IOutgoingTables {
  outgoing_message: IOutgoingMessageTable;
  outgoing_cursor: IOutgoingCursorTable;
  outgoing_loss: IOutgoingLossTable;
  own_record: IOwnRecordTable;
}

/** One message for one target. */
export interface IOutgoingMessageTable {
  id: Generated<number>;
  /** Name of the target. */
  target: string;
  /** Of the Standard Webhook: the same for all tries. */
  message_id: string;
  /** Of messages with the same key a later one waits for the earlier. */
  order_key: string;
  /** Each once for each target. */
  once_key: string;
  /** JSON of an announcement. */
  body: string;
  /** Whom it is about, by hub and name, for her erasure; null = nobody. */
  hub: string;
  person: string | null;
  at_ms: number;
  state: MessageState;
  /** Tries that were begun. */
  attempts: number;
  /** Not before; while it is tried, when others may take it. */
  next_at_ms: number;
  /** Who tries it; null = nobody. */
  lease: string | null;
  /** When it was sent or given up. */
  done_at_ms: number | null;
  /** Why the last try failed, a sentence; null = it did not. */
  trouble: string | null;
}

/** `dead`: given up. */
export type MessageState = 'waiting' | 'sent' | 'dead';

/** How far the log went to a target. */
export interface IOutgoingCursorTable {
  target: string;
  /** Everything below it was sent. */
  next_index: number;
  lease: string | null;
  /** Not before; while somebody sends, when others may take it over. */
  next_at_ms: number;
  /** Tries that failed in a row. */
  attempts: number;
  sent_at_ms: number | null;
  trouble: string | null;
}

/** What a target did not get: how much of it, and when last. */
export interface IOutgoingLossTable {
  target: string;
  what: LossKind;
  count: number;
  last_at_ms: number;
  says: string | null;
}

/**
 * `dropped`: messages that were not put down. `rejected`: records that the target took with others and threw away.
 * `missing`: records that were not in the log, and that no act deleted.
 */
export type LossKind = 'dropped' | 'rejected' | 'missing';

/** What the service puts on record, in the order of the numbers; the n-th of those of a stream is record n of it. */
export interface IOwnRecordTable {
  id: Generated<number>;
  subject_id: number | null;
  action: ActAction;
  event_id: string;
  /** Canonical JSON of the act. */
  act: string;
  /** At which further hub its stream is; null = at the first. */
  stream_hub: string | null;
}
