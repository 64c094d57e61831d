/**
 * The address of a view; the same view has always the same one.
 *
 * @param names - of the filters, in the order in which they stand there; empty ones do not.
 * @param place - name and text of where the page of the list begins; null = at the newest.
 */
export function viewAddress<Name extends string>(
  path: string,
  names: readonly Name[],
  fields: Readonly<Partial<Record<Name, string | undefined>>>,
  place: readonly [name: string, text: string] | null
): string {
  const query = new URLSearchParams();
  for (const name of names) {
    const value = fields[name];
    if (value !== undefined && value !== '') {
      query.set(name, value);
    }
  }
  if (place) {
    query.set(...place);
  }
  const text = query.toString();
  return text === '' ? path : `${path}?${text}`;
}
