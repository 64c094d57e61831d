import * as v from 'valibot';
import { Text } from './values/units.js';

/** This major version of the protocol; additions within it are only additive. */
export const PROTOCOL = 1;

/** One declared message: its name and the shape of its parameters. */
export interface IDeclaration<S extends v.GenericSchema = v.GenericSchema> {
  readonly method: string;
  readonly params: S;
}

/** Declares a notification. */
export function notification<const M extends string, S extends v.GenericSchema>(
  method: M,
  params: S
): { readonly method: M; readonly params: S } {
  return { method, params };
}

/** The frame around every message of every link. */
export const Envelope = v.object({
  method: v.pipe(v.string(), v.minLength(1), v.maxLength(64)),
  params: v.unknown()
});

/** An error as it crosses a process: `message` is a sentence for people, `hint` says what to do. */
export const WireError = v.object({
  code: v.picklist([
    'companion-away',
    'protocol-mismatch',
    'bad-message',
    'too-large',
    'unknown-method',
    'disabled'
  ]),
  message: Text,
  hint: v.optional(Text)
});
export type WireError = v.InferOutput<typeof WireError>;
