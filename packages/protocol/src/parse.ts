import * as v from 'valibot';
import { Envelope, type IDeclaration } from './envelope.js';

/** Why a frame was not taken: a sentence for a log, never for a researcher. */
export class MessageError extends Error {
  override readonly name = 'MessageError';
}

/** What to do with each message of one link: pairs of a declaration and its handler. */
export class Receiver {
  /** Calls `handler` with the parsed parameters of every `declaration` message. */
  on<S extends v.GenericSchema>(
    declaration: IDeclaration<S>,
    handler: (params: v.InferOutput<S>) => void
  ): this {
    this.handlers.set(declaration.method, params => handler(parseParams(declaration, params)));
    return this;
  }

  /**
   * Parses one frame and hands it to its handler.
   *
   * @param text - the frame, JSON.
   * @returns false for a well-formed message of a kind this side does not know (a newer peer's): counted, not an error.
   * @throws MessageError when the frame is not JSON, not an envelope, or its parameters do not have the declared shape.
   */
  receive(text: string): boolean {
    let frame: unknown;
    try {
      frame = JSON.parse(text);
    } catch {
      throw new MessageError(`not JSON (${text.length} characters)`);
    }
    const envelope = v.safeParse(Envelope, frame);
    if (!envelope.success) {
      throw new MessageError(`not an envelope: ${envelope.issues.map(say).slice(0, 3).join('; ')}`);
    }
    return this.dispatch(envelope.output.method, envelope.output.params);
  }

  /** Lets another receiver of the same link take messages too. @returns how to end that. */
  join(other: Receiver): () => void {
    this.others.add(other);
    return () => void this.others.delete(other);
  }

  private dispatch(method: string, params: unknown): boolean {
    const handler = this.handlers.get(method);
    handler?.(params);
    let handled = handler !== undefined;
    for (const other of this.others) {
      handled = other.dispatch(method, params) || handled;
    }
    return handled;
  }

  private readonly others = new Set<Receiver>();
  private readonly handlers = new Map<string, (params: unknown) => void>();
}

/**
 * Checks the parameters of one message.
 *
 * @throws MessageError when they do not have the declared shape.
 */
export function parseParams<S extends v.GenericSchema>(
  declaration: IDeclaration<S>,
  params: unknown
): v.InferOutput<S> {
  const result = v.safeParse(declaration.params, params);
  if (!result.success) {
    throw new MessageError(`${declaration.method}: ${result.issues.map(say).slice(0, 3).join('; ')}`);
  }
  return result.output;
}

/** The text of one message, ready to be sent. The compiler checks the parameters; the receiver checks them again. */
export function encode<S extends v.GenericSchema>(
  declaration: IDeclaration<S>,
  params: v.InferInput<S>
): string {
  return JSON.stringify({ method: declaration.method, params });
}

function say(issue: v.BaseIssue<unknown>): string {
  return `${v.getDotPath(issue) ?? 'the message'}: expected ${issue.expected ?? 'something else'}, got ${issue.received}`;
}
