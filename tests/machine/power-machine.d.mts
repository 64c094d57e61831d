/** What `power-machine.mjs` offers to benches, which are compiled. */
export class PowerMachine {
  static build(cache: string, repository: string, python?: string | null): Promise<PowerMachine>;
  readonly disk: { watch: (what: 'write' | 'flush') => void; flushMs: number; hang(): () => void };
  another(): Promise<PowerMachine>;
  live<Report>(
    driver: string,
    order: object,
    onReport: (
      report: Report,
      cut: (random: () => number) => { readonly unflushedSectors: number; readonly keptSectors: number }
    ) => void,
    options: {
      readonly timeoutMs: number;
      readonly startsAtMs?: number;
      readonly onConsole?: (line: string) => void;
    }
  ): Promise<void>;
  remove(): Promise<void>;
}
