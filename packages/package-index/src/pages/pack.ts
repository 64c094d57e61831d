import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { createGzip, type Gzip } from 'node:zlib';

/** What zlib takes by itself: a twentieth smaller than 4, and each page is sent more often than it is made. */
const LEVEL = 6;
/** Shorter pages do not get smaller by much. */
const COMPRESSED_FROM_BYTES = 1400;

/** Text ready to be sent. */
export interface IPacked {
  readonly bytes: Buffer;
  readonly isCompressed: boolean;
  /** How many they are. */
  readonly packedBytes: number;
  /** How long the text itself is. */
  readonly identityBytes: number;
  /** Weak, because it is the same for compressed bytes; of the text. */
  readonly etag: string;
}

/** Compresses text as it is made; what is short stays as it is. */
export async function pack(parts: AsyncIterable<string>): Promise<IPacked> {
  const hash = createHash('sha256');
  const short: Buffer[] = [];
  let identityBytes = 0;
  let squeezed: Squeezed | null = null;
  try {
    for await (const part of parts) {
      const bytes = Buffer.from(part);
      hash.update(bytes);
      identityBytes += bytes.length;
      if (!squeezed && identityBytes >= COMPRESSED_FROM_BYTES) {
        squeezed = new Squeezed();
        await squeezed.write(Buffer.concat(short));
      }
      await (squeezed ? squeezed.write(bytes) : short.push(bytes));
    }
    const packed = squeezed ? await squeezed.end() : Buffer.concat(short);
    return {
      bytes: packed,
      packedBytes: packed.length,
      isCompressed: squeezed !== null,
      identityBytes,
      etag: `W/"${hash.digest('base64url')}"`
    };
  } catch (error) {
    squeezed?.destroy();
    throw error;
  }
}

/** Bytes compressed one after the other. */
class Squeezed {
  constructor() {
    this.gzip.on('data', (chunk: Buffer) => this.chunks.push(chunk));
  }

  write(bytes: Buffer): Promise<void> {
    return new Promise((resolve, reject) =>
      this.gzip.write(bytes, error => (error ? reject(error) : resolve()))
    );
  }

  async end(): Promise<Buffer> {
    const ended = once(this.gzip, 'end');
    this.gzip.end();
    await ended;
    return Buffer.concat(this.chunks);
  }

  destroy(): void {
    this.gzip.destroy();
  }

  private readonly gzip: Gzip = createGzip({ level: LEVEL });
  private readonly chunks: Buffer[] = [];
}
