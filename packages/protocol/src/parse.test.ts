import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import * as v from 'valibot';
import {
  anyHello,
  companionHello,
  deathSeen,
  MESSAGES,
  MessageError,
  pageHello,
  parseFlightRecord,
  parseParams,
  Receiver,
  sampleTaken,
  visibilityChanged,
  type Death,
  type IDeclaration
} from './index.js';

function fixture(name: string): { method: string; params: Record<string, unknown> } {
  return JSON.parse(readFileSync(join(__dirname, `../fixtures/v1/${name}.json`), 'utf8'));
}

/** Knows every message of all sides, so that any frame finds a handler. */
function knowsAll(handler: (params: unknown) => void): Receiver {
  const receiver = new Receiver();
  for (const declaration of Object.values(MESSAGES).flat()) {
    receiver.on(declaration as IDeclaration, handler);
  }
  return receiver;
}

function readDeath(change: (death: Record<string, unknown>) => void): Death {
  const sent = fixture('kernel-death.companion');
  change(sent.params);
  const read: Death[] = [];
  new Receiver().on(deathSeen, death => read.push(death)).receive(JSON.stringify(sent));
  return read[0] ?? fail('the death was not read');
}

function fail(message: string): never {
  throw new Error(message);
}

describe('Receiver', () => {
  it.each([
    ['empty text', ''],
    ['half a frame', '{"method":"hello"'],
    ['a number', '7'],
    ['null', 'null'],
    ['a list', '[]'],
    ['no method', '{"params":{}}'],
    ['an empty method', '{"method":"","params":{}}'],
    ['a method without end', JSON.stringify({ method: 'x'.repeat(65), params: {} })],
    ['parameters of another shape', '{"method":"page/visibility","params":{"visible":"yes"}}'],
    ['no parameters', '{"method":"page/visibility"}']
  ])('refuses %s, and calls nobody', (_what, text) => {
    const seen: unknown[] = [];
    expect(() => knowsAll(params => seen.push(params)).receive(text)).toThrow(MessageError);
    expect(seen).toEqual([]);
  });

  it('says false for a message it does not know, whatever its parameters', () => {
    const receiver = new Receiver().on(visibilityChanged, () => fail('not this one'));
    expect(receiver.receive('{"method":"kernel/teleported","params":{"deep":[1,{"er":null}]}}')).toBe(false);
  });

  it('does not take names of the object prototype for messages', () => {
    for (const method of ['__proto__', 'constructor', 'toString']) {
      expect(new Receiver().receive(JSON.stringify({ method, params: {} }))).toBe(false);
    }
  });

  it('drops keys that only a newer peer knows', () => {
    const sent = fixture('hello.companion');
    const params = parseParams(companionHello, { ...sent.params, shoeSize: 43 });
    expect(params).toEqual(sent.params);
  });

  it('lets the error of a handler through, because it is ours', () => {
    const receiver = new Receiver().on(visibilityChanged, () => {
      throw new TypeError('bug');
    });
    expect(() => receiver.receive('{"method":"page/visibility","params":{"visible":true}}')).toThrow(
      TypeError
    );
  });

  it('names at most three faults, and never the values', () => {
    const secret = 'hunter2'.repeat(100);
    try {
      parseParams(pageHello, { protocol: secret, build: 1, client: secret, visible: 2 });
      fail('taken');
    } catch (error) {
      expect(error).toBeInstanceOf(MessageError);
      expect(String(error).split(';')).toHaveLength(3);
    }
  });

  it('answers 10 000 random frames with true, false or a MessageError', () => {
    const receiver = knowsAll(() => undefined);
    const methods = Object.values(MESSAGES).flatMap(list => list.map(({ method }) => method));
    const counts = { taken: 0, unknown: 0, refused: 0 };
    const frames = fc.oneof(
      fc.string({ unit: 'binary', maxLength: 200 }),
      fc.json({ maxDepth: 4 }),
      fc
        .record({
          method: fc.oneof(fc.constantFrom(...methods), fc.string()),
          params: fc.jsonValue({ maxDepth: 3 })
        })
        .map(value => JSON.stringify(value)),
      // Real messages with one value replaced: near misses.
      fc
        .tuple(
          fc.constantFrom('usage-sample.companion', 'kernel-death.companion', 'server-kernel-died.server'),
          fc.nat(),
          fc.jsonValue({ maxDepth: 1 })
        )
        .map(([name, at, value]) => {
          const sent = fixture(name);
          const keys = Object.keys(sent.params);
          return JSON.stringify({
            ...sent,
            params: { ...sent.params, [keys[at % keys.length] ?? '']: value }
          });
        })
    );
    fc.assert(
      fc.property(frames, text => {
        try {
          counts[receiver.receive(text) ? 'taken' : 'unknown'] += 1;
        } catch (error) {
          if (!(error instanceof MessageError)) {
            throw error;
          }
          counts.refused += 1;
        }
      }),
      { numRuns: 10_000 }
    );
    // All three ways were walked.
    expect(Math.min(counts.taken, counts.unknown, counts.refused)).toBeGreaterThan(0);
  });
});

