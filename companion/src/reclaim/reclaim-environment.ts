import { dirname, isAbsolute, join } from 'node:path';
import { readJobEnds, type CloudVendor, type IJobEnd } from '@labkeeper/core';

/** How the administrator tells a companion by which channels it hears of a reclaim. */
export interface IReclaimEnvironment {
  /** The watched file, or the folder with a file `reclaim`; null = none. `LABKEEPER_RECLAIM_FILE`. */
  readonly filePath: string | null;
  /** The port of the loopback endpoint; null = it stays closed. `LABKEEPER_RECLAIM_PORT`. */
  readonly port: number | null;
  /** Its secret; null = one is made and written to `tokenPath`. `LABKEEPER_RECLAIM_TOKEN`. */
  readonly token: string | null;
  /** `reclaim-token` beside the companion's socket. */
  readonly tokenPath: string;
  /** The cloud whose metadata service is asked; `auto` = the one that the firmware names, if any. `LABKEEPER_CLOUD`. */
  readonly cloud: CloudVendor | 'auto' | 'off';
  /** When the batch job ends. `LABKEEPER_END_TIME`, `SLURM_JOB_END_TIME`. */
  readonly jobEnds: readonly IJobEnd[];
  /** How long before it is told, ms. `LABKEEPER_END_WARNING_MINUTES`. */
  readonly endWarningMs: number;
  /** When the hub stops idle servers; null = not told. `LABKEEPER_CULL_TIMEOUT_MINUTES`, `…_WARNING_MINUTES`. */
  readonly cull: {
    readonly timeoutMs: number;
    readonly warningMs: number;
    /** An open page counts as activity, as it does at JupyterHub's own proxy. `LABKEEPER_CULL_OPEN_PAGES`. */
    readonly openPagesCount: boolean;
  } | null;
  /** When kernels are asked for their variables; `auto` = see `VariablesMode`. `LABKEEPER_VARIABLES`. */
  readonly variables: (typeof VARIABLES)[number];
  /** Sentences for the server's log about what was not understood, and what is done instead. */
  readonly warnings: readonly string[];
}

const MINUTE_MS = 60_000;
const END_WARNING_MINUTES = 15;
const CULL_WARNING_MINUTES = 10;
/** A shorter secret could be guessed through the port. */
const TOKEN_CHARACTERS = 16;
const VARIABLES = ['auto', 'idle', 'notice', 'off'] as const;
const OPEN_PAGES = ['count', 'ignore'] as const;
const CLOUDS = ['aws', 'gcp', 'azure', 'auto', 'off'] as const;

/**
 * Reads the variables. An empty variable counts as not set, one that makes no sense too, with a warning.
 *
 * @param socketPath - the companion's own socket.
 */
export function readReclaimEnvironment(
  variables: Readonly<Record<string, string | undefined>>,
  socketPath: string
): IReclaimEnvironment {
  const warnings: string[] = [];
  /** The value of a variable as `read` takes it; undefined = not set, or not understood, which is told. */
  const take = <T>(
    name: string,
    should: string,
    instead: string,
    read: (text: string) => T | undefined
  ): T | undefined => {
    const text = variables[name]?.trim() ?? '';
    const value = text === '' ? undefined : read(text);
    if (text !== '' && value === undefined) {
      warnings.push(`${name} is "${text}", it should be ${should}: ${instead}.`);
    }
    return value;
  };
  const minutes = (name: string, instead: string): number | undefined =>
    take(name, 'a number above 0', instead, text => {
      const number = Number(text);
      return Number.isFinite(number) && number > 0 ? number * MINUTE_MS : undefined;
    });

  const cullTimeoutMs = minutes('LABKEEPER_CULL_TIMEOUT_MINUTES', 'culling is not told');
  const cullWarningMs = minutes('LABKEEPER_CULL_WARNING_MINUTES', `${CULL_WARNING_MINUTES} minutes it is`);
  const openPages =
    take('LABKEEPER_CULL_OPEN_PAGES', `one of ${OPEN_PAGES.join(', ')}`, 'they count', text =>
      OPEN_PAGES.find(word => word === text.toLowerCase())
    ) ?? 'count';
  const { ends, warnings: endWarnings } = readJobEnds(variables);
  return {
    filePath:
      take('LABKEEPER_RECLAIM_FILE', 'an absolute path', 'no file is watched', text =>
        isAbsolute(text) ? text : undefined
      ) ?? null,
    port:
      take('LABKEEPER_RECLAIM_PORT', 'a port from 1 to 65535', 'the endpoint stays closed', text => {
        const port = Number(text);
        return /^\d+$/.test(text) && port >= 1 && port <= 65_535 ? port : undefined;
      }) ?? null,
    token: readToken(variables['LABKEEPER_RECLAIM_TOKEN'], warnings),
    tokenPath: join(dirname(socketPath), 'reclaim-token'),
    cloud:
      take('LABKEEPER_CLOUD', `one of ${CLOUDS.join(', ')}`, '"auto" it is', text =>
        CLOUDS.find(cloud => cloud === text.toLowerCase())
      ) ?? 'auto',
    jobEnds: ends,
    endWarningMs:
      minutes('LABKEEPER_END_WARNING_MINUTES', `${END_WARNING_MINUTES} minutes it is`) ??
      END_WARNING_MINUTES * MINUTE_MS,
    cull:
      cullTimeoutMs === undefined
        ? null
        : {
            timeoutMs: cullTimeoutMs,
            warningMs: cullWarningMs ?? CULL_WARNING_MINUTES * MINUTE_MS,
            openPagesCount: openPages === 'count'
          },
    variables:
      take('LABKEEPER_VARIABLES', `one of ${VARIABLES.join(', ')}`, '"auto" it is', text =>
        VARIABLES.find(mode => mode === text.toLowerCase())
      ) ?? 'auto',
    warnings: [...warnings, ...endWarnings]
  };
}

/** The secret is never quoted in a warning. */
function readToken(value: string | undefined, warnings: string[]): string | null {
  const token = value?.trim() ?? '';
  if (token === '') {
    return null;
  }
  if (token.length < TOKEN_CHARACTERS || !/^[\x21-\x7e]{1,1024}$/.test(token)) {
    warnings.push(
      `LABKEEPER_RECLAIM_TOKEN should be ${TOKEN_CHARACTERS} to 1024 characters without spaces: a secret is made instead.`
    );
    return null;
  }
  return token;
}
