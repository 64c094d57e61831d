import * as v from 'valibot';
import { notification } from '../envelope.js';
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
import { Text } from '../values/units.js';

/** So many requests a list holds, at most. */
export const LISTED_REQUESTS = 50;

/** Whether the page shows own requests: then they are read anew. Page → companion; a page that goes wants nothing. */
export const requestsWanted = notification('requests/wanted', v.object({ wanted: v.boolean() }));

/** A new request. Page → companion, answered by `requests/result` with its id as `ref`. */
export const requestSubmitted = notification(
  'requests/submit',
  v.object({ id: Uuid, want: RequestWant, reason: RequestText, evidence: RequestEvidence })
);

/** A request is taken back. Page → companion, answered by `requests/result` with its id as `ref`. */
export const requestWithdrawn = notification(
  'requests/withdraw',
  v.object({ id: Uuid, version: RequestVersion })
);

/** Something is said in a request's thread. Page → companion, answered by `requests/result` with `message` as `ref`. */
export const requestSaid = notification(
  'requests/say',
  v.object({ id: Uuid, message: Uuid, text: RequestText })
);

/** The whole story of one request is wanted. Page → companion, answered by `requests/story`, else by `requests/result`. */
export const requestRead = notification('requests/read', v.object({ id: Uuid }));

/** "Was this right?" Page → companion, answered by `requests/result` with its id as `ref`. */
export const feedbackGiven = notification('requests/feedback', VerdictFeedback);

/** What came of something that the page asked for. Companion → the page that asked. */
export const requestResult = notification(
  'requests/result',
  v.object({
    /** Of what the page sent. */
    ref: Uuid,
    /**
     * `done`: the hub has it. `refused`: it says no, sending it again does not help. `changed`: the request is another by
     * now. `later`: the hub does not answer, or has too much to do; the same id can be sent again. `no-hub`: there is no
     * hub service.
     */
    result: v.picklist(['done', 'refused', 'changed', 'later', 'no-hub']),
    /** A sentence for people, in English, of the hub's; null = there is none. */
    message: v.nullable(Text)
  })
);
export type RequestResult = v.InferOutput<typeof requestResult.params>;

/** Own requests, newest first, whole. Companion → every page, when they were read and on every change. */
export const requestsKnown = notification(
  'requests/list',
  v.object({
    requests: v.pipe(v.array(RequestSummary), v.maxLength(LISTED_REQUESTS)),
    /** There are older ones. */
    isCut: v.boolean(),
    /** `none`: there is no hub service. `failed`: they could not be read; those that are known stay in the list. */
    hub: v.picklist(['none', 'asking', 'read', 'failed'])
  })
);
export type RequestsKnown = v.InferOutput<typeof requestsKnown.params>;

/** The whole story of one request. Companion → the page that asked. */
export const requestStory = notification('requests/story', RequestStory);
