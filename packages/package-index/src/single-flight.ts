/** Does a thing once for all who want it at the same time. */
export class SingleFlight<T> {
  run(key: string, act: () => Promise<T>): Promise<T> {
    const under = this.underWay.get(key);
    if (under) {
      return under;
    }
    const begun = act().finally(() => this.underWay.delete(key));
    this.underWay.set(key, begun);
    return begun;
  }

  private readonly underWay = new Map<string, Promise<T>>();
}
