import * as v from 'valibot';
import { Uuid } from '../values/audit.js';
import {
  RequestEvidence,
  RequestStory,
  RequestSummary,
  RequestText,
  RequestVersion,
  RequestWant,
  VerdictFeedback
} from '../values/requests.js';

/** Where companions bring requests and verdicts' feedback, below the service's own prefix. All want the ticket. */
export const REQUEST_PATHS = {
  /** GET: own requests, newest first, `?before=&limit=`. POST `RequestSubmit`: a new one; 200 with it, also where it is known. */
  requests: 'api/v1/requests',
  /** GET `/ID`: one of them with its whole story. */
  request: (id: string) => `api/v1/requests/${id}`,
  /** POST `RequestWithdraw`. */
  withdraw: (id: string) => `api/v1/requests/${id}/withdraw`,
  /** POST `RequestSay`. */
  messages: (id: string) => `api/v1/requests/${id}/messages`,
  /** POST `VerdictFeedback`. */
  feedback: 'api/v1/feedback'
} as const;

/** Bytes of one body, at most. */
export const REQUEST_BYTES = 128 * 1024;

/** A new request. Who asks, from which server, is what the ticket says. */
export const RequestSubmit = v.strictObject({
  /** Made by who asks: sending it again changes nothing. */
  id: Uuid,
  want: RequestWant,
  reason: RequestText,
  evidence: RequestEvidence
});
export type RequestSubmit = v.InferOutput<typeof RequestSubmit>;

/** Taken back. 409 where it has another version by now. */
export const RequestWithdraw = v.strictObject({ version: RequestVersion });
export type RequestWithdraw = v.InferOutput<typeof RequestWithdraw>;

/** Something said in the thread of an own request. */
export const RequestSay = v.strictObject({
  /** Made by who says it: sending it again changes nothing. */
  id: Uuid,
  text: RequestText
});
export type RequestSay = v.InferOutput<typeof RequestSay>;

/** Requests of one answer, at most: with the longest texts they fit into what a companion reads of one. */
export const REQUESTS_PAGE = 10;

/** The answer to GET requests. */
export const RequestsAnswer = v.strictObject({
  requests: v.pipe(v.array(RequestSummary), v.maxLength(REQUESTS_PAGE)),
  /** To be sent as `?before=` for the page after it; null = this is the last. */
  next: v.nullable(v.pipe(v.string(), v.maxLength(64)))
});
export type RequestsAnswer = v.InferOutput<typeof RequestsAnswer>;

/** The answer to everything about one request. */
export const RequestAnswer = v.strictObject({ request: RequestStory });
export type RequestAnswer = v.InferOutput<typeof RequestAnswer>;

/** The answer to feedback. */
export const FeedbackAnswer = v.strictObject({ id: VerdictFeedback.entries.id });
export type FeedbackAnswer = v.InferOutput<typeof FeedbackAnswer>;
