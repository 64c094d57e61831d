/** Lets so many do a thing at once; the others wait for their turn, in the order in which they came. */
export class Turns {
  constructor(private readonly most: number) {}

  async run<T>(act: () => Promise<T>): Promise<T> {
    if (this.busy >= this.most) {
      await new Promise<void>(resolve => this.waiting.push(resolve));
    } else {
      this.busy++;
    }
    try {
      return await act();
    } finally {
      const next = this.waiting.shift();
      if (next) {
        next();
      } else {
        this.busy--;
      }
    }
  }

  private busy = 0;
  private readonly waiting: (() => void)[] = [];
}
