import { lookup } from 'node:dns/promises';
import { BlockList, isIP } from 'node:net';
import { reasonOf } from '../failure.js';
import { SendError } from './failures.js';

/** An address that may be connected to. */
export interface ICheckedAddress {
  readonly address: string;
  readonly family: 4 | 6;
}

/** All addresses of a name, as the system finds them. */
export type Resolve = (host: string) => Promise<readonly { readonly address: string }[]>;

/** Nobody has a receiver there: metadata of clouds, this network, multicast, link-local. */
const NEVER = blockList(
  ['0.0.0.0', 8],
  ['169.254.0.0', 16],
  ['224.0.0.0', 4],
  ['240.0.0.0', 4],
  ['192.0.0.0', 24],
  // Azure's and Alibaba's metadata.
  ['168.63.129.16', 32],
  ['100.100.100.200', 32],
  ['::', 128],
  ['fe80::', 10],
  ['ff00::', 8],
  // AWS's metadata.
  ['fd00:ec2::', 32]
);
/** Only where the policy names the host. */
const INTERNAL = blockList(
  ['10.0.0.0', 8],
  ['100.64.0.0', 10],
  ['127.0.0.0', 8],
  ['172.16.0.0', 12],
  ['192.168.0.0', 16],
  ['198.18.0.0', 15],
  ['::1', 128],
  ['fc00::', 7],
  ['fec0::', 10]
);
/** Addresses that hold one of IPv4: what they lead to would not be seen. */
const TRANSLATED = blockList(
  ['::', 96],
  ['64:ff9b::', 96],
  ['64:ff9b:1::', 48],
  ['2002::', 16],
  ['2001::', 32]
);

/**
 * Finds a target's address, and says whether it may be connected to. Whoever connects uses this address and does not look
 * the name up again, so that a name cannot lead elsewhere between the two.
 *
 * @param host - name or address, as it stands in a URL. @param allowed - host that may be internal; null = none.
 * @throws SendError
 */
export async function checkedAddress(
  host: string,
  allowed: string | null,
  resolve: Resolve = name => lookup(name, { all: true })
): Promise<ICheckedAddress> {
  const bare = host.replace(/^\[|\]$/g, '');
  const addresses = isIP(bare) === 0 ? await found(bare, resolve) : [bare];
  const isAllowed = allowed !== null && allowed.toLowerCase() === bare.toLowerCase();
  for (const address of addresses) {
    const verdict = judge(address);
    if (verdict === 'never') {
      throw new SendError(`${bare} leads to ${address}, where nothing may be sent.`);
    }
    if (verdict === 'internal' && !isAllowed) {
      throw new SendError(
        `${bare} leads to the internal address ${address}; if that is right, say allow_internal = "${bare}".`
      );
    }
  }
  const [address] = addresses;
  if (address === undefined) {
    throw new SendError(`${bare} has no address.`);
  }
  return { address, family: isIP(address) === 6 ? 6 : 4 };
}

/** What may be sent to an address. */
export function judge(address: string): 'public' | 'internal' | 'never' {
  const mapped = /^::(?:ffff:)?(\d+\.\d+\.\d+\.\d+)$/i.exec(address)?.[1] ?? mappedHex(address);
  const plain = mapped ?? address;
  const family = isIP(plain);
  if (family === 0 || plain.includes('%')) {
    return 'never';
  }
  const kind = family === 6 ? 'ipv6' : 'ipv4';
  if (plain === '::1') {
    return 'internal';
  }
  if (NEVER.check(plain, kind) || TRANSLATED.check(plain, kind)) {
    return 'never';
  }
  return INTERNAL.check(plain, kind) ? 'internal' : 'public';
}

/** `::ffff:a9fe:a9fe`, as URLs write an IPv4 address that is mapped; null = it is none. */
function mappedHex(address: string): string | null {
  const [, high, low] = /^::ffff:([\da-f]{1,4}):([\da-f]{1,4})$/i.exec(address) ?? [];
  if (high === undefined || low === undefined) {
    return null;
  }
  return [high, low]
    .flatMap(part => {
      const value = parseInt(part, 16);
      return [value >> 8, value & 255];
    })
    .join('.');
}

async function found(host: string, resolve: Resolve): Promise<readonly string[]> {
  try {
    return (await resolve(host)).map(({ address }) => address);
  } catch (cause) {
    throw new SendError(`The name ${host} has no address now: ${reasonOf(cause)}`, null, false, { cause });
  }
}

function blockList(...ranges: readonly (readonly [string, number])[]): BlockList {
  const list = new BlockList();
  for (const [address, bits] of ranges) {
    list.addSubnet(address, bits, isIP(address) === 6 ? 'ipv6' : 'ipv4');
  }
  return list;
}
