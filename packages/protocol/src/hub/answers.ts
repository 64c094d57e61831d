import * as v from 'valibot';
import { AuditEnvironment, AuditGap } from '../values/audit.js';
import { RequestStory, RequestSummary } from '../values/requests.js';
import { EventsAnswer } from './events.js';
import { FeedbackAnswer, RequestsAnswer } from './requests.js';
import {
  HubRefusal,
  OwnAnswer,
  OwnRecord,
  ReceiptBody,
  SignedReceipt,
  StreamHead,
  TicketAnswer
} from './records.js';

// A companion reads tolerantly: a newer service may say more within this version of the protocol.

const Head = v.object(StreamHead.entries);
/** What is signed is kept whole, also what is not known here. */
const Receipt = v.object({ ...SignedReceipt.entries, body: v.looseObject(ReceiptBody.entries) });
const Answer = v.object({ head: Head, receipt: v.nullable(Receipt) });

/** Of any name: a newer service may know more parts. */
const Off = v.object({ part: v.string(), reason: v.string() });
const Events = v.object({ ...EventsAnswer.entries, off: v.array(Off) });

const Summary = v.object(RequestSummary.entries);
const Requests = v.object({ ...RequestsAnswer.entries, requests: v.array(Summary) });
const Request = v.object({ request: v.object(RequestStory.entries) });

/** A receipt as a companion keeps it. */
export type KeptReceipt = v.InferOutput<typeof Receipt>;

const Own = v.object({
  ...OwnAnswer.entries,
  records: v.array(
    v.object({
      ...OwnRecord.entries,
      environment: v.nullable(v.object(AuditEnvironment.entries)),
      gap: v.nullable(v.object({ ...AuditGap.entries, cause: v.pipe(v.string(), v.maxLength(64)) }))
    })
  )
});

/** A record of this server as the hub service lists it. */
export type OwnRow = v.InferOutput<typeof Own>['records'][number];

/** The answer to a request for a ticket; null = this is none. */
export const readTicketAnswer = (text: string) => read(v.object(TicketAnswer.entries), text);
/** The head of a stream; null = this is none. */
export const readStreamHead = (text: string) => read(Head, text);
/** The answer to a batch; null = this is none. */
export const readBatchAnswer = (text: string) => read(Answer, text);
/** A receipt that was asked for; null = this is none. */
export const readReceiptAnswer = (text: string) => read(v.object({ receipt: Receipt }), text);
/** A receipt that was kept; null = this is none. */
export const readReceipt = (text: string) => read(Receipt, text);
/** The answer to `own`; null = this is none. */
export const readOwnAnswer = (text: string) => read(Own, text);
/** Own requests; null = this is none. */
export const readRequestsAnswer = (text: string) => read(Requests, text);
/** One request with its story; null = this is none. */
export const readRequestAnswer = (text: string) => read(Request, text);
/** The answer to feedback; null = this is none. */
export const readFeedbackAnswer = (text: string) => read(v.object(FeedbackAnswer.entries), text);
/** What policy switches off; null = that is not said here. */
export const readEventsAnswer = (text: string) => read(Events, text);
/** Why the service refuses; null = that is not said here. */
export const readHubRefusal = (text: string) => read(v.object(HubRefusal.entries), text);

function read<S extends v.GenericSchema>(schema: S, text: string): v.InferOutput<S> | null {
  try {
    const result = v.safeParse(schema, JSON.parse(text));
    return result.success ? result.output : null;
  } catch {
    // No JSON: a proxy's page instead of an answer. Whoever asked says so.
    return null;
  }
}
