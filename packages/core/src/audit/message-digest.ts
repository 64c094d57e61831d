import type { Sha256OfText } from './record-chain.js';

/**
 * What a record holds of the text of a message: with the salt it can be told whether a text is the one that was said, and
 * without it, when the personal part is erased, nobody can try texts.
 *
 * @param salt - of the personal part. @param text - as the personal part has it.
 */
export function messageDigest(sha256: Sha256OfText, salt: string, text: string): string {
  return sha256(`${salt}\n${text}`);
}
