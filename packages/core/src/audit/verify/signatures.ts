import type { ExportKey } from '@labkeeper/protocol';
import { hexOf } from './hex.js';
import type { IVerifyTools } from './tools.js';

/** The public keys that an export lists. */
export class Signatures {
  constructor(
    private readonly tools: IVerifyTools,
    keys: readonly ExportKey[]
  ) {
    for (const { id, publicKey } of keys) {
      const raw = tools.fromBase64Url(publicKey);
      const fingerprint = raw && hexOf(tools.sha256(raw));
      if (raw && fingerprint?.startsWith(id)) {
        this.keys.set(id, { raw, fingerprint });
      } else {
        this.misnamed.push(id);
      }
    }
  }

  /** Ids of keys that are not what their id says. */
  readonly misnamed: string[] = [];

  /** SHA-256 of the raw public key, hexadecimal; null = the export does not list it. */
  fingerprint(id: string): string | null {
    return this.keys.get(id)?.fingerprint ?? null;
  }

  /** @returns null when the export does not list the key. */
  holds(id: string, text: string, signature: string): boolean | null {
    const key = this.keys.get(id);
    if (!key) {
      return null;
    }
    const raw = this.tools.fromBase64Url(signature);
    return raw !== null && this.tools.verify(key.raw, text, raw);
  }

  private readonly keys = new Map<string, { readonly raw: Uint8Array; readonly fingerprint: string }>();
}
