import {
  BATCH_BYTES,
  HUB_PATHS,
  Uuid,
  type BatchAnswer,
  type OwnAnswer,
  type StreamHead
} from '@labkeeper/protocol';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import * as v from 'valibot';
import { reasonOf } from '../failure.js';
import type { Metrics } from '../metrics.js';
import { Refusal } from '../refusal.js';
import type { ILogPlace, ILogReader } from '../store/log-reader.js';
import type { ILogWriter, Appended, IIncomingBatch } from '../store/log-writer.js';
import type { ITicketHolder } from '../tickets/ticket.js';
import type { TicketOffice } from '../tickets/ticket-office.js';
import { BodyRoom } from './body-room.js';
import { QueueFullError, type GroupCommit } from './group-commit.js';
import { ownRecords, type EntriesAt } from './own-records.js';
import { OWN_STREAM, readBatch } from './read-batch.js';
import { receiptFor } from './receipt.js';
import { receiptRoute, type IReceiptRouteParts } from './receipt-route.js';
import { TokenBuckets } from './token-buckets.js';

export interface IRecordRoutesParts extends IReceiptRouteParts {
  readonly office: TicketOffice;
  readonly writer: ILogWriter;
  readonly reader: ILogReader;
  readonly entriesAt: EntriesAt;
  readonly commit: GroupCommit;
  /** Whether a stream is one of a request, which the service writes itself. */
  readonly isRequestStream: (boot: string) => Promise<boolean>;
  readonly metrics: Metrics;
  readonly rates: IRates;
  /** What the service's own streams are called. */
  readonly ownStream: () => Promise<string>;
  /** Milliseconds that only grow. */
  readonly monotonicMs: () => number;
}

/** What one server may send, and in bytes all servers of a person: she can have as many as she likes. */
export interface IRates {
  readonly requestsPerSecond: number;
  readonly requestsBurst: number;
  readonly recordsPerSecond: number;
  readonly recordsBurst: number;
  readonly bytesPerSecond: number;
  readonly bytesBurst: number;
}

/**
 * A spool of a day comes back within a minute; a broken companion does not fill the log. Nor does a hostile one fill the
 * disk: of one person four whole spools come at once, and less than 3 GB in a day.
 */
export const RATES: IRates = {
  requestsPerSecond: 20,
  requestsBurst: 100,
  recordsPerSecond: 500,
  recordsBurst: 5000,
  bytesPerSecond: 32 * 1024,
  bytesBurst: 128 * 1024 * 1024
};

/** What a record takes beside its own bytes, in rows and indexes; about. */
const ROW_BYTES = 512;
/**
 * 128 MiB of batches on their way: memory for 64 of the largest, or some thousands of the usual ones. No person has more
 * than two of the largest there: whoever sends slowly would keep everybody out.
 */
const ROOM = { bytes: 128 * 1024 * 1024, bodiesEach: 8, bytesEach: 2 * BATCH_BYTES };
/** How a batch that is none is answered. */
const STATUSES = { malformed: 400, 'too-large': 413, protocol: 426 } as const;
const LATER_MS = 5000;
const OWN_LIMIT = 100;
const OwnQuery = v.strictObject({
  before: v.optional(v.pipe(v.string(), v.regex(/^\d{1,16}\.\d{1,16}$/))),
  limit: v.optional(v.pipe(v.string(), v.regex(/^\d{1,3}$/), v.transform(Number)), '50')
});
const HeadQuery = v.strictObject({ boot: Uuid });

