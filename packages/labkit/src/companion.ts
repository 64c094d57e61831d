import { Token } from '@lumino/coreutils';
import type { ISignal } from '@lumino/signaling';
import type { IDisposable } from '@lumino/disposable';
import type { Death, History, Kernel, Machine, Notice, Receiver, Sample } from '@labkeeper/protocol';

/**
 * Whether the page hears from its companion.
 * `away`: it does not, and `reason` says why in one sentence for people. `disabled`: switched off by the admin.
 */
export type CompanionState = 'connecting' | 'connected' | 'away' | 'disabled';

/** What the companion said about itself in its hello. */
export interface ICompanionInfo {
  readonly build: string;
  readonly boot: string;
  readonly disabled: readonly string[];
  /** What the hub's policy switches is what it said then, because it has not answered since; null or absent = it has. */
  readonly policySaidAtMs?: number | null;
  readonly machine: Machine;
  readonly runbookUrl: string | null;
  readonly serverName: string;
  /** Version of the server's own Python, and the image that it runs in; null or absent = not known. */
  readonly python?: string | null;
  readonly image?: string | null;
}

/** The one link of this page to its companion. It reconnects by itself; everything here is the newest known state. */
export interface ICompanion {
  readonly state: CompanionState;
  /** One translated sentence, empty while connected. */
  readonly reason: string;
  readonly info: ICompanionInfo | null;
  readonly sample: Sample | null;
  readonly recent: History | null;
  readonly day: History | null;
  readonly kernels: readonly Kernel[];
  readonly deaths: readonly Death[];
  readonly notices: readonly Notice[];
  /** Frames that were not understood or not taken, since the page was opened. For support. */
  readonly badFrames: number;
  /** How far the page's clock is ahead of the companion's, in ms; 0 while nothing is known. */
  readonly clockAheadMs: number;
  readonly stateChanged: ISignal<ICompanion, CompanionState>;
  readonly sampleTaken: ISignal<ICompanion, Sample>;
  readonly historyChanged: ISignal<ICompanion, void>;
  readonly kernelsChanged: ISignal<ICompanion, readonly Kernel[]>;
  /** A death happened now, or an earlier one has news (same id). Not emitted for the list that comes at connection. */
  readonly deathSeen: ISignal<ICompanion, Death>;
  /** The list of past deaths came, at connection: the newest may be from before this page was open. */
  readonly deathsKnown: ISignal<ICompanion, readonly Death[]>;
  /** A notice was given now, or an earlier one has news (same id). Not emitted for the list that comes at connection. */
  readonly noticeGiven: ISignal<ICompanion, Notice>;
  /** The list of notices that still hold or are recent came, at connection. */
  readonly noticesKnown: ISignal<ICompanion, readonly Notice[]>;
  /** Whether the admin switched off a part. */
  isDisabled(part: string): boolean;
  /** Tries to connect now. */
  reconnect(): void;
  /** Sends a frame. @returns false while there is no connection: nothing is kept for later. */
  send(frame: string): boolean;
  /** Bytes of frames that the browser has not sent yet. */
  readonly waitingBytes: number;
  /** Hands messages to another receiver too; at once the last of each kind that says how something is. */
  listen(receiver: Receiver): IDisposable;
  /**
   * While somebody holds this, the connection is watched and made again even if nobody sees the page: there is work
   * that is not safe.
   */
  hold(): IDisposable;
}

export const ICompanion = new Token<ICompanion>(
  '@labkeeper/labextension:ICompanion',
  'The link to the Labkeeper companion.'
);
