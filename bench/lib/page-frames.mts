import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { Page, Request } from '@playwright/test';
import { type JournalRecord } from '../../packages/protocol/lib/index.js';

/**
 * What a real page was told about one document that has one cell, or is a text: read from its frames and requests, in
 * another process than the browser's, so that it outlives the browser.
 */
export class PageFrames {
  /** @param textOf - reads the document's file and gives the text in it. */
  constructor(page: Page, path: string, file: string, textOf: (bytes: Buffer) => string) {
    this.path = path;
    this.file = file;
    this.textOf = textOf;
    this.look();
    page.on('websocket', socket => {
      if (!socket.url().includes('/labkeeper/ws')) return;
      socket.on('framesent', ({ payload }) => this.sent(String(payload)));
      socket.on('framereceived', ({ payload }) => this.received(String(payload)));
    });
    page.on('requestfinished', request => void this.finished(request));
  }

  /** The longest text that the page was told is safe. */
  acknowledged = '';
  /** How often it was told so. */
  acknowledgements = 0;
  /** Batches of runs that began with a file that nobody here knows: they count for nothing. */
  unknown = 0;

  private sent(frame: string): void {
    const end = frame.indexOf('\n');
    const {
      method,
      params
    }: { method: string; params: { run: string; seq: number; path: string; more: boolean } } = JSON.parse(
      end < 0 ? frame : frame.slice(0, end)
    );
    if (method === 'save/open' && params.path === this.path) this.texts.set(params.run, null);
    if (method !== 'save/journal' || !this.texts.has(params.run)) return;
    if (params.more) throw new Error('a batch of one small cell came in pieces');
    let text = this.texts.get(params.run) ?? null;
    for (const line of frame
      .slice(end + 1)
      .split('\n')
      .filter(Boolean))
      text = this.apply(JSON.parse(line), text);
    this.texts.set(params.run, text);
    if (text === null) this.unknown += 1;
    else this.batches.set(`${params.run} ${params.seq}`, text);
  }

  private received(frame: string): void {
    const { method, params }: { method: string; params: { run: string; seq: number } } = JSON.parse(
      frame.split('\n')[0] ?? ''
    );
    const text = method === 'save/durable' ? this.batches.get(`${params.run} ${params.seq}`) : undefined;
    if (text !== undefined) this.acknowledge(text);
  }

  private async finished(request: Request): Promise<void> {
    if (request.method() !== 'PUT' || !request.url().includes('/contents/')) return;
    let answer: { hash?: string };
    try {
      const response = await request.response();
      answer = response?.ok() ? await response.json() : {};
    } catch {
      // The browser was killed before its answer was read: the page was told nothing then.
      return;
    }
    const text = answer.hash === undefined ? null : this.inFile(answer.hash);
    if (text !== null) this.acknowledge(text);
  }

  /** What a file with this hash holds; null = it is not the one that is there, nor one that was seen before. */
  private inFile(hash: string): string | null {
    if (!this.byHash.has(hash)) this.look();
    return this.byHash.get(hash) ?? null;
  }

  private look(): void {
    const bytes = readFileSync(this.file);
    this.byHash.set(createHash('sha256').update(bytes).digest('hex'), this.textOf(bytes));
  }

  private apply(record: JournalRecord, text: string | null): string | null {
    if (record.t === 'base') return record.hash === null ? '' : this.inFile(record.hash);
    if (!('c' in record) || record.c !== 0) return text;
    if (record.t === 'put') return String(record.cell['source']);
    if (record.t === 'src') return record.v;
    if (record.t !== 'edit' || text === null) return text;
    return text.slice(0, record.at) + (record.ins ?? '') + text.slice(record.at + (record.del ?? 0));
  }

  private acknowledge(text: string): void {
    this.acknowledgements += 1;
    if (text.length > this.acknowledged.length) this.acknowledged = text;
  }

  private readonly path: string;
  private readonly file: string;
  private readonly textOf: (bytes: Buffer) => string;
  /** What the cell is after the last batch of each run; null = nobody knows. */
  private readonly texts = new Map<string, string | null>();
  private readonly batches = new Map<string, string>();
  private readonly byHash = new Map<string, string>();
}
