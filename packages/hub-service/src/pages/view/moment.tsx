import type { ReactElement } from 'react';

export interface IMomentProps {
  /** Epoch ms. */
  readonly atMs: number;
  /** Where it does not stand in a heading: add "UTC". */
  readonly zone?: boolean;
}

/** The last moment that a Date can hold, ms (ECMA-262). */
const LAST_MS = 8.64e15;

/** A moment in UTC, to the second; the exact one stands in `datetime`. */
export function Moment({ atMs, zone = false }: IMomentProps): ReactElement {
  if (!Number.isFinite(atMs) || Math.abs(atMs) > LAST_MS) {
    return <>no time of any calendar ({String(atMs)})</>;
  }
  const exact = new Date(atMs).toISOString();
  return (
    <time dateTime={exact} title={exact}>
      {exact.slice(0, -5).replace('T', ' ')}
      {zone ? ' UTC' : ''}
    </time>
  );
}
