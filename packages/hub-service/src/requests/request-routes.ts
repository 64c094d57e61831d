import {
  REQUEST_BYTES,
  REQUEST_PATHS,
  RequestSay,
  RequestSubmit,
  REQUESTS_PAGE,
  RequestWithdraw,
  Uuid,
  VerdictFeedback,
  type FeedbackAnswer,
  type RequestAnswer,
  type RequestsAnswer
} from '@labkeeper/protocol';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import * as v from 'valibot';
import { isShallow } from '../ingest/json-depth.js';
import { StoreError } from '../ingest/record-routes.js';
import { reasonOf } from '../failure.js';
import { TokenBuckets } from '../ingest/token-buckets.js';
import { Refusal } from '../refusal.js';
import type { Done, IRequests, IRequestWhole } from '../store/requests.js';
import type { IVerdictFeedback } from '../store/verdict-feedback.js';
import type { ITicketHolder } from '../tickets/ticket.js';
import type { TicketOffice } from '../tickets/ticket-office.js';
import { storyOf, summaryOf } from './own-view.js';
import type { RequestNews } from './request-news.js';
import type { RequestRecorder } from './request-recorder.js';

/** What routes of requests need. */
export interface IRequestParts {
  readonly requests: IRequests;
  readonly feedback: IVerdictFeedback;
  readonly recorder: RequestRecorder;
  readonly news: RequestNews;
}

export interface IRequestRoutesParts {
  readonly office: TicketOffice;
  readonly asked: IRequestParts;
  /** Milliseconds that only grow. */
  readonly monotonicMs: () => number;
}

/** What one person may read, and write: nobody types faster. */
const READS = { perSecond: 2, burst: 60 };
const WRITES = { perSecond: 0.2, burst: 20 };
/** Bodies lie four deep. */
const DEPTH = 8;

const Id = v.strictObject({ id: Uuid });
const OwnQuery = v.strictObject({
  before: v.optional(v.pipe(v.string(), v.regex(/^\d{1,16}\.[0-9a-f-]{36}$/))),
  limit: v.optional(v.pipe(v.string(), v.regex(/^\d{1,2}$/), v.transform(Number)), String(REQUESTS_PAGE))
});

