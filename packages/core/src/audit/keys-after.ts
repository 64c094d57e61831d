import type { SignedRotation } from '@labkeeper/protocol';
import { rotationText } from './digest.js';
import { hexOf } from './verify/hex.js';
import type { IVerifyTools } from './verify/tools.js';

/**
 * Fingerprints of the keys that are trusted because a trusted key named them as the next.
 *
 * @param trusted - fingerprints: SHA-256 of raw public keys, lower-case hexadecimal.
 * @param rotations - the oldest first; those that do not hold, or are of another log, lead nowhere.
 * @returns `trusted` too.
 */
export function keysAfter(
  trusted: readonly string[],
  rotations: readonly SignedRotation[],
  log: string,
  tools: Pick<IVerifyTools, 'fromBase64Url' | 'sha256' | 'verify'>
): ReadonlySet<string> {
  const reached = new Set(trusted);
  for (const { body, signature } of rotations) {
    const old = tools.fromBase64Url(body.oldPublicKey);
    const next = tools.fromBase64Url(body.publicKey);
    const made = tools.fromBase64Url(signature);
    const isTrusted = old !== null && reached.has(hexOf(tools.sha256(old)));
    if (isTrusted && next && made && body.log === log && tools.verify(old, rotationText(body), made)) {
      reached.add(hexOf(tools.sha256(next)));
    }
  }
  return reached;
}
