import { Refusal } from './refusal.js';

/** What came with a form. */
export class FormFields {
  /** @param back - where refusals lead. */
  constructor(
    body: unknown,
    private readonly back = { href: '/log', text: 'Go to the install log' }
  ) {
    this.values = new Map(typeof body === 'object' && body !== null ? Object.entries(body) : []);
  }

  /** null = the field is empty. @throws Refusal */
  text(name: string, length: number): string | null {
    const value = this.values.get(name) ?? '';
    // Databases have no text with a NUL in it.
    if (typeof value !== 'string' || value.length > length || value.includes('\0')) {
      throw new Refusal(
        400,
        `“${name}” cannot be taken as it is: at most ${length} characters. Nothing was changed.`,
        { link: this.back }
      );
    }
    return value.trim() || null;
  }

  private readonly values: ReadonlyMap<string, unknown>;
}
