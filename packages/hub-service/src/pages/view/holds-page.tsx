import type { ReactElement, ReactNode } from 'react';
import type { ILegalAct } from '../../store/legal.js';
import { counted } from '../words.js';
import { DataTable, type IColumn } from './data-table.js';
import { Part } from './facts.js';
import { Moment } from './moment.js';
import { RecordText } from './record-text.js';

export interface IHoldsPageProps {
  /** Those that are on, the newest first. */
  readonly holds: readonly ILegalAct[];
  readonly acts: readonly ILegalAct[];
  /** Forms bring it back. */
  readonly formToken: string;
}

/** Legal holds, erasure, and all that was ever done of both. */
export function HoldsPage({ holds, acts, formToken }: IHoldsPageProps): ReactElement {
  const lift: IColumn<ILegalAct> = { head: 'Lift', cell: hold => <Lift hold={hold} formToken={formToken} /> };
  return (
    <>
      <h1>Holds and erasure</h1>
      <p>
        While a hold is on, nobody whom it holds can be erased. A hold that names no person holds everybody.
      </p>
      <Part id="on" title="Holds that are on">
        {holds.length === 0 ? (
          <div className="empty">
            <p>No hold is on.</p>
          </div>
        ) : (
          <DataTable
            caption={counted(holds.length, 'hold')}
            columns={[NUMBER, ...ABOUT, lift]}
            rows={holds}
            keyOf={({ id }) => id}
          />
        )}
      </Part>
      <Part id="set" title="Set a hold">
        <ActForm action="/holds/set" label="Set a hold" formToken={formToken} button="Set the hold">
          <Field name="user" text="User (empty: all)" />
          <Field name="case" text="Case" />
          <Field name="reason" text="Reason" required />
        </ActForm>
      </Part>
      <Part id="erase" title="Erase a person">
        <p>
          Deletes the name, the names of the servers, and the key that opens the personal parts of all
          records, and those parts. The records stay, under a number, and exports go on to verify. It cannot
          be undone. End the person's servers first: whoever comes back is somebody new to the log.
        </p>
        <ActForm action="/holds/erase" label="Erase a person" formToken={formToken} button="Erase for ever">
          <Field name="user" text="User" required />
          <Field name="confirm" text="The name again" required />
          <Field name="reason" text="Reason, without the name" required />
        </ActForm>
      </Part>
      <Part id="acts" title="Everything that was done">
        {acts.length === 0 ? (
          <div className="empty">
            <p>Nothing yet. Every hold that is set or lifted and every erasure stays here.</p>
          </div>
        ) : (
          <DataTable
            caption={`The newest ${counted(acts.length, 'act')}`}
            columns={[NUMBER, WHAT, ...ABOUT]}
            rows={acts}
            keyOf={({ id }) => id}
          />
        )}
      </Part>
    </>
  );
}

const KINDS: Readonly<Record<ILegalAct['kind'], string>> = {
  hold: 'Hold set',
  lift: 'Hold lifted',
  erase: 'Person erased'
};

const NUMBER: IColumn<ILegalAct> = { head: 'Act', cell: ({ id }) => id, className: 'number' };
const WHAT: IColumn<ILegalAct> = {
  head: 'What',
  cell: ({ kind, lifts }) => (lifts === null ? KINDS[kind] : `Hold ${lifts} lifted`)
};
const ABOUT: readonly IColumn<ILegalAct>[] = [
  { head: 'When (UTC)', cell: ({ atMs }) => <Moment atMs={atMs} />, className: 'time' },
  { head: 'Person', cell: act => <Person act={act} />, className: 'name' },
  {
    head: 'Case',
    cell: ({ caseName }) =>
      caseName === null ? <span className="none dash">–</span> : <RecordText text={caseName} />
  },
  { head: 'Reason', cell: ({ reason }) => <RecordText text={reason} />, className: 'wide' },
  { head: 'By', cell: ({ by }) => <RecordText text={by} />, className: 'name' }
];

function Person({ act: { person } }: { readonly act: ILegalAct }): ReactElement {
  if (person === null) {
    return <>everybody</>;
  }
  return person.name === null ? (
    <span className="none">
      erased, <code>{person.uuid.slice(0, 8)}</code>
    </span>
  ) : (
    <RecordText text={person.name} />
  );
}

interface IActFormProps {
  readonly action: string;
  readonly label: string;
  readonly button: string;
  readonly formToken: string;
  readonly children: ReactNode;
}

function ActForm({ action, label, button, formToken, children }: IActFormProps): ReactElement {
  return (
    <form method="post" action={action} aria-label={label} className="filters">
      <input type="hidden" name="form" value={formToken} />
      <div className="fields">{children}</div>
      <div className="buttons">
        <button type="submit">{button}</button>
      </div>
    </form>
  );
}

interface IFieldProps {
  readonly name: string;
  readonly text: string;
  readonly required?: boolean;
}

function Field({ name, text, required = false }: IFieldProps): ReactElement {
  return (
    <label>
      <span>{text}</span>
      <input
        type="text"
        name={name}
        required={required}
        maxLength={name === 'reason' ? 1024 : 256}
        autoComplete="off"
        spellCheck={false}
      />
    </label>
  );
}

function Lift({ hold, formToken }: { readonly hold: ILegalAct; readonly formToken: string }): ReactElement {
  return (
    <form method="post" action="/holds/lift" aria-label={`Lift hold ${hold.id}`} className="lift">
      <input type="hidden" name="form" value={formToken} />
      <input type="hidden" name="hold" value={hold.id} />
      <input
        type="text"
        name="reason"
        required
        maxLength={1024}
        placeholder="why"
        aria-label={`Why hold ${hold.id} is lifted`}
        autoComplete="off"
      />
      <button type="submit" className="plain">
        Lift
      </button>
    </form>
  );
}
