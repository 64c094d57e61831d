import type { Generated } from 'kysely';

/** A digest that is held by something outside the service. */
export interface IAnchorTable {
  /** Kind and place, as the admin's settings name it. */
  target: string;
  digest: number;
  /** Canonical JSON of the protocol's `Anchor`. */
  anchor: string;
  stored_at_ms: number;
}

/** How it went with one target. */
export interface IAnchorTargetTable {
  target: string;
  /** Failures since the last success. */
  tries: number;
  tried_at_ms: number;
  next_at_ms: number;
  /** Why the last try failed; null = it did not. */
  trouble: string | null;
  /** What was found altered or missing there, or was refused as inconsistent; null = nothing. */
  altered: string | null;
}

/** The old key named the new one. */
export interface IKeyRotationTable {
  id: Generated<number>;
  /** Canonical JSON of the protocol's `SignedRotation`. */
  signed: string;
}
