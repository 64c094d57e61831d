import type { RunId } from '@labkeeper/protocol';
import { reasonOf } from '../failure.js';
import type { Executions } from '../iopub/executions.js';
import type { IOutputsSink } from '../iopub/outputs-parts.js';
import type { Log } from '../log.js';
import type { LeftEnd } from '../recovery/left-outputs.js';
import type { IToldPart } from '../recovery/outputs-lines.js';

/** A page that can be sent what another one left. */
export interface IHandOverPage extends IOutputsSink {
  /** All outputs of the run were sent. @returns whether that is on its way. */
  sendEnd(end: {
    readonly run: RunId;
    readonly path: string;
    readonly hash: string;
    readonly rest: boolean;
  }): Promise<boolean>;
}

/** `sent`: the page answers. `later`: the file was just written. `unknown`: the run belongs to no file that can be read. */
export type HandedOver =
  | { readonly kind: 'sent'; readonly rest: boolean }
  | { readonly kind: 'later' }
  | { readonly kind: 'unknown' };

export interface IHandOverOptions {
  readonly executions: Pick<Executions, 'flush' | 'of'>;
  readonly log: Log;
  /** Reads the outputs of a run: see `outputsApart`. */
  readonly read: (
    run: RunId,
    asked: readonly number[],
    tell: (part: IToldPart) => Promise<boolean>
  ) => Promise<LeftEnd>;
}

/** Sends a page the outputs of cells that a page which is gone was running. */
export class HandOver<P extends IHandOverPage> {
  constructor(private readonly options: IHandOverOptions) {}

  async send(run: RunId, path: string, page: P): Promise<HandedOver> {
    const { executions, log, read } = this.options;
    executions.flush();
    const known = new Map(
      executions
        .of(run)
        .map(({ kernelId, execution }) => [execution.place?.c ?? -1, { kernelId, execution }] as const)
    );
    try {
      const end = await read(run, [...known.keys()], ({ kind: _, sum, asked, ...part }) => {
        const request = asked === null ? undefined : known.get(asked);
        return page.send({
          ...part,
          ...{ run, sum },
          msgId: request?.execution.msgId ?? null,
          kernelId: request?.kernelId ?? null,
          finished: request?.execution.isOver ?? true
        });
      });
      if (end.kind === 'unknown') {
        log(`Outputs of ${path} cannot be handed over: ${end.detail}`);
        return { kind: 'unknown' };
      }
      const { hash, rest, again } = end;
      if (again) {
        return { kind: 'later' };
      }
      return (await page.sendEnd({ run, path, hash, rest })) ? { kind: 'sent', rest } : { kind: 'later' };
    } catch (error) {
      log(`Outputs of ${path} cannot be handed over: ${reasonOf(error)}`);
      return { kind: 'unknown' };
    }
  }
}
