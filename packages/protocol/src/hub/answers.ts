import * as v from 'valibot';
import { HubRefusal, ReceiptBody, SignedReceipt, StreamHead, TicketAnswer } from './records.js';

// A companion reads tolerantly: a newer service may say more within this version of the protocol.

const Head = v.object(StreamHead.entries);
/** What is signed is kept whole, also what is not known here. */
const Receipt = v.object({ ...SignedReceipt.entries, body: v.looseObject(ReceiptBody.entries) });
const Answer = v.object({ head: Head, receipt: v.nullable(Receipt) });

/** A receipt as a companion keeps it. */
export type KeptReceipt = v.InferOutput<typeof Receipt>;

/** The answer to a request for a ticket; null = this is none. */
export const readTicketAnswer = (text: string) => read(v.object(TicketAnswer.entries), text);
/** The head of a stream; null = this is none. */
export const readStreamHead = (text: string) => read(Head, text);
/** The answer to a batch; null = this is none. */
export const readBatchAnswer = (text: string) => read(Answer, text);
/** A receipt that was asked for; null = this is none. */
export const readReceiptAnswer = (text: string) => read(v.object({ receipt: Receipt }), text);
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
