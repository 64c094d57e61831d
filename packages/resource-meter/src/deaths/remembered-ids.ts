const KEPT = 200;

/** Where a few names are kept between visits: `localStorage`, as far as needed here. */
export interface IKeep {
  getItem(key: string): string | null;
  setItem(key: string, value: string): void;
}

/** Ids of events that the user has been told, kept in this browser. */
export class RememberedIds {
  /**
   * @param keep - null = nothing can be kept; what is remembered then lasts as long as the page.
   * @param key - different for each server, because users of one hub can share a browser.
   */
  constructor(
    private readonly keep: IKeep | null,
    private readonly key: string
  ) {
    this.ids = new Set(this.read());
  }

  has(id: string): boolean {
    return this.ids.has(id);
  }

  add(id: string): void {
    if (this.ids.has(id)) {
      return;
    }
    // Another tab may have added to them since.
    this.ids = new Set([...this.read(), ...this.ids, id].slice(-KEPT));
    try {
      this.keep?.setItem(this.key, JSON.stringify([...this.ids]));
    } catch {
      // Storage is full or forbidden: then it is remembered until the page closes.
    }
  }

  private read(): string[] {
    try {
      const value: unknown = JSON.parse(this.keep?.getItem(this.key) ?? '[]');
      return Array.isArray(value) ? value.filter(id => typeof id === 'string') : [];
    } catch {
      // Unreadable or forbidden: nothing is remembered.
      return [];
    }
  }

  private ids: ReadonlySet<string>;
}
