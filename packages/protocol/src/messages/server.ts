import * as v from 'valibot';
import { notification } from '../envelope.js';
import { Exit, Intent, Kernel, StartFailure } from '../values/kernel.js';
import { Bytes, Count, EpochMs, KernelId } from '../values/units.js';

/** All kernels of the server, whole. Server extension → companion, on every change of any field. */
export const serverKernels = notification('server/kernels', v.object({ kernels: v.array(Kernel) }));

/** A kernel's process ended. Server extension → companion, as soon as its pidfd says so. `kernel` is its last state. */
export const kernelDied = notification(
  'server/kernel-died',
  v.object({
    kernel: Kernel,
    pid: Count,
    atMs: EpochMs,
    exit: Exit,
    intent: Intent,
    /** The most memory that the process itself ever held; null = this system does not tell. */
    peakBytes: v.optional(v.nullable(Bytes), null)
  })
);

/** The server decided about a death: restarted it, is restarting, or gave up. Server extension → companion. */
export const kernelFate = notification(
  'server/kernel-fate',
  v.object({
    kernelId: KernelId,
    fate: v.picklist(['restarting', 'restarted', 'gave-up']),
    startFailure: v.nullable(StartFailure)
  })
);

/** A kernel could not be started at all (no kernelspec, missing module). Server extension → companion. */
export const kernelStartFailed = notification(
  'server/kernel-start-failed',
  v.object({ kernel: Kernel, atMs: EpochMs, exit: Exit, startFailure: StartFailure })
);

/** The server is stopping on purpose. Server extension → companion, before anything ends. */
export const serverStopping = notification('server/stopping', v.object({ atMs: EpochMs }));
