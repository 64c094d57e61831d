import type { RequestDeedKind } from '@labkeeper/core';
import type { RequestKind, RequestState } from '@labkeeper/protocol';
import type { Generated } from 'kysely';

/** One row: counts changes of requests in the order of their commits, so that replicas learn of those of others. */
export interface IRequestClockTable {
  /** Always 1. */
  one: number;
  change: number;
}

/** A request as it stands; how it came there is in `request_act`. */
export interface IRequestTable {
  /** UUID, made by who asked. */
  id: string;
  person_id: number;
  server_id: number;
  /** Groups of the person, as they were when she asked. */
  group_set_id: number;
  /** `container`: whoever uses that server can have sent it. */
  origin: 'container';
  kind: RequestKind;
  /** What it is about, where others can be about the same. */
  subject: string | null;
  state: RequestState;
  version: number;
  /** JSON. */
  want: string;
  /** '' = erased. */
  reason: string;
  /** JSON. */
  evidence: string;
  created_at_ms: number;
  changed_at_ms: number;
  lapses_at_ms: number | null;
  until_ms: number | null;
  decided_at_ms: number | null;
  decided_by: string | null;
  decision_reason: string | null;
  messages: number;
  last_from: 'asker' | 'staff' | null;
  /** Name of the stream of its records in the log: the service's own, see `newServiceStream`. */
  boot: string;
  /** `request_clock.change` of its last change. */
  change: number;
}

/** Something that was done with a request. */
export interface IRequestActTable {
  id: Generated<number>;
  request_id: string;
  /** That it led to; 1 = it was made. */
  version: number;
  at_ms: number;
  kind: 'submit' | RequestDeedKind;
  /** `service`: nobody, its time had come. */
  side: 'asker' | 'staff' | 'service';
  /** Name of who did it; '' = nobody. */
  actor: string;
  /** Reason or message. */
  words: string | null;
  /** UUID, made by who said it; null = it is no message. */
  message_id: string | null;
  /** Its place in the stream of its request's records; null = it is not put into the log, or stands in an earlier stream. */
  log_seq: number | null;
  /**
   * 0 = it waits to be put into the log. 1 = it is there, or does not belong there. 2 = it waits for a version that knows
   * messages as records: an earlier one, which looks for 0 alone, would put it there as something else.
   */
  logged: 0 | 1 | 2;
}

/** "Was this right?" */
export interface IVerdictFeedbackTable {
  id: Generated<number>;
  uuid: string;
  person_id: number;
  server_id: number;
  at_ms: number;
  subject_kind: 'death' | 'notice';
  subject: string;
  told_cause: string;
  told_confidence: string;
  answer: 'yes' | 'no' | 'other';
  cause: string | null;
  note: string | null;
}
