// A process that records with the companion's own parts, see companion/test/audit/recording-child.mts.
import { type ChildProcess, spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { mkdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { join } from 'node:path';
import { build } from 'esbuild';
import type { IPromised } from './blind-sender.mts';

const SOURCE = fileURLToPath(new URL('../../companion/test/audit/recording-child.mts', import.meta.url));

/** Makes the program. @returns its path. */
export async function buildRecorder(folder: string): Promise<string> {
  const outfile = join(folder, 'recording-child.mjs');
  await build({ entryPoints: [SOURCE], outfile, bundle: true, platform: 'node', format: 'esm' });
  return outfile;
}

export interface ICompanionOptions {
  readonly program: string;
  readonly home: string;
  readonly service: string;
  readonly token: string;
  /** A module that breaks it on purpose; null = none. */
  readonly sabotage: string | null;
}

/** One companion after the other in the same home. */
export class KillableCompanion {
  constructor(options: ICompanionOptions) {
    this.options = options;
    mkdirSync(options.home, { recursive: true });
  }

  /** What was told as recorded; one for each process that there was. */
  readonly promised: IPromised[] = [];
  /** Sentences of its log, counted: what is told again and again is told once. */
  readonly logged = new Map<string, number>();
  acknowledged = 0;

  start(): void {
    const promise = { mark: `kept-${randomUUID().slice(0, 13)}`, upTo: 0 };
    this.promised.push(promise);
    this.child = this.spawn(promise.mark, null, line => {
      const [, recorded] = /^recorded (\d+)$/.exec(line) ?? [];
      if (recorded !== undefined) {
        promise.upTo = Number(recorded);
        this.acknowledged += 1;
      }
    });
  }

  async kill(): Promise<void> {
    const { child } = this;
    if (!child || child.exitCode !== null || child.signalCode !== null) {
      throw new Error(`a companion ended by itself: ${[...this.logged.keys()].join(' / ')}`);
    }
    const closed = once(child, 'close');
    child.kill('SIGKILL');
    await closed;
  }

  /** Brings everything that is left to the hub. @throws when that takes longer than `withinMs`. */
  async drain(withinMs: number): Promise<void> {
    let isSent = false;
    const child = this.spawn('drain', 'only', line => (isSent ||= line === 'sent'));
    const late = setTimeout(() => child.kill('SIGKILL'), withinMs);
    await once(child, 'close');
    clearTimeout(late);
    if (!isSent) throw new Error(`not everything came to the hub: ${[...this.logged.keys()].join(' / ')}`);
  }

  private spawn(mark: string, drains: 'only' | null, hear: (line: string) => void): ChildProcess {
    const { program, home, service, token, sabotage } = this.options;
    const options = JSON.stringify({ ...{ home, service, token, mark, drains }, boot: randomUUID() });
    const words = sabotage === null ? [program, options] : ['--import', sabotage, program, options];
    const child = spawn(process.execPath, words, { stdio: ['ignore', 'pipe', 'inherit'] });
    let rest = '';
    child.stdout.setEncoding('utf8').on('data', text => {
      // The last line may be cut by the kill: nobody was told that.
      const lines = `${rest}${String(text)}`.split('\n');
      rest = lines.pop() ?? '';
      for (const line of lines) {
        if (line.startsWith('log ')) this.logged.set(line, (this.logged.get(line) ?? 0) + 1);
        hear(line);
      }
    });
    return child;
  }

  private child: ChildProcess | null = null;
  private readonly options: ICompanionOptions;
}
