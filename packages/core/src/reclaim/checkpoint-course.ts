import type { Checkpoint } from '@labkeeper/protocol';

/** How one run of a kernel's checkpoint cells ended. */
export type CheckpointOutcome =
  | { readonly is: 'done' }
  | { readonly is: 'failed'; readonly problem: string | null }
  /** The kernel threw the request away unread, because a cell before it failed. */
  | { readonly is: 'aborted' };

/** Notices without a deadline: after so long it is of no use to go on waiting for a kernel. */
const PATIENCE_MS = 10 * 60_000;

/**
 * The course of one kernel's checkpoint cells at one notice: they run once, as soon as the kernel is idle, and never
 * again before the notices are over, whatever happens. Times are of one clock, in ms.
 */
export class CheckpointCourse {
  constructor(
    private readonly cells: number,
    nowMs: number
  ) {
    this.state = 'waiting';
    this.atMs = nowMs;
    this.beganMs = nowMs;
  }

  /** Whether they run now: asked whenever the kernel is idle. The caller then begins, and says so by `began`. */
  mayBegin(nowMs: number, deadlineMs: number | null): boolean {
    this.look(nowMs, deadlineMs);
    return this.state === 'waiting';
  }

  began(nowMs: number): void {
    this.become('running', nowMs);
  }

  ended(outcome: CheckpointOutcome, nowMs: number): void {
    switch (outcome.is) {
      case 'aborted':
        if (this.state === 'running') {
          this.become('waiting', nowMs);
        }
        return;
      case 'done':
        // Also when it comes after the deadline: the machine was there longer than promised.
        this.become('done', nowMs);
        return;
      case 'failed':
        this.become('failed', nowMs, outcome.problem);
    }
  }

  /** Lets time pass: past the deadline what is not done is late. */
  look(nowMs: number, deadlineMs: number | null): void {
    const endMs = deadlineMs ?? this.beganMs + PATIENCE_MS;
    if ((this.state === 'waiting' || this.state === 'running') && nowMs >= endMs) {
      this.become('late', nowMs);
    }
  }

  /** For people. */
  get standing(): Checkpoint {
    const { cells, state, atMs, problem } = this;
    return { cells, state, atMs: Math.round(atMs), problem };
  }

  private become(state: Checkpoint['state'], atMs: number, problem: string | null = null): void {
    this.state = state;
    this.atMs = atMs;
    this.problem = problem;
  }

  private state: Checkpoint['state'];
  private atMs: number;
  private problem: string | null = null;
  private readonly beganMs: number;
}
