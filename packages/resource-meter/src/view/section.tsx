import { useId, type ReactNode } from 'react';

/** A part of the panel: its name, its value in short, and what belongs to it. */
export function Section(props: {
  readonly title: string;
  readonly value?: ReactNode;
  readonly children?: ReactNode;
}): JSX.Element {
  const id = useId();
  return (
    <section className="lk-Section" aria-labelledby={id}>
      <header>
        <h3 id={id}>{props.title}</h3>
        <span className="lk-Section-value">{props.value}</span>
      </header>
      {props.children}
    </section>
  );
}

/** Names with values. Rows without a value are left out. */
export function Facts({
  rows
}: {
  readonly rows: readonly (readonly [string, string] | null)[];
}): JSX.Element {
  return (
    <dl className="lk-Facts">
      {rows
        .filter(row => row !== null)
        .map(([name, value]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>{value}</dd>
          </div>
        ))}
    </dl>
  );
}
