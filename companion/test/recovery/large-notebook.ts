import { randomBytes } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { open } from 'node:fs/promises';
import { createHash } from 'node:crypto';

export const LARGE_SOURCE = 'for epoch in range(10):\n    train(epoch)\n';

/** Writes a notebook of 2 000 cells with an image of 56 kB each, 115 MB, as nbformat does. @returns its hash. */
export async function writeLargeNotebook(path: string, cells = 2000): Promise<string> {
  const file = await open(path, 'w');
  try {
    await file.write('{\n "cells": [\n  ');
    for (let index = 0; index < cells; index += 1) {
      const data = { 'image/png': randomBytes(42_000).toString('base64') };
      const cell = {
        cell_type: 'code',
        execution_count: 1,
        id: `cell-${index}`,
        metadata: {},
        outputs: [{ data, metadata: {}, output_type: 'display_data' }],
        source: LARGE_SOURCE.match(/.*\n/g)
      };
      await file.write((index > 0 ? ',\n  ' : '') + JSON.stringify(cell, null, 1).replaceAll('\n', '\n  '));
    }
    await file.write('\n ],\n "metadata": {},\n "nbformat": 4,\n "nbformat_minor": 5\n}\n');
  } finally {
    await file.close();
  }
  return hashOf(path);
}

export async function hashOf(path: string): Promise<string> {
  const hash = createHash('sha256');
  for await (const piece of createReadStream(path)) {
    hash.update(piece);
  }
  return hash.digest('hex');
}
