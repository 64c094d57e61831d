/** Why somebody gets no page. */
export class Refusal extends Error {
  override readonly name = 'Refusal';

  /**
   * @param status - of HTTP.
   * @param message - one sentence for the reader.
   * @param details - what she can do, a link to it, and whatever the log should know.
   */
  constructor(
    readonly status: number,
    message: string,
    readonly details: IRefusalDetails = {}
  ) {
    super(message, { cause: details.cause });
  }
}

export interface IRefusalDetails {
  /** What to do, a sentence. */
  readonly todo?: string;
  readonly link?: { readonly href: string; readonly text: string };
  /** For the service's log, never for the page. */
  readonly cause?: unknown;
}
