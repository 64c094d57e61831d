import { OtlpLogsAnswer, parseShape } from '@labkeeper/protocol';

/** What a target that took a batch says that it did not take of it. */
export interface IRejected {
  readonly count: number;
  /** Its own words; null = none. */
  readonly says: string | null;
}

const NONE: IRejected = { count: 0, says: null };

/**
 * What an OTLP target threw away of a batch that it answered with success: the same batch is not sent again for it.
 *
 * @param answer - the body of its answer. What is no such answer says nothing.
 * @param sent - records of the batch: it can throw away no more.
 */
export function otlpRejected(answer: string, sent: number): IRejected {
  const partial = parseShape(OtlpLogsAnswer, answer)?.partialSuccess;
  const count = Math.min(sent, partial?.rejectedLogRecords ?? 0);
  return count === 0 ? NONE : { count, says: partial?.errorMessage?.trim() || null };
}
