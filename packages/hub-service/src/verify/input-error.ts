/** What was given cannot be read. The message is one sentence for people. */
export class InputError extends Error {
  override readonly name = 'InputError';
}
