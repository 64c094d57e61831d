import { createHash } from 'node:crypto';
import { NotebookScanner, type NotebookScan } from '@labkeeper/core';
import type { PlainFile } from './plain-file.js';
import { TextFacts } from './text-facts.js';

/** What a notebook's file is. */
export interface INotebookFacts {
  /** Hexadecimal SHA-256 of its bytes. */
  readonly hash: string;
  readonly scan: NotebookScan;
}

/** What a text file is. */
export interface ITextFileFacts {
  readonly hash: string;
  /** null = it is not UTF-8. */
  readonly text: Omit<TextFacts, 'push'> | null;
}

/** Reads a notebook once, from beginning to end. @throws RecoveryError 'unreadable'. */
export async function scanNotebookFile(file: PlainFile): Promise<INotebookFacts> {
  const hash = createHash('sha256');
  const scanner = new NotebookScanner();
  let goesOn = true;
  for await (const piece of file.pieces()) {
    hash.update(piece);
    goesOn &&= scanner.push(piece);
  }
  return { hash: hash.digest('hex'), scan: scanner.end() };
}

/** Reads a text file once, from beginning to end. @throws RecoveryError 'unreadable'. */
export async function scanTextFile(file: PlainFile): Promise<ITextFileFacts> {
  const hash = createHash('sha256');
  const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
  const facts = new TextFacts();
  let isText = true;
  const take = (piece?: Buffer): void => {
    try {
      facts.push(piece ? decoder.decode(piece, { stream: true }) : decoder.decode());
    } catch {
      // TypeError: it is not UTF-8.
      isText = false;
    }
  };
  for await (const piece of file.pieces()) {
    hash.update(piece);
    if (isText) {
      take(piece);
    }
  }
  if (isText) {
    take();
  }
  return { hash: hash.digest('hex'), text: isText ? facts : null };
}
