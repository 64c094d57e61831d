import type { IAsker } from '../decision.js';
import type { IBlockedFile } from '../index-event.js';
import type { IKnownProject, Projects } from '../upstream/projects.js';
import type { PageForm } from './negotiate.js';
import { pack } from './pack.js';
import { PackedPages, type IMadePage, type IReadyPage } from './packed-pages.js';
import { PageVerdict } from './page-verdict.js';
import type { ReadyBytes } from './ready-bytes.js';
import { htmlRenderer } from './render-html.js';
import { jsonRenderer } from './render-json.js';
import { renderPage } from './render-page.js';

/** About what a blocked file takes in memory. */
const BLOCKED_BYTES = 300;

/** What policy says of a page. */
export interface IPageVerdict {
  /** The first few of those that are blocked. */
  readonly blocked: readonly IBlockedFile[];
  readonly blockedCount: number;
  readonly untilMs: number | null;
}

export interface IPreparedPagesOptions {
  readonly projects: Projects;
  readonly ready: ReadyBytes;
  /** Epoch ms. */
  readonly nowMs: () => number;
}

/** Pages of projects as bytes: judged, rendered and compressed once for all who get the same. */
export class PreparedPages {
  constructor(private readonly options: IPreparedPagesOptions) {
    this.pages = new PackedPages(options.ready);
  }

  /** @throws IndexRefusal */
  page(known: IKnownProject, asker: IAsker, form: PageForm): Promise<IReadyPage<IPageVerdict>> {
    const { digest, index, name, status } = known.head;
    const { policyVersion, decisionClass } = asker;
    const isJson = form.endsWith('json');
    const key = JSON.stringify([
      ...[name, index, digest, status, known.staleSinceMs],
      ...[policyVersion, decisionClass, isJson]
    ]);
    return this.pages.find(
      key,
      () => this.made(known, asker, isJson),
      ({ untilMs }) => untilMs === null || this.options.nowMs() < untilMs
    );
  }

  private made(known: IKnownProject, asker: IAsker, isJson: boolean): Promise<IMadePage<IPageVerdict>> {
    return this.options.projects.read(known, async page => {
      const { name, status, hasSizes } = page.head;
      const renderer = (isJson ? jsonRenderer : htmlRenderer)({
        ...{ name, status, hasSizes },
        policyVersion: asker.policyVersion,
        staleSinceMs: known.staleSinceMs
      });
      const verdict = new PageVerdict();
      const packed = await pack(renderPage(page, asker, renderer, verdict));
      return { packed, about: verdict, aboutBytes: BLOCKED_BYTES * verdict.blocked.length };
    });
  }

  private readonly pages: PackedPages<IPageVerdict>;
}
