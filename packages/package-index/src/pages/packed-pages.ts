import { pipeline, type Readable } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { LRUCache } from 'lru-cache';
import { IndexRefusal } from '../index-refusal.js';
import { SingleFlight } from '../single-flight.js';
import { Turns } from '../turns.js';
import type { IPacked } from './pack.js';
import type { ReadyBytes } from './ready-bytes.js';

/** Of what is said of pages that are ready. */
const SAID_BYTES = 2 * 1024 * 1024;
/** So many are made at once: each takes some hundred kilobytes for it. */
const AT_ONCE = 2;

/** A page as it was made, with what is said of it. */
export interface IMadePage<T> {
  readonly packed: IPacked;
  readonly about: T;
  /** About what `about` takes in memory. */
  readonly aboutBytes: number;
}

/** What is sent of a page. */
export interface IPageBody {
  readonly bytes: Buffer | Readable;
  readonly lengthBytes: number;
  readonly isCompressed: boolean;
  readonly etag: string;
}

/** A page that is ready to be sent. */
export interface IReadyPage<T> {
  readonly etag: string;
  readonly about: T;
  /** @throws IndexRefusal */
  body(takesGzip: boolean): Promise<IPageBody>;
}

type Said<T> = Omit<IPacked, 'bytes'> & {
  readonly about: T;
  /** Under which the bytes are kept: another one each time, so that they are never another time's. */
  readonly place: string;
};

/** Pages ready to be sent, by key: each is made once for all who ask for the same. */
export class PackedPages<T> {
  constructor(private readonly ready: ReadyBytes) {}

  /** @param make - makes the page where there is none. @param isGood - whether what was made earlier still holds. */
  async find(
    key: string,
    make: () => Promise<IMadePage<T>>,
    isGood: (about: T) => boolean = () => true
  ): Promise<IReadyPage<T>> {
    const known = this.said.get(key);
    const { etag, about } = known && isGood(known.about) ? known : await this.make(key, make);
    return { etag, about, body: takesGzip => this.body(key, takesGzip, make) };
  }

  private make(key: string, make: () => Promise<IMadePage<T>>): Promise<Said<T>> {
    return this.flights.run(key, () =>
      this.turns.run(async () => {
        const { packed, about, aboutBytes } = await make();
        const { bytes, ...rest } = packed;
        const place = `${++this.count} ${key}`;
        await this.ready.put(place, bytes);
        const said = { ...rest, about, place };
        this.said.set(key, said, { size: 1000 + aboutBytes });
        return said;
      })
    );
  }

  private async body(key: string, takesGzip: boolean, make: () => Promise<IMadePage<T>>): Promise<IPageBody> {
    let said = this.said.get(key) ?? (await this.make(key, make));
    let bytes = await this.ready.get(said.place);
    if (bytes === null) {
      said = await this.make(key, make);
      bytes = await this.ready.get(said.place);
    }
    if (bytes === null) {
      const detail = 'The disk of the package index is full or broken.';
      throw new IndexRefusal(503, 'The page cannot be kept.', detail);
    }
    const { identityBytes, isCompressed, packedBytes, etag } = said;
    return isCompressed && !takesGzip
      ? { bytes: unpacked(bytes), lengthBytes: identityBytes, isCompressed: false, etag }
      : { bytes, lengthBytes: packedBytes, isCompressed, etag };
  }

  private readonly said = new LRUCache<string, Said<T>>({ maxSize: SAID_BYTES });
  private readonly flights = new SingleFlight<Said<T>>();
  private readonly turns = new Turns(AT_ONCE);
  private count = 0;
}

/** For the few who take no compressed bytes; all tools do. */
function unpacked(bytes: Buffer | Readable): Readable {
  const gunzip = createGunzip();
  if (Buffer.isBuffer(bytes)) {
    gunzip.end(bytes);
    return gunzip;
  }
  // What goes wrong is thrown where the bytes are read.
  return pipeline(bytes, gunzip, () => undefined);
}
