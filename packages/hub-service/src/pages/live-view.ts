/** Seconds between two looks of a page that follows the log without a script. */
export const LIVE_SECONDS = 10;
/** Looks until it stops by itself, each of them on record: an hour. */
export const LIVE_LOOKS = 360;

/** What stands in the address of a page that follows the log, beside its filters. */
export const LIVE_FIELDS = ['live', 'since'] as const;

/** How a page follows the log without a script: the browser asks again by itself. */
export interface ILiveView {
  /** Looks that are left after this one. */
  readonly left: number;
  /** The newest record of the look before; null = this is the first. */
  readonly since: number | null;
}

/** Whether an address follows the log; null = it does not. */
export function readLive(query: unknown): ILiveView | null {
  const given = new Map<string, unknown>(
    typeof query === 'object' && query !== null ? Object.entries(query) : []
  );
  const number = (name: string): number | null => {
    const value = given.get(name);
    return typeof value === 'string' && /^\d{1,15}$/.test(value) ? Number(value) : null;
  };
  const left = number('live');
  return left === null ? null : { left: Math.min(left, LIVE_LOOKS), since: number('since') };
}

/** The address of a view that follows the log. @param address - of the view. */
export function liveAddress(address: string, left: number, since: number | null): string {
  const more = `live=${left}${since === null ? '' : `&since=${since}`}`;
  return `${address}${address.includes('?') ? '&' : '?'}${more}`;
}
