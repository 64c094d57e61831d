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
import { StoreError } from '../ingest/record-routes.js';
import { reasonOf } from '../failure.js';
import { TokenBuckets } from '../ingest/token-buckets.js';
import { readBody, readShape } from '../read-shape.js';
import { Refusal } from '../refusal.js';
import type { Done, IRequestActor, IRequests, IRequestWhole, Submitted } from '../store/requests.js';
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

const Id = v.strictObject({ id: Uuid });
const OwnQuery = v.strictObject({
  before: v.optional(v.pipe(v.string(), v.regex(/^\d{1,16}\.[0-9a-f-]{36}$/))),
  limit: v.optional(v.pipe(v.string(), v.regex(/^\d{1,2}$/), v.transform(Number)), String(REQUESTS_PAGE))
});

/** Requests and feedback, as companions bring them. Who asks is what the ticket says, and only her own are shown. */
export function requestRoutes(fastify: FastifyInstance, parts: IRequestRoutesParts): void {
  const routes = new RequestRoutes(parts);
  // Before a body is read.
  fastify.addHook('onRequest', request => routes.admit(request));
  fastify.addContentTypeParser(
    'application/json',
    { parseAs: 'string', bodyLimit: REQUEST_BYTES },
    (_request, body, done) => done(null, body)
  );
  const post = <Answer>(path: string, answer: (request: FastifyRequest) => Promise<Answer>): void => {
    fastify.post(path, { bodyLimit: REQUEST_BYTES }, answer);
  };
  fastify.get(REQUEST_PATHS.requests, request => routes.list(request));
  fastify.get(REQUEST_PATHS.request(':id'), request => routes.story(request));
  post(REQUEST_PATHS.requests, request => routes.submit(request));
  post(REQUEST_PATHS.withdraw(':id'), request => routes.withdraw(request));
  post(REQUEST_PATHS.messages(':id'), request => routes.say(request));
  post(REQUEST_PATHS.feedback, request => routes.feedback(request));
}

/** One method for each route. */
class RequestRoutes {
  constructor(private readonly parts: IRequestRoutesParts) {
    const { monotonicMs } = parts;
    this.reads = new TokenBuckets({ ...READS, monotonicMs });
    this.writes = new TokenBuckets({ ...WRITES, monotonicMs });
  }

  /** Whose request it is, and whether she may ask now. */
  async admit(request: FastifyRequest): Promise<void> {
    const holder = await this.parts.office.admit(request.headers.authorization);
    const rate = request.method === 'GET' ? this.reads : this.writes;
    const waitMs = rate.take(JSON.stringify([holder.hub, holder.user]), 1);
    if (waitMs > 0) {
      throw new Refusal(429, 'too-much', 'More was asked for than is answered at once.', waitMs);
    }
    this.holders.set(request, holder);
  }

  async list(request: FastifyRequest): Promise<RequestsAnswer> {
    const { before, limit } = readShape(OwnQuery, request.query, misshapen);
    const [createdAtMs, id] = before?.split('.') ?? [];
    const place =
      createdAtMs === undefined || id === undefined ? null : { createdAtMs: Number(createdAtMs), id };
    const most = Math.min(Math.max(limit, 1), REQUESTS_PAGE);
    const rows = await stored(() =>
      this.requests.own(this.holderOf(request), place && { ...place, isOpen: false }, most)
    );
    const last = rows.at(-1);
    return {
      requests: rows.map(summaryOf),
      next: last && rows.length === most ? `${last.createdAtMs}.${last.id}` : null
    };
  }

  async story(request: FastifyRequest): Promise<RequestAnswer> {
    return { request: storyOf(await this.own(request)) };
  }

  async submit(request: FastifyRequest): Promise<RequestAnswer> {
    const { hub, user, server, groups } = this.holderOf(request);
    const body = readBody(RequestSubmit, request.body, misshapen);
    const made = madeOf(await stored(() => this.requests.submit({ hub, user, server, groups }, body)));
    await this.changed();
    return { request: storyOf(made) };
  }

