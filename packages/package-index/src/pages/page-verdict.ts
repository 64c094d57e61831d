import { isRefused } from '../decision.js';
import type { IBlockedFile } from '../index-event.js';
import type { IJudgedFile } from './judged-file.js';

/** So many blocked files of a page are named: a page may list hundreds of thousands. */
const NAMED_FILES = 2000;

/** What policy says of a page as a whole: collected file by file. */
export class PageVerdict {
  /** The first few. */
  readonly blocked: IBlockedFile[] = [];
  blockedCount = 0;
  /** Epoch ms from which the page is to be judged anew; null = while the policy holds. */
  untilMs: number | null = null;

  add({ file, version, decision }: IJudgedFile): void {
    const { untilMs, rule } = decision;
    if (untilMs !== null) {
      this.untilMs = Math.min(this.untilMs ?? untilMs, untilMs);
    }
    if (isRefused(decision)) {
      this.blockedCount++;
      if (this.blocked.length < NAMED_FILES) {
        this.blocked.push({ filename: file.filename, version, decision: decision.decision, rule });
      }
    }
  }
}
