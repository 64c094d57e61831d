import type { Notice } from '@labkeeper/protocol';

/** Notices that are remembered, at most. */
const KEPT = 20;

/** The notices that hold or held lately, oldest first. */
export class NoticeBoard {
  constructor(private readonly given: (notice: Notice) => void) {}

  get all(): readonly Notice[] {
    return this.notices;
  }

  /** Gives a notice, or its news. */
  give(notice: Notice): void {
    const at = this.notices.findIndex(known => known.id === notice.id);
    if (at >= 0) {
      this.notices[at] = notice;
    } else {
      this.notices.push(notice);
      this.notices.splice(0, this.notices.length - KEPT);
    }
    this.given(notice);
  }

  /** Says that a notice no longer holds. */
  end(id: string): void {
    const notice = this.notices.find(known => known.id === id);
    if (notice && !notice.over) {
      this.give({ ...notice, over: true });
    }
  }

  private readonly notices: Notice[] = [];
}
