import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Pressure } from '@labkeeper/protocol';
import { numberAt } from '../adapters/digits.js';
import { OpenFile } from '../adapters/open-file.js';
import type { ICollector } from './collector.js';
import type { ICgroup } from './locate-cgroups.js';

/** The kernel renews its averages every 2 s (PSI_FREQ in kernel/sched/psi.c): reading more often shows nothing new. */
const RENEWED_MS = 2000;
/** Both lines have the form `some avg10=0.00 …` (Documentation/accounting/psi.rst). */
const VALUE = 'some avg10='.length;
const NEWLINE = 10;

/**
 * Pressure stall information: the container's own on v2. v1 keeps none per group, there the machine's is shown and
 * said to be the machine's.
 */
export class PressureCollector implements ICollector<Pressure> {
  readonly name = 'pressure';

  /**
   * @param group - a v2 group of the container, or null.
   * @param procRoot - where /proc is.
   * @param monotonicMs - a clock that only grows.
   */
  constructor(
    group: ICgroup | null,
    procRoot: string,
    private readonly monotonicMs: () => number
  ) {
    const own = group?.version === 2 && existsSync(join(group.path, 'cpu.pressure')) ? group.path : null;
    this.scope = own === null ? 'machine' : 'container';
    const file = (name: string): OpenFile =>
      new OpenFile(own === null ? `${procRoot}/pressure/${name}` : join(own, `${name}.pressure`));
    this.cpu = file('cpu');
    this.memory = file('memory');
    this.io = file('io');
  }

  get reason(): string | null {
    const reason = this.cpu.reason;
    return reason && `${reason} (needs Linux 4.20 with CONFIG_PSI, and psi=1 on some distributions)`;
  }

  collect(): Pressure | null {
    const nowMs = this.monotonicMs();
    if (nowMs - this.readAtMs >= RENEWED_MS) {
      this.readAtMs = nowMs;
      this.last = this.readAll();
    }
    return this.last;
  }

  close(): void {
    this.cpu.close();
    this.memory.close();
    this.io.close();
  }

  private readAll(): Pressure | null {
    const cpuSome = first(this.cpu.read());
    const memoryLength = this.memory.read();
    const memorySome = first(memoryLength);
    const memoryFull = second(memoryLength);
    const ioSome = first(this.io.read());
    if (cpuSome === null && memorySome === null && ioSome === null) {
      return null;
    }
    return { scope: this.scope, cpuSome, memorySome, memoryFull, ioSome };
  }

  private readonly scope: Pressure['scope'];
  private readonly cpu: OpenFile;
  private readonly memory: OpenFile;
  private readonly io: OpenFile;
  private readAtMs = -Infinity;
  private last: Pressure | null = null;
}

/** The `some` average of the text in `OpenFile.bytes`. */
function first(length: number): number | null {
  return percent(VALUE, length);
}

/** The `full` average: its line is the second. */
function second(length: number): number | null {
  const end = length > 0 ? OpenFile.bytes.indexOf(NEWLINE) : -1;
  return end === -1 || end >= length ? null : percent(end + 1 + VALUE, length);
}

function percent(start: number, length: number): number | null {
  const value = start < length ? numberAt(OpenFile.bytes, start, length) : NaN;
  return Number.isNaN(value) ? null : value;
}
