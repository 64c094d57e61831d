import { Refusal } from './refusal.js';
import { visibleLine } from './visible-text.js';

/** What ticket systems, chats and mail programs add to links: it asks for nothing. */
const ADDED = /^(utm(_\w+)?|fbclid|gclid|msclkid|mc_[ce]id)$/;
/** Names that a sentence names, and characters of each. */
const NAMED = 5;
const NAME_LENGTH = 40;

/**
 * What an address asks for and nothing here knows, as a sentence: a mistyped filter that nobody looked at would show a list
 * that is not the one that was asked for.
 *
 * @param query - of the address. @param known - names that may stand there. @param filters - those of them that narrow a list.
 * @returns nothing where all are known.
 */
export function unknownFields(
  query: unknown,
  known: readonly string[],
  filters: readonly string[]
): readonly string[] {
  const names = Object.keys(typeof query === 'object' && query !== null ? query : {});
  const odd = names.filter(name => !known.includes(name) && !filters.includes(name) && !ADDED.test(name));
  if (odd.length === 0) {
    return [];
  }
  const named = odd.slice(0, NAMED).map(name => `“${visibleLine(name.slice(0, NAME_LENGTH))}”`);
  const what = odd.length === 1 ? 'a filter that is not known here' : 'filters that are not known here';
  const more = odd.length > NAMED ? ', and more' : '';
  const there = filters.length === 0 ? 'This page has none.' : `There are ${filters.join(', ')}.`;
  return [`The address has ${what}: ${named.join(', ')}${more}. ${there}`];
}

/** The same for pages that have no form to say it beside. @throws Refusal */
export function refuseUnknownFields(query: unknown, path: string, filters: readonly string[] = []): void {
  const [sentence] = unknownFields(query, [], filters);
  if (sentence !== undefined) {
    throw new Refusal(400, sentence, { link: { href: path, text: 'Go to the page without it' } });
  }
}
