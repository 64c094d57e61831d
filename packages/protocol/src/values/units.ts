import * as v from 'valibot';

/** Milliseconds since the Unix epoch, whole. */
export const EpochMs = v.pipe(v.number(), v.integer(), v.minValue(0));
/** A duration in milliseconds. */
export const DurationMs = v.pipe(v.number(), v.finite(), v.minValue(0));
/** A number of bytes, whole. */
export const Bytes = v.pipe(v.number(), v.integer(), v.minValue(0));
/** CPU in cores: 1.5 is one and a half cores in use. */
export const Cores = v.pipe(v.number(), v.finite(), v.minValue(0));
/** A share between 0 and 1. */
export const Share = v.pipe(v.number(), v.minValue(0), v.maxValue(1));
/** A whole number, 0 or more. */
export const Count = v.pipe(v.number(), v.integer(), v.minValue(0));
/** A short text: names, paths. Longer ones are refused at the socket. */
export const Text = v.pipe(v.string(), v.maxLength(4096));
/** A longer text: a tail of standard error. */
export const LongText = v.pipe(v.string(), v.maxLength(16384));
/** A kernel's id as jupyter_server gives it, usually a UUID. */
export const KernelId = v.pipe(v.string(), v.minLength(1), v.maxLength(128));
