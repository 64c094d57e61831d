import fc from 'fast-check';
import { parseLifecycleState, parseRebalance, parseScheduledMaintenance, parseSpotAction } from './aws.js';
import { parseScheduledEvents } from './azure.js';
import { cloudVendor } from './cloud-vendor.js';
import { parseMaintenanceEvent, parsePreempted } from './gcp.js';
import { NOTHING, type Heard } from './statement.js';

const NOW = Date.UTC(2026, 10, 24, 14);
const PORTAL = '<html><head><title>Log in to Hotel WiFi</title></head></html>';
const ok = (text: string) => ({ status: 200, text });
const only = (heard: Heard) => (heard.says === 'notices' ? heard.notices : []);

describe('AWS', () => {
  it('takes 404 for no notice', () => {
    const xhtml = { status: 404, text: '<?xml version="1.0" encoding="iso-8859-1"?>…404 - Not Found' };
    expect(parseSpotAction(xhtml)).toEqual(NOTHING);
    expect(parseScheduledMaintenance(xhtml, NOW)).toEqual(NOTHING);
    expect(parseLifecycleState(xhtml)).toEqual(NOTHING);
    expect(parseRebalance(xhtml)).toBe(false);
  });

  it('reads the emulator with its tabs', () => {
    const text = '{\n\t"action": "terminate",\n\t"time": "2026-11-24T14:02:00Z"\n}';
    expect(only(parseSpotAction(ok(text)))).toEqual([
      { key: 'terminate', kind: 'reclaim', deadlineMs: NOW + 120_000, source: 'AWS' }
    ]);
  });

  it('gives a hibernation no time: it begins at once', () => {
    const text = '{"action":"hibernate","time":"2026-11-24T14:02:00Z"}';
    expect(only(parseSpotAction(ok(text)))[0]?.deadlineMs).toBeNull();
  });

  it.each([
    ['a captive portal', ok(PORTAL)],
    ['another action', ok('{"action":"dance","time":"2026-11-24T14:02:00Z"}')],
    ['no time', ok('{"action":"terminate"}')],
    ['a time without a zone', ok('{"action":"terminate","time":"2026-11-24T14:02:00"}')],
    ['a list', ok('[]')],
    ['an error', { status: 500, text: '' }],
    ['too much', ok(`{"action":"terminate","time":"2026-11-24T14:02:00Z","x":"${'y'.repeat(70_000)}"}`)]
  ])('takes %s for nonsense', (_what, answer) => {
    expect(parseSpotAction(answer).says).toBe('nonsense');
  });

  it('makes no notice of a recommendation, and knows one', () => {
    expect(parseRebalance(ok('{"noticeTime":"2020-10-16T19:18:24Z"}'))).toBe(true);
    expect(parseRebalance(ok(PORTAL))).toBeNull();
  });

  const event = {
    NotBefore: '24 Nov 2026 15:00:00 GMT',
    Code: 'system-reboot',
    Description: 'scheduled reboot',
    EventId: 'instance-event-0d59937288b749b32',
    NotAfter: '24 Nov 2026 17:00:00 GMT',
    State: 'active'
  };
  const maintenance = (change: object, nowMs = NOW) =>
    parseScheduledMaintenance(ok(JSON.stringify([{ ...event, ...change }])), nowMs);

  it('gives the beginning of a maintenance window, then any moment, then nothing', () => {
    expect(only(maintenance({}))).toEqual([
      {
        key: event.EventId,
        kind: 'maintenance',
        deadlineMs: NOW + 3600_000,
        source: 'AWS',
        revision: event.NotBefore
      }
    ]);
    expect(only(maintenance({}, NOW + 2 * 3600_000))[0]?.deadlineMs).toBeNull();
    expect(maintenance({}, NOW + 3 * 3600_000)).toEqual(NOTHING);
  });

  it.each([
    [{ State: 'completed' }, 'nothing'],
    [{ State: 'canceled' }, 'nothing'],
    [{ NotBefore: 'soon' }, 'nonsense'],
    [{ Code: 'system-party' }, 'nonsense'],
    [{ EventId: 7 }, 'nonsense']
  ])('takes an event with %j for %s', (change, says) => expect(maintenance(change).says).toBe(says));

  it.each([
    ['InService', 'nothing'],
    ['Terminated\n', 'notices'],
    ['Warmed:Stopped', 'notices'],
    ['Warmed:Running', 'nothing'],
    [PORTAL, 'nonsense']
  ])('takes the target state %j for %s', (text, says) =>
    expect(parseLifecycleState(ok(text)).says).toBe(says)
  );
});

describe('Google Cloud', () => {
  it('counts 30 s from the moment at which the machine was first seen preempted', () => {
    expect(parsePreempted(ok('FALSE'), NOW)).toEqual(NOTHING);
    expect(only(parsePreempted(ok('TRUE\n'), NOW))[0]).toMatchObject({
      kind: 'reclaim',
      deadlineMs: NOW + 30_000
    });
  });

  it.each([
    ['NONE', 'nothing', undefined],
    ['MIGRATE_ON_HOST_MAINTENANCE', 'notices', NOW + 60_000],
    ['TERMINATE_ON_HOST_MAINTENANCE', 'notices', null],
    ['SHUTDOWN_ON_HOST_MAINTENANCE', 'notices', null],
    ['true', 'nonsense', undefined]
  ])('takes %s for %s', (text, says, deadlineMs) => {
    const heard = parseMaintenanceEvent(ok(text), NOW);
    expect(heard.says).toBe(says);
    expect(only(heard)[0]?.deadlineMs).toBe(deadlineMs);
  });

  it.each([ok(PORTAL), ok('true'), { status: 404, text: '' }])('takes %j for nonsense', answer => {
    expect(parsePreempted(answer, NOW).says).toBe('nonsense');
  });
});

