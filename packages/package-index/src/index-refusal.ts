/** An answer other than what was asked for, in words for people. */
export class IndexRefusal extends Error {
  override readonly name = 'IndexRefusal';

  /** @param title - a short sentence: pip shows it alone. @param detail - what else is known, and what to do. */
  constructor(
    readonly status: 400 | 403 | 404 | 406 | 416 | 502 | 503,
    readonly title: string,
    readonly detail: string,
    options?: ErrorOptions
  ) {
    super(`${title} ${detail}`.trim(), options);
  }
}
