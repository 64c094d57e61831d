import * as v from 'valibot';
import { Consequence } from './kernel.js';
import { Evidence } from './evidence.js';
import { known } from './known.js';
import { Bytes, Count, DurationMs, EpochMs, KernelId, Text } from './units.js';

/** Why a kernel died, or what is wrong with a living one. One that only a newer peer knows reads as `unknown`. */
export const Cause = v.fallback(
  v.picklist([
    'memory-limit',
    'memory-elsewhere',
    'killed-outside',
    'terminated-outside',
    'segfault',
    'bus-error',
    'shm-full',
    'illegal-instruction',
    'abort',
    'floating-point',
    'exited',
    'start-failed',
    'too-many-processes',
    'disk-full',
    'worker-killed',
    'container-killed',
    'container-stopped',
    'cpu-throttled',
    'asked-for',
    'runs-elsewhere',
    'unknown'
  ]),
  'unknown'
);
export type Cause = v.InferOutput<typeof Cause>;

/** `certain`: the facts leave no other reading. `high`, `medium`: said with the reason for doubt. `none`: unknown. */
export const Confidence = v.picklist(['certain', 'high', 'medium', 'none']);
export type Confidence = v.InferOutput<typeof Confidence>;

/** One piece of proof. The page turns each into one sentence; kinds it does not know are left out. */
export const Proof = v.variant('kind', [
  /** The container's limit, and what could not be freed when it was reached. */
  v.object({ kind: v.literal('limit'), limitBytes: Bytes, unreclaimableBytes: v.nullable(Bytes) }),
  v.object({ kind: v.literal('peak'), bytes: Bytes }),
  /**
   * What this kernel held; `how`: its last sample, the limit less everything that was left after it, or its process's
   * own peak, reached after the last sample.
   */
  v.object({ kind: v.literal('held'), bytes: Bytes, how: v.picklist(['sample', 'difference', 'peak']) }),
  v.object({
    kind: v.literal('counter'),
    counter: v.picklist(['oom-kill', 'limit-hit', 'group-kill', 'pids-refused', 'machine-oom-kill']),
    before: Count,
    after: Count
  }),
  v.object({ kind: v.literal('signal'), signal: Count }),
  v.object({ kind: v.literal('exit-code'), code: Count }),
  v.object({ kind: v.literal('busy'), forMs: DurationMs }),
  v.object({ kind: v.literal('was-idle') }),
  /** Not memory: this much of the limit was in use. */
  v.object({ kind: v.literal('not-memory'), usedBytes: Bytes, limitBytes: v.nullable(Bytes) }),
  v.object({ kind: v.literal('machine-memory'), availableBytes: Bytes, totalBytes: Bytes }),
  v.object({ kind: v.literal('shm'), usedBytes: Bytes, sizeBytes: Bytes }),
  v.object({ kind: v.literal('disk'), freeBytes: Bytes, sizeBytes: Bytes }),
  v.object({ kind: v.literal('processes'), current: Count, limit: Count }),
  v.object({ kind: v.literal('worker'), name: Text, memoryBytes: Bytes }),
  v.object({ kind: v.literal('start-message'), text: Text }),
  /** Why the kernel ended that now cannot be started again. */
  v.object({ kind: v.literal('ended-first'), cause: Cause }),
  v.object({ kind: v.literal('died-together'), kernels: Count }),
  v.object({
    kind: v.literal('last-sample'),
    atMs: EpochMs,
    unreclaimableBytes: Bytes,
    limitBytes: v.nullable(Bytes)
  }),
  v.object({ kind: v.literal('threads'), threads: Count, quotaCores: v.number() }),
  v.object({ kind: v.literal('throttled'), share: v.number(), forMs: DurationMs }),
  /** The system's status of the process was taken by another process, or could not be read. */
  v.object({ kind: v.literal('no-status') })
]);
export type Proof = v.InferOutput<typeof Proof>;

/** One thing that helps. Some carry a button. */
export const Advice = v.variant('kind', [
  v.object({ kind: v.literal('load-less') }),
  v.object({
    kind: v.literal('free-kernel'),
    kernelId: KernelId,
    title: Text,
    bytes: Bytes,
    idleForMs: v.nullable(DurationMs)
  }),
  v.object({ kind: v.literal('bigger-tier'), resource: v.picklist(['memory', 'cpu']) }),
  v.object({ kind: v.literal('not-you') }),
  v.object({ kind: v.literal('native-code') }),
  v.object({ kind: v.literal('shm-use') }),
  v.object({ kind: v.literal('fewer-processes') }),
  v.object({ kind: v.literal('free-disk') }),
  v.object({ kind: v.literal('fewer-workers') }),
  v.object({ kind: v.literal('interrupt-kernel'), kernelId: KernelId }),
  v.object({ kind: v.literal('look-at-code') }),
  v.object({ kind: v.literal('fix-start'), module: v.nullable(Text) }),
  v.object({ kind: v.literal('set-threads'), variable: Text, value: Count }),
  v.object({ kind: v.literal('ask-support') })
]);
export type Advice = v.InferOutput<typeof Advice>;

/** Whether memory was the reason: said either way, because "not memory" is what people need to hear too. */
export const MemoryAnswer = v.picklist(['yes', 'no', 'unknown']);
export type MemoryAnswer = v.InferOutput<typeof MemoryAnswer>;

export const Verdict = v.object({
  cause: Cause,
  confidence: Confidence,
  memory: MemoryAnswer,
  /** What this kernel held when it died, best estimate; null = not known. */
  heldBytes: v.nullable(Bytes),
  proofs: known(Proof),
  advice: known(Advice)
});
export type Verdict = v.InferOutput<typeof Verdict>;

/** A death with its verdict. Sent again with the same `id` when something becomes known (the restart, the next of a series). */
export const Death = v.object({
  id: Text,
  atMs: EpochMs,
  verdict: Verdict,
  evidence: Evidence,
  consequence: Consequence
});
export type Death = v.InferOutput<typeof Death>;

/** A notice about something that lives: throttling, a lost worker, a full disk. Sent again with the same `id` to update. */
export const Notice = v.object({
  id: Text,
  atMs: EpochMs,
  verdict: Verdict,
  /** The kernels it is about. */
  kernels: v.array(v.object({ kernelId: KernelId, title: Text })),
  /** True once it no longer holds. */
  over: v.boolean()
});
export type Notice = v.InferOutput<typeof Notice>;
