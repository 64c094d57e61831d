import type { IDatabase } from './database.js';

/** What is remembered, at most. */
const REMEMBERED = 50_000;

/**
 * Tells the streams of requests. New ones have names that tell it themselves (`isServiceStream`); those of earlier versions
 * are called like a companion's, and are known by their requests alone.
 */
export class RequestStreams {
  constructor(private readonly database: Pick<IDatabase, 'read'>) {}

  /**
   * Whether a stream is one of a request. Each is looked up once: a stream that is none does not become one, because nobody
   * knows the name of a stream before it is made.
   */
  async has(boot: string): Promise<boolean> {
    const known = this.known.get(boot);
    if (known !== undefined) {
      return known;
    }
    const found = await this.database.read
      .selectFrom('request')
      .select('id')
      .where('boot', '=', boot)
      .executeTakeFirst();
    const isOfRequest = found !== undefined;
    if (this.known.size >= REMEMBERED) {
      this.known.clear();
    }
    this.known.set(boot, isOfRequest);
    return isOfRequest;
  }

  private readonly known = new Map<string, boolean>();
}
