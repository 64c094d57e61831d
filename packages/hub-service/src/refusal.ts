import type { HubRefusal } from '@labkeeper/protocol';

/** An answer other than what was asked for: its message is a sentence for people. */
export class Refusal extends Error {
  override readonly name = 'Refusal';

  /** @param retryAfterMs - null = trying again does not help. @param cause - for the service's own log. */
  constructor(
    readonly status: number,
    readonly code: HubRefusal['code'],
    message: string,
    readonly retryAfterMs: number | null = null,
    cause?: unknown
  ) {
    super(message, { cause });
  }
}
