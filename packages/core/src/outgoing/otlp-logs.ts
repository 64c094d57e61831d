import type { Forwarded, IForwardedHole, IForwardedRecord } from '@labkeeper/protocol';
import { HOLE_ACTIONS, holeText } from './hole-words.js';

const INFO = { severityNumber: 9, severityText: 'INFO' } as const;
const WARN = { severityNumber: 13, severityText: 'WARN' } as const;
const ERROR = { severityNumber: 17, severityText: 'ERROR' } as const;

/**
 * Records, and what stands for those that are not there, as the body of OTLP/HTTP's `/v1/logs`, in its JSON form.
 *
 * @param host - name of the hub. @param build - of this service.
 */
export function otlpLogs(items: readonly Forwarded[], host: string, build: string): object {
  return {
    resourceLogs: [
      {
        resource: {
          attributes: attributes([
            ['service.name', 'labkeeper'],
            ['service.version', build],
            ['labkeeper.hub', host]
          ])
        },
        scopeLogs: [
          {
            scope: { name: 'labkeeper.audit' },
            logRecords: items.map(item => ('hole' in item ? logHole(item) : logRecord(item)))
          }
        ]
      }
    ]
  };
}

function logRecord(record: IForwardedRecord): object {
  const isBad = record.effect === 'deny' || ['deny', 'gap', 'altered', 'unreadable'].includes(record.action);
  return {
    timeUnixNano: nanoseconds(record.occurredAtMs ?? record.receivedAtMs),
    observedTimeUnixNano: nanoseconds(record.receivedAtMs),
    ...(isBad ? WARN : INFO),
    eventName: `labkeeper.${record.action}`,
    body: { stringValue: record.entry },
    attributes: attributes([
      ['labkeeper.index', record.index],
      ['labkeeper.hub', record.hub],
      ['labkeeper.action', record.action],
      ['labkeeper.grade', record.grade],
      ['labkeeper.stream', record.stream],
      ['labkeeper.seq', record.seq],
      ['user.name', record.user],
      ['labkeeper.server', record.server],
      ['labkeeper.ecosystem', record.ecosystem],
      ['labkeeper.package.name', record.packageName],
      ['labkeeper.package.version', record.packageVersion],
      ['labkeeper.tool', record.tool],
      ['labkeeper.effect', record.effect]
    ])
  };
}

/** `labkeeper.index` is that of the first. */
function logHole(item: IForwardedHole): object {
  const { hole, firstIndex, count, atMs } = item;
  return {
    timeUnixNano: nanoseconds(atMs),
    observedTimeUnixNano: nanoseconds(atMs),
    ...(hole === 'missing' ? ERROR : INFO),
    eventName: `labkeeper.${HOLE_ACTIONS[hole]}`,
    body: { stringValue: holeText(item) },
    attributes: attributes([
      ['labkeeper.index', firstIndex],
      ['labkeeper.count', count],
      ['labkeeper.action', HOLE_ACTIONS[hole]]
    ])
  };
}

function attributes(values: readonly (readonly [string, string | number | null])[]): readonly object[] {
  return values.flatMap(([key, value]) =>
    value === null
      ? []
      : // 64-bit integers are texts in protobuf's JSON.
        [{ key, value: typeof value === 'number' ? { intValue: String(value) } : { stringValue: value } }]
  );
}

/** As text: they are more than a number holds. A container's clock can say anything. */
function nanoseconds(ms: number): string {
  return ms > 0 && ms < 18_000_000_000_000 ? `${Math.floor(ms)}000000` : '0';
}
