import type { ICodeCellModel } from '@jupyterlab/cells';
import type { IOutput } from '@jupyterlab/nbformat';
import { JSONExt } from '@lumino/coreutils';
import type { ISentCell } from './outputs-inbox.js';

/** Outputs that took the place of others: Lab does not know where the text of one goes on. */
const replaced = new WeakSet<object>();

/**
 * Makes the outputs of a cell those that were sent, as if its own request had brought them: what is there already
 * stays, a text that grew is gone on with, so nothing flickers and nothing is there twice.
 */
export function putOutputs(cell: ICodeCellModel, sent: ISentCell): void {
  // Lab trusts what a cell that it runs puts out; of what came otherwise nobody knows.
  if (sent.msgId !== null) {
    cell.trusted = true;
  }
  const { outputs } = cell;
  if (outputs.length > sent.outputs.length) {
    outputs.clear();
  }
  sent.outputs.forEach((output, index) => {
    if (index >= outputs.length) {
      outputs.add(output);
      return;
    }
    const model = outputs.get(index);
    const now = model.toJSON();
    if (JSONExt.deepEqual(now, output)) {
      return;
    }
    const isLast = index === outputs.length - 1;
    const more = isLast && !replaced.has(model) ? grown(now, output) : null;
    if (more === null) {
      outputs.set(index, output);
      replaced.add(outputs.get(index));
    } else {
      outputs.add({ ...output, text: more });
    }
  });
  if (cell.executionCount !== sent.executionCount) {
    cell.executionCount = sent.executionCount;
  }
  const state = sent.finished ? 'idle' : 'running';
  if (cell.executionState !== state) {
    cell.executionState = state;
  }
}

/** The text that follows what a stream holds; null = it is no stream that grew. */
function grown(now: IOutput, output: IOutput): string | null {
  const isStream =
    now.output_type === 'stream' && output.output_type === 'stream' && now.name === output.name;
  const [before, after] = [textOf(now.text), textOf(output.text)];
  return isStream && before !== null && after?.startsWith(before) ? after.slice(before.length) : null;
}

function textOf(text: unknown): string | null {
  return typeof text === 'string' ? text : Array.isArray(text) ? text.join('') : null;
}
