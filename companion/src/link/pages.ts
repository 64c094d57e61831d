import {
  auditState,
  companionHello,
  deathSeen,
  deathsKnown,
  encode,
  historyRead,
  kernelsChanged,
  noticeGiven,
  noticesKnown,
  lossesKnown,
  receiptKnown,
  reclaimsKnown,
  sampleTaken,
  type AuditState,
  type CompanionHello,
  type Death,
  type History,
  type Kernel,
  type KernelLoss,
  type Notice,
  type Receipt,
  type Receiver,
  type Reclaim,
  type Sample
} from '@labkeeper/protocol';
import type { WebSocket } from 'ws';
import type { KeepForPage } from '../audit/audit-desk.js';
import type { IClock } from '../clock.js';
import type { SaveGuard } from '../save/save-guard.js';
import type { IIncomingCounts } from './incoming.js';
import { PageLink } from './page-link.js';

/** What a page is told when it connects. */
export interface IPageState {
  hello(): CompanionHello;
  kernels(): readonly Kernel[];
  deaths(): readonly Death[];
  notices(): readonly Notice[];
  history(): { recent: History; day: History };
  reclaims(): readonly Reclaim[];
  losses(): readonly KernelLoss[];
  receipt(): Receipt | null;
  audit(): AuditState;
}

export interface IPagesOptions {
  readonly clock: IClock;
  readonly state: IPageState;
  readonly guard: SaveGuard;
  /** Lets others take what a page says. @returns to be called when the page is gone. */
  readonly join: (receiver: Receiver, keep: KeepForPage) => () => void;
  readonly counts: IIncomingCounts;
  readonly badFrame: (reason: string) => void;
  /** The number of visible pages changed. */
  readonly visibleChanged: (visible: number) => void;
  /** A page said hello; it knows by then what was known. */
  readonly greeted: (visible: boolean) => void;
}

/** All connected pages. Each message is written once, however many pages read it. */
export class Pages {
  constructor(private readonly options: IPagesOptions) {}

  /** Pages that are connected. */
  get count(): number {
    return this.links.size;
  }

  /** Pages that are connected and visible. */
  get visible(): number {
    let visible = 0;
    for (const link of this.links) {
      visible += link.visible ? 1 : 0;
    }
    return visible;
  }

  /** Bytes that wait for all pages to read them. */
  get waitingBytes(): number {
    let bytes = 0;
    for (const link of this.links) {
      bytes += link.waitingBytes;
    }
    return bytes;
  }

  /** Takes a new page and tells it what is known. */
  accept(socket: WebSocket): void {
    const { state } = this.options;
    // With its first look and not before: a page that loads says hello seconds after it connected, and a hidden one
    // gets no samples, so both would miss what comes between.
    const sendHistory = (): void => {
      if (link.visible) {
        link.keep('history', () => encode(historyRead, state.history()));
      }
    };
    const link = new PageLink({
      socket,
      clock: this.options.clock,
      guard: this.options.guard,
      join: this.options.join,
      counts: this.options.counts,
      badFrame: this.options.badFrame,
      greeted: () => {
        sendHistory();
        this.options.visibleChanged(this.visible);
        this.options.greeted(link.visible);
      },
      visibilityChanged: () => {
        sendHistory();
        this.options.visibleChanged(this.visible);
      },
      closed: () => {
        this.links.delete(link);
        this.options.visibleChanged(this.visible);
      }
    });
    this.links.add(link);
    link.keep('hello', () => encode(companionHello, state.hello()));
    link.keep('kernels', () => encode(kernelsChanged, { kernels: [...state.kernels()] }));
    link.keep('deaths', () => encode(deathsKnown, { deaths: [...state.deaths()] }));
    link.keep('notices', () => encode(noticesKnown, { notices: [...state.notices()] }));
    link.keep('reclaims', () => this.encodeReclaims());
    link.keep('losses', () => encode(lossesKnown, { kernels: [...state.losses()] }));
    link.keep('receipt', () => encode(receiptKnown, { receipt: state.receipt() }));
    link.keep('audit', () => encode(auditState, state.audit()));
  }

  sample(sample: Sample): void {
    if (this.visible === 0) {
      return;
    }
    const text = encode(sampleTaken, sample);
    for (const link of this.links) {
      if (link.visible) {
        link.offer(text);
      }
    }
  }

  kernels(kernels: readonly Kernel[]): void {
    this.keep('kernels', () => encode(kernelsChanged, { kernels: [...kernels] }));
  }

  death(death: Death): void {
    this.keep(`death ${death.id}`, () => encode(deathSeen, death));
  }

  /** What the first message says has changed. */
  hello(): void {
    this.keep('hello', () => encode(companionHello, this.options.state.hello()));
  }

  /** The list of deaths has become another one. */
  deaths(deaths: readonly Death[]): void {
    this.keep('deaths', () => encode(deathsKnown, { deaths: [...deaths] }));
  }

  /** The list of notices has become another one. */
  notices(notices: readonly Notice[]): void {
    this.keep('notices', () => encode(noticesKnown, { notices: [...notices] }));
  }

  notice(notice: Notice): void {
    this.keep(`notice ${notice.id}`, () => encode(noticeGiven, notice));
  }

  /** Notices that the end is near have changed. */
  reclaims(): void {
    this.keep('reclaims', () => this.encodeReclaims());
  }

  /** What will be lost with kernels has changed. */
  losses(): void {
    this.keep('losses', () => encode(lossesKnown, { kernels: [...this.options.state.losses()] }));
  }

  /** The receipt of the last end was found, or read. */
  receipt(): void {
    this.keep('receipt', () => encode(receiptKnown, { receipt: this.options.state.receipt() }));
  }

  /** How the audited log stands has changed. */
  audit(): void {
    this.keep('audit', () => encode(auditState, this.options.state.audit()));
  }

  /** Closes all pages: they are told that the companion goes away and connect again. */
  close(): void {
    for (const link of this.links) {
      link.close(1001, 'The companion stops.');
    }
  }

  private encodeReclaims(): string {
    const { state, clock } = this.options;
    return encode(reclaimsKnown, { reclaims: [...state.reclaims()], nowMs: Math.round(clock.wallMs()) });
  }

  private keep(id: string, encoded: () => string): void {
    let message: string | null = null;
    for (const link of this.links) {
      link.keep(id, () => (message ??= encoded()));
    }
  }

  private readonly links = new Set<PageLink>();
}
