import { join } from 'node:path';
import { nextWord, numberAt } from '../adapters/digits.js';
import { KeyedFile } from '../adapters/keyed-file.js';
import { NumberFile } from '../adapters/number-file.js';
import { OpenFile } from '../adapters/open-file.js';
import type { ICgroup } from './locate-cgroups.js';

/** A counter of CPU time used since some start. */
export interface ICpuTime {
  readonly reason: string | null;
  /** Seconds of one core; null when it cannot be read. */
  readSeconds(): number | null;
  close(): void;
}

/** The counter of the container, or of the machine where no control group is ours. */
export function cpuTimeOf(group: ICgroup | null, procRoot: string, ticksPerSecond: number): ICpuTime {
  if (group === null) {
    return new MachineCpuTime(procRoot, ticksPerSecond);
  }
  return group.version === 1 ? new CpuTimeV1(group.path) : new CpuTimeV2(group.path);
}

/** `cpuacct.usage`, nanoseconds, the groups below included. */
class CpuTimeV1 implements ICpuTime {
  constructor(path: string) {
    this.file = new NumberFile(join(path, 'cpuacct.usage'));
  }

  get reason(): string | null {
    return this.file.reason;
  }

  readSeconds(): number | null {
    const nanoseconds = this.file.read();
    return nanoseconds === null ? null : nanoseconds / 1e9;
  }

  close(): void {
    this.file.close();
  }

  private readonly file: NumberFile;
}

/** `cpu.stat`'s usage_usec, which is there even where the cpu controller is off. */
class CpuTimeV2 implements ICpuTime {
  constructor(path: string) {
    this.file = new KeyedFile(join(path, 'cpu.stat'), ['usage_usec']);
  }

  get reason(): string | null {
    return this.file.reason;
  }

  readSeconds(): number | null {
    this.file.read();
    const microseconds = this.file.get('usage_usec');
    return microseconds === null ? null : microseconds / 1e6;
  }

  close(): void {
    this.file.close();
  }

  private readonly file: KeyedFile<'usage_usec'>;
}

/** First line of /proc/stat (proc_stat(5)): user nice system idle iowait irq softirq steal, in ticks. */
class MachineCpuTime implements ICpuTime {
  constructor(
    procRoot: string,
    private readonly ticksPerSecond: number
  ) {
    this.file = new OpenFile(`${procRoot}/stat`);
  }

  get reason(): string | null {
    return this.file.reason;
  }

  readSeconds(): number | null {
    const length = this.file.read();
    if (length < 0) {
      return null;
    }
    let ticks = 0;
    let at = nextWord(OpenFile.bytes, 0, length);
    for (let field = 0; field < 7; field += 1) {
      // Idle and waiting for a disk are not use.
      if (field !== 3 && field !== 4) {
        ticks += numberAt(OpenFile.bytes, at, length);
      }
      at = nextWord(OpenFile.bytes, at, length);
    }
    return Number.isNaN(ticks) ? null : ticks / this.ticksPerSecond;
  }

  close(): void {
    this.file.close();
  }

  private readonly file: OpenFile;
}
