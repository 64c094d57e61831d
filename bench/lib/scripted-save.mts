import { createHash } from 'node:crypto';
import type { SpliceOutcome } from '../../packages/protocol/lib/index.js';
import type { IScripted } from './scripted.mts';

/** What a save is made of. */
export interface ISaveTask {
  readonly url: string;
  readonly token: string;
  readonly path: string;
  /** Who saves, see `labkeeper/contents_handler.py`. */
  readonly writer: string;
  /** Of the file as the page knows it. */
  readonly hash: string;
  /** The document as it is to be saved; nobody else changes it. */
  readonly document: IScripted;
  /** Lets the companion put what the journal holds of that into the file; null = it does not hold it. */
  readonly splice: (() => Promise<SpliceOutcome>) | null;
}

/**
 * A way to save: resolves to the hash that the file has then.
 *
 * @throws an error when it did not come about, or nobody knows: it is tried again.
 */
export type SaveWay = (task: ISaveTask) => Promise<string>;

export const hashOf = (bytes: string | Buffer): string => createHash('sha256').update(bytes).digest('hex');

/** The whole document, compared and written in one step by our handler in jupyter_server. */
export const fullSave: SaveWay = async ({ url, token, path, writer, hash, document }) => {
  const query = new URLSearchParams({ 'if-hash': hash, 'keep-other': '1', run: writer });
  const answer = await fetch(`${url}/labkeeper/contents/${encodeURIComponent(path)}?${query}`, {
    method: 'PUT',
    headers: { Authorization: `token ${token}` },
    body: JSON.stringify(document.model())
  });
  if (!answer.ok) throw new Error(`the save was answered with ${answer.status}`);
  const saved: { hash: string } = await answer.json();
  return saved.hash;
};

/** What changed, by the companion; the whole document where it refuses, as the page does. */
export const spliceSave: SaveWay = async task => {
  const outcome = (await task.splice?.()) ?? null;
  return outcome?.kind === 'saved' ? outcome.hash : fullSave(task);
};
