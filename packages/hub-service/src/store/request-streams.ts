import type { Kysely } from 'kysely';
import { idsOfNumber, requestNumber } from '../requests/request-number.js';
import type { IDatabase } from './database.js';
import type { ITables } from './tables.js';

/** What is remembered, at most. */
const REMEMBERED = 50_000;
/** Requests of one number that are looked for, at most: two is rare already. */
const REQUESTS_OF_A_NUMBER = 20;
/** Streams that are looked up in one question, at most. */
const AT_ONCE = 1000;

/** Streams that are looked up together. */
interface IQuestion {
  readonly boots: Set<string>;
  /** Those that are of requests. */
  readonly answer: Promise<ReadonlySet<string>>;
}

/**
 * Tells the streams of requests. New ones have names that tell it themselves (`isServiceStream`); those of earlier versions
 * are called like a companion's, and are known by their requests alone.
 */
export class RequestStreams {
  constructor(private readonly database: Pick<IDatabase, 'read'>) {}

  /**
   * Whether a stream is one of a request. Each is looked up once: a stream that is none does not become one, because nobody
   * knows the name of a stream before it is made. One question is under way at a time, what comes meanwhile goes together:
   * after a restart all companions come at once.
   */
  async has(boot: string): Promise<boolean> {
    const known = this.known.get(boot);
    if (known !== undefined) {
      return known;
    }
    this.open ??= this.ask();
    const { boots, answer } = this.open;
    boots.add(boot);
    if (boots.size >= AT_ONCE) {
      this.open = null;
    }
    const isOfRequest = (await answer).has(boot);
    if (this.known.size >= REMEMBERED) {
      this.known.clear();
    }
    this.known.set(boot, isOfRequest);
    return isOfRequest;
  }

  private ask(): IQuestion {
    const boots = new Set<string>();
    const answer = this.answer(boots, this.asked);
    // However it ends: whoever waits for it is told.
    this.asked = answer.then(
      () => undefined,
      () => undefined
    );
    return { boots, answer };
  }

  /** @param before - the end of the question before. */
  private async answer(boots: Set<string>, before: Promise<void>): Promise<ReadonlySet<string>> {
    await before;
    if (this.open?.boots === boots) {
      this.open = null;
    }
    const found = await this.database.read
      .selectFrom('request')
      .select('boot')
      .where('boot', 'in', [...boots])
      .execute();
    return new Set(found.map(({ boot }) => boot));
  }

  private readonly known = new Map<string, boolean>();
  /** The question that takes more. */
  private open: IQuestion | null = null;
  /** The end of the last question. */
  private asked: Promise<void> = Promise.resolve();
}

/** The streams in which the requests of a number are recorded. @param text - that somebody looks for; what is no number finds none. */
export async function streamsOfRequests(db: Kysely<ITables>, text: string): Promise<readonly number[]> {
  const number = requestNumber(text);
  if (number === null) {
    return [];
  }
  const [first, last] = idsOfNumber(number);
  const rows = await db
    .selectFrom('request')
    .innerJoin('stream', join =>
      join.onRef('stream.server_id', '=', 'request.server_id').onRef('stream.boot', '=', 'request.boot')
    )
    .select('stream.id')
    .where('request.id', '>=', first)
    .where('request.id', '<=', last)
    .limit(REQUESTS_OF_A_NUMBER)
    .execute();
  return rows.map(({ id }) => id);
}
