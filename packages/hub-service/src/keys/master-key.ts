import {
  createCipheriv,
  createDecipheriv,
  createSecretKey,
  hkdfSync,
  randomBytes,
  type KeyObject
} from 'node:crypto';

/** Bytes of a master key. */
export const MASTER_KEY_BYTES = 32;
const CIPHER = 'aes-256-gcm';
const NONCE_BYTES = 12;
const TAG_BYTES = 16;
const ID_DIGITS = 16;

/** The key that seals other keys: those of persons, and where the database holds them the service's own. */
export class MasterKey {
  /** How the database calls it: 16 hexadecimal digits, which tell nothing of the key. */
  readonly id: string;

  /** @param bytes - 32, random. */
  constructor(private readonly bytes: Uint8Array) {
    this.id = Buffer.from(derived(bytes, 'id')).toString('hex').slice(0, ID_DIGITS);
    this.sealing = createSecretKey(derived(bytes, 'seal'));
  }

  /**
   * AES-256-GCM: nonce, tag, ciphertext.
   *
   * @param name - what it is and whose: it opens under no other name.
   */
  seal(name: string, secret: Uint8Array): Buffer {
    const nonce = randomBytes(NONCE_BYTES);
    const cipher = createCipheriv(CIPHER, this.sealing, nonce).setAAD(Buffer.from(name));
    const body = Buffer.concat([cipher.update(secret), cipher.final()]);
    return Buffer.concat([nonce, cipher.getAuthTag(), body]);
  }

  /** @throws when it was altered, has another name, or was sealed with another key. */
  open(name: string, sealed: Uint8Array): Buffer {
    const cipher = createDecipheriv(CIPHER, this.sealing, sealed.subarray(0, NONCE_BYTES), {
      authTagLength: TAG_BYTES
    })
      .setAAD(Buffer.from(name))
      .setAuthTag(sealed.subarray(NONCE_BYTES, NONCE_BYTES + TAG_BYTES));
    return Buffer.concat([cipher.update(sealed.subarray(NONCE_BYTES + TAG_BYTES)), cipher.final()]);
  }

  /** This key for whoever has the other one. */
  sealedUnder(other: MasterKey): Buffer {
    return other.seal(masterName(this.id), this.bytes);
  }

  /** The key of that id, which was sealed under this one. @throws as `open`. */
  openMaster(id: string, sealed: Uint8Array): MasterKey {
    return new MasterKey(this.open(masterName(id), sealed));
  }

  private readonly sealing: KeyObject;
}

function derived(bytes: Uint8Array, purpose: string): Uint8Array {
  return new Uint8Array(hkdfSync('sha256', bytes, '', `labkeeper master ${purpose}`, MASTER_KEY_BYTES));
}

const masterName = (id: string): string => `master ${id}`;
