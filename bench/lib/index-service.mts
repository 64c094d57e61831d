import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { bundled } from './bundled.mts';
import { cpuMs, statusBytes } from './cpu.mts';
import type { IIndexStart } from './index-process.mts';
import { SERVICE_COMMAND, SERVICE_MEMORY } from './service-command.mts';

/** Our package index, run as the hub service is. */
export class IndexService {
  static async start(start: IIndexStart): Promise<IndexService> {
    const program = join(start.folder, 'index-process.mjs');
    await bundled(join(import.meta.dirname, 'index-process.mts'), program);
    const child = fork(program, {
      execArgv: SERVICE_COMMAND.slice(0, -1),
      env: { ...process.env, ...SERVICE_MEMORY }
    });
    child.send({ ...start, folder: join(start.folder, 'index') });
    const [url] = (await once(child, 'message')) as [string];
    return new IndexService(child, url);
  }

  /** Where tools are sent. */
  readonly url: string;
  private readonly child: ChildProcess;

  private constructor(child: ChildProcess, url: string) {
    this.child = child;
    this.url = url;
  }

  cpuMs(): number {
    return cpuMs(this.pid);
  }

  /** In MB of 1 000 000 bytes: what is resident now, and the most that ever was. */
  memory(): { readonly rss: number; readonly peak: number; readonly anon: number } {
    const peak = /^VmHWM:\s+(\d+) kB/m.exec(readFileSync(`/proc/${this.pid}/status`, 'utf8'))?.[1];
    return {
      rss: statusBytes(this.pid, 'VmRSS') / 1e6,
      peak: (Number(peak) * 1024) / 1e6,
      anon: statusBytes(this.pid, 'RssAnon') / 1e6
    };
  }

  /** What Node itself says that its memory is for. */
  async usage(): Promise<NodeJS.MemoryUsage> {
    this.child.send('usage');
    const [usage] = (await once(this.child, 'message')) as [NodeJS.MemoryUsage];
    return usage;
  }

  async stop(): Promise<void> {
    const ended = once(this.child, 'exit');
    this.child.disconnect();
    await ended;
  }

  private get pid(): number {
    if (this.child.pid === undefined) throw new Error('the package index does not run');
    return this.child.pid;
  }
}
