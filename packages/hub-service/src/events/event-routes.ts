import { canonicalJson, eventsWanted, placeOf, switchesFor } from '@labkeeper/core';
import { EventsQuery, HUB_PATHS, type EventsAnswer } from '@labkeeper/protocol';
import type { FastifyInstance, FastifyReply } from 'fastify';
import * as v from 'valibot';
import { TokenBuckets } from '../ingest/token-buckets.js';
import type { Metrics } from '../metrics.js';
import type { PolicyInForce } from '../policy/policy-in-force.js';
import { Refusal } from '../refusal.js';
import type { IRequestParts } from '../requests/request-routes.js';
import type { RequestNews } from '../requests/request-news.js';
import { sha256, sha256Hex } from '../sha256.js';
import type { ITicketHolder } from '../tickets/ticket.js';
import type { TicketOffice } from '../tickets/ticket-office.js';
import { HeldPolls } from './held-polls.js';

export interface IEventRoutesParts {
  readonly office: TicketOffice;
  readonly policy: PolicyInForce;
  readonly metrics: Metrics;
  readonly asked: IRequestParts;
  /** Milliseconds that only grow. */
  readonly monotonicMs: () => number;
  /** How long a question waits for news, in ms; the usual unless given. */
  readonly holdMs?: number;
}

/** One server's questions: each answer is followed by one. */
const RATE = { perSecond: 1, burst: 20 };
const LATER_MS = 30_000;

/** GET events, with the ticket: news at once, else held until there is some, else 204. */
export function eventRoutes(fastify: FastifyInstance, parts: IEventRoutesParts): void {
  const { office, policy, metrics, monotonicMs, holdMs, asked } = parts;
  const rate = new TokenBuckets({ ...RATE, monotonicMs });
  const polls = new HeldPolls<EventsAnswer>({
    monotonicMs,
    ...(holdMs === undefined ? {} : { holdMs }),
    changed: count => metrics.polls.set(count)
  });
  policy.onChange(() => void polls.lookAtAll());
  asked.news.onChange(() => void polls.lookAtAll());
  // Before connections are waited for: who waits here would keep the service from its end.
  fastify.addHook('preClose', async () => polls.close());

  fastify.get(HUB_PATHS.events, async (request, reply): Promise<EventsAnswer | FastifyReply> => {
    const holder = await office.admit(request.headers.authorization);
    const asker = canonicalJson([holder.hub, holder.user, holder.server]);
    const waitMs = rate.take(asker, 1);
    if (waitMs > 0) {
      throw new Refusal(429, 'too-much', 'This server asks for news too often.', waitMs);
    }
    const query = v.safeParse(EventsQuery, request.query);
    if (!query.success) {
      throw new Refusal(400, 'malformed', 'Only ?seen= of an earlier answer and ?image= are understood.');
    }
    const { seen, image } = query.output;
    const answerNow = answerer(policy, asked.news, holder, image ?? null);
    const news = (): EventsAnswer | null => {
      const answer = answerNow();
      return answer.seen === seen ? null : answer;
    };
    const known = news();
    if (known !== null) {
      return known;
    }
    const later = await waitFor(polls, asker, news, reply);
    if (later === null) {
      return reply.code(204).send();
    }
    // It waited for up to 50 s: who was thrown out of JupyterHub meanwhile is told nothing more.
    await office.admit(request.headers.authorization);
    return later;
  });
}

function waitFor(
  polls: HeldPolls<EventsAnswer>,
  asker: string,
  news: () => EventsAnswer | null,
  reply: FastifyReply
): Promise<EventsAnswer | null> {
  return new Promise((resolve, reject) => {
    const leave = polls.hold(asker, { news, answer: resolve });
    if (leave === null) {
      reject(new Refusal(503, 'unavailable', 'Too many servers wait for news here.', LATER_MS));
      return;
    }
    // The asker is gone: nobody is answered.
    reply.raw.once('close', () => {
      leave();
      resolve(null);
    });
  });
}

/** What the server of a ticket is told under the policy of the moment. */
function answerer(
  policy: PolicyInForce,
  news: RequestNews,
  { hub, user, groups }: ITicketHolder,
  image: string | null
): () => EventsAnswer {
  const subject = { hub, groups, image, place: placeOf(sha256(Buffer.from(canonicalJson([hub, user])))) };
  return () => {
    const { active } = policy;
    const off = switchesFor(active.policy, subject);
    const requests = news.of(hub, user);
    const events = eventsWanted(active.policy);
    const seen = sha256Hex(canonicalJson({ off, events, policy: active.digest, requests }));
    return { seen, policy: active.digest, off, events, requests };
  };
}
