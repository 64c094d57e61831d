import type { Execution } from '@labkeeper/core';
import type { RunId } from '@labkeeper/protocol';
import type { IClock, IDisposable } from '../clock.js';
import { reasonOf } from '../failure.js';
import type { Log } from '../log.js';
import { outputsParts, type IOutputsSink } from './outputs-parts.js';

/** A page that took a cell over hears of it this often, … */
export const FOLLOW_MS = 1000;
/** … and less often where that would be more than so many UTF-16 units in a second: all outputs are sent each time. */
const UNITS_PER_S = 256 * 1024;

interface IFollowed {
  readonly execution: Execution;
  readonly kernelId: string;
  run: RunId;
  sink: IOutputsSink;
  /** Something changed since all of it was last sent. */
  isDue: boolean;
  isSending: boolean;
  timer: IDisposable | null;
  /** So long is it waited before it is sent again. */
  pauseMs: number;
}

/**
 * Sends the outputs of cells to pages that took them over from a page which is gone: the kernel's server gives what a
 * request brings only to the page that made it.
 */
export class FollowedOutputs implements IDisposable {
  constructor(private readonly options: { readonly clock: IClock; readonly log: Log }) {}

  /** From now on this page hears of the execution, at first all that there is, until it is over. */
  follow(execution: Execution, kernelId: string, run: RunId, sink: IOutputsSink): void {
    const known = this.followed.get(execution);
    if (known?.sink === sink) {
      // Its journal began anew.
      known.run = run;
      return;
    }
    this.forget(execution);
    const state = { isDue: true, isSending: false, timer: null, pauseMs: FOLLOW_MS };
    const followed: IFollowed = { execution, kernelId, run, sink, ...state };
    this.followed.set(execution, followed);
    void this.send(followed);
  }

  /** A page is gone. */
  leave(sink: IOutputsSink): void {
    for (const followed of [...this.followed.values()]) {
      if (followed.sink === sink) {
        this.forget(followed.execution);
      }
    }
  }

  /** Something of an execution changed. */
  changed(execution: Execution): void {
    const followed = this.followed.get(execution);
    if (followed) {
      followed.isDue = true;
      this.schedule(followed);
    }
  }

  dispose(): void {
    this.followed.forEach(({ timer }) => timer?.dispose());
    this.followed.clear();
  }

  private forget(execution: Execution): void {
    this.followed.get(execution)?.timer?.dispose();
    this.followed.delete(execution);
  }

  private schedule(followed: IFollowed): void {
    if (followed.isSending) {
      return;
    }
    const { isOver } = followed.execution;
    if (isOver) {
      // The end comes at once.
      followed.timer?.dispose();
      followed.timer = null;
    }
    followed.timer ??= this.options.clock.after(isOver ? 0 : followed.pauseMs, () => {
      followed.timer = null;
      void this.send(followed);
    });
  }

  private async send(followed: IFollowed): Promise<void> {
    const { execution, kernelId, run, sink } = followed;
    followed.isSending = true;
    followed.isDue = false;
    const { outputs, place, msgId, isOver, state } = execution;
    const body = JSON.stringify(outputs.toJSON());
    followed.pauseMs = Math.max(FOLLOW_MS, (1000 * body.length) / UNITS_PER_S);
    const cell = {
      ...{ run, kernelId, msgId, id: null, sum: null, newSource: null, c: place?.c ?? 0, finished: isOver },
      executionCount: state === 'finished' ? execution.executionCount : null
    };
    try {
      for (const message of outputsParts(cell, body)) {
        if (this.followed.get(execution) !== followed || !(await sink.send(message))) {
          return;
        }
      }
    } catch (error) {
      this.options.log(`Outputs could not be sent to a page: ${reasonOf(error)}`);
      return;
    } finally {
      followed.isSending = false;
    }
    if (followed.isDue) {
      this.schedule(followed);
    } else if (execution.isOver) {
      this.forget(execution);
    }
  }

  private readonly followed = new Map<Execution, IFollowed>();
}
