import type { OutgoingTarget } from '@labkeeper/protocol';
import type { IDatabase } from '../store/database.js';
import type { ILoss } from './losses.js';
import { logEnd } from './read-forwarded.js';

/** How it stands with one target. */
export interface ITargetState {
  readonly name: string;
  /** null = the policy has no target of this name any more. */
  readonly kind: OutgoingTarget['kind'] | null;
  /** Messages that wait, and that were given up. */
  readonly waiting: number;
  readonly dead: number;
  /** Records that are not there yet; null = none are forwarded. */
  readonly lag: number | null;
  /** When something was sent last, epoch ms. */
  readonly sentAtMs: number | null;
  /** What is wrong now, a sentence; null = nothing. */
  readonly trouble: string | null;
  /** What it did not get in the last 30 days. */
  readonly losses: readonly ILoss[];
}

/** A message that was given up. */
export interface IDeadMessage {
  readonly id: number;
  readonly target: string;
  readonly atMs: number;
  readonly trouble: string;
}

export interface IOutgoingState {
  readonly targets: readonly ITargetState[];
  /** The newest, at most 20. */
  readonly dead: readonly IDeadMessage[];
}

const DEAD = 20;

/**
 * How it stands with all targets: those of the policy first.
 *
 * @param losses - what targets did not get.
 */
export async function outgoingState(
  database: IDatabase,
  targets: readonly OutgoingTarget[],
  losses: readonly ILoss[]
): Promise<IOutgoingState> {
  const db = database.read;
  const counts = await db
    .selectFrom('outgoing_message')
    .select(({ fn }) => [
      'target',
      'state',
      fn.countAll<number>().as('count'),
      fn.max('trouble').as('trouble')
    ])
    .where('state', 'in', ['waiting', 'dead'])
    .groupBy(['target', 'state'])
    .execute();
  const cursors = await db.selectFrom('outgoing_cursor').selectAll().execute();
  const end = await logEnd(database);
  const kinds = new Map(targets.map(({ name, kind }) => [name, kind]));
  const names = new Set([...kinds.keys(), ...[...counts, ...losses].map(({ target }) => target)]);
  const sent = new Map<string, number | null>();
  for (const name of kinds.keys()) {
    // The index leads to the one that was tried last: the many that were sent are not counted through.
    const last = await db
      .selectFrom('outgoing_message')
      .select('done_at_ms')
      .where('state', '=', 'sent')
      .where('target', '=', name)
      .orderBy('next_at_ms', 'desc')
      .limit(1)
      .executeTakeFirst();
    sent.set(name, last?.done_at_ms ?? null);
  }
  const dead = await db
    .selectFrom('outgoing_message')
    .select(['id', 'target', 'at_ms as atMs', 'trouble'])
    .where('state', '=', 'dead')
    .orderBy('id', 'desc')
    .limit(DEAD)
    .execute();
  return {
    targets: [...names].map(name => {
      const kind = kinds.get(name) ?? null;
      const isForwarded = kind === 'syslog' || kind === 'otlp';
      const of = (state: string) => counts.find(row => row.target === name && row.state === state);
      const cursor = cursors.find(({ target }) => target === name);
      const lastMs = sent.get(name) ?? null;
      return {
        ...{ name, kind },
        waiting: Number(of('waiting')?.count ?? 0),
        dead: Number(of('dead')?.count ?? 0),
        lag: isForwarded ? Math.max(0, end - (cursor?.next_index ?? end)) : null,
        sentAtMs: isForwarded ? (cursor?.sent_at_ms ?? null) : lastMs === null ? null : Number(lastMs),
        trouble: (isForwarded ? cursor?.trouble : of('waiting')?.trouble) ?? null,
        losses: losses.filter(({ target }) => target === name)
      };
    }),
    dead: dead.map(({ trouble, ...row }) => ({ ...row, trouble: trouble ?? 'It was given up.' }))
  };
}
