import { ERROR_CLASSES, type ServerEvent } from '@labkeeper/protocol';

/** How an error that ended a cell is counted. */
export type CountedError = Pick<ServerEvent & { kind: 'errors' }, 'class' | 'module'>;

const MISSING = /^No module named '([A-Za-z_][A-Za-z0-9_]{0,63})(?:\.[\w.]*)?'/;

/**
 * Reads class and missing module of an error, and nothing else: a class that somebody wrote counts as `other`, because its
 * name is hers.
 *
 * @param name - `ename` of the kernel's message. @param value - `evalue`.
 * @returns null - somebody interrupted it.
 */
export function countedError(name: unknown, value: unknown): CountedError | null {
  if (name === 'KeyboardInterrupt') {
    return null;
  }
  const known = ERROR_CLASSES.find(each => each === name) ?? 'other';
  const missing = known === 'ModuleNotFoundError' && typeof value === 'string' ? MISSING.exec(value) : null;
  return { class: known, module: missing?.[1] ?? null };
}
