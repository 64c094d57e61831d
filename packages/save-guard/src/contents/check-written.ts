import type { Contents } from '@jupyterlab/services';
import type { IWritten } from './compare-and-write.js';
import { SaveFailure } from './save-failure.js';

export interface IWriteToCheck {
  readonly path: string;
  /** What was sent. */
  readonly sent: Partial<Contents.IModel>;
  /** The hash that the file had before; null = not known. */
  readonly hashBefore: string | null;
  readonly written: IWritten;
  /** The hash that the file has now, asked for in JupyterLab's own way; null = it is not to be asked for. */
  readonly readBack: (() => Promise<string | null>) | null;
}

/**
 * Looks whether the answer to a save makes sense: one that does not may mean that the file is not what we believe, and
 * that the next save does harm.
 *
 * @throws SaveFailure 'save-looked-wrong'.
 */
export async function checkWritten(write: IWriteToCheck): Promise<void> {
  const { path, sent, written, hashBefore, readBack } = write;
  const { hash, hash_algorithm: algorithm, path: answered } = written.model;
  const isOther = bare(String(answered)) !== bare(path);
  if (isOther || typeof hash !== 'string' || hash === '') {
    throw wrong('the answer is about another file, or has no hash');
  }
  if (
    written.isExact &&
    algorithm === 'sha256' &&
    sent.format === 'text' &&
    typeof sent.content === 'string'
  ) {
    const expected = await hashOfText(sent.content);
    if (expected !== null && expected !== hash) {
      throw wrong('the hash in the answer is not that of the text that was sent');
    }
  }
  if (readBack && hash !== hashBefore && (await readBack()) === hashBefore) {
    throw wrong('the file is what it was before the save');
  }
}

/** Browsers hash for pages with TLS and on this machine only: null = this one does not. */
async function hashOfText(text: string): Promise<string | null> {
  const { subtle } = crypto as Partial<Crypto>;
  if (!subtle) {
    return null;
  }
  const digest = await subtle.digest('SHA-256', new TextEncoder().encode(text));
  return [...new Uint8Array(digest)].map(byte => byte.toString(16).padStart(2, '0')).join('');
}

/** Contents managers write paths with or without a slash before them. */
function bare(path: string): string {
  return path.replace(/^\/+/, '');
}

function wrong(detail: string): SaveFailure {
  return new SaveFailure('save-looked-wrong', detail);
}
