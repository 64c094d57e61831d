import type { IClock } from '../../clock.js';
import { MetadataProblem, type MetadataClient } from './metadata-client.js';

const TTL_HEADER = 'x-aws-ec2-metadata-token-ttl-seconds';
/** The longest that AWS gives, 6 h. */
const TTL_SECONDS = 21_600;
/** It is fetched anew this long before it ends. */
const EARLY_MS = 60_000;
/** Without a token it is asked for again after this long. */
const WITHOUT_MS = 10 * 60_000;

/**
 * The session token of AWS's instance metadata service, version 2. Within a container it often cannot be had: the
 * answer to the PUT may take one hop only, so it is lost on the bridge. Then version 1 is tried, without a token, which
 * the machine may allow or not; nobody is asked to change that.
 */
export class AwsToken {
  constructor(
    private readonly client: MetadataClient,
    private readonly clock: IClock
  ) {}

  /** The token; null = do without. @throws MetadataProblem when there is no connection at all. */
  async read(): Promise<string | null> {
    if (this.clock.monotonicMs() >= this.untilMs) {
      const token = await this.fetch();
      this.token = token?.text ?? null;
      this.untilMs = this.clock.monotonicMs() + (token?.lifeMs ?? WITHOUT_MS);
    }
    return this.token;
  }

  /** It was refused: the next one is fetched. */
  forget(): void {
    this.untilMs = -Infinity;
  }

  private async fetch(): Promise<{ readonly text: string; readonly lifeMs: number } | null> {
    try {
      const { status, text, header } = await this.client.ask({
        method: 'PUT',
        path: '/latest/api/token',
        headers: { [TTL_HEADER]: `${TTL_SECONDS}` }
      });
      const seconds = Number(header(TTL_HEADER) ?? TTL_SECONDS);
      return status === 200 && /^[\x21-\x7e]{1,1024}$/.test(text)
        ? { text, lifeMs: Math.max(EARLY_MS, (seconds || 0) * 1000 - EARLY_MS) }
        : null;
    } catch (error) {
      if (error instanceof MetadataProblem && error.connected) {
        // Taken, and no answer: the hop limit. Version 1 may still answer.
        return null;
      }
      throw error;
    }
  }

  private token: string | null = null;
  private untilMs = -Infinity;
}
