/** So much of a text decides how similar it is to another, in UTF-16 units. */
const LOOKED_AT = 4000;
const WORD = /[\p{L}\p{N}_]+|[^\s\p{L}\p{N}_]/gu;

/** The words of a text and how often each is there. */
export type Words = ReadonlyMap<string, number>;

/** Counts the words and signs at the beginning of a text. */
export function wordsOf(text: string): Words {
  const words = new Map<string, number>();
  for (const [word] of text.slice(0, LOOKED_AT).matchAll(WORD)) {
    words.set(word, (words.get(word) ?? 0) + 1);
  }
  return words;
}

/** How much two texts have in common, from 0 = nothing to 1 = the same words (Dice's coefficient). */
export function similarity(a: Words, b: Words): number {
  let common = 0;
  let all = 0;
  for (const [word, count] of a) {
    common += Math.min(count, b.get(word) ?? 0);
    all += count;
  }
  for (const count of b.values()) {
    all += count;
  }
  return all === 0 ? 1 : (2 * common) / all;
}
