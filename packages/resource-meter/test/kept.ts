import type { IKeep } from '../src/deaths/remembered-ids.js';

/** What a browser keeps for a server, over visits. */
export class Kept implements IKeep {
  getItem(key: string): string | null {
    return this.values.get(key) ?? null;
  }

  setItem(key: string, value: string): void {
    this.values.set(key, value);
  }

  private readonly values = new Map<string, string>();
}
