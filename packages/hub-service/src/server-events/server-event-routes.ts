import { eventsWanted } from '@labkeeper/core';
import {
  HUB_PATHS,
  SERVER_EVENTS_BYTES,
  type ServerEvent,
  type ServerEventsAnswer
} from '@labkeeper/protocol';
import type { FastifyInstance } from 'fastify';
import { reasonOf } from '../failure.js';
import { StoreError } from '../ingest/record-routes.js';
import { TokenBuckets } from '../ingest/token-buckets.js';
import type { PolicyInForce } from '../policy/policy-in-force.js';
import { Refusal } from '../refusal.js';
import type { ISpeaker } from '../store/log-writer.js';
import type { IServerEventWriter } from '../store/server-events.js';
import type { ITicketHolder } from '../tickets/ticket.js';
import type { TicketOffice } from '../tickets/ticket-office.js';
import type { EventMetrics } from './event-metrics.js';
import { readEvents } from './read-events.js';
import type { RunsByHub } from './runs-by-hub.js';

/** What the events need beside the listener itself. */
export interface IServerEventParts {
  readonly writer: IServerEventWriter;
  readonly metrics: EventMetrics;
  /** Where servers run, by hub; without one it is not known there. */
  readonly runs: Pick<RunsByHub, 'get'>;
  /** Tells others of an event that was stored: at most once, because it is not stored a second time. */
  readonly announce: (speaker: ISpeaker, event: ServerEvent) => Promise<void>;
}

export interface IServerEventRoutesParts {
  readonly office: TicketOffice;
  readonly policy: PolicyInForce;
  readonly serverEvents: IServerEventParts;
  /** Milliseconds that only grow. */
  readonly monotonicMs: () => number;
}

/** What one server may send: a hundred deaths at once, and a broken one does not fill the database. */
const REQUESTS = { perSecond: 0.5, burst: 30 };
const EVENTS = { perSecond: 0.5, burst: 600 };
/** What all servers of a person may: she can have as many as she likes. */
const PERSON = { perSecond: 2, burst: 2400 };

/** POST of a batch of events, with the ticket. */
export function serverEventRoutes(fastify: FastifyInstance, parts: IServerEventRoutesParts): void {
  const { office, policy, monotonicMs } = parts;
  const { writer, metrics, runs, announce } = parts.serverEvents;
  const requests = new TokenBuckets({ ...REQUESTS, monotonicMs });
  const events = new TokenBuckets({ ...EVENTS, monotonicMs });
  const persons = new TokenBuckets({ ...PERSON, monotonicMs });
  const holders = new WeakMap<object, ITicketHolder>();

  // Before a body is read.
  fastify.addHook('onRequest', async request => {
    const holder = await office.admit(request.headers.authorization);
    spend(requests, keyOf(holder), 1);
    holders.set(request, holder);
  });
  fastify.addContentTypeParser(
    'application/x-ndjson',
    { parseAs: 'buffer', bodyLimit: SERVER_EVENTS_BYTES },
    (_request, body, done) => done(null, body)
  );
  fastify.post(
    HUB_PATHS.serverEvents,
    { bodyLimit: SERVER_EVENTS_BYTES },
    async (request): Promise<ServerEventsAnswer> => {
      const holder = holders.get(request);
      if (!holder) {
        throw new Refusal(401, 'ticket', 'There is no ticket with this request.');
      }
      const read = readEvents(Buffer.isBuffer(request.body) ? request.body : Buffer.alloc(0));
      if (read.kind !== 'batch') {
        throw new Refusal(read.kind === 'protocol' ? 426 : 400, read.kind, read.message);
      }
      const { hub, user, server, groups } = holder;
      const { head } = read;
      spend(events, keyOf(holder), head.count);
      spend(persons, JSON.stringify([hub, user]), head.count);
      const wanted = eventsWanted(policy.active.policy);
      metrics.unreadable.inc(read.events.filter(event => event === null).length);
      if (!wanted.send) {
        return { seq: head.first + head.count - 1 };
      }
      const incoming = {
        head,
        speaker: { hub, user, server, groups },
        events: read.events.map(event => (event?.kind === 'errors' && !wanted.errors ? null : event)),
        runs: (await runs.get(hub)?.of(user, server, head.boot)) ?? []
      };
      try {
        const { seq, stored } = await writer.append(incoming);
        metrics.stored(stored);
        for (const { event } of stored) {
          await announce(incoming.speaker, event).catch((error: unknown) =>
            request.log.error({ reason: reasonOf(error) }, 'A death could not be announced.')
          );
        }
        return { seq };
      } catch (error) {
        metrics.failures.inc();
        throw new StoreError(reasonOf(error), { cause: error });
      }
    }
  );
}

/** @throws Refusal */
function spend(buckets: TokenBuckets, key: string, amount: number): void {
  const waitMs = buckets.take(key, amount);
  if (waitMs > 0) {
    throw new Refusal(429, 'too-much', 'This server sends more events than a server may.', waitMs);
  }
}

function keyOf({ hub, user, server }: ITicketHolder): string {
  return JSON.stringify([hub, user, server]);
}
