import type { IReclaimStatement } from '@labkeeper/core';
import type { IDisposable } from '../../src/clock.js';
import type { IChannelReport, IReclaimChannel } from '../../src/reclaim/channel.js';

/** Starts a channel and remembers what it says. */
export class Heard implements IChannelReport {
  /** Each time that it said something, all that it said. */
  readonly all: (readonly IReclaimStatement[])[] = [];
  readonly troubles: string[] = [];

  start(channel: IReclaimChannel): this {
    this.started = channel.start(this);
    return this;
  }

  says(statements: readonly IReclaimStatement[]): void {
    this.all.push(statements);
  }

  trouble(sentence: string): void {
    this.troubles.push(sentence);
  }

  /** What it says now. */
  get now(): readonly IReclaimStatement[] {
    return this.all.at(-1) ?? [];
  }

  stop(): void {
    this.started?.dispose();
  }

  private started: IDisposable | null = null;
}
