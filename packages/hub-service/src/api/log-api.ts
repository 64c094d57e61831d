import * as v from 'valibot';
import { FIELDS, logAddress, readLogQuery } from '../pages/log-query.js';
import type { Reading } from '../pages/reading.js';
import { Refusal } from '../pages/refusal.js';
import type { ILogRow } from '../store/log-reader.js';
import { API_PREFIX, shaped, type ApiRoutes } from './admin-api.js';
import { visitorOf } from './visitor-of.js';

const Text = v.optional(v.string());
const LogQuery = v.strictObject({
  ...v.object(Object.fromEntries(FIELDS.map(field => [field, Text]))).entries,
  /** `next` of an earlier answer. */
  after: Text,
  /** Only records with a higher index than this one. */
  since: v.optional(v.pipe(v.string(), v.regex(/^\d{1,15}$/), v.transform(Number)))
});

/** Views that are followed at a time; who is forgotten looks on record again. */
const FOLLOWED = 1000;

interface IFollowed {
  readonly since: number;
  /** Between `since` and this index the view has nothing; 0 = it was not looked. */
  readonly endIndex: number;
}

/** Records as `labkeeper log` shows them, the newest first. */
export interface ILogAnswer {
  readonly records: readonly ILogRow[];
  /** To be sent as `?after=` for older ones; null = these are the last. */
  readonly next: string | null;
}

/** GET log: what the page of the log shows, under the same rules. Every answer that shows something is a look on record. */
export function logApi({ reading }: { readonly reading: Reading }): ApiRoutes {
  /** The newest `since` that a person and view was given, and the end of the last look: only that may be asked for again without a look. */
  const followed = new Map<string, IFollowed>();
  return (api, door) => {
    api.get('/log', async (request): Promise<ILogAnswer> => {
      const visitor = visitorOf(await door.reader(request));
      const { since, ...asked } = shaped(LogQuery, request.query, 'The query');
      const { fields, filter, after, problems } = readLogQuery(asked);
      const [problem] = problems;
      if (problem !== undefined) {
        throw new Refusal(400, problem);
      }
      const { hub, name } = visitor.person;
      const view = JSON.stringify([hub, name, logAddress(fields, null)]);
      const before = followed.get(view);
      if (since !== undefined && after === null && before?.since === since) {
        // Whoever follows asks again and again: where nothing is new since her look on record, nothing is shown.
        const { rows, endIndex } = await reading.newer(visitor, filter, Math.max(since, before.endIndex - 1));
        if (rows.length === 0) {
          remember(followed, view, { since, endIndex });
          return { records: [], next: null };
        }
      }
      const { rows, next } = await reading.list(
        visitor,
        filter,
        after,
        `${API_PREFIX}${logAddress(fields, after)}`
      );
      const records = since === undefined ? rows : rows.filter(({ index }) => index > since);
      if (after === null) {
        remember(followed, view, { since: Math.max(since ?? 0, rows[0]?.index ?? 0), endIndex: 0 });
      }
      const isEnd = next === null || records.length < rows.length;
      return { records, next: isEnd ? null : `${next.receivedAtMs}.${next.index}` };
    });
  };
}

function remember(followed: Map<string, IFollowed>, view: string, last: IFollowed): void {
  followed.delete(view);
  followed.set(view, last);
  for (const oldest of followed.size > FOLLOWED ? followed.keys() : []) {
    followed.delete(oldest);
    break;
  }
}
