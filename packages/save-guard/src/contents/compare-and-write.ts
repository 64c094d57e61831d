import { URLExt } from '@jupyterlab/coreutils';
import { ServerConnection, type Contents } from '@jupyterlab/services';
import { failureOf, SaveFailure } from './save-failure.js';

/** A save counts as failed after this long, in ms, and the journal holds the work meanwhile. */
const ANSWER_MS = 30_000;
/** And for so many bytes one ms longer: 400 kbit/s, slower than any line that people work over. */
const BYTES_PER_MS = 50;

/** Codes that say: this server cannot do it in one step. */
const NO_HANDLER = new Set(['disabled', 'no-hash']);

/** What the server says after a write. */
export interface IWritten {
  readonly model: Contents.IModel;
  /** Where the version that somebody else had written is kept now; null = nobody had. */
  readonly kept: string | null;
  /** Text that is sent becomes the file's bytes: no hook of the server changes it on the way. */
  readonly isExact: boolean;
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
  const patienceMs = ANSWER_MS + body.size / BYTES_PER_MS;
  const timer = setTimeout(() => patience.abort(), patienceMs);
  const { signal } = patience;
  try {
    return await ServerConnection.makeRequest(url, { method: 'PUT', body, signal }, settings);
  } catch (error) {
    if (signal.aborted) {
      throw new SaveFailure('no-answer', `no answer within ${Math.round(patienceMs / 1000)} s`);
    }
    throw error;
  } finally {
    clearTimeout(timer);
  }
}

async function readWritten(response: Response): Promise<IWritten> {
  let answer: Contents.IModel & { kept?: { path: string } | null; exact?: boolean };
  try {
    answer = await response.json();
  } catch {
    // The page of a proxy, or of a login, with a status of success.
    const reason = response.redirected ? 'logged-out' : 'proxy-error';
    throw new SaveFailure(reason, `status ${response.status}, and no JSON`);
  }
  const { kept = null, exact = false, ...model } = answer;
  return { model, kept: kept?.path ?? null, isExact: exact };
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
