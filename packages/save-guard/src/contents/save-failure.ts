import type { SaveReason } from '@labkeeper/core';
import { ServerConnection } from '@jupyterlab/services';

/** A save that did not come about, with the reason as the light shows it. */
export class SaveFailure extends Error {
  override readonly name = 'SaveFailure';

  constructor(
    readonly reason: SaveReason,
    /** What the server said, for the log and "Copy details"; never shown as it is. */
    readonly detail: string
  ) {
    super(detail);
  }
}

/** Codes of our handler (labkeeper/contents_handler.py). */
const BY_CODE: Readonly<Record<string, SaveReason>> = {
  'disk-full': 'disk-full',
  quota: 'quota-full',
  'read-only': 'read-only',
  'not-permitted': 'not-permitted',
  'logged-out': 'logged-out',
  'is-directory': 'name-taken',
  'too-large': 'too-large',
  'no-folder': 'no-folder',
  'bad-name': 'bad-name',
  'invalid-notebook': 'bad-content',
  'invalid-text': 'bad-content',
  'bad-request': 'server-error',
  refused: 'server-error',
  failed: 'server-error'
};

/** The reason in an answer that is none of success. */
export function failureOf(status: number, code: string | null, detail: string): SaveFailure {
  const known = code === null ? undefined : BY_CODE[code];
  return new SaveFailure(known ?? byStatus(status), detail);
}

/** The reason in an exception of the way to the server. */
export function failureOfError(error: unknown): SaveFailure {
  if (error instanceof SaveFailure) {
    return error;
  }
  if (error instanceof ServerConnection.ResponseError) {
    return failureOf(error.response.status, null, error.message);
  }
  return new SaveFailure('offline', error instanceof Error ? error.message : String(error));
}

function byStatus(status: number): SaveReason {
  switch (status) {
    case 401:
      return 'logged-out';
    case 403:
      return 'not-permitted';
    case 400:
    case 413:
      return 'too-large';
    case 502:
    case 503:
    case 504:
      return 'proxy-error';
    default:
      return 'server-error';
  }
}
