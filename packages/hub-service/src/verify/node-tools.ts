import { createHash, createPublicKey, hash, verify, type KeyObject } from 'node:crypto';
import type { IVerifyTools } from '@labkeeper/core';

/** What verifying needs, by Node's own crypto. */
export function nodeVerifyTools(): IVerifyTools {
  const keys = new Map<string, KeyObject | null>();
  return {
    sha256,
    sha256Hex: bytes => hash('sha256', bytes, 'hex'),
    running: () => {
      const running = createHash('sha256');
      return {
        update: bytes => void running.update(bytes),
        hexSoFar: () => running.copy().digest('hex')
      };
    },
    verify: (publicKey, text, signature) => {
      const x = Buffer.from(publicKey).toString('base64url');
      let key = keys.get(x);
      if (key === undefined) {
        key = publicKeyOf(x);
        keys.set(x, key);
      }
      return key !== null && verify(null, Buffer.from(text), key, signature);
    },
    encode: text => Buffer.from(text),
    decode: bytes => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('utf8'),
    fromBase64: text => strictly(text, 'base64'),
    fromBase64Url: text => strictly(text, 'base64url')
  };
}

/** Pieces up to this length, in bytes, are put together before they are hashed: one call costs half of four. */
const TOGETHER_BYTES = 64 * 1024;
const together = Buffer.alloc(TOGETHER_BYTES);

/** SHA-256 of the parts one after the other. */
function sha256(...parts: readonly Uint8Array[]): Uint8Array {
  const [only] = parts;
  if (parts.length === 1 && only) {
    return hashOf(only);
  }
  const length = parts.reduce((sum, part) => sum + part.length, 0);
  if (length <= TOGETHER_BYTES) {
    let at = 0;
    for (const part of parts) {
      together.set(part, at);
      at += part.length;
    }
    return hashOf(together.subarray(0, length));
  }
  const all = createHash('sha256');
  parts.forEach(part => all.update(part));
  return all.digest();
}

/** By way of a text: a hash as a buffer has memory of its own, and costs twice as much. */
function hashOf(bytes: Uint8Array): Uint8Array {
  return Buffer.from(hash('sha256', bytes, 'binary'), 'latin1');
}

/** @param x - the raw key, base64url. @returns null when it is no key. */
function publicKeyOf(x: string): KeyObject | null {
  try {
    return createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x }, format: 'jwk' });
  } catch {
    // Not 32 bytes: then no signature holds with it, which is all that is asked.
    return null;
  }
}

function strictly(text: string, encoding: 'base64' | 'base64url'): Uint8Array | null {
  const bytes = Buffer.from(text, encoding);
  return bytes.toString(encoding) === text ? bytes : null;
}
