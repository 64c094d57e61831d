/**
 * Letters that look like others, each with what it is read as. Names of packages are ASCII, so the others come from links
 * and texts that somebody was meant to copy.
 */
const LOOKS = new Map<string, string>([
  ...pairs('абвеѕіјԁһкӏмпорԛгтуѵԝхёї', 'abbesijdhklmnopqrtyvwxei'),
  ...pairs('αβεικνορτυχωγ', 'abeikvoptuxwy'),
  ...pairs('ıłøđħŀ', 'ilodhl'),
  ['0', 'o'],
  ['1', 'l'],
  ['3', 'e'],
  ['5', 's']
]);
/** Letters that are read as one, in the order in which they are tried. */
const TOGETHER = [
  ['rn', 'm'],
  ['vv', 'w'],
  ['cl', 'd']
] as const;

/** Shorter names have neighbours that mean something else. */
const LEAST = 5;
/** From this length on two slips are one slip's worth. */
const LONG = 12;

/** Finds the known name that another is mistaken for. */
export class Lookalikes {
  /** @param known - names in their one spelling, such as those that rules allow, or the most used ones. */
  constructor(known: Iterable<string>) {
    for (const name of known) {
      this.known.add(name);
      const looks = lookOf(name);
      if (!this.byLook.has(looks)) {
        this.byLook.set(looks, name);
      }
    }
  }

  /** The known name that this one looks like or is one slip away from; null = none, or it is known itself. */
  find(name: string): string | null {
    if (this.known.has(name)) {
      return null;
    }
    const looks = lookOf(name);
    const same = this.byLook.get(looks);
    if (same !== undefined) {
      return same;
    }
    let best: string | null = null;
    let least = Infinity;
    for (const [other, known] of this.byLook) {
      const slips = Math.min(looks.length, other.length) >= LONG ? 2 : 1;
      if (Math.min(looks.length, other.length) >= LEAST) {
        const between = slipsBetween(looks, other, Math.min(slips, least - 1));
        if (between !== null) {
          [best, least] = [known, between];
        }
      }
    }
    return best;
  }

  private readonly known = new Set<string>();
  private readonly byLook = new Map<string, string>();
}

/** What a name looks like at a glance: without what separates its words, and with letters that look alike made one. */
export function lookOf(name: string): string {
  const letters = Array.from(name.normalize('NFKC').toLowerCase(), one => LOOKS.get(one) ?? one)
    .join('')
    // Accents are overlooked.
    .normalize('NFD')
    .replace(/[\p{Mark}\p{Format}\s_.-]/gu, '');
  return TOGETHER.reduce((text, [two, one]) => text.replaceAll(two, one), letters);
}

/**
 * How many letters must be put in, left out, changed, or exchanged with the one beside them (optimal string alignment).
 *
 * @returns null = more than `most`.
 */
export function slipsBetween(one: string, other: string, most: number): number | null {
  if (most < 0 || Math.abs(one.length - other.length) > most) {
    return null;
  }
  let before: number[] = [];
  let row = Array.from({ length: other.length + 1 }, (_, i) => i);
  for (let i = 1; i <= one.length; i += 1) {
    const next = [i];
    for (let j = 1; j <= other.length; j += 1) {
      const isSame = one[i - 1] === other[j - 1];
      const isExchanged = one[i - 1] === other[j - 2] && one[i - 2] === other[j - 1];
      next[j] = Math.min(
        (next[j - 1] ?? 0) + 1,
        (row[j] ?? 0) + 1,
        (row[j - 1] ?? 0) + (isSame ? 0 : 1),
        isExchanged && i > 1 && j > 1 ? (before[j - 2] ?? 0) + 1 : Infinity
      );
    }
    if (Math.min(...next) > most) {
      return null;
    }
    [before, row] = [row, next];
  }
  const slips = row[other.length] ?? 0;
  return slips <= most ? slips : null;
}

function pairs(from: string, to: string): [string, string][] {
  const letters = Array.from(to);
  return Array.from(from, (one, i) => [one, letters[i] ?? one]);
}
