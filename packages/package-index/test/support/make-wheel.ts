import { createHash } from 'node:crypto';
import { crc32, deflateRawSync } from 'node:zlib';

export interface IZipEntry {
  readonly name: string;
  readonly data: Buffer;
  /** What the zip says of its size; true unless given. */
  readonly declaredBytes?: number;
  readonly deflated?: boolean;
}

/** A zip file of these entries; what it says of them may be a lie. */
export function makeZip(entries: readonly IZipEntry[]): Buffer {
  const locals: Buffer[] = [];
  const central: Buffer[] = [];
  let offset = 0;
  for (const { name, data, declaredBytes, deflated } of entries) {
    const stored = deflated ? deflateRawSync(data) : data;
    const title = Buffer.from(name);
    const about = Buffer.alloc(26);
    about.writeUInt16LE(20, 0);
    about.writeUInt16LE(0x0800, 2);
    about.writeUInt16LE(deflated ? 8 : 0, 4);
    about.writeUInt16LE(0x21, 8);
    about.writeUInt32LE(crc32(data), 10);
    about.writeUInt32LE(stored.length, 14);
    about.writeUInt32LE(declaredBytes ?? data.length, 18);
    about.writeUInt16LE(title.length, 22);
    const local = Buffer.concat([Buffer.from('PK\x03\x04', 'latin1'), about, title, stored]);
    const rest = Buffer.alloc(14);
    rest.writeUInt32LE(0o644 << 16, 6);
    rest.writeUInt32LE(offset, 10);
    central.push(Buffer.concat([Buffer.from('PK\x01\x02\x14\x00', 'latin1'), about, rest, title]));
    locals.push(local);
    offset += local.length;
  }
  const list = Buffer.concat(central);
  const end = Buffer.alloc(22);
  end.write('PK\x05\x06', 'latin1');
  end.writeUInt16LE(entries.length, 8);
  end.writeUInt16LE(entries.length, 10);
  end.writeUInt32LE(list.length, 12);
  end.writeUInt32LE(offset, 16);
  return Buffer.concat([...locals, list, end]);
}

export interface IMadeFile {
  readonly filename: string;
  readonly bytes: Buffer;
  readonly sha256: string;
}

/** A wheel that can be installed. */
export function makeWheel(
  name: string,
  version: string,
  {
    requires = [],
    filler = Buffer.alloc(0)
  }: { readonly requires?: readonly string[]; readonly filler?: Buffer } = {}
): IMadeFile {
  const folder = `${name.replaceAll('-', '_')}-${version}.dist-info`;
  const files: readonly (readonly [string, string | Buffer])[] = [
    [`${name.replaceAll('-', '_')}/__init__.py`, `VERSION = '${version}'\n`],
    [`${name.replaceAll('-', '_')}/filler.bin`, filler],
    [`${folder}/METADATA`, metadataOf(name, version, requires)],
    [`${folder}/WHEEL`, 'Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n']
  ];
  const entries = files.map(([path, data]) => ({
    name: path,
    data: Buffer.from(data),
    deflated: path.endsWith('A')
  }));
  const record = entries
    .map(
      ({ name: path, data }) =>
        `${path},sha256=${createHash('sha256').update(data).digest('base64url')},${data.length}\n`
    )
    .join('');
  const list = { name: `${folder}/RECORD`, data: Buffer.from(`${record}${folder}/RECORD,,\n`) };
  return made(`${name.replaceAll('-', '_')}-${version}-py3-none-any.whl`, makeZip([...entries, list]));
}

export function metadataOf(name: string, version: string, requires: readonly string[] = []): string {
  const lines = requires.map(requirement => `Requires-Dist: ${requirement}\n`).join('');
  return `Metadata-Version: 2.1\nName: ${name}\nVersion: ${version}\n${lines}\nA package of the tests.\n`;
}

export function made(filename: string, bytes: Buffer): IMadeFile {
  return { filename, bytes, sha256: createHash('sha256').update(bytes).digest('hex') };
}
