import * as v from 'valibot';
import { Part } from '../messages/hello.js';
import { Sha256Hex } from '../values/audit.js';

/** Parts that a running companion can switch off and on. The others are decided at its start, by `LABKEEPER_DISABLE`. */
export const SWITCHABLE = [
  'meter',
  'deaths',
  'notices',
  'save-guard',
  'audit'
] as const satisfies readonly Part[];
export const SwitchablePart = v.picklist(SWITCHABLE);
export type SwitchablePart = v.InferOutput<typeof SwitchablePart>;

/** Longest reason of a switch, in characters. */
export const REASON_LENGTH = 500;
/** Longest name of an image, in characters. */
export const IMAGE_LENGTH = 512;

/** A part that policy switches off for somebody. */
export const SwitchedOff = v.strictObject({
  part: SwitchablePart,
  /** A sentence of the admin's, for people. */
  reason: v.pipe(v.string(), v.maxLength(REASON_LENGTH))
});
export type SwitchedOff = v.InferOutput<typeof SwitchedOff>;

/** What a companion asks with: the query of GET events. */
export const EventsQuery = v.strictObject({
  /** `seen` of the last answer; absent = there was none. */
  seen: v.optional(Sha256Hex),
  /** The image that the server says it runs in; absent = it does not know. */
  image: v.optional(v.pipe(v.string(), v.minLength(1), v.maxLength(IMAGE_LENGTH)))
});
export type EventsQuery = v.InferOutput<typeof EventsQuery>;

/** The answer to GET events where something is other than `seen`. Else there is none: 204, after a while. */
export const EventsAnswer = v.strictObject({
  /** What is to be sent as `?seen=` next: it stands for all of this answer. */
  seen: Sha256Hex,
  /** SHA-256 of the policy file that decided. */
  policy: Sha256Hex,
  /** In the order of `SWITCHABLE`. */
  off: v.pipe(v.array(SwitchedOff), v.maxLength(SWITCHABLE.length)),
  /** Grows when a request of the ticket's own user has changed: they are to be read anew. 0 = there is none. */
  requests: v.optional(v.pipe(v.number(), v.integer(), v.minValue(0)), 0)
});
export type EventsAnswer = v.InferOutput<typeof EventsAnswer>;
