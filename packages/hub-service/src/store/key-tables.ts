import type { Generated } from 'kysely';

export interface IKeyTables {
  person_key: IPersonKeyTable;
  master_key: IMasterKeyTable;
  master_key_handover: IMasterKeyHandoverTable;
  sealed_secret: ISealedSecretTable;
}

/** What a person's personal parts are encrypted with; the row is deleted to erase them all. */
export interface IPersonKeyTable {
  person_id: number;
  /** AES-256: 32 bytes sealed by a master key; where there is none, as they are. */
  key: Uint8Array;
  /** null = plain: of a version before master keys, until it is met. */
  master_id: Generated<string | null>;
}

/** One row: which master key seals from now on. No row = none ever did. */
export interface IMasterKeyTable {
  /** Always 1. */
  one: number;
  id: string;
  since_ms: number;
}

/** While a master key is replaced: each of the two sealed under the other, so that whoever has one goes on. */
export interface IMasterKeyHandoverTable {
  id: string;
  under_id: string;
  sealed: Uint8Array;
}

/** The service's own keys, where replicas share no folder. */
export interface ISealedSecretTable {
  /** As its file in a state folder is called. */
  name: string;
  master_id: string;
  sealed: Uint8Array;
}
