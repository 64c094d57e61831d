/** What an admin switched off: everything, or the parts named. */
export interface IDisabledParts {
  readonly all: boolean;
  readonly parts: ReadonlySet<string>;
}

/**
 * Reads the value of `LABKEEPER_DISABLE` as the server hands it to the page.
 *
 * @param value - empty, a word for "everything" (`1`, `true`, `yes`, `on`, `all`), or parts separated by commas or spaces.
 */
export function disabledParts(value: string): IDisabledParts {
  const words = value
    .toLowerCase()
    .split(/[\s,;]+/)
    .filter(word => word !== '' && !['0', 'false', 'no', 'off', 'none'].includes(word));
  const parts = new Set(words);
  return { all: ['1', 'true', 'yes', 'on', 'all', 'companion'].some(word => parts.has(word)), parts };
}
