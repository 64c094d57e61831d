/** From 0 up to 1. */
export type Random = () => number;

const NEWLINE = Buffer.from('\n');
/** What parsers, databases and pages stumble over. */
const PIECES = [
  ...[
    '\n',
    '\n\n',
    '\r\n',
    '"',
    '\\',
    '{',
    '[',
    ']',
    '}',
    ',',
    ':',
    ' ',
    '\t',
    '0',
    '-0',
    '1e999',
    '9007199254740993'
  ],
  ...['null', 'true', '\\u0000', '\\ud800', '\\udc00', '\u0000', '\u202e', '\ufeff', '\u2028', '__proto__'],
  ...[
    '"constructor":{}',
    '<script>alert(1)</script>',
    "';drop table record;--",
    '=cmd|x',
    '../../etc/passwd'
  ],
  '['.repeat(2000),
  '{"a":'.repeat(500),
  'x'.repeat(40_000)
].map(text => Buffer.from(text));
const RAW = [[0xff], [0xc0, 0x80], [0xed, 0xa0, 0x80], [0xf4, 0x90, 0x80, 0x80], [0x80], [0]].map(bytes =>
  Buffer.from(bytes)
);

/** A batch with a few things wrong: bytes, members, lines or their order. */
export function mutate(body: Buffer, random: Random): Buffer {
  let changed = body;
  for (let times = 1 + Math.floor(3 * random()); times > 0; times -= 1) {
    changed = pick(WAYS, random)(changed, random);
  }
  return changed;
}

type Way = (body: Buffer, random: Random) => Buffer;

const WAYS: readonly Way[] = [
  // Something comes in between, or takes the place of something.
  (body, random) => splice(body, random, 0, pick([...PIECES, ...RAW], random)),
  (body, random) => splice(body, random, Math.floor(8 * random()), pick([...PIECES, ...RAW], random)),
  // One bit, one byte, a cut.
  (body, random) => {
    const copy = Buffer.from(body);
    const at = Math.floor(copy.length * random());
    copy[at] = (copy[at] ?? 0) ^ (1 << Math.floor(8 * random()));
    return copy;
  },
  (body, random) => splice(body, random, Math.floor(100 * random()), Buffer.alloc(0)),
  (body, random) => body.subarray(0, Math.floor(body.length * random())),
  // A whole line is another one, comes twice, is away, or has changed places.
  inLines(
    (lines, at, random) => (lines[at] = pick([...PIECES, ...RAW], random).filter(byte => byte !== 0x0a))
  ),
  inLines((lines, at) => lines.splice(at, 0, lines[at] ?? Buffer.alloc(0))),
  inLines((lines, at) => lines.splice(at, 1)),
  inLines((lines, at) => lines.push(...lines.splice(at, 1))),
  // A member of the object in a line has another value.
  inLines((lines, at, random) => {
    const text = String(lines[at] ?? '');
    const members = [...text.matchAll(/"(\w+)":("[^"]*"|\d+|null|true|false)/g)];
    const member = members[Math.floor(members.length * random())];
    if (member) {
      const value = pick(
        [...PIECES, Buffer.from('-1'), Buffer.from('1.5'), Buffer.from('"\\ud800"')],
        random
      );
      const start = member.index + (member[1]?.length ?? 0) + 3;
      lines[at] = Buffer.from(
        text.slice(0, start) + String(value) + text.slice(start + (member[2]?.length ?? 0))
      );
    }
  })
];

function splice(body: Buffer, random: Random, away: number, piece: Uint8Array): Buffer {
  const at = Math.floor(body.length * random());
  return Buffer.concat([body.subarray(0, at), piece, body.subarray(at + away)]);
}

function inLines(change: (lines: Uint8Array[], at: number, random: Random) => unknown): Way {
  return (body, random) => {
    const lines: Uint8Array[] = [];
    for (let from = 0; from < body.length;) {
      const end = body.indexOf(NEWLINE, from);
      lines.push(body.subarray(from, end < 0 ? body.length : end));
      from = end < 0 ? body.length : end + 1;
    }
    change(lines, Math.floor(lines.length * random()), random);
    return Buffer.concat(lines.flatMap(line => [line, NEWLINE]));
  };
}

function pick<T>(all: readonly T[], random: Random): T {
  const one = all[Math.floor(all.length * random())];
  if (one === undefined) {
    throw new RangeError('There is nothing to pick from.');
  }
  return one;
}
