import type { ReactElement, ReactNode } from 'react';
import type { ILoss } from '../../outgoing/losses.js';
import type { IDeadMessage, IOutgoingState, ITargetState } from '../../outgoing/outgoing-state.js';
import { counted, thousands } from '../words.js';
import { DataTable } from './data-table.js';
import { Part } from './facts.js';
import { Moment } from './moment.js';
import { RecordText } from './record-text.js';

const KINDS = {
  webhook: 'signed webhook',
  slack: 'chat',
  syslog: 'syslog',
  otlp: 'OTLP'
} as const;

export interface IOutgoingPartProps {
  readonly state: IOutgoingState;
  /** Of a reader who may have messages sent again; null = she may not. */
  readonly formToken: string | null;
}

const LOSSES = {
  dropped: (count: string) => `${count} not kept, because too many waited`,
  rejected: (count: string) => `${count} thrown away by the target`,
  missing: (count: string) => `${count} missing from the log without an act that deleted them`
} as const;

/** How it stands with what goes out to others. */
export function OutgoingPart({ state, formToken }: IOutgoingPartProps): ReactElement {
  const { targets, dead } = state;
  const again = (what: string, name: string, value: string): ReactNode =>
    formToken !== null && (
      <form method="post" action="/outgoing/again">
        <input type="hidden" name="form" value={formToken} />
        <input type="hidden" name={name} value={value} />
        <button type="submit" className="plain" aria-label={what}>
          {name === 'target' ? 'Send all again' : 'Send again'}
        </button>
      </form>
    );
  return (
    <Part id="outgoing" title="Outgoing">
      {targets.length === 0 ? (
        <p>Nothing is sent to others: the policy names no target.</p>
      ) : (
        <DataTable
          caption={`${counted(targets.length, 'target')} of the policy`}
          keyOf={({ name }: ITargetState) => name}
          rows={targets}
          columns={[
            { head: 'Target', cell: ({ name }) => <RecordText text={name} /> },
            {
              head: 'Kind',
              cell: ({ kind }) => (kind === null ? 'not in the policy any more' : KINDS[kind])
            },
            { head: 'Waits', cell: waits },
            {
              head: 'Given up',
              cell: row => (
                <>
                  {row.lag === null ? thousands(row.dead) : 'never'}
                  {row.dead > 1 &&
                    row.kind !== null &&
                    again(`Send all that was given up for ${row.name} again`, 'target', row.name)}
                </>
              )
            },
            {
              head: 'Last sent',
              cell: ({ sentAtMs }) =>
                sentAtMs === null ? (
                  <span className="none">nothing yet</span>
                ) : (
                  <Moment atMs={sentAtMs} zone />
                )
            },
            {
              head: 'Trouble',
              cell: ({ trouble }) =>
                trouble === null ? <span className="none">none</span> : <RecordText text={trouble} />
            },
            {
              head: 'Lost in 30 days',
              cell: ({ losses }) =>
                losses.length === 0 ? <span className="none">nothing</span> : lost(losses)
            }
          ]}
        />
      )}
      {dead.length > 0 && (
        <DataTable
          caption="Messages that were given up, the newest first"
          keyOf={({ id }: IDeadMessage) => id}
          rows={dead}
          columns={[
            { head: 'Message', cell: ({ id }) => String(id) },
            { head: 'Target', cell: ({ target }) => <RecordText text={target} /> },
            { head: 'Made', cell: ({ atMs }) => <Moment atMs={atMs} zone /> },
            { head: 'Why', cell: ({ trouble }) => <RecordText text={trouble} /> },
            ...(formToken === null
              ? []
              : [
                  {
                    head: 'Again',
                    cell: ({ id, target }: IDeadMessage) =>
                      targets.some(({ name, kind }) => name === target && kind !== null)
                        ? again(`Send message ${id} again`, 'message', String(id))
                        : 'not in the policy any more'
                  }
                ])
          ]}
        />
      )}
    </Part>
  );
}

function lost(losses: readonly ILoss[]): ReactElement {
  return (
    <>
      {losses.map(({ what, count, lastAtMs, says }) => (
        <div key={what}>
          {LOSSES[what](counted(count, what === 'dropped' ? 'message' : 'record'))}, the last{' '}
          <Moment atMs={lastAtMs} zone />
          {says !== null && (
            <>
              : <RecordText text={says} />
            </>
          )}
        </div>
      ))}
    </>
  );
}

function waits({ lag, waiting }: ITargetState): string {
  return lag === null ? counted(waiting, 'message') : counted(lag, 'record');
}
