import { newSecret, type RandomBytes } from '../people/secrets.js';
import { Refusal } from './refusal.js';

/** How long one look on record counts for who follows the log, in ms. */
export const FOLLOW_MS = 3_600_000;
/** Followings that are remembered; who is forgotten begins anew, with a look on record. */
const KEPT = 1000;
/** Questions of one session that wait at the same time, and of all. */
const WAITING = { ofSession: 4, all: 200 } as const;
const ID_BYTES = 18;

interface IFollowing {
  readonly session: string;
  readonly address: string;
  readonly untilMs: number;
  /** Nothing of the view lies between a record that was shown and this end; null = it was not looked. */
  readonly looked: { readonly newest: number; readonly endIndex: number } | null;
}

/** Who follows which view of the log with a look on record, and whose questions wait. Of this process alone. */
export class Followings {
  /** @param nowMs - epoch ms. */
  constructor(
    private readonly random: RandomBytes,
    private readonly nowMs: () => number
  ) {}

  /**
   * Whether a look on record covers that this session follows this view.
   *
   * @returns false = it is to begin.
   * @throws Refusal when its time is over.
   */
  goesOn(id: string, session: string, address: string): boolean {
    const known = this.known.get(id);
    if (known === undefined || known.session !== session || known.address !== address) {
      return false;
    }
    if (this.nowMs() >= known.untilMs) {
      throw new Refusal(410, 'This page has followed the log for an hour; open it again to go on.');
    }
    return true;
  }

  /** Remembers one whose look is on record. @returns its id. */
  begin(session: string, address: string): string {
    const id = newSecret(this.random, ID_BYTES);
    this.known.set(id, { session, address, untilMs: this.nowMs() + FOLLOW_MS, looked: null });
    for (const oldest of this.known.size > KEPT ? this.known.keys() : []) {
      this.known.delete(oldest);
      break;
    }
    return id;
  }

  /**
   * Behind which index a view is to be looked at: of a view that seldom gets something, what came since the last look and
   * not what came since its last record.
   *
   * @param newest - the newest record that the page has.
   */
  place(id: string, newest: number): number {
    const looked = this.known.get(id)?.looked ?? null;
    return looked !== null && newest >= looked.newest ? Math.max(newest, looked.endIndex - 1) : newest;
  }

  /** A view has nothing between a record that was shown and an end. */
  looked(id: string, newest: number, endIndex: number): void {
    const known = this.known.get(id);
    if (known !== undefined) {
      this.known.set(id, { ...known, looked: { newest, endIndex } });
    }
  }

  /** Lets a question of a session wait. @returns to be called at its end. @throws Refusal where too many wait. */
  wait(session: string): () => void {
    const own = this.waiting.get(session) ?? 0;
    if (own >= WAITING.ofSession || this.all >= WAITING.all) {
      throw new Refusal(
        429,
        own >= WAITING.ofSession
          ? 'Too many tabs of this session follow the log.'
          : 'Too many people follow the log at the moment.'
      );
    }
    this.waiting.set(session, own + 1);
    this.all += 1;
    return () => {
      this.all -= 1;
      const left = (this.waiting.get(session) ?? 1) - 1;
      if (left > 0) {
        this.waiting.set(session, left);
      } else {
        this.waiting.delete(session);
      }
    };
  }

  private readonly known = new Map<string, IFollowing>();
  private readonly waiting = new Map<string, number>();
  private all = 0;
}
