import { join } from 'node:path';
import type { Counters } from '@labkeeper/protocol';
import { KeyedFile } from '../adapters/keyed-file.js';
import { NumberFile } from '../adapters/number-file.js';
import type { ICgroups } from './locate-cgroups.js';

/** Reads the counters by which a death is explained. */
export class CounterReader {
  constructor(groups: ICgroups, procRoot: string) {
    const { memory, pids } = groups;
    this.version = memory?.version ?? null;
    this.events =
      memory?.version === 2
        ? new KeyedFile(join(memory.path, 'memory.events'), ['oom', 'oom_kill', 'oom_group_kill'])
        : null;
    this.control =
      memory?.version === 1 ? new KeyedFile(join(memory.path, 'memory.oom_control'), ['oom_kill']) : null;
    // Where memory and memory+swap have the same limit, the kernel charges memory+swap first, and memory counts nothing;
    // newer kernels count nothing there either (seen on 6.18).
    this.failures = memory?.version === 1 ? new NumberFile(join(memory.path, 'memory.failcnt')) : null;
    this.swapFailures =
      memory?.version === 1 ? new NumberFile(join(memory.path, 'memory.memsw.failcnt')) : null;
    this.pids = pids && new KeyedFile(join(pids.path, 'pids.events'), ['max']);
    this.machine = new KeyedFile(`${procRoot}/vmstat`, ['oom_kill'], true);
  }

  /** All counters now. What cannot be read is null. */
  read(nowMs: number): Counters {
    this.events?.read();
    this.control?.read();
    this.pids?.read();
    this.machine.read();
    return {
      atMs: nowMs,
      cgroupVersion: this.version,
      oomKill: this.events?.get('oom_kill') ?? this.control?.get('oom_kill') ?? null,
      limitHit: this.events?.get('oom') ?? this.limitFailures(),
      oomGroupKill: this.events?.get('oom_group_kill') ?? null,
      pidsRefused: this.pids?.get('max') ?? null,
      machineOomKill: this.machine.get('oom_kill')
    };
  }

  private limitFailures(): number | null {
    const memory = this.failures?.read() ?? null;
    const swap = this.swapFailures?.read() ?? null;
    return memory === null && swap === null ? null : (memory ?? 0) + (swap ?? 0);
  }

  close(): void {
    [this.events, this.control, this.failures, this.swapFailures, this.pids, this.machine].forEach(file =>
      file?.close()
    );
  }

  private readonly version: 1 | 2 | null;
  private readonly events: KeyedFile<'oom' | 'oom_kill' | 'oom_group_kill'> | null;
  private readonly control: KeyedFile<'oom_kill'> | null;
  private readonly failures: NumberFile | null;
  private readonly swapFailures: NumberFile | null;
  private readonly pids: KeyedFile<'max'> | null;
  private readonly machine: KeyedFile<'oom_kill'>;
}
