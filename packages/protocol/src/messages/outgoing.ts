import * as v from 'valibot';
import { notification } from '../envelope.js';
import { Count, EpochMs, Text } from '../values/units.js';

/** Every class of message that a companion sends to the hub service. */
export const OutgoingClass = v.picklist([
  /** The server's own token, for a ticket of the service. */
  'ticket',
  /** How far the service has a stream of records. */
  'stream-head',
  /** Records of the audited log; signs of life are among them. */
  'records',
  /** The signed receipt for records, again. */
  'receipt',
  /** What the hub has on record of this server. */
  'own-records',
  /** What policy switches off. */
  'policy',
  /** Deaths, throttling, counts of saves and, where policy asks for them, of error classes. */
  'server-events',
  /** Something is asked for: help, a package, more time. */
  'request',
  /** The own requests. */
  'own-requests',
  /** One own request with its whole story. */
  'request-story',
  /** A request is taken back. */
  'request-withdrawn',
  /** Something said about a request. */
  'request-message',
  /** "Was this right?" */
  'feedback'
]);
export type OutgoingClass = v.InferOutput<typeof OutgoingClass>;

/** Longest part of a message's body that is shown as an example, in UTF-16 units. */
export const EXAMPLE_CHARACTERS = 8192;
/** Longest head of a message that is shown, in UTF-16 units. */
export const EXAMPLE_HEAD = 4096;

/** The last message of a class, as it was sent, but for the credential. */
export const OutgoingExample = v.object({
  atMs: EpochMs,
  /** Of the whole message, its head included. */
  bytes: Count,
  /** The request line and the headers, a line each. */
  head: v.pipe(v.string(), v.maxLength(EXAMPLE_HEAD)),
  /** null = the message has none. */
  body: v.nullable(v.pipe(v.string(), v.maxLength(EXAMPLE_CHARACTERS))),
  /** The body is longer than what is shown of it. */
  isCut: v.boolean()
});
export type OutgoingExample = v.InferOutput<typeof OutgoingExample>;

/** One class of message. */
export const OutgoingRow = v.object({
  /** @see OutgoingClass; a newer companion may say others. */
  what: Text,
  method: Text,
  /** Below the service's own prefix; `*` stands for what differs from one message to the next. */
  path: Text,
  /** Messages since the companion started. */
  count: Count,
  /** Of all of them. */
  bytes: Count,
  /** null = none was sent yet. */
  last: v.nullable(OutgoingExample)
});
export type OutgoingRow = v.InferOutput<typeof OutgoingRow>;

/** Whether the page shows what leaves the container: only then is it told. Page → companion; one that goes wants nothing. */
export const outgoingWanted = notification('outgoing/wanted', v.object({ wanted: v.boolean() }));

/** All that the hub service is told, by example. Companion → each page that wants it, and on every change. */
export const outgoingKnown = notification(
  'outgoing/known',
  v.object({
    /** Host of the hub service that everything goes to; null = no service is named, so nothing is sent. */
    host: v.nullable(Text),
    /** Since when is counted. */
    sinceMs: EpochMs,
    classes: v.pipe(v.array(OutgoingRow), v.maxLength(64))
  })
);
export type OutgoingKnown = v.InferOutput<typeof outgoingKnown.params>;
