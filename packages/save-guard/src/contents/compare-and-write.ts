import { URLExt } from '@jupyterlab/coreutils';
import { ServerConnection, type Contents } from '@jupyterlab/services';
import { failureOf, SaveFailure } from './save-failure.js';

/** Longest that one save may take before it counts as failed; the journal holds the work meanwhile. */
const ANSWER_MS = 120_000;

/** Codes that say: this server cannot do it in one step. */
const NO_HANDLER = new Set(['disabled', 'no-hash']);

/** What the server says after a write. */
export interface IWritten {
  readonly model: Contents.IModel;
  /** Where the version that somebody else had written is kept now; null = nobody had. */
  readonly kept: string | null;
}

/**
 * Writes a file if it still has the hash that we know, in one step on the server; else the other version is kept beside
 * it first.
 *
 * @param hash - SHA-256 of the file as we know it; null = we know of none.
 * @param writer - who we are: a save whose answer was lost is not taken for somebody else's when it is tried again.
 * @throws SaveFailure.
 */
export async function compareAndWrite(
  settings: ServerConnection.ISettings,
  path: string,
  hash: string | null,
  writer: string,
  options: Partial<Contents.IModel>
): Promise<IWritten | 'no-handler'> {
  const query = URLExt.objectToQueryString({
    ...(hash === null ? {} : { 'if-hash': hash }),
    'keep-other': '1',
    run: writer
  });
  const url = URLExt.join(settings.baseUrl, 'labkeeper', 'contents', URLExt.encodeParts(path)) + query;
  const body = new File([JSON.stringify(options)], 'data.json', { type: 'application/json' });
  const response = await answerOf(url, body, settings);
  if (response.ok) {
    return readWritten(response);
  }
  const refusal = await readRefusal(response);
  if (refusal.code === null ? response.status === 404 : NO_HANDLER.has(refusal.code)) {
    return 'no-handler';
  }
  throw failureOf(response.status, refusal.code, refusal.message);
}

async function answerOf(url: string, body: File, settings: ServerConnection.ISettings): Promise<Response> {
  const patience = new AbortController();
  const timer = setTimeout(() => patience.abort(), ANSWER_MS);
  const { signal } = patience;
  try {
    return await ServerConnection.makeRequest(url, { method: 'PUT', body, signal }, settings);
  } catch (error) {
    if (signal.aborted) {
      throw new SaveFailure('no-answer', `no answer within ${ANSWER_MS / 1000} s`);
    }
    throw error;
  } finally {
    clearTimeout(timer);
  }
}

async function readWritten(response: Response): Promise<IWritten> {
  const answer: Contents.IModel & { kept?: { path: string } | null } = await response.json();
  const { kept = null, ...model } = answer;
  return { model, kept: kept?.path ?? null };
}

async function readRefusal(response: Response): Promise<{ code: string | null; message: string }> {
  try {
    const answer: unknown = await response.json();
    if (typeof answer === 'object' && answer !== null && 'message' in answer) {
      const code = 'code' in answer && typeof answer.code === 'string' ? answer.code : null;
      return { code, message: String(answer.message) };
    }
  } catch {
    // No JSON: the page of some proxy. The status says the rest.
  }
  return { code: null, message: `status ${response.status}` };
}