/** Requests and feedback, as companions bring them. Who asks is what the ticket says, and only her own are shown. */
export function requestRoutes(fastify: FastifyInstance, parts: IRequestRoutesParts): void {
  const { office, asked, monotonicMs } = parts;
  const { requests, feedback, recorder, news } = asked;
  const reads = new TokenBuckets({ ...READS, monotonicMs });
  const writes = new TokenBuckets({ ...WRITES, monotonicMs });
  const holders = new WeakMap<FastifyRequest, ITicketHolder>();
  const holderOf = (request: FastifyRequest): ITicketHolder => {
    const holder = holders.get(request);
    if (!holder) {
      throw new Refusal(401, 'ticket', 'There is no ticket with this request.');
    }
    return holder;
  };
  // Before a body is read.
  fastify.addHook('onRequest', async request => {
    const holder = await office.admit(request.headers.authorization);
    const waitMs = (request.method === 'GET' ? reads : writes).take(
      JSON.stringify([holder.hub, holder.user]),
      1
    );
    if (waitMs > 0) {
      throw new Refusal(429, 'too-much', 'More was asked for than is answered at once.', waitMs);
    }
    holders.set(request, holder);
  });
  fastify.addContentTypeParser(
    'application/json',
    { parseAs: 'string', bodyLimit: REQUEST_BYTES },
    (_request, body, done) => done(null, body)
  );
  const post = <Answer>(path: string, answer: (request: FastifyRequest) => Promise<Answer>): void => {
    fastify.post(path, { bodyLimit: REQUEST_BYTES }, answer);
  };
  /** Nobody learns of requests that are not hers. */
  const own = async (request: FastifyRequest): Promise<IRequestWhole> => {
    const { hub, user } = holderOf(request);
    const { id } = shaped(Id, request.params);
    const found = await stored(() => requests.find(id));
    if (found?.user !== user || found.hub !== hub) {
      throw unknown();
    }
    return found;
  };
  const changed = async (): Promise<void> => {
    await recorder.flush();
    await news.look();
  };

  fastify.get(REQUEST_PATHS.requests, async (request): Promise<RequestsAnswer> => {
    const { before, limit } = shaped(OwnQuery, request.query);
    const [createdAtMs, id] = before?.split('.') ?? [];
    const place =
      createdAtMs === undefined || id === undefined ? null : { createdAtMs: Number(createdAtMs), id };
    const most = Math.min(Math.max(limit, 1), REQUESTS_PAGE);
    const rows = await stored(() =>
      requests.own(holderOf(request), place && { ...place, isOpen: false }, most)
    );
    const last = rows.at(-1);
    return {
      requests: rows.map(summaryOf),
      next: last && rows.length === most ? `${last.createdAtMs}.${last.id}` : null
    };
  });

  fastify.get(REQUEST_PATHS.request(':id'), async (request): Promise<RequestAnswer> => ({
    request: storyOf(await own(request))
  }));

  post(REQUEST_PATHS.requests, async (request): Promise<RequestAnswer> => {
    const { hub, user, server, groups } = holderOf(request);
    const body = bodyOf(RequestSubmit, request);
    const submitted = await stored(() => requests.submit({ hub, user, server, groups }, body));
    switch (submitted.kind) {
      case 'taken':
        throw new Refusal(409, 'changed', 'There is another request of this id.');
      case 'too-many':
        throw new Refusal(
          409,
          'changed',
          'You have as many open requests as anybody may have: take one back, or wait for an answer.'
        );
      case 'too-many-today':
        throw new Refusal(
          409,
          'changed',
          'You have made as many requests as anybody may make in a day: try again tomorrow.'
        );
      case 'made':
        await changed();
        return { request: storyOf(submitted.request) };
    }
  });

  post(REQUEST_PATHS.withdraw(':id'), async (request): Promise<RequestAnswer> => {
    const { id } = await own(request);
    const { version } = bodyOf(RequestWithdraw, request);
    const actor = { side: 'asker', by: holderOf(request).user, words: null, messageId: null } as const;
    const done = await stored(() => requests.act(id, version, { kind: 'withdraw' }, actor));
    await changed();
    return { request: storyOf(doneOf(done)) };
  });

  post(REQUEST_PATHS.messages(':id'), async (request): Promise<RequestAnswer> => {
    const { id } = await own(request);
    const said = bodyOf(RequestSay, request);
    const actor = {
      side: 'asker',
      by: holderOf(request).user,
      words: said.text,
      messageId: said.id
    } as const;
    const done = await stored(() => requests.act(id, null, { kind: 'say' }, actor));
    await changed();
    return { request: storyOf(doneOf(done)) };
  });

  post(REQUEST_PATHS.feedback, async (request): Promise<FeedbackAnswer> => {
    const { hub, user, server, groups } = holderOf(request);
    const said = bodyOf(VerdictFeedback, request);
    if (!(await stored(() => feedback.say({ hub, user, server, groups }, said)))) {
      throw new Refusal(
        409,
        'changed',
        'You have said as much of verdicts as is kept of one person in a day: try again tomorrow.'
      );
    }
    return { id: said.id };
  });
}

function doneOf(done: Done): IRequestWhole {
  switch (done.kind) {
    case 'done':
      return done.request;
    case 'changed':
      throw new Refusal(409, 'changed', 'This request is another by now: look at it again.');
    case 'full':
      throw new Refusal(409, 'changed', 'This thread is full: make a new request.');
    case 'unknown':
      throw unknown();
  }
}

function unknown(): Refusal {
  return new Refusal(404, 'unknown', 'You have no such request.');
}

function bodyOf<Shape extends v.GenericSchema>(shape: Shape, { body }: FastifyRequest): v.InferOutput<Shape> {
  let json: unknown;
  try {
    json = typeof body === 'string' && isShallow(body, DEPTH) ? JSON.parse(body) : undefined;
  } catch {
    // Said in a sentence below.
    json = undefined;
  }
  return shaped(shape, json);
}

function shaped<Shape extends v.GenericSchema>(shape: Shape, value: unknown): v.InferOutput<Shape> {
  const read = v.safeParse(shape, value);
  if (!read.success) {
    const [issue] = read.issues;
    throw new Refusal(400, 'malformed', `This is not understood: ${v.getDotPath(issue) ?? 'the whole'}.`);
  }
  return read.output;
}

/** @throws StoreError where the database does not do it. */
async function stored<Result>(act: () => Promise<Result>): Promise<Result> {
  try {
    return await act();
  } catch (error) {
    throw new StoreError(reasonOf(error), { cause: error });
  }
}