describe('a newer peer', () => {
  it('does not make a death unreadable by proofs and advice that this side does not know', () => {
    const known = readDeath(() => undefined).verdict;
    const read = readDeath(death => {
      const verdict = death.verdict as { proofs: unknown[]; advice: unknown[] };
      verdict.proofs.unshift({ kind: 'crystal-ball', colour: 'blue' }, null, 7);
      verdict.advice.push({ kind: 'reboot-universe' });
    });
    expect(read.verdict).toEqual(known);
    expect(known.proofs.length).toBeGreaterThan(3);
  });

  it('loses one proof whose fields changed, not the others', () => {
    const read = readDeath(death => {
      const verdict = death.verdict as { proofs: { kind: string; limitBytes?: unknown }[] };
      verdict.proofs.forEach(proof => proof.kind === 'limit' && (proof.limitBytes = 'much'));
    });
    const kinds = read.verdict.proofs.map(proof => proof.kind);
    expect(kinds).not.toContain('limit');
    expect(kinds).toContain('signal');
  });

  it('has causes that read as unknown here', () => {
    const read = readDeath(death => ((death.verdict as { cause: string }).cause = 'gremlins'));
    expect(read.verdict.cause).toBe('unknown');
  });

  it('still has lists where lists belong', () => {
    expect(() => readDeath(death => ((death.verdict as { proofs: unknown }).proofs = 'none'))).toThrow(
      MessageError
    );
  });

  it('can be told apart by a hello of any later version', () => {
    expect(parseParams(anyHello, { protocol: 9, everything: 'else' }).protocol).toBe(9);
  });
});

describe('numbers of a sample', () => {
  it.each([
    ['negative memory', { usageBytes: -1 }],
    ['half bytes', { usageBytes: 0.5 }],
    ['more than a number holds', { usageBytes: null }]
  ])('are refused: %s', (_what, change) => {
    const { params } = fixture('usage-sample.companion');
    const memory = { ...(params.memory as object), ...change };
    expect(v.safeParse(sampleTaken.params, { ...params, memory }).success).toBe(false);
  });
});

describe('parseFlightRecord', () => {
  it('reads what it would write, and an older record without the newer field', () => {
    const text = JSON.stringify({ kind: 'heartbeat', atMs: 5, unreclaimableBytes: 7 });
    expect(parseFlightRecord(text)).toEqual({ kind: 'heartbeat', atMs: 5, unreclaimableBytes: 7 });
    const summary = {
      kind: 'summary',
      atMs: 5,
      memory: null,
      limitBytes: null,
      limitSource: 'machine',
      oomGroup: false,
      peakBytes: null,
      machineAvailableBytes: null,
      machineTotalBytes: null,
      kernels: []
    };
    expect(parseFlightRecord(JSON.stringify(summary))).toEqual({
      ...summary,
      kernelsUnreclaimableBytes: null
    });
  });

  it('gives null for anything else, and never throws', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string({ unit: 'binary' }), fc.json()), text => {
        expect(parseFlightRecord(text)).toBeNull();
      })
    );
  });
});
