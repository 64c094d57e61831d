import { SqlRequests } from '../store/sql-requests.js';
import { SqlVerdictFeedback } from '../store/verdict-feedback.js';
import { RequestNews } from './request-news.js';
import { RequestRecorder, type IRequestRecorderOptions } from './request-recorder.js';
import type { IRequestParts } from './request-routes.js';

/** Everything about requests, over one database. */
export function requestParts(
  options: Omit<IRequestRecorderOptions, 'requests'> & {
    /** Epoch ms. */
    readonly nowMs: () => number;
  }
): IRequestParts {
  const { database, nowMs, log } = options;
  const requests = new SqlRequests(database, nowMs);
  return {
    requests,
    feedback: new SqlVerdictFeedback(database, nowMs),
    recorder: new RequestRecorder({ ...options, requests }),
    news: new RequestNews({ requests, log })
  };
}
