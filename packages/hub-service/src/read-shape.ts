import type { GenericSchema, InferOutput } from 'valibot';
import * as v from 'valibot';
import { isShallow } from './ingest/json-depth.js';

/** Bodies of forms, requests and commands lie four deep. */
const DEPTH = 8;

/** What is thrown where something is not in its shape. @param place - of the first mistake; null = the whole. */
export type Misshapen = (place: string | null) => Error;

/** The JSON of a body in its one shape. @param body - its text; anything else is no body. @throws what `misshapen` makes */
export function readBody<Shape extends GenericSchema>(
  shape: Shape,
  body: unknown,
  misshapen: Misshapen
): InferOutput<Shape> {
  let json: unknown;
  try {
    json = typeof body === 'string' && isShallow(body, DEPTH) ? JSON.parse(body) : undefined;
  } catch {
    // Said in a sentence below.
    json = undefined;
  }
  return readShape(shape, json, misshapen);
}

/** A value in its one shape. @throws what `misshapen` makes */
export function readShape<Shape extends GenericSchema>(
  shape: Shape,
  value: unknown,
  misshapen: Misshapen
): InferOutput<Shape> {
  const read = v.safeParse(shape, value);
  if (!read.success) {
    const [issue] = read.issues;
    throw misshapen(v.getDotPath(issue)?.slice(0, 64) ?? null);
  }
  return read.output;
}
