import type { IPageRest } from '../project.js';

/** An upstream page cannot be read. Its message is a sentence. */
export class UnreadablePageError extends Error {
  override readonly name = 'UnreadablePageError';
}

/** Reads a page as it comes, so that no page is ever held whole. */
export interface IPageReader {
  /** @throws UnreadablePageError */
  write(chunk: Buffer): void;
  /** @throws UnreadablePageError */
  end(): IPageRest;
}

/** Later minor versions only add; another major version may mean anything. @throws UnreadablePageError */
export function checkVersion(version: unknown): void {
  if (typeof version === 'string' && !/^1(?:\.|$)/.test(version)) {
    throw new UnreadablePageError(
      `The page is of version ${version.slice(0, 20)}, which is not understood here.`
    );
  }
}
