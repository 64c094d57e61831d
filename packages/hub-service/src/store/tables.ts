import type { Grade } from '@labkeeper/core';
import type { Generated } from 'kysely';
import type {
  IRequestActTable,
  IRequestClockTable,
  IRequestTable,
  IVerdictFeedbackTable
} from './request-tables.js';
import type { IOutgoingTables } from './outgoing-tables.js';
import type { IRetentionTables } from './retention-tables.js';
import type { IServerEventTables } from './server-event-tables.js';
import type { IAnchorTable, IAnchorTargetTable, IKeyRotationTable } from './anchor-tables.js';
import type { IKeyTables } from './key-tables.js';

/**
 * The tables, the same on SQLite and PostgreSQL. Times are epoch ms, hashes of streams and digests lower-case
 * hexadecimal digits. Names of persons stand in `person` alone, so that they can be erased; everything else knows a person
 * by number, and the log's lines by UUID.
 */
export interface ITables extends IKeyTables, IOutgoingTables, IRetentionTables, IServerEventTables {
  log: ILogTable;
  hub: IHubTable;
  first_hub: IFirstHubTable;
  further_hub: IFurtherHubTable;
  person: IPersonTable;
  server: IServerTable;
  group_set: IGroupSetTable;
  group_member: IGroupMemberTable;
  stream: IStreamTable;
  log_head: ILogHeadTable;
  record: IRecordTable;
  record_body: IRecordBodyTable;
  personal: IPersonalTable;
  package_term: IPackageTermTable;
  look: ILookTable;
  holding: IHoldingTable;
  legal_act: ILegalActTable;
  digest: IDigestTable;
  signing_key: ISigningKeyTable;
  policy_version: IPolicyVersionTable;
  policy_use: IPolicyUseTable;
  saved_view: ISavedViewTable;
  session: ISessionTable;
  stream_image: IStreamImageTable;
  request_clock: IRequestClockTable;
  request: IRequestTable;
  request_act: IRequestActTable;
  verdict_feedback: IVerdictFeedbackTable;
  anchor: IAnchorTable;
  anchor_target: IAnchorTargetTable;
  key_rotation: IKeyRotationTable;
}

/** One row: which log this is, made at the first start. */
export interface ILogTable {
  /** Always 1. */
  one: number;
  /** UUID. */
  id: string;
  created_at_ms: number;
}

/** The hubs that this service trusts: a name is always a name at one of them. */
export interface IHubTable {
  id: Generated<number>;
  name: string;
}

/** One row: what the first hub is called, since the service was started first; it stays. */
export interface IFirstHubTable {
  /** Always 1. */
  one: number;
  name: string;
  since_ms: number;
}

/** A hub that the service was told of beside its first, once; it stays. */
export interface IFurtherHubTable {
  name: string;
  since_ms: number;
}

export interface IPersonTable {
  id: Generated<number>;
  /** How the log's lines call her. */
  uuid: string;
  hub_id: number;
  /** null = erased. */
  name: string | null;
  created_at_ms: number;
}

export interface IServerTable {
  id: Generated<number>;
  uuid: string;
  person_id: number;
  /** '' is the default server; null = erased. */
  name: string | null;
}

/** A set of groups that somebody was in at the same time: few of them, each named once. */
export interface IGroupSetTable {
  id: Generated<number>;
  hub_id: number;
  /** Canonical JSON of the names, sorted. */
  names: string;
}

export interface IGroupMemberTable {
  set_id: number;
  name: string;
}

/** One run of one companion. Its head is the only key of idempotence: it moves by compare-and-set. */
export interface IStreamTable {
  id: Generated<number>;
  uuid: string;
  server_id: number;
  boot: string;
  /** Of the last record; 0 = none. */
  seq: number;
  head: string;
  seen_at_ms: number;
}

/** One row: the next index of the log. Moved inside the transaction that appends, so that indexes have no gaps. */
export interface ILogHeadTable {
  /** Always 1. */
  one: number;
  next_index: number;
}