/** GET and POST records, GET receipt and own. All want a ticket, which is looked at before a body is read. */
export function recordRoutes(fastify: FastifyInstance, parts: IRecordRoutesParts): void {
  const { office, writer, monotonicMs, rates } = parts;
  const requests = new TokenBuckets({
    perSecond: rates.requestsPerSecond,
    burst: rates.requestsBurst,
    monotonicMs
  });
  const records = new TokenBuckets({
    perSecond: rates.recordsPerSecond,
    burst: rates.recordsBurst,
    monotonicMs
  });
  const bytes = new TokenBuckets({
    perSecond: rates.bytesPerSecond,
    burst: rates.bytesBurst,
    monotonicMs
  });
  const holders = new WeakMap<FastifyRequest, ITicketHolder>();
  const holderOf = (request: FastifyRequest): ITicketHolder => {
    const holder = holders.get(request);
    if (!holder) {
      throw new Refusal(401, 'ticket', 'There is no ticket with this request.');
    }
    return holder;
  };

  const room = new BodyRoom(ROOM);
  fastify.addHook('onRequest', async (request, reply) => {
    const holder = await office.admit(request.headers.authorization);
    spend(requests, keyOf(holder), 1);
    if (request.method === 'POST') {
      const comingBytes = Number(request.headers['content-length'] ?? BATCH_BYTES);
      const leave = room.enter(personOf(holder), Math.min(comingBytes, BATCH_BYTES));
      if (leave === null) {
        throw new Refusal(429, 'too-much', 'Too many batches are on their way at once.', LATER_MS);
      }
      // Comes at the end of every answer, and when the connection breaks.
      reply.raw.once('close', leave);
      if (request.raw.socket.destroyed) {
        // It broke while JupyterHub was asked.
        leave();
      }
    }
    holders.set(request, holder);
  });
  fastify.addContentTypeParser(
    'application/x-ndjson',
    { parseAs: 'buffer', bodyLimit: BATCH_BYTES },
    (_request, body, done) => done(null, body)
  );

  fastify.get(HUB_PATHS.records, async (request): Promise<StreamHead> => {
    const query = v.safeParse(HeadQuery, request.query);
    if (!query.success) {
      throw new Refusal(400, 'malformed', 'Name the stream: ?boot= with a UUID.');
    }
    return writer.head(holderOf(request), query.output.boot);
  });

  fastify.post(
    HUB_PATHS.records,
    { bodyLimit: BATCH_BYTES },
    async (request, reply): Promise<BatchAnswer> => {
      const holder = holderOf(request);
      if (!Buffer.isBuffer(request.body)) {
        throw new Refusal(400, 'malformed', 'A batch is sent as application/x-ndjson.');
      }
      const { hub, user, server, groups } = holder;
      const speaker = { hub, user, server, groups };
      const read = readBatch(speaker, request.body, await ownStreamOf(parts));
      if (read.kind !== 'batch') {
        throw new Refusal(STATUSES[read.kind], read.kind, read.message);
      }
      const { batch } = read;
      spend(records, keyOf(holder), batch.records.length);
      spend(bytes, personOf(holder), request.body.length + ROW_BYTES * batch.records.length);
      await refuseRequestStream(parts, batch);
      const appended = await store(parts, batch);
      if (appended.kind === 'conflict') {
        reply.code(409);
        return { head: appended.head, receipt: null };
      }
      const receipt = receiptFor(parts.keys, batch, appended);
      return { head: { seq: receipt.body.seq, hash: batch.head }, receipt };
    }
  );
  fastify.addHook('onResponse', async (request, reply) => {
    if (request.method === 'POST') {
      parts.metrics.batches.inc({ status: String(reply.statusCode) });
    }
  });

  receiptRoute(fastify, holderOf, parts);

  fastify.get(HUB_PATHS.own, async (request): Promise<OwnAnswer> => {
    const holder = holderOf(request);
    const query = v.safeParse(OwnQuery, request.query);
    if (!query.success) {
      throw new Refusal(400, 'malformed', 'Only ?before= of an earlier answer and ?limit= are understood.');
    }
    const limit = Math.min(Math.max(query.output.limit, 1), OWN_LIMIT);
    return ownRecords(parts, holder, placeOf(query.output.before), limit);
  });
}

function placeOf(before: string | undefined): ILogPlace | null {
  const [receivedAtMs, index] = before?.split('.').map(Number) ?? [];
  return receivedAtMs === undefined || index === undefined ? null : { receivedAtMs, index };
}

/** Her container learns the name of her request's stream from the list of her records. @throws Refusal */
async function refuseRequestStream(
  { isRequestStream }: IRecordRoutesParts,
  { boot }: IIncomingBatch
): Promise<void> {
  let isOfRequest: boolean;
  try {
    isOfRequest = await isRequestStream(boot);
  } catch (error) {
    throw new StoreError(reasonOf(error), { cause: error });
  }
  if (isOfRequest) {
    throw new Refusal(STATUSES.malformed, 'malformed', OWN_STREAM);
  }
}

/** @throws StoreError */
async function ownStreamOf({ ownStream }: IRecordRoutesParts): Promise<string> {
  try {
    return await ownStream();
  } catch (error) {
    throw new StoreError(reasonOf(error), { cause: error });
  }
}

/** @throws Refusal */
async function store({ commit, metrics }: IRecordRoutesParts, batch: IIncomingBatch): Promise<Appended> {
  try {
    return await commit.append(batch);
  } catch (error) {
    throw error instanceof QueueFullError
      ? new Refusal(503, 'unavailable', error.message, LATER_MS)
      : new StoreError(reasonOf(error), { cause: error });
  } finally {
    metrics.waiting.set(commit.waiting);
  }
}

/** The database did not take a batch, or did not say. */
export class StoreError extends Error {
  override readonly name = 'StoreError';
}

/** @throws Refusal */
function spend(buckets: TokenBuckets, key: string, amount: number): void {
  const waitMs = buckets.take(key, amount);
  if (waitMs > 0) {
    throw new Refusal(429, 'too-much', 'This server sends more than a server may.', waitMs);
  }
}

function keyOf({ hub, user, server }: ITicketHolder): string {
  return JSON.stringify([hub, user, server]);
}

function personOf({ hub, user }: ITicketHolder): string {
  return JSON.stringify([hub, user]);
}
