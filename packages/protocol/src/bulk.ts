import { encode } from './parse.js';
import type { IDeclaration } from './envelope.js';
import type * as v from 'valibot';

/**
 * The text of one bulk frame: the head as any message, a newline, and the body exactly as it is. No JSON holds a
 * newline outside a string, and inside one it is escaped, so the first newline ends the head.
 */
export function encodeBulk<S extends v.GenericSchema>(
  declaration: IDeclaration<S>,
  params: v.InferInput<S>,
  body: string
): string {
  return `${encode(declaration, params)}\n${body}`;
}

/** Takes a frame apart. A frame without a newline is a message without a body: null. */
export function splitBulk(text: string): { readonly head: string; readonly body: string } | null {
  const end = text.indexOf('\n');
  return end < 0 ? null : { head: text.slice(0, end), body: text.slice(end + 1) };
}
