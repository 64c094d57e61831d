import { createHash } from 'node:crypto';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import { LRUCache } from 'lru-cache';
import type { IAsker } from '../decision.js';
import type { IBlockedFile } from '../index-event.js';
import { SingleFlight } from '../single-flight.js';
import type { IKnownProject, Projects } from '../upstream/projects.js';
import { judgeProject } from './judged-project.js';
import type { PageForm } from './negotiate.js';
import { renderHtml } from './render-html.js';
import { renderJson } from './render-json.js';

const compress = promisify(gzip);
/** Nearly as small as the usual 6, in half the time. */
const LEVEL = 4;
/** Shorter pages do not get smaller by much. */
const COMPRESSED_FROM_BYTES = 1400;

/** A page ready to be sent. */
export interface IPreparedPage {
  /** Weak, because it is the same for compressed bytes; of the bytes, which name the version of the policy. */
  readonly etag: string;
  readonly identity: Buffer;
  /** null = it is not worth it. */
  readonly gzip: Buffer | null;
  readonly blocked: readonly IBlockedFile[];
  readonly untilMs: number | null;
}

export interface IPreparedPagesOptions {
  readonly projects: Projects;
  /** Of pages ready to be sent. */
  readonly memoryBytes: number;
  /** Epoch ms. */
  readonly nowMs: () => number;
}

/** Pages as bytes: judged, rendered and compressed once for all who get the same. */
export class PreparedPages {
  constructor(private readonly options: IPreparedPagesOptions) {
    this.pages = new LRUCache({
      maxSize: options.memoryBytes,
      sizeCalculation: page =>
        page.identity.length + (page.gzip?.length ?? 0) + 300 * page.blocked.length + 1000
    });
  }

  /** @throws IndexRefusal */
  async page(known: IKnownProject, asker: IAsker, form: PageForm): Promise<IPreparedPage> {
    const { digest, index, name } = known.head;
    const key = JSON.stringify([
      name,
      index,
      digest,
      known.staleSinceMs,
      asker.policyVersion,
      asker.decisionClass,
      form.endsWith('json')
    ]);
    const ready = this.pages.get(key);
    if (ready && (ready.untilMs === null || this.options.nowMs() < ready.untilMs)) {
      return ready;
    }
    return this.flights.run(key, async () => {
      const page = await this.prepare(known, asker, form);
      this.pages.set(key, page);
      return page;
    });
  }

  private async prepare(known: IKnownProject, asker: IAsker, form: PageForm): Promise<IPreparedPage> {
    const project = await this.options.projects.project(known);
    const judged = judgeProject(project, known.head.index, asker);
    const render = form.endsWith('json') ? renderJson : renderHtml;
    const { policyVersion } = asker;
    const identity = Buffer.from(render(judged, { policyVersion, staleSinceMs: known.staleSinceMs }));
    return {
      etag: `W/"${createHash('sha256').update(identity).digest('base64url')}"`,
      identity,
      gzip: identity.length < COMPRESSED_FROM_BYTES ? null : await compress(identity, { level: LEVEL }),
      blocked: judged.blocked,
      untilMs: judged.untilMs
    };
  }

  private readonly pages: LRUCache<string, IPreparedPage>;
  private readonly flights = new SingleFlight<IPreparedPage>();
}