  async withdraw(request: FastifyRequest): Promise<RequestAnswer> {
    const { id } = await this.own(request);
    const { version } = readBody(RequestWithdraw, request.body, misshapen);
    const actor = this.asker(request, null, null);
    return this.done(() => this.requests.act(id, version, { kind: 'withdraw' }, actor));
  }

  async say(request: FastifyRequest): Promise<RequestAnswer> {
    const { id } = await this.own(request);
    const said = readBody(RequestSay, request.body, misshapen);
    const actor = this.asker(request, said.text, said.id);
    return this.done(() => this.requests.act(id, null, { kind: 'say' }, actor));
  }

  async feedback(request: FastifyRequest): Promise<FeedbackAnswer> {
    const { hub, user, server, groups } = this.holderOf(request);
    const said = readBody(VerdictFeedback, request.body, misshapen);
    if (!(await stored(() => this.parts.asked.feedback.say({ hub, user, server, groups }, said)))) {
      throw changedMeanwhile(
        'You have said as much of verdicts as is kept of one person in a day: try again tomorrow.'
      );
    }
    return { id: said.id };
  }

  private get requests(): IRequests {
    return this.parts.asked.requests;
  }

  private holderOf(request: FastifyRequest): ITicketHolder {
    const holder = this.holders.get(request);
    if (!holder) {
      throw new Refusal(401, 'ticket', 'There is no ticket with this request.');
    }
    return holder;
  }

  private asker(request: FastifyRequest, words: string | null, messageId: string | null): IRequestActor {
    return { side: 'asker', by: this.holderOf(request).user, words, messageId };
  }

  /** Nobody learns of requests that are not hers. */
  private async own(request: FastifyRequest): Promise<IRequestWhole> {
    const { hub, user } = this.holderOf(request);
    const { id } = readShape(Id, request.params, misshapen);
    const found = await stored(() => this.requests.find(id));
    if (found?.user !== user || found.hub !== hub) {
      throw unknown();
    }
    return found;
  }

  private async done(act: () => Promise<Done>): Promise<RequestAnswer> {
    const done = await stored(act);
    await this.changed();
    return { request: storyOf(doneOf(done)) };
  }

  private async changed(): Promise<void> {
    const { recorder, news } = this.parts.asked;
    await recorder.flush();
    await news.look();
  }

  private readonly reads: TokenBuckets;
  private readonly writes: TokenBuckets;
  private readonly holders = new WeakMap<FastifyRequest, ITicketHolder>();
}

function madeOf(submitted: Submitted): IRequestWhole {
  switch (submitted.kind) {
    case 'made':
      return submitted.request;
    case 'taken':
      throw changedMeanwhile('There is another request of this id.');
    case 'too-many':
      throw changedMeanwhile(
        'You have as many open requests as anybody may have: take one back, or wait for an answer.'
      );
    case 'too-many-today':
      throw changedMeanwhile(
        'You have made as many requests as anybody may make in a day: try again tomorrow.'
      );
  }
}

function doneOf(done: Done): IRequestWhole {
  switch (done.kind) {
    case 'done':
      return done.request;
    case 'changed':
      throw changedMeanwhile('This request is another by now: look at it again.');
    case 'full':
      throw changedMeanwhile('This thread is full: make a new request.');
    case 'unknown':
      throw unknown();
  }
}

function changedMeanwhile(sentence: string): Refusal {
  return new Refusal(409, 'changed', sentence);
}

function unknown(): Refusal {
  return new Refusal(404, 'unknown', 'You have no such request.');
}

function misshapen(place: string | null): Refusal {
  return new Refusal(400, 'malformed', `This is not understood: ${place ?? 'the whole'}.`);
}

/** @throws StoreError where the database does not do it. */
async function stored<Result>(act: () => Promise<Result>): Promise<Result> {
  try {
    return await act();
  } catch (error) {
    throw new StoreError(reasonOf(error), { cause: error });
  }
}