/** What is searched of a record; the exact line is in `record_body`. */
export interface IRecordTable {
  received_at_ms: number;
  idx: number;
  hub_id: number;
  person_id: number;
  server_id: number;
  group_set_id: number;
  stream_id: number;
  seq: number;
  occurred_at_ms: number | null;
  action: string;
  ecosystem: string | null;
  package_name: string | null;
  package_version: string | null;
  tool: string | null;
  effect: string | null;
  grade: Grade;
  environment: string | null;
  /** Hash of the entry as a leaf, 32 bytes. */
  leaf: Uint8Array;
}

export interface IRecordBodyTable {
  received_at_ms: number;
  idx: number;
  /** The exact line of the log. */
  entry: string;
}

export interface IPersonalTable {
  received_at_ms: number;
  idx: number;
  person_id: number;
  /** Nonce, tag and ciphertext, see `personal-cipher.ts`. */
  sealed: Uint8Array;
}

/** Every name of a package that is in the log, once: what free text is looked for in. */
export interface IPackageTermTable {
  name: string;
}

export interface ILookTable {
  id: Generated<number>;
  at_ms: number;
  hub: string;
  reader: string;
  kind: string;
  query: string;
}

/** Who has which version of a package since when: kept with the records, and could be made anew from them. */
export interface IHoldingTable {
  /** Of the record that began it: a record begins one at most. */
  since_idx: number;
  /** Received then, by the hub's clock. */
  since_ms: number;
  /** Of the record that ended it; null = none did. */
  until_idx: number | null;
  until_ms: number | null;
  server_id: number;
  /** As the person's groups were at the begin. */
  group_set_id: number;
  /** '' = nobody told which. */
  environment: string;
  ecosystem: string;
  package_name: string;
  /** null = not known. */
  package_version: string | null;
}

/** What was done by law's sake: only ever added to; triggers see to it. */
export interface ILegalActTable {
  id: Generated<number>;
  at_ms: number;
  hub: string;
  /** Who did it. */
  reader: string;
  kind: LegalActKind;
  /** null = everybody. */
  person_id: number | null;
  case_name: string | null;
  reason: string;
  /** The act that is lifted; each once. */
  lifts: number | null;
}

export type LegalActKind = 'hold' | 'lift' | 'erase';

export interface IDigestTable {
  number: number;
  first_index: number;
  count: number;
  /** Canonical JSON of the signed digest: its hash is the next one's `previous`. */
  signed: string;
  closed_at_ms: number;
}

/** Public parts of the keys that signed receipts and digests. */
export interface ISigningKeyTable {
  id: string;
  /** Raw, base64url. */
  public_key: string;
  from_ms: number;
}

/** A version of the policy file that was in force once. */
export interface IPolicyVersionTable {
  /** SHA-256 of the file's bytes, hexadecimal. */
  digest: string;
  /** Those bytes. */
  content: Uint8Array;
  stored_at_ms: number;
}

/** A version came into force; the one with the highest number is. */
export interface IPolicyUseTable {
  id: Generated<number>;
  digest: string;
  from_ms: number;
}

/** A view of the install log that somebody gave a name. */
export interface ISavedViewTable {
  id: Generated<number>;
  hub: string;
  /** Who saved it. */
  owner: string;
  name: string;
  /** Its address: a path of ours. */
  address: string;
  /** 1 = for everybody who may read all of the log. */
  is_shared: number;
  saved_at_ms: number;
}

/** Somebody who has signed in at the pages. */
export interface ISessionTable {
  /** Fingerprint of the id in the cookie. */
  id: string;
  /** JSON of all the rest, encrypted: it holds the person's token at JupyterHub. */
  sealed: string;
  ends_at_ms: number;
  /** Her name, for her erasure; null = a replica of an older version wrote it. */
  person: string | null;
  /** At which hub; null as there. */
  hub: string | null;
}

/** Which image a stream's server ran in, as its spawner said. */
export interface IStreamImageTable {
  stream_id: number;
  image: string;
}
