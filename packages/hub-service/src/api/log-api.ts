import * as v from 'valibot';
import { FIELDS, logAddress, readLogQuery } from '../pages/log-query.js';
import { read, type IVisitor, type Reading } from '../pages/reading.js';
import { Refusal } from '../pages/refusal.js';
import { AUDIT_SCOPE, auditRight } from '../people/audit-right.js';
import type { IHubPerson } from '../people/hub-identity.js';
import type { ILogReader, ILogRow } from '../store/log-reader.js';
import { shaped, type ApiRoutes } from './admin-api.js';

const Text = v.optional(v.string());
const LogQuery = v.strictObject({
  ...v.object(Object.fromEntries(FIELDS.map(field => [field, Text]))).entries,
  /** `next` of an earlier answer. */
  after: Text,
  /** Only records with a higher index than this one. */
  since: v.optional(v.pipe(v.string(), v.regex(/^\d{1,15}$/), v.transform(Number)))
});

/** Records as `labkeeper log` shows them, the newest first. */
export interface ILogAnswer {
  readonly records: readonly ILogRow[];
  /** To be sent as `?after=` for older ones; null = these are the last. */
  readonly next: string | null;
}

/** GET log: what the page of the log shows, under the same rules. Every answer that shows something is a look on record. */
export function logApi({
  reading,
  reader
}: {
  readonly reading: Reading;
  readonly reader: ILogReader;
}): ApiRoutes {
  return (api, door) => {
    api.get('/log', async (request): Promise<ILogAnswer> => {
      const visitor = visitorOf(await door.reader(request));
      const { since, ...asked } = shaped(LogQuery, request.query, 'The query');
      const { fields, filter, after, problems } = readLogQuery(asked);
      const [problem] = problems;
      if (problem !== undefined) {
        throw new Refusal(400, problem);
      }
      if (since !== undefined) {
        // Whoever follows asks again and again: where nothing is new, nothing is shown.
        const group = reading.groupOf(visitor, filter.group);
        const [newest] = await read(() =>
          reader.list(group === null ? filter : { ...filter, group }, after, 1)
        );
        if (newest === undefined || newest.index <= since) {
          return { records: [], next: null };
        }
      }
      const { rows, next } = await reading.list(
        visitor,
        filter,
        after,
        `/api/v1${logAddress(fields, after)}`
      );
      const records = since === undefined ? rows : rows.filter(({ index }) => index > since);
      const isEnd = next === null || records.length < rows.length;
      return { records, next: isEnd ? null : `${next.receivedAtMs}.${next.index}` };
    });
  };
}

function visitorOf(person: IHubPerson): IVisitor {
  const right = auditRight(person);
  if (right === null) {
    throw new Refusal(403, `This token may not read the install log: ${AUDIT_SCOPE} is missing.`);
  }
  return { person, right };
}
