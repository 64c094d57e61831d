import { RequestText, RequestVersion, Uuid } from '@labkeeper/protocol';
import * as v from 'valibot';
import { readRequestQuery, requestsAddress } from '../pages/request-query.js';
import { Refusal } from '../pages/refusal.js';
import type { StaffDesk } from '../requests/staff-desk.js';
import type { IRequestRow, IRequestWhole } from '../store/requests.js';
import { bodyOf, shaped, type ApiRoutes } from './admin-api.js';

const ListQuery = v.strictObject({
  // What they may be says the sentence of `readRequestQuery`.
  kind: v.optional(v.string()),
  state: v.optional(v.string()),
  user: v.optional(v.string()),
  number: v.optional(v.string()),
  after: v.optional(v.string())
});
/** The id, or the begin of it. */
const Id = v.strictObject({ id: v.pipe(v.string(), v.maxLength(64)) });
const Decide = v.strictObject({
  version: RequestVersion,
  decision: v.picklist(['approve', 'deny']),
  reason: RequestText
});
const Answer = v.strictObject({ id: Uuid, text: RequestText });

/** The inbox as `labkeeper requests` shows it. */
export interface IInboxAnswer {
  readonly requests: readonly IRequestRow[];
  /** To be sent as `?after=` for more; null = these are the last. */
  readonly next: string | null;
}

/** What the page of requests does, for commands: under the same rules. */
export function requestApi(desk: StaffDesk): ApiRoutes {
  return (api, door) => {
    api.get('/requests', async (request): Promise<IInboxAnswer> => {
      const person = await door.reader(request);
      const query = readRequestQuery(shaped(ListQuery, request.query, 'The query'));
      const [problem] = query.problems;
      if (problem !== undefined) {
        throw new Refusal(400, problem);
      }
      const { fields, filter, after } = query;
      const { rows, next } = await desk.list(
        person,
        filter,
        after,
        `/api/v1${requestsAddress(fields, after)}`
      );
      const place = next && new URLSearchParams(requestsAddress({}, next).split('?')[1]).get('after');
      return { requests: rows, next: place };
    });
    api.get('/requests/:id', async (request): Promise<IRequestWhole> => {
      const person = await door.reader(request);
      const { id } = shaped(Id, request.params, 'The address');
      return desk.story(person, await desk.named(person, id));
    });
    api.post('/requests/:id/decide', async (request): Promise<IRequestWhole> => {
      const person = await door.actor(request);
      const { id } = shaped(Id, request.params, 'The address');
      const { version, decision, reason } = bodyOf(Decide, request);
      return desk.decide(person, await desk.named(person, id), version, decision, reason);
    });
    api.post('/requests/:id/messages', async (request): Promise<IRequestWhole> => {
      const person = await door.actor(request);
      const { id } = shaped(Id, request.params, 'The address');
      const said = bodyOf(Answer, request);
      return desk.answer(person, await desk.named(person, id), said.text, said.id);
    });
  };
}
