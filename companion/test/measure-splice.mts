/**
 * Prints what it costs to put one changed cell into notebooks of more than 100 MB: 2 000 cells with images, the same
 * with printed text, and one cell with one huge image.
 *
 *     npx esbuild companion/test/measure-splice.mts --bundle --platform=node --format=esm \
 *       --alias:@labkeeper/core=./packages/core/src --alias:@labkeeper/protocol=./packages/protocol/src \
 *       --outfile=node_modules/.cache/measure-splice.mjs &&
 *     node --expose-gc node_modules/.cache/measure-splice.mjs
 *
 * Times are CPU time of this process, user and system, so that others on the machine disturb them little; medians of
 * several runs after a first one; the files are in the page cache. Memory is the largest resident size of the process
 * during a splice less that before it, read every millisecond.
 */
import { randomBytes } from 'node:crypto';
import { mkdtemp, open, rm, type FileHandle } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  FoldedRun,
  isRange,
  NotebookScanner,
  spliceNotebook,
  type IByteRange,
  type INotebookMap,
  type Piece
} from '@labkeeper/core';
import { textSum, type JournalRecord } from '@labkeeper/protocol';

const RUNS = 7;
const CHUNK_BYTES = 1024 * 1024;
const SOURCE = 'for epoch in range(10):\n    train(epoch)\n';

const utf8 = {
  encode: (text: string): Uint8Array => Buffer.from(text, 'utf8'),
  decode: (bytes: Uint8Array): string =>
    new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
};
const folder = await mkdtemp(join(tmpdir(), 'measure-splice-'));
try {
  await measure('2 000 cells with an image of 56 kB', 2000, () => image(56_000));
  await measure('2 000 cells with 56 kB of text', 2000, () => stream(1000));
  await measure('one cell with an image of 110 MB', 1, () => image(110_000_000));
} finally {
  await rm(folder, { recursive: true });
}

async function measure(what: string, cells: number, output: () => unknown): Promise<void> {
  const path = join(folder, 'notebook.ipynb');
  await write(path, cells, output);
  const file = await open(path, 'r');
  const target = await open(`${path}.new`, 'w+');
  const { size } = await file.stat();
  console.log(`${what}: ${(size / 1e6).toFixed(0)} MB`);
  let room = Buffer.alloc(0);
  const read = async ({ from, to }: IByteRange): Promise<Uint8Array> => {
    room = room.length < to - from ? Buffer.alloc(to - from) : room;
    const { bytesRead } = await file.read(room, 0, to - from, from);
    return room.subarray(0, bytesRead);
  };
  const middle = Math.floor(cells / 2);
  const records: JournalRecord[] = [
    { t: 'base', hash: 'a'.repeat(64), cells },
    { t: 'edit', c: middle, at: SOURCE.length, ins: 'print()', sum: textSum(`${SOURCE}print()`) },
    { t: 'exec', c: middle, v: 7 }
  ];
  const times = { scan: [] as number[], splice: [] as number[], copy: [] as number[], all: [] as number[] };
  const held: number[] = [];
  for (let run = 0; run <= RUNS; run += 1) {
    globalThis.gc?.();
    const before = process.memoryUsage.rss();
    let highest = before;
    const watch = setInterval(() => (highest = Math.max(highest, process.memoryUsage.rss())), 1);
    const begin = cpuMs();
    const map = await scanned(file, size);
    const afterScan = cpuMs();
    const folded = new FoldedRun('notebook');
    records.forEach(record => folded.add(record));
    const { pieces, sizeBytes } = await spliceNotebook({ map, run: folded, read, utf8 });
    const afterSplice = cpuMs();
    const written = await copied(pieces, file, target);
    const end = cpuMs();
    clearInterval(watch);
    if (written.sizeBytes !== sizeBytes || written.cells.length !== cells) {
      throw new Error('The new file is not the one that was promised.');
    }
    if (run > 0) {
      times.scan.push(afterScan - begin);
      times.splice.push(afterSplice - afterScan);
      times.copy.push(end - afterSplice);
      times.all.push(end - begin);
      held.push(highest - before);
    }
    if (run === RUNS) {
      const newBytes = pieces.reduce((sum, piece) => sum + (isRange(piece) ? 0 : piece.length), 0);
      console.log(`  ${pieces.length} pieces, ${newBytes} new bytes`);
    }
  }
  console.log(`  scan ${median(times.scan)} ms, splice with its checks ${median(times.splice)} ms,`);
  console.log(
    `  copy with a second scan and without fsync ${median(times.copy)} ms; all ${median(times.all)} ms`
  );
  console.log(`  resident memory above before: ${(Math.max(...held) / 1e6).toFixed(1)} MB at most`);
  await file.close();
  await target.close();
}

async function scanned(file: FileHandle, size: number): Promise<INotebookMap> {
  const scanner = new NotebookScanner();
  const buffer = Buffer.allocUnsafe(CHUNK_BYTES);
  for (let at = 0; at < size; at += CHUNK_BYTES) {
    const { bytesRead } = await file.read(buffer, 0, CHUNK_BYTES, at);
    scanner.push(buffer.subarray(0, bytesRead));
  }
  return mapOf(scanner);
}

async function copied(pieces: readonly Piece[], file: FileHandle, target: FileHandle): Promise<INotebookMap> {
  const scanner = new NotebookScanner();
  const buffer = Buffer.allocUnsafe(CHUNK_BYTES);
  let at = 0;
  const put = async (bytes: Uint8Array): Promise<void> => {
    scanner.push(bytes);
    await target.write(bytes, 0, bytes.length, at);
    at += bytes.length;
  };
  for (const piece of pieces) {
    if (!isRange(piece)) {
      await put(piece);
      continue;
    }
    for (let { from } = piece; from < piece.to; from += CHUNK_BYTES) {
      const { bytesRead } = await file.read(buffer, 0, Math.min(piece.to - from, CHUNK_BYTES), from);
      await put(buffer.subarray(0, bytesRead));
    }
  }
  return mapOf(scanner);
}

function mapOf(scanner: NotebookScanner): INotebookMap {
  const scan = scanner.end();
  if (scan.kind === 'doubt') {
    throw new Error(`No map: ${scan.reason} at ${scan.atByte}.`);
  }
  return scan.map;
}

async function write(path: string, cells: number, output: () => unknown): Promise<void> {
  const file = await open(path, 'w');
  await file.write('{\n "cells": [\n  ');
  for (let index = 0; index < cells; index += 1) {
    const cell = {
      cell_type: 'code',
      execution_count: 1,
      id: `cell-${index}`,
      metadata: {},
      outputs: [output()],
      source: SOURCE.match(/.*\n/g)
    };
    await file.write((index > 0 ? ',\n  ' : '') + JSON.stringify(cell, null, 1).replaceAll('\n', '\n  '));
  }
  await file.write('\n ],\n "metadata": {},\n "nbformat": 4,\n "nbformat_minor": 5\n}\n');
  await file.close();
}

function image(bytes: number): unknown {
  const data = { 'image/png': randomBytes((bytes * 3) / 4).toString('base64') };
  return { data, metadata: {}, output_type: 'display_data' };
}

function stream(lines: number): unknown {
  const text = Array.from(
    { length: lines },
    (_, line) => `epoch ${line}: loss "${Math.random()}" accuracy 0.93 é\n`
  );
  return { name: 'stdout', output_type: 'stream', text };
}

function cpuMs(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}

function median(values: readonly number[]): string {
  const sorted = [...values].sort((one, other) => one - other);
  return (sorted[Math.floor(sorted.length / 2)] ?? NaN).toFixed(0);
}
