import { homedir } from 'node:os';
import { PARTS, type Part } from '@labkeeper/protocol';

/** How the server extension and the hub tell a companion what to do. */
export interface IEnvironment {
  /** The unix socket to listen on. */
  readonly socketPath: string;
  /** Whose space is shown; null = there is none. */
  readonly homePath: string | null;
  /** The folder on which the flight recorder lives, the home unless another one is named; null = there is none. */
  readonly recorderPath: string | null;
  /** The jupyter_server that started this companion; null = nobody said. */
  readonly serverPid: number | null;
  /** What the hub calls the server; empty without a hub or for the default server. */
  readonly serverName: string;
  readonly disabled: ReadonlySet<Part>;
  /** Sentences for the server's log about what was not understood, and what is done instead. */
  readonly warnings: readonly string[];
  readonly runbookUrl: string | null;
  /** How long throttling must last before it is told. */
  readonly throttleMs: number;
  readonly build: string;
}

/** A variable without which nothing works: its message is a sentence for the server's log. */
export class EnvironmentError extends Error {
  override readonly name = 'EnvironmentError';
}

/** How long throttling must last before it is told, unless the administrator says otherwise. */
const THROTTLE_MINUTES = 5;

/** Reads the variables. An empty variable counts as not set. Throws EnvironmentError without a usable socket. */
export function readEnvironment(
  variables: Readonly<Record<string, string | undefined>>,
  home: string = homedir()
): IEnvironment {
  const socketPath = text(variables['LABKEEPER_SOCKET']);
  if (socketPath === null) {
    throw new EnvironmentError('LABKEEPER_SOCKET is not set: it names the unix socket to listen on.');
  }
  // sockaddr_un holds 108 bytes with its end (unix(7)); Node would cut a longer path without a word.
  if (Buffer.byteLength(socketPath) > 107) {
    throw new EnvironmentError(
      `LABKEEPER_SOCKET is ${Buffer.byteLength(socketPath)} bytes long, a unix socket's path may have 107: ${socketPath}`
    );
  }
  const warnings: string[] = [];
  const positive = (name: string, otherwise: string): number | null => {
    const value = text(variables[name]);
    const number = Number(value);
    if (value === null || (Number.isFinite(number) && number > 0)) {
      return value === null ? null : number;
    }
    warnings.push(`${name} is "${value}", it should be a number above 0: ${otherwise}.`);
    return null;
  };
  const { parts, unknown } = readParts(text(variables['LABKEEPER_DISABLE']));
  if (unknown.length > 0) {
    warnings.push(`LABKEEPER_DISABLE names no part of Labkeeper: ${unknown.join(', ')}.`);
  }
  return {
    socketPath,
    homePath: text(home),
    recorderPath: text(variables['LABKEEPER_HOME']) ?? text(home),
    serverPid: positive('LABKEEPER_SERVER_PID', 'the server is not known'),
    serverName: text(variables['LABKEEPER_SERVER_NAME']) ?? '',
    disabled: parts,
    runbookUrl: text(variables['LABKEEPER_RUNBOOK_URL']),
    throttleMs:
      (positive('LABKEEPER_THROTTLE_MINUTES', `${THROTTLE_MINUTES} minutes it is`) ?? THROTTLE_MINUTES) *
      60_000,
    build: text(variables['LABKEEPER_BUILD']) ?? 'development',
    warnings
  };
}

/** `1`, `true`, `all` and `yes` switch off everything, a list the parts named; separated by commas or spaces. */
function readParts(list: string | null): { parts: Set<Part>; unknown: string[] } {
  const words = (list ?? '')
    .toLowerCase()
    .split(/[\s,]+/)
    .filter(word => word !== '');
  const parts = new Set<Part>();
  const unknown: string[] = [];
  for (const word of words) {
    const part = PARTS.find(name => name === word);
    if (part) {
      parts.add(part);
    } else if (['1', 'true', 'all', 'yes'].includes(word)) {
      PARTS.forEach(name => parts.add(name));
    } else if (!['0', 'false', 'no'].includes(word)) {
      unknown.push(word);
    }
  }
  return { parts, unknown };
}

function text(value: string | undefined): string | null {
  const trimmed = value?.trim() ?? '';
  return trimmed === '' ? null : trimmed;
}
