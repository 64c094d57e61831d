/** Longer names exist nowhere. */
const NAME_CHARACTERS = 128;

/** Whether it is a name of a distribution (PEP 508), normalised or not. */
export function isProjectName(text: string): boolean {
  return text.length <= NAME_CHARACTERS && /^[a-z0-9](?:[a-z0-9._-]*[a-z0-9])?$/i.test(text);
}

/** `Foo.Bar_baz` → `foo-bar-baz` (PEP 503). */
export function normalizeName(name: string): string {
  return name.toLowerCase().replace(/[-_.]+/g, '-');
}
