import { setTimeout } from 'node:timers/promises';
import { createElement } from 'react';
import { renderToStaticMarkup } from 'react-dom/server';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { TokenBuckets } from '../ingest/token-buckets.js';
import type { RandomBytes } from '../people/secrets.js';
import { sharedAnswer } from '../shared-answer.js';
import type { ILogFilter, ILogReader, ILogRow } from '../store/log-reader.js';
import { FOLLOW_PATH, FOLLOW_TEXT, NEWS_PATH } from './follow-script.js';
import { Followings } from './followings.js';
import type { Gate } from './gate.js';
import { logAddress, readLogQuery } from './log-query.js';
import type { IVisitor, Reading } from './reading.js';
import { Refusal } from './refusal.js';
import { NewRows } from './view/rows-table.js';

export interface IFollowRoutesOptions {
  readonly reader: Pick<ILogReader, 'end'>;
  readonly reading: Reading;
  readonly gate: Gate;
  readonly random: RandomBytes;
  /** Epoch ms. */
  readonly nowMs: () => number;
  /** Milliseconds that only grow. */
  readonly monotonicMs: () => number;
  /** How often it is looked for new records, in ms, and how many times until a question is answered; the usual unless given. */
  readonly looks?: { readonly everyMs: number; readonly most: number };
}

/** What the script is told. */
export interface INews {
  /** To be sent with the next question: which look on record it belongs to. */
  readonly following: string;
  /** Rows of the table as HTML, the newest first; none = nothing came in the time that a question waits. */
  readonly rows: string;
  /** Index of the newest record that was shown; -1 = none was. */
  readonly newest: number;
  /** Whether more came than these. */
  readonly more: boolean;
}

/** 25 s in all: less than proxies wait for an answer. */
const LOOKS = { everyMs: 1000, most: 25 } as const;
/** Questions of one session: the script asks once a second at most, in each tab. */
const RATE = { perSecond: 4, burst: 40 } as const;

/**
 * Records as they arrive, for the page that follows the log: a question waits until there are new ones. That somebody begins to
 * follow a view is one look on record, which counts for an hour; the session is looked at for each question, and again before
 * anything is told.
 */
export class FollowRoutes {
  constructor(private readonly options: IFollowRoutesOptions) {
    const { reader, random, nowMs, monotonicMs, looks = LOOKS } = options;
    this.followings = new Followings(random, nowMs);
    this.rate = new TokenBuckets({ ...RATE, monotonicMs });
    this.endOfAll = sharedAnswer(() => endOf(reader), looks.everyMs, monotonicMs);
  }

  register(fastify: FastifyInstance): void {
    // Before connections are waited for: who waits here would keep the service from its end.
    fastify.addHook('preClose', async () => this.closing.abort());
    fastify.get(FOLLOW_PATH, (_request, reply) =>
      reply
        .header('cache-control', 'public, max-age=31536000, immutable')
        .type('text/javascript; charset=utf-8')
        .send(FOLLOW_TEXT)
    );
    fastify.get(NEWS_PATH, { exposeHeadRoute: false }, (request, reply) => this.news(request, reply));
  }

  private async news(request: FastifyRequest, reply: FastifyReply): Promise<INews> {
    const { reading } = this.options;
    const [visitor, session] = await this.visitor(request);
    if (this.rate.take(session, 1) > 0) {
      throw new Refusal(429, 'This session asks for new records more often than its pages do.');
    }
    const { newest, id } = readFollowed(request.query);
    const read = readLogQuery(request.query, ['newest', 'following']);
    const [problem] = read.problems;
    if (problem !== undefined || newest === null) {
      throw new Refusal(400, problem ?? 'The address does not say which records are there already.');
    }
    // As the page does: what a right is limited to stands on record as if it had been asked for.
    const group = reading.groupOf(visitor, read.filter.group);
    const address = logAddress(group === null ? read.fields : { ...read.fields, group });
    const leave = this.followings.wait(session);
    try {
      const goesOn = this.followings.goesOn(id, session, address);
      if (!goesOn) {
        await reading.lookingAt(visitor, 'follow', address, read.filter.hub);
      }
      const following = goesOn ? id : this.followings.begin(session, address);
      const hasCome = await this.arrival({ visitor, filter: read.filter, newest, following, reply });
      // It waited: who was signed out meanwhile is told nothing more.
      const [now] = await this.visitor(request);
      if (!hasCome) {
        return { following, rows: '', newest, more: false };
      }
      const { rows, more, endIndex } = await reading.newer(
        now,
        read.filter,
        this.followings.place(following, newest)
      );
      const shown = Math.max(newest, ...rows.map(({ index }) => index));
      this.followings.looked(following, shown, endIndex);
      return { following, rows: rowsHtml(rows), newest: shown, more };
    } finally {
      leave();
    }
  }

  private async visitor(request: FastifyRequest): Promise<readonly [IVisitor, string]> {
    const { gate } = this.options;
    const session = await gate.guest(request);
    if (session === null) {
      throw new Refusal(401, 'Nobody is signed in here, or no longer.');
    }
    return [gate.reader(session), session.id];
  }

  /** Waits for a record that is newer. @returns false = none came, or nobody waits any more. */
  private async arrival({ visitor, filter, newest, following, reply }: IWaiting): Promise<boolean> {
    const { everyMs, most } = this.options.looks ?? LOOKS;
    const gone = new AbortController();
    reply.raw.once('close', () => gone.abort());
    const signal = AbortSignal.any([gone.signal, this.closing.signal]);
    let seen = NaN;
    for (let look = 0; look < most && !signal.aborted; look += 1) {
      // One question for all who wait; the view itself is looked at where the log has grown.
      const all = await this.endOfAll();
      if (all !== seen) {
        seen = all;
        const than = this.followings.place(following, newest);
        const { rows, endIndex } = await this.options.reading.newer(visitor, filter, than);
        if (rows.length > 0) {
          return true;
        }
        this.followings.looked(following, newest, endIndex);
      }
      await pause(everyMs, signal);
    }
    return false;
  }

  private readonly followings: Followings;
  private readonly rate: TokenBuckets;
  private readonly endOfAll: () => Promise<number>;
  private readonly closing = new AbortController();
}

/** A question that waits. */
interface IWaiting {
  readonly visitor: IVisitor;
  readonly filter: ILogFilter;
  /** The newest record that the page has. */
  readonly newest: number;
  readonly following: string;
  readonly reply: FastifyReply;
}

/** Where the log ends; NaN = it cannot be read. */
async function endOf(reader: Pick<ILogReader, 'end'>): Promise<number> {
  try {
    return await reader.end();
  } catch {
    // Each who waits asks for her own view then, and is told what is wrong.
    return NaN;
  }
}

/** Ends early, without an error, when nobody waits any more. */
async function pause(ms: number, signal: AbortSignal): Promise<void> {
  try {
    await setTimeout(ms, undefined, { signal });
  } catch (error) {
    if (!signal.aborted) {
      throw error;
    }
  }
}

function rowsHtml(rows: readonly ILogRow[]): string {
  return rows.length === 0 ? '' : renderToStaticMarkup(createElement(NewRows, { rows }));
}

function readFollowed(query: unknown): { readonly newest: number | null; readonly id: string } {
  const given = new Map<string, unknown>(
    typeof query === 'object' && query !== null ? Object.entries(query) : []
  );
  const [newest, id] = [given.get('newest'), given.get('following')];
  return {
    newest: typeof newest === 'string' && /^(-1|\d{1,15})$/.test(newest) ? Number(newest) : null,
    id: typeof id === 'string' ? id : ''
  };
}
