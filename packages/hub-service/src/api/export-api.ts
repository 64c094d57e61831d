import * as v from 'valibot';
import type { ExportDesk } from '../pages/export-desk.js';
import { FIELDS } from '../pages/log-query.js';
import type { IVisitor } from '../pages/reading.js';
import { API_PREFIX, shaped, type ApiRoutes } from './admin-api.js';
import { visitorOf } from './visitor-of.js';

const Text = v.optional(v.string());
/** Strict: a filter that is misspelt must not take the whole log away. */
const ExportQuery = v.strictObject({
  ...v.object(Object.fromEntries(FIELDS.map(field => [field, Text]))).entries,
  format: Text
});

/** GET export: what the pages export, under the same rules, for `labkeeper export` at an administrator's own machine. */
export function exportApi(desk: ExportDesk): ApiRoutes {
  return (api, door) => {
    api.get('/export', { exposeHeadRoute: false }, async (request, reply) => {
      const visitor = visitorOf(await door.reader(request));
      const again = async (): Promise<IVisitor> => visitorOf(await door.actor(request));
      const query = shaped(ExportQuery, request.query, 'The query');
      return desk.send(request, reply, { visitor, again }, query, API_PREFIX);
    });
  };
}
