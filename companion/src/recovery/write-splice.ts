import {
  FoldedRun,
  isRange,
  NotebookScanner,
  SpliceError,
  spliceNotebook,
  type INotebookMap,
  type ISplice,
  type IUtf8,
  type ReadRange
} from '@labkeeper/core';
import type { NewFile } from './new-file.js';
import { CHUNK_BYTES } from './plain-file.js';

/** UTF-8 as Node has it; bytes that are none are refused. */
export const utf8: IUtf8 = {
  encode: text => Buffer.from(text, 'utf8'),
  decode: bytes => new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
};

/** A notebook's bytes, and where its parts are in them. */
export interface INotebookSource {
  readonly map: INotebookMap;
  readonly read: ReadRange;
}

/** The new file of a run; `isSame`: it is, byte for byte, the old one. @throws JournalError, SpliceError. */
export async function spliceOf(
  { map, read }: INotebookSource,
  run: FoldedRun
): Promise<ISplice & { readonly isSame: boolean }> {
  const splice = await spliceNotebook({ map, run, read, utf8 });
  const [first, second] = splice.pieces;
  const isSame =
    first !== undefined &&
    second === undefined &&
    isRange(first) &&
    first.from === 0 &&
    first.to === map.sizeBytes;
  return { ...splice, isSame };
}

/**
 * Writes a splice piece by piece, and reads what it writes: the result must be a notebook with as many cells as the run
 * says.
 *
 * @returns where its parts are.
 * @throws SpliceError 'file-changed' or 'check-failed', RecoveryError.
 */
export async function writeSplice(
  { read }: INotebookSource,
  { pieces, sizeBytes }: ISplice,
  cells: number,
  into: NewFile
): Promise<INotebookMap> {
  const scanner = new NotebookScanner();
  const put = async (bytes: Uint8Array): Promise<void> => {
    scanner.push(bytes);
    await into.write(bytes);
  };
  for (const piece of pieces) {
    const { from: begin, to: end } = isRange(piece) ? piece : { from: 0, to: piece.length };
    for (let from = begin; from < end; from += CHUNK_BYTES) {
      const range = { from, to: Math.min(end, from + CHUNK_BYTES) };
      const bytes = isRange(piece) ? await read(range) : piece.subarray(range.from, range.to);
      if (bytes.length !== range.to - range.from) {
        throw new SpliceError('file-changed', null);
      }
      await put(bytes);
    }
  }
  const scan = scanner.end();
  if (scan.kind !== 'map' || scan.map.cells.length !== cells || scan.map.sizeBytes !== sizeBytes) {
    throw new SpliceError('check-failed', null);
  }
  return scan.map;
}

/** A notebook without cells, as nbformat writes it, to build one on. */
export function emptyNotebook(withIds: boolean): INotebookSource & { readonly hash: string } {
  const bytes = Buffer.from(
    `{\n "cells": [],\n "metadata": {},\n "nbformat": 4,\n "nbformat_minor": ${withIds ? 5 : 4}\n}\n`
  );
  const scanner = new NotebookScanner();
  scanner.push(bytes);
  const scan = scanner.end();
  if (scan.kind !== 'map') {
    throw new Error(`The empty notebook is none: ${scan.reason}.`);
  }
  return {
    map: scan.map,
    read: ({ from, to }) => Promise.resolve(bytes.subarray(from, to)),
    // No file's: the run that is put on it begins with nothing.
    hash: '0'.repeat(64)
  };
}
