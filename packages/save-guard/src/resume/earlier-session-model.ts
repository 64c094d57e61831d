import type { ICompanion } from '@labkeeper/labkit';
import { encode, Receiver, sessionKnown, sessionSeen, type EarlierSession } from '@labkeeper/protocol';
import { Signal, type ISignal } from '@lumino/signaling';

/** What was open when the server before this one ended. */
export class EarlierSessionModel {
  constructor(private readonly companion: ICompanion) {
    companion.listen(
      new Receiver().on(sessionKnown, ({ session }) => {
        this._session = session;
        this._changed.emit();
      })
    );
  }

  /** null = nothing, or the user has seen it. */
  get session(): EarlierSession | null {
    return this._session;
  }

  get changed(): ISignal<this, void> {
    return this._changed;
  }

  /** The user was told once. */
  told(id: string): void {
    this.companion.send(encode(sessionSeen, { id, seen: 'told' }));
  }

  /** The user wants to see it no more. @returns whether it could be told. */
  dismiss(id: string): boolean {
    return this.companion.send(encode(sessionSeen, { id, seen: 'dismissed' }));
  }

  private _session: EarlierSession | null = null;
  private readonly _changed = new Signal<this, void>(this);
}
