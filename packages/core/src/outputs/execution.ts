import type { IOutputLimits } from './bounded-outputs.js';
import { OutputList } from './output-list.js';

/** Where an execution is shown. */
export interface IPlace {
  /** The run of the notebook. */
  readonly run: string;
  /** The cell's number in it. */
  readonly c: number;
}

/** One `execute_request`, and what came of it. */
export class Execution {
  /**
   * @param msgId - of the request.
   * @param sinceMs - when it was first heard of, monotonic.
   */
  constructor(
    readonly msgId: string,
    limits: IOutputLimits,
    readonly sinceMs: number
  ) {
    this.outputs = new OutputList(limits);
    this.heardAtMs = sinceMs;
  }

  readonly outputs: OutputList;

  /** null = nobody has said yet which cell it is. */
  place: IPlace | null = null;

  /** `cut`: the kernel was gone before it said that this is finished. */
  state: 'waiting' | 'running' | 'finished' | 'cut' = 'waiting';

  /** Whether its first message was seen, so that the outputs are all there are. */
  sawStart = false;

  /** As the kernel counts; null = it did not say. */
  executionCount: number | null = null;

  /** When the last message came; monotonic ms. */
  heardAtMs: number;

  /** Whether nothing more is expected. */
  get isOver(): boolean {
    return this.state === 'finished' || this.state === 'cut';
  }
}
