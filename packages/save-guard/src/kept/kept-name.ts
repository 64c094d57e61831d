/** As our handler names another's version: "a (changed elsewhere 0a1b2c).py", "… 0a1b2c 2).py" (labkeeper/kept_copies.py). */
const KEPT = /^(.*) \(changed elsewhere [0-9A-Za-z]{1,6}(?: \d+)?\)(\.[^.]*)?$/;

/** The name of the file beside which a copy is kept; null = the name is not that of such a copy. */
export function keptBeside(name: string): string | null {
  const found = KEPT.exec(name);
  return found ? `${found[1] ?? ''}${found[2] ?? ''}` : null;
}
