import * as v from 'valibot';

/**
 * A list of which only the entries that this side understands are kept: a proof of a kind that a newer peer invented
 * must not make a whole death unreadable.
 */
export function known<S extends v.GenericSchema>(entry: S) {
  return v.pipe(
    // `null` stands for what was not understood, and is never sent.
    v.array(v.fallback(v.nullable(entry), null)),
    v.transform(entries => entries.filter((value): value is v.InferOutput<S> => value !== null))
  );
}
