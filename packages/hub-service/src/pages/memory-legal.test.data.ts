import type { IHolder, IHolders, IHoldersAsked, IHoldersCount } from '../store/holders.js';
import type { Erased, IActor, ILegal, ILegalAct } from '../store/legal.js';
import { START_MS } from './memory-log.test.data.js';

const USERS = [
  'alice',
  '<b>bob</b>\u202Egpj',
  null,
  'a.very.long.account.name@physics.university.example.org'
];

/** Four made-up people who have whatever is asked for but `nothing`. */
export class MemoryHolders implements IHolders {
  async list({ packages, version }: IHoldersAsked): Promise<readonly IHolder[]> {
    return packages.includes('nothing')
      ? []
      : USERS.map((user, at) => ({
          sinceIndex: 9 - at,
          sinceMs: START_MS - at * 1000,
          untilIndex: at === 1 ? 12 : null,
          untilMs: at === 1 ? START_MS : null,
          hub: 'hub',
          user,
          server: user === null ? null : '',
          environment: at === 3 ? null : '0123456789abcdef',
          ecosystem: 'pypi',
          packageName: packages[0] ?? '',
          packageVersion: at === 3 ? null : (version ?? '1.31.0'),
          heardMs: START_MS
        }));
  }

  async count(asked: IHoldersAsked): Promise<IHoldersCount> {
    const { length } = await this.list(asked);
    return { holdings: length, people: length, servers: length };
  }
}

/** Holds and erasure over nothing: everybody but `nobody` is known. */
export class MemoryLegal implements ILegal {
  async acts(): Promise<readonly ILegalAct[]> {
    return [...this.done].reverse();
  }

  async holds(): Promise<readonly ILegalAct[]> {
    const lifted = this.done.map(({ lifts }) => lifts);
    return (await this.acts()).filter(({ id, kind }) => kind === 'hold' && !lifted.includes(id));
  }

  async hold(actor: IActor, user: string | null, caseName: string | null): Promise<boolean> {
    return user !== 'nobody' && this.add(actor, 'hold', user, caseName, null);
  }

  async lift(actor: IActor, hold: number): Promise<boolean> {
    const found = (await this.holds()).find(({ id }) => id === hold);
    return found !== undefined && this.add(actor, 'lift', found.person?.name ?? null, found.caseName, hold);
  }

  async erase(actor: IActor, user: string): Promise<Erased> {
    const [hold] = await this.holds();
    if (hold) {
      return { kind: 'held', hold };
    }
    this.add(actor, 'erase', user, null, null);
    return { kind: 'erased', person: '0f8fad5b-d9cb-469f-a165-70867728950e' };
  }

  private add(
    { hub, by, reason }: IActor,
    kind: ILegalAct['kind'],
    user: string | null,
    caseName: string | null,
    lifts: number | null
  ): boolean {
    const person = user === null ? null : { uuid: '0f8fad5b-d9cb-469f-a165-70867728950e', name: user };
    this.done.push({
      id: this.done.length + 1,
      atMs: START_MS,
      kind,
      hub,
      by,
      person,
      caseName,
      reason,
      lifts
    });
    return true;
  }

  private readonly done: ILegalAct[] = [];
}
