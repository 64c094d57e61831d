import { Fragment, type ReactElement, type ReactNode } from 'react';

/** A name and what stands for it; null = not known or not there. */
export type Fact = readonly [name: string, value: ReactNode | null];

/** Names and values, one under the other; `without` is said where a value is null. */
export function Facts(props: { readonly facts: readonly Fact[]; readonly without?: string }): ReactElement {
  const { facts, without = 'not known' } = props;
  return (
    <dl className="facts">
      {facts.map(([name, value]) => (
        <Fragment key={name}>
          <dt>{name}</dt>
          <dd>{value ?? <span className="none">{without}</span>}</dd>
        </Fragment>
      ))}
    </dl>
  );
}

/** A part of a page under a heading. */
export function Part(props: {
  readonly id: string;
  readonly title: string;
  readonly children: ReactNode;
}): ReactElement {
  const { id, title, children } = props;
  return (
    <section aria-labelledby={id} className="part">
      <h2 id={id}>{title}</h2>
      {children}
    </section>
  );
}
