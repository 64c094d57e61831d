import { AnchorTrouble } from './anchor-target.js';

/** Longest wait for a target's answer, in ms. */
const ANSWER_MS = 15_000;

/** An answer of a target. */
export interface IAnswer {
  readonly status: number;
  readonly body: Buffer;
}

/**
 * POST to a target that the admin named. No redirect is followed: only the named place is trusted.
 *
 * @param maxBytes - of the answer.
 * @throws AnchorTrouble.
 */
export async function ask(
  url: string,
  contentType: string,
  body: Uint8Array,
  maxBytes: number,
  signal: AbortSignal
): Promise<IAnswer> {
  try {
    const response = await fetch(url, {
      method: 'POST',
      headers: { 'content-type': contentType },
      body: Uint8Array.from(body),
      redirect: 'error',
      signal: AbortSignal.any([signal, AbortSignal.timeout(ANSWER_MS)])
    });
    const parts: Uint8Array[] = [];
    let length = 0;
    for await (const part of response.body ?? []) {
      length += part.length;
      if (length > maxBytes) {
        throw new AnchorTrouble(`Its answer is longer than ${maxBytes} bytes.`);
      }
      parts.push(part);
    }
    return { status: response.status, body: Buffer.concat(parts) };
  } catch (error) {
    if (error instanceof AnchorTrouble) {
      throw error;
    }
    throw new AnchorTrouble(`It does not answer: ${rootReason(error)}.`, false, { cause: error });
  }
}

/** `fetch failed` says nothing; what it was lies beneath. */
function rootReason(error: unknown): string {
  if (!(error instanceof Error)) {
    return String(error);
  }
  return error.cause instanceof Error ? rootReason(error.cause) : error.message || error.name;
}
