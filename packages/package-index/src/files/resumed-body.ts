import type { IHttpAnswer } from '../upstream/http-get.js';
import { contentRange } from './content-range.js';
import type { IRemoteFile } from './remote-file.js';

/** A broken connection to an upstream index is taken up again so often. */
const TRIES = 3;

export interface IResumedBodyOptions {
  readonly file: IRemoteFile;
  /** Asked for already. */
  readonly first: IHttpAnswer;
  /** null = the upstream index does not say. */
  readonly totalBytes: number | null;
  readonly signal: AbortSignal;
}

/** The bytes of a file to their end, over as many connections as it takes. @throws when it cannot be had to its end. */
export async function* resumedBody(options: IResumedBodyOptions): AsyncGenerator<Buffer> {
  const { file, first, totalBytes, signal } = options;
  let answer = first;
  let at = 0;
  for (let left = TRIES; ; left--) {
    try {
      for await (const chunk of answer.body) {
        const bytes: Buffer = chunk;
        at += bytes.length;
        yield bytes;
      }
      if (totalBytes === null || at >= totalBytes) {
        return;
      }
      throw new Error(`${answer.url.host} sent only ${at} of ${totalBytes} bytes.`);
    } catch (error) {
      if (left === 0 || signal.aborted) {
        throw error;
      }
    }
    answer = await fetchFrom(file, at, signal);
  }
}

/** @param from - so many bytes are there already. @throws when the upstream index does not send what follows. */
export async function fetchFrom(file: IRemoteFile, from: number, signal: AbortSignal): Promise<IHttpAnswer> {
  return continued(await file.fetch({ signal, ...(from > 0 && { range: `bytes=${from}-` }) }), from);
}

/** @throws when an answer does not hold the bytes from there on. */
export function continued(answer: IHttpAnswer, from: number): IHttpAnswer {
  const { status, headers, body, url } = answer;
  const isRight =
    from === 0 ? status === 200 : status === 206 && contentRange(headers['content-range'])?.first === from;
  if (!isRight) {
    body.destroy();
    throw new Error(
      status === 200
        ? `${url.host} cannot go on where it broke off.`
        : `${url.host} answered with status ${status}.`
    );
  }
  return answer;
}
