import { createHash, hash } from 'node:crypto';
import type { Sha256 } from '@labkeeper/core';

/** SHA-256 by Node, for what core computes. */
export const sha256: Sha256 = (...parts) => {
  const whole = createHash('sha256');
  parts.forEach(part => whole.update(part));
  return whole.digest();
};

/** SHA-256 in lower-case hexadecimal digits. */
export function sha256Hex(data: string | Uint8Array): string {
  return hash('sha256', data, 'hex');
}
