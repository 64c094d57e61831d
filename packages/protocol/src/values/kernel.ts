import * as v from 'valibot';
import { Count, EpochMs, KernelId, LongText, Text } from './units.js';

/** What a kernel belongs to. */
export const KernelOwner = v.picklist(['notebook', 'console', 'file', 'other']);
export type KernelOwner = v.InferOutput<typeof KernelOwner>;

/**
 * A kernel as jupyter_server knows it. `pid` is null for a kernel that runs elsewhere (Enterprise Gateway, a
 * remote provisioner): such a kernel is never guessed about.
 */
export const Kernel = v.object({
  kernelId: KernelId,
  pid: v.nullable(Count),
  /** The kernelspec's name (`python3`, `ir`). */
  kernelName: Text,
  /** The session's path relative to the server's root; null when the kernel has no session. */
  path: v.nullable(Text),
  /** What people call it: the notebook's file name, or the console's name. */
  title: Text,
  owner: KernelOwner,
  /** `starting`, `idle`, `busy`, or another word of the kernel protocol. */
  state: Text,
  /** When `state` began. */
  stateSinceMs: EpochMs
});
export type Kernel = v.InferOutput<typeof Kernel>;

/** How a process ended, from waitid(2). `unknown`: somebody else took the status. */
export const Exit = v.variant('how', [
  v.object({
    how: v.literal('signal'),
    signal: v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(64)),
    coreDumped: v.boolean()
  }),
  v.object({ how: v.literal('code'), code: v.pipe(v.number(), v.integer(), v.minValue(0), v.maxValue(255)) }),
  v.object({ how: v.literal('unknown') })
]);
export type Exit = v.InferOutput<typeof Exit>;

/** Who wanted the kernel to end, as the server knows it. `none`: nobody asked. */
export const Intent = v.picklist(['none', 'restart', 'shutdown', 'cull', 'server-stop']);
export type Intent = v.InferOutput<typeof Intent>;

/** What the server does about a death. `pending`: not decided yet (its restarter looks every 3 s). */
export const Consequence = v.picklist(['pending', 'restarting', 'restarted', 'gave-up', 'none']);
export type Consequence = v.InferOutput<typeof Consequence>;

/** Why a kernel could not start, as the server saw it. */
export const StartFailure = v.object({
  message: LongText,
  /** The last lines of the kernel's standard error, where the server has them. */
  stderrTail: LongText
});
export type StartFailure = v.InferOutput<typeof StartFailure>;
