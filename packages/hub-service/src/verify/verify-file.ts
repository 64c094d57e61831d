import {
  announcedAnchors,
  NotAnExportError,
  verifyExport,
  type IVerifyReport,
  type NextLine
} from '@labkeeper/core';
import { EXPORT_LINE_BYTES } from '@labkeeper/protocol';
import type { IVerifiedFiles, IVerifyArguments } from './arguments.js';
import { forwardLines } from './forward-lines.js';
import { InputError } from './input-error.js';
import { InputFile } from './input-file.js';
import { nodeVerifyTools } from './node-tools.js';
import { readAnchors } from './read-anchors.js';
import { readHolders, type Held } from './read-statements.js';

/** Verifies an export and what holds its history outside. @throws InputError with one sentence when something cannot be read. */
export async function verifyHeldFile(asked: IVerifyArguments): Promise<IVerifyReport> {
  const tools = nodeVerifyTools();
  const file = new InputFile(asked.file);
  try {
    const brought = announcedAnchors(file.linesBackwards(), tools);
    return verifyFile(asked, await readHolders(asked, brought, tools));
  } finally {
    file.close();
  }
}

/**
 * Verifies an export that lies in a file.
 *
 * @param held - what witnesses, authorities and directories hold of it.
 * @throws InputError with one sentence when it cannot be read.
 */
export function verifyFile(asked: IVerifiedFiles, held: Held = { digests: [] }): IVerifyReport {
  const tools = nodeVerifyTools();
  const given = readAnchors(asked, tools);
  const opened: InputFile[] = [];
  const open = (path: string): InputFile => {
    const file = new InputFile(path);
    opened.push(file);
    return file;
  };
  try {
    const file = open(asked.file);
    const anchors = { ...given, ...held, digests: [...given.digests, ...held.digests] };
    const personal = asked.personal === null ? null : open(asked.personal);
    return verifyExport(file, tools, { anchors, personal: personal && (() => nextLineOf(personal)) });
  } catch (error) {
    if (error instanceof NotAnExportError) {
      throw new InputError(`${asked.file} ${error.message}`, { cause: error });
    }
    throw error;
  } finally {
    opened.forEach(file => file.close());
  }
}

function nextLineOf(file: InputFile): NextLine {
  const lines = forwardLines(file.blocks(), EXPORT_LINE_BYTES);
  return () => {
    const next = lines.next();
    return next.done ? null : next.value;
  };
}
