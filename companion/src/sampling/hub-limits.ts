/** What JupyterHub says it granted (spawner.py, `MEM_LIMIT` and `CPU_LIMIT`). */
export interface IHubLimits {
  readonly memoryBytes: number | null;
  readonly cores: number | null;
}

/** Factors of JupyterHub's own notation of sizes (traitlets.py, `ByteSpecification`). */
const FACTORS: Readonly<Record<string, number>> = { '': 1, K: 2 ** 10, M: 2 ** 20, G: 2 ** 30, T: 2 ** 40 };

/** Reads the variables; what is not a positive number of bytes or cores counts as not set. */
export function readHubLimits(environment: Readonly<Record<string, string | undefined>>): IHubLimits {
  const memory = /^(\d+(?:\.\d+)?)([KMGT]?)$/i.exec(environment['MEM_LIMIT']?.trim() ?? '');
  const cores = /^\d+(?:\.\d+)?$/.exec(environment['CPU_LIMIT']?.trim() ?? '');
  return {
    memoryBytes: memory
      ? positive(Number(memory[1]) * (FACTORS[(memory[2] ?? '').toUpperCase()] ?? 0))
      : null,
    cores: cores ? positive(Number(cores[0])) : null
  };
}

function positive(value: number): number | null {
  return Number.isFinite(value) && value > 0 ? value : null;
}
