import type { PowerMachine } from './power-machine.mjs';

export function playHomes<Report>(
  machine: PowerMachine,
  order: { readonly only?: readonly string[]; readonly seconds?: number },
  onReport: (report: Report) => void,
  onConsole?: (line: string) => void
): Promise<readonly string[] | null>;