describe('Azure', () => {
  const event = {
    EventId: '602d9444-d2cd-49c7-8624-8643e7171297',
    EventType: 'Preempt',
    ResourceType: 'VirtualMachine',
    Resources: ['spot_0', 'spot_7'],
    EventStatus: 'Scheduled',
    NotBefore: 'Tue, 24 Nov 2026 14:00:30 GMT',
    Description: '',
    EventSource: 'Platform',
    DurationInSeconds: -1
  };
  const parse = (change: object, machine = 'spot_7') =>
    parseScheduledEvents(
      ok(JSON.stringify({ DocumentIncarnation: 2, Events: [{ ...event, ...change }] })),
      machine
    );

  it('tells of the events of this machine alone, whatever the case of its name', () => {
    expect(only(parse({}, 'SPOT_7'))).toEqual([
      {
        key: event.EventId,
        kind: 'reclaim',
        deadlineMs: NOW + 30_000,
        source: 'Azure',
        revision: event.NotBefore
      }
    ]);
    expect(parse({}, 'spot_70')).toEqual(NOTHING);
    expect(parse({ Resources: ['spot'] }, 'spot_7')).toEqual(NOTHING);
  });

  it('knows no time once it has started', () => {
    expect(only(parse({ EventStatus: 'Started', NotBefore: '' }))[0]?.deadlineMs).toBeNull();
  });

  it.each([
    ['Freeze', 'maintenance'],
    ['Reboot', 'maintenance'],
    ['Redeploy', 'maintenance'],
    ['Preempt', 'reclaim'],
    ['Terminate', 'reclaim']
  ])('takes a %s for %s', (EventType, kind) => expect(only(parse({ EventType }))[0]?.kind).toBe(kind));

  it.each([
    [{ DurationInSeconds: 0 }, 'nothing'],
    [{ EventType: 'constructor' }, 'nonsense'],
    [{ EventStatus: 'Completed' }, 'nonsense'],
    [{ NotBefore: 'tomorrow' }, 'nonsense'],
    [{ NotBefore: '' }, 'nonsense'],
    [{ Resources: 'spot_7' }, 'nonsense'],
    [{ EventId: null }, 'nonsense']
  ])('takes %j for %s', (change, says) => expect(parse(change).says).toBe(says));

  it.each([ok(PORTAL), ok('{}'), ok('{"Events":{}}'), { status: 400, text: 'Bad Request' }])(
    'takes %j for nonsense',
    answer => expect(parseScheduledEvents(answer, 'vm').says).toBe('nonsense')
  );

  it('is at rest with no events', () => {
    expect(parseScheduledEvents(ok('{"DocumentIncarnation":1,"Events":[]}'), 'vm')).toEqual(NOTHING);
  });
});

describe('every parser', () => {
  it('has an answer to any text', () => {
    const text = fc.oneof(
      fc.string(),
      fc.json(),
      fc.json().map(json => `{"Events":[${json}],"action":${json}}`),
      fc.json().map(json => `[${json}]`)
    );
    fc.assert(
      fc.property(text, fc.constantFrom(200, 404, 401, 302, 500), (body, status) => {
        const answer = { status, text: body };
        for (const heard of [
          parseSpotAction(answer),
          parseScheduledMaintenance(answer, NOW),
          parseLifecycleState(answer),
          parsePreempted(answer, NOW),
          parseMaintenanceEvent(answer, NOW),
          parseScheduledEvents(answer, 'vm')
        ]) {
          expect(['nothing', 'notices', 'nonsense']).toContain(heard.says);
          if (heard.says === 'nonsense') {
            // One line of a log, however strange the text.
            expect(heard.reason).toMatch(/^[^\n\r\t]{1,200}$/u);
          }
        }
      })
    );
  });
});

describe('cloudVendor', () => {
  const none = { sysVendor: null, productName: null, chassisAssetTag: null, hypervisorUuid: null };

  it.each([
    [{ sysVendor: 'Amazon EC2', productName: 'm5.large' }, 'aws'],
    [{ sysVendor: 'Xen', hypervisorUuid: 'ec2e1916-9099-7caf-fd21-012345abcdef' }, 'aws'],
    [{ sysVendor: 'Google', productName: 'Google Compute Engine' }, 'gcp'],
    [{ sysVendor: 'Google', productName: 'Eve' }, null],
    [{ sysVendor: 'Microsoft Corporation', chassisAssetTag: '7783-7084-3265-9085-8269-3286-77' }, 'azure'],
    [{ sysVendor: 'Microsoft Corporation', chassisAssetTag: 'None' }, null],
    [{ sysVendor: 'LENOVO', productName: '20XW' }, null],
    [{}, null]
  ])('finds in %j: %s', (found, vendor) => expect(cloudVendor({ ...none, ...found })).toBe(vendor));
});
