import * as v from 'valibot';
import { Uuid, Sha256Hex } from '../values/audit.js';
import { VerdictFeedback } from '../values/requests.js';
import { EpochMs, Text } from '../values/units.js';
import { EventsWanted, IMAGE_LENGTH, SwitchedOff, SWITCHABLE } from './events.js';
import { ServerEvent } from './server-events.js';

// What a companion keeps in its user's home of what it and the hub service say to each other, for the companion after it.
// The user owns these files, so they are read as strictly as a message of a stranger.

/** Which service said it or is to hear it, and by whose server: another one's files are not taken. */
export const KeptPlace = v.strictObject({
  /** Address of the service. */
  service: Text,
  /** null = the hub did not say whose server it is. */
  user: v.nullable(Text)
});
export type KeptPlace = v.InferOutput<typeof KeptPlace>;

/** What the hub's policy said last. */
export const KeptPolicy = v.strictObject({
  labkeeperPolicy: v.literal(1),
  place: KeptPlace,
  /** When the hub said it, or said that it still holds, by the container's clock. */
  saidAtMs: EpochMs,
  /** SHA-256 of the policy file. */
  policy: Sha256Hex,
  off: v.pipe(v.array(SwitchedOff), v.maxLength(SWITCHABLE.length)),
  events: EventsWanted
});
export type KeptPolicy = v.InferOutput<typeof KeptPolicy>;

/** Answers to "Was this right?" that wait, at most. */
export const KEPT_FEEDBACK = 100;

/** Answers to "Was this right?" that the hub does not have, oldest first. */
export const KeptFeedback = v.strictObject({
  labkeeperFeedback: v.literal(1),
  place: KeptPlace,
  waiting: v.pipe(v.array(VerdictFeedback), v.maxLength(KEPT_FEEDBACK))
});
export type KeptFeedback = v.InferOutput<typeof KeptFeedback>;

/** First line of a file of events that were not sent; each other line is one `KeptEvent`. */
export const KeptEventsHead = v.strictObject({
  labkeeperEvents: v.literal(1),
  place: KeptPlace,
  boot: Uuid,
  /** Names the server process whose companion wrote it. */
  serverId: Text,
  image: v.nullable(v.pipe(v.string(), v.minLength(1), v.maxLength(IMAGE_LENGTH)))
});
export type KeptEventsHead = v.InferOutput<typeof KeptEventsHead>;

/** One event with its number in its boot: it is sent under that number, so that the hub stores it once. */
export const KeptEvent = v.strictObject({
  seq: v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(2 ** 40)),
  event: ServerEvent
});
export type KeptEvent = v.InferOutput<typeof KeptEvent>;

/** What a file of events holds. */
export interface IKeptEvents {
  readonly head: KeptEventsHead;
  readonly events: readonly KeptEvent[];
  /** Lines that are none; a last one without its end is one too. */
  readonly damaged: number;
}

/** null = this is none. */
export const readKeptPolicy = (text: string): KeptPolicy | null => read(KeptPolicy, text);
/** null = this is none. */
export const readKeptFeedback = (text: string): KeptFeedback | null => read(KeptFeedback, text);

/** null = this is none: its first line says nothing that could be used. */
export function readKeptEvents(text: string): IKeptEvents | null {
  const [first = '', ...lines] = text.split('\n');
  const head = read(KeptEventsHead, first);
  if (head === null) {
    return null;
  }
  const rest = lines.pop() ?? '';
  const events = lines.map(line => read(KeptEvent, line));
  const good = events.filter(event => event !== null);
  return { head, events: good, damaged: events.length - good.length + (rest === '' ? 0 : 1) };
}

function read<S extends v.GenericSchema>(schema: S, text: string): v.InferOutput<S> | null {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    // No JSON, so it is none. Whoever asked says so.
    return null;
  }
  const result = v.safeParse(schema, value);
  return result.success ? result.output : null;
}
