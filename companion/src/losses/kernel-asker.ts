import { isJson, parseInspection, type CheckpointOutcome } from '@labkeeper/core';
import type { Variables } from '@labkeeper/protocol';
import type { IClock } from '../clock.js';
import { codeOf } from '../failure.js';
import { ConnectionFileError, readConnectionFile } from '../iopub/connection-file.js';
import { NotOursError } from '../recorder/own-folder.js';
import { INSPECTION } from './inspect-code.js';
import { KernelShell } from './kernel-shell.js';

/** What a kernel says about its variables. */
export type Inspection =
  | { readonly is: 'known'; readonly variables: Variables }
  /** It is no Python kernel. */
  | { readonly is: 'language' }
  | { readonly is: 'no-answer' };

/** Asks one kernel. Never rejects. */
export interface IKernelAsker {
  /** Asks which variables there are. The kernel should be idle: a busy one answers when it is not any more. */
  inspect(): Promise<Inspection>;
  /** Runs code in the kernel, once, and waits for its end at most `withinMs`. */
  run(code: string, withinMs: number): Promise<CheckpointOutcome>;
}

/** An idle kernel answers within milliseconds; a loaded machine takes longer. */
const INFO_MS = 2000;
const INSPECT_MS = 5000;
/** Longest error of a checkpoint cell that is told, in characters. */
const PROBLEM_CHARACTERS = 300;

/** Asks a kernel on this machine by its connection file. Each question has a connection of its own. */
export class KernelAsker implements IKernelAsker {
  constructor(
    private readonly path: string,
    private readonly clock: IClock
  ) {}

  async inspect(): Promise<Inspection> {
    const shell = await this.open();
    if (shell === null) {
      return { is: 'no-answer' };
    }
    try {
      this.language ??= await languageOf(shell);
      if (this.language !== 'python') {
        return { is: this.language === null ? 'no-answer' : 'language' };
      }
      const content = {
        ...{ code: '', silent: true, store_history: false, allow_stdin: false, stop_on_error: false },
        user_expressions: { variables: INSPECTION }
      };
      const reply = await shell.request('execute_request', content, INSPECT_MS);
      const expressions = reply?.['user_expressions'];
      const expression = isJson(expressions) ? expressions['variables'] : undefined;
      const data = isJson(expression) ? expression['data'] : undefined;
      const text = isJson(data) ? data['text/plain'] : undefined;
      const variables =
        typeof text === 'string' ? parseInspection(text, Math.round(this.clock.wallMs())) : null;
      return variables ? { is: 'known', variables } : { is: 'no-answer' };
    } finally {
      shell.dispose();
    }
  }

  async run(code: string, withinMs: number): Promise<CheckpointOutcome> {
    const shell = await this.open();
    if (shell === null) {
      return { is: 'failed', problem: null };
    }
    try {
      const content = {
        // Silent: neither history nor the next cell's number shows it. Its failure stops no cell of the user's.
        ...{ code, silent: true, store_history: false, allow_stdin: false, stop_on_error: false },
        user_expressions: {}
      };
      const reply = await shell.request('execute_request', content, withinMs);
      switch (reply?.['status']) {
        case 'ok':
          return { is: 'done' };
        case 'aborted':
          return { is: 'aborted' };
        case 'error':
          return { is: 'failed', problem: problemOf(reply['ename'], reply['evalue']) };
        default:
          return { is: 'failed', problem: null };
      }
    } finally {
      shell.dispose();
    }
  }

  /** null = the kernel cannot be reached: it ended, runs elsewhere, or encrypts. */
  private async open(): Promise<KernelShell | null> {
    try {
      return new KernelShell(await readConnectionFile(this.path, 'shell'), this.clock);
    } catch (error) {
      if (error instanceof ConnectionFileError || error instanceof NotOursError || codeOf(error) !== null) {
        return null;
      }
      throw error;
    }
  }

  private language: string | null = null;
}

async function languageOf(shell: KernelShell): Promise<string | null> {
  const info = (await shell.request('kernel_info_request', {}, INFO_MS))?.['language_info'];
  const name = isJson(info) ? info['name'] : undefined;
  return typeof name === 'string' ? name : null;
}

/** "OSError: No space left on device", on one line. */
function problemOf(name: unknown, value: unknown): string | null {
  const text = [name, value]
    .filter((part): part is string => typeof part === 'string' && part !== '')
    .join(': ')
    .replace(/[\p{Cc}\s]+/gu, ' ')
    .trim();
  return text === '' ? null : text.slice(0, PROBLEM_CHARACTERS);
}
