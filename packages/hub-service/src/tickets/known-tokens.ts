/** Tokens that are remembered, at most: twice as many as there are companions. */
const REMEMBERED = 20_000;

/** Tokens that JupyterHub knew when it was asked last, by their digits. Nobody is let in by this: it says who waits with whom. */
export class KnownTokens {
  has(digits: string): boolean {
    return this.known.has(digits);
  }

  /** What JupyterHub said about a token. */
  learn(digits: string, isKnown: boolean): void {
    this.known.delete(digits);
    if (isKnown) {
      this.known.add(digits);
    }
    // A set keeps the order in which its members came: the oldest goes.
    const [oldest] = this.known;
    if (this.known.size > REMEMBERED && oldest !== undefined) {
      this.known.delete(oldest);
    }
  }

  private readonly known = new Set<string>();
}
