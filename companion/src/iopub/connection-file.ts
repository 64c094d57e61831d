import { isIP } from 'node:net';
import { isAbsolute } from 'node:path';
import { isJson, type Json } from '@labkeeper/core';
import { readOwnFile } from '../recorder/own-folder.js';
import type { PublisherAddress } from './zmtp-subscriber.js';

/** A connection file has half a kilobyte. */
const LONGEST_BYTES = 64 * 1024;

/** One of a kernel's channels, as its connection file names them: what it publishes, and where it takes requests. */
export type KernelChannelName = 'iopub' | 'shell';

/** Where a kernel's channel is, and how its messages are signed. */
export interface IKernelAddress {
  readonly at: PublisherAddress;
  /** Empty = messages are not signed. */
  readonly key: string;
}

/** A connection file that cannot be used, and why. */
export class ConnectionFileError extends Error {
  override readonly name = 'ConnectionFileError';

  constructor(
    readonly reason:
      /** Not the file that Jupyter's documentation describes; also one that is being written. */
      | 'malformed'
      /** The kernel's channels are encrypted. */
      | 'encrypted'
      /** A way to connect, or to sign, that is not known here. */
      | 'unsupported',
    message: string
  ) {
    super(message);
  }
}

/**
 * Reads where a kernel's channel is from its connection file
 * (https://jupyter-client.readthedocs.io/en/stable/kernels.html#connection-files).
 *
 * @throws ConnectionFileError when it cannot be used; NotOursError when it is not a plain file of this user; the
 * system's errors, such as ENOENT.
 */
export async function readConnectionFile(
  path: string,
  channel: KernelChannelName = 'iopub'
): Promise<IKernelAddress> {
  const bytes = await readOwnFile(path, LONGEST_BYTES + 1);
  if (bytes.length > LONGEST_BYTES) {
    throw new ConnectionFileError('malformed', `More than ${LONGEST_BYTES} bytes.`);
  }
  return parseConnectionFile(bytes.toString('utf8'), channel);
}

/** Reads the text of a connection file. @throws ConnectionFileError. */
export function parseConnectionFile(text: string, channel: KernelChannelName = 'iopub'): IKernelAddress {
  const file = parse(text);
  const { key = '', signature_scheme: scheme = 'hmac-sha256' } = file;
  // Whoever encrypts says so by a key of its own (jupyter_client 8.10: `curve_publickey`).
  if (Object.keys(file).some(name => name.startsWith('curve_') && file[name])) {
    throw new ConnectionFileError('encrypted', 'It has a CURVE key.');
  }
  if (typeof key !== 'string') {
    throw new ConnectionFileError('malformed', 'Its key is no text.');
  }
  if (key !== '' && scheme !== 'hmac-sha256') {
    throw new ConnectionFileError('unsupported', `The signature scheme ${String(scheme).slice(0, 64)}.`);
  }
  return { at: addressOf(file, `${channel}_port`), key };
}

function addressOf(file: Json, portName: string): PublisherAddress {
  const { transport = 'tcp', ip, [portName]: port } = file;
  if (typeof ip !== 'string' || typeof port !== 'number' || !Number.isInteger(port) || port < 1) {
    throw new ConnectionFileError('malformed', `It has no ip or no ${portName}.`);
  }
  if (transport === 'ipc') {
    if (!isAbsolute(ip)) {
      throw new ConnectionFileError('unsupported', 'A socket whose folder is not known.');
    }
    return { path: `${ip}-${port}` };
  }
  if (transport !== 'tcp') {
    throw new ConnectionFileError('unsupported', `The transport ${String(transport).slice(0, 64)}.`);
  }
  const host = LOCAL.get(ip) ?? ip;
  if (isIP(host) === 0 || port > 65_535) {
    throw new ConnectionFileError('malformed', 'Its address is none.');
  }
  return { host, port };
}

/** Names for this machine that a kernel may listen at. */
const LOCAL: ReadonlyMap<string, string> = new Map([
  ['localhost', '127.0.0.1'],
  ['0.0.0.0', '127.0.0.1'],
  ['*', '127.0.0.1'],
  ['::', '::1']
]);

function parse(text: string): Json {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new ConnectionFileError('malformed', 'Not JSON.');
  }
  if (!isJson(value)) {
    throw new ConnectionFileError('malformed', 'Not an object.');
  }
  return value;
}
