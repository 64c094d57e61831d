/** A message or records could not be handed over: one sentence for admins. */
export class SendError extends Error {
  override readonly name = 'SendError';

  /** @param retryAfterMs - what the target asked for; null = nothing. @param isFinal - trying again does not help. */
  constructor(
    message: string,
    readonly retryAfterMs: number | null = null,
    readonly isFinal = false,
    options?: ErrorOptions
  ) {
    super(message, options);
  }
}
