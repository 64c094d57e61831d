import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { HUB_PATHS, OutgoingClass, REQUEST_PATHS } from '@labkeeper/protocol';
import type { IDatabase } from '../../src/store/database.js';
import { SqlVerdictFeedback } from '../../src/store/verdict-feedback.js';

/** Where recordings of companions are, a folder `v<protocol>-<release>` each. Tests run from the root of the tree. */
export const RECORDINGS = join(process.cwd(), 'tests/companions');

/** One message of a companion, and what it was answered. */
export interface IExchange {
  readonly what: OutgoingClass;
  readonly method: string;
  /** Below the service's own prefix, with its query. */
  readonly path: string;
  /** null = it has no body. */
  readonly contentType: string | null;
  readonly body: Buffer;
  readonly answer: { readonly status: number; readonly text: string };
}

/** Reads a recording, in the order in which it was sent. */
export function readRecording(name: string): IExchange[] {
  const folder = join(RECORDINGS, name);
  return readdirSync(folder)
    .filter(file => file.endsWith('.http'))
    .sort()
    .map(file => {
      const bytes = readFileSync(join(folder, file));
      const end = bytes.indexOf('\n\n');
      const [request = '', type = ''] = bytes.toString('utf8', 0, end).split('\n');
      const [method = '', path = ''] = request.split(' ');
      const [status = '', ...text] = readFileSync(
        join(folder, file.replace(/\.http$/, '.answer')),
        'utf8'
      ).split('\n');
      const what = OutgoingClass.options.find(name => file === `${file.slice(0, 3)}${name}.http`);
      if (!what) {
        throw new Error(`${name}/${file} is named after no class of message.`);
      }
      return {
        ...{ what, method, path },
        contentType: /^content-type: (.+)$/.exec(type)?.[1] ?? null,
        body: bytes.subarray(end + 2),
        answer: { status: Number(status), text: text.join('\n') }
      };
    });
}

/** Sends a message of a recording as it was sent. @param credential - the Authorization header of today. */
export function replay(url: string, credential: string, exchange: IExchange): Promise<Response> {
  const { method, path, contentType, body } = exchange;
  return fetch(`${url}${path}`, {
    method,
    headers: {
      authorization: credential,
      accept: 'application/json',
      ...(contentType !== null && { 'content-type': contentType })
    },
    ...(contentType !== null && { body: new Uint8Array(body) })
  });
}

/** Kinds of events that a recording holds. */
export function recordedEvents(exchanges: readonly IExchange[]): Set<string> {
  const bodies = exchanges.filter(({ what }) => what === 'server-events').map(({ body }) => String(body));
  const lines = bodies.flatMap(text => text.split('\n').slice(1, -1));
  return new Set(lines.map(line => String(JSON.parse(line).kind)));
}

/** Everything of it that a service stored, but for what differs each time: its own times, names and indexes. */
export async function storedOf(
  url: string,
  database: IDatabase,
  ticket: string,
  exchanges: readonly IExchange[]
): Promise<unknown> {
  const get = async (path: string): Promise<Record<string, unknown>> => {
    const response = await fetch(`${url}${path}`, { headers: { authorization: `Bearer ${ticket}` } });
    if (response.status !== 200) {
      throw new Error(`${path} is answered with ${response.status}: ${await response.text()}`);
    }
    return (await response.json()) as Record<string, unknown>;
  };
  const streams: Record<string, unknown> = {};
  for (const { path } of exchanges.filter(({ what }) => what === 'stream-head')) {
    streams[new URL(path, url).searchParams.get('boot') ?? ''] = await get(path);
  }
  const { records } = await get(`${HUB_PATHS.own}?limit=100`);
  // The hub's own records of requests and decisions are in streams of its own.
  const sent = (records as readonly { readonly boot: string }[]).filter(({ boot }) => boot in streams);
  const { requests } = await get(REQUEST_PATHS.requests);
  const stories: unknown[] = [];
  for (const { id } of requests as readonly { readonly id: string }[]) {
    const { request } = await get(REQUEST_PATHS.request(id));
    stories.push(request);
  }
  // Made within one millisecond, they have no order of their own.
  stories.sort((a, b) => JSON.stringify(a).localeCompare(JSON.stringify(b)));
  const events = await database.read
    .selectFrom('server_event')
    .select(['kind', 'cause', 'image', 'body'])
    .orderBy('event_id')
    .execute();
  const kernels = await database.read
    .selectFrom('kernel_time')
    .select(['image', 'started', 'kernel_ms'])
    .execute();
  const feedback = await new SqlVerdictFeedback(database, () => Date.now()).newest(100);
  return withoutTimes({
    ...{ streams, records: sent, requests: stories, feedback },
    events: events.map(({ body, ...event }) => ({ ...event, ...JSON.parse(body) })),
    kernels: kernels.map(row => ({ ...row, kernel_ms: Number(row.kernel_ms) }))
  });
}

/** What the service gives itself. `atMs` of an event is the companion's. */
const OWN = new Set([
  'index',
  'receivedAtMs',
  'createdAtMs',
  'changedAtMs',
  'lapsesAtMs',
  'user',
  'by',
  'hub'
]);

function withoutTimes(value: unknown, isOwnTime = false): unknown {
  if (Array.isArray(value)) {
    return value.map(each => withoutTimes(each, isOwnTime));
  }
  if (typeof value !== 'object' || value === null) {
    return value;
  }
  return Object.fromEntries(
    Object.entries(value)
      .filter(([name]) => !OWN.has(name) && !(isOwnTime && name === 'atMs'))
      .map(([name, each]) => [name, withoutTimes(each, isOwnTime || ['feedback', 'thread'].includes(name))])
  );
}

/**
 * Whether who read `then` can read `now`: all members are still there, and of their kind. More of them do no harm, a
 * companion reads tolerantly.
 */
export function isReadableAs(then: unknown, now: unknown): boolean {
  if (then === null || now === null) {
    // What may be absent may be there another time.
    return true;
  }
  if (Array.isArray(then)) {
    return (
      Array.isArray(now) &&
      (then.length === 0 || now.every(each => then.some(known => isReadableAs(known, each))))
    );
  }
  if (typeof then !== 'object') {
    return typeof now === typeof then;
  }
  const members = new Map(typeof now === 'object' ? Object.entries(now) : []);
  return Object.entries(then).every(
    ([name, each]) => members.has(name) && isReadableAs(each, members.get(name))
  );
}
