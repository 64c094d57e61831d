import type { LegalActKind } from './tables.js';

/** Somebody with a name, or who had one. */
export interface IActPerson {
  /** How the log's lines call her. */
  readonly uuid: string;
  /** null = erased. */
  readonly name: string | null;
}

/** Something that was done: it stays as it is. */
export interface ILegalAct {
  readonly id: number;
  readonly atMs: number;
  readonly kind: LegalActKind;
  /** Who did it, at which hub. */
  readonly hub: string;
  readonly by: string;
  /** null = everybody. */
  readonly person: IActPerson | null;
  readonly caseName: string | null;
  readonly reason: string;
  /** The hold that this act lifts. */
  readonly lifts: number | null;
}

/** Who does it, and why. */
export interface IActor {
  readonly hub: string;
  readonly by: string;
  readonly reason: string;
  /** It is no person, but a program such as the firm's directory. */
  readonly isMachine?: boolean;
}

export type Erased =
  | { readonly kind: 'erased'; readonly person: string }
  /** A hold is on: nothing was changed. */
  | { readonly kind: 'held'; readonly hold: ILegalAct }
  | { readonly kind: 'unknown' };

/** Legal holds and erasure. Every method's act is durable when it resolves. */
export interface ILegal {
  /** The newest first. @param hub - those at this hub alone; null = all. */
  acts(limit: number, hub?: string | null): Promise<readonly ILegalAct[]>;
  /** Holds that are on, the newest first. @param hub - as in `acts`. */
  holds(hub?: string | null): Promise<readonly ILegalAct[]>;
  /**
   * @param user - null = everybody at the actor's hub: who belongs to a case is not known here.
   * @returns false = nobody of that name is known at the actor's hub; nothing was changed.
   */
  hold(actor: IActor, user: string | null, caseName: string | null): Promise<boolean>;
  /** @returns false = there is no such hold, or it was lifted before. */
  lift(actor: IActor, hold: number): Promise<boolean>;
  /** Deletes what names a person at the actor's hub: her name, her servers' names, her key and all that it opens. */
  erase(actor: IActor, user: string): Promise<Erased>;
}
