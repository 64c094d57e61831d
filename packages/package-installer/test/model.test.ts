import { auditRecords, auditState, auditWanted, encode } from '@labkeeper/protocol';
import { InstallLogModel } from '../src/model.js';
import { listed, listOf, WELL } from './examples.js';
import { FakeCompanion } from './fake-companion.js';

const WANTED = encode(auditWanted, { wanted: true });
const NOT_WANTED = encode(auditWanted, { wanted: false });

describe('the model of the install log', () => {
  let companion: FakeCompanion;
  let model: InstallLogModel;
  let changes: number;
  beforeEach(() => {
    companion = new FakeCompanion();
    model = new InstallLogModel(companion);
    changes = 0;
    model.changed.connect(() => (changes += 1));
  });

  it('asks for records only while somebody looks, and again after a new connection', () => {
    companion.become('away');
    companion.become('connected');
    expect(companion.sent).toEqual([]);
    model.shown = true;
    model.shown = true;
    expect(companion.sent).toEqual([WANTED]);
    companion.become('away');
    companion.become('connected');
    expect(companion.sent).toEqual([WANTED, WANTED]);
    model.shown = false;
    companion.become('connected');
    expect(companion.sent).toEqual([WANTED, WANTED, NOT_WANTED]);
  });

  it('knows what the companion said last, and keeps it while the companion is away', () => {
    expect([model.state, model.list, model.isKept]).toEqual([null, null, false]);
    companion.say(auditState, WELL);
    companion.say(auditRecords, listOf([listed()]));
    companion.become('away', 'The companion does not answer.');
    expect(changes).toBe(3);
    expect(model.state).toEqual(WELL);
    expect(model.records).toEqual([listed()]);
    expect(model.isKept).toBe(true);
    companion.say(auditState, { ...WELL, mode: 'off' });
    expect(model.isKept).toBe(false);
  });

  it('leaves out when recording began and ended, unless that is asked for; gaps never', () => {
    const records = ['closed', 'install', 'gap', 'opened'].map((action, index) => listed({ action, index }));
    companion.say(auditRecords, listOf(records));
    expect(model.records.map(({ action }) => action)).toEqual(['install', 'gap']);
    model.showRecording = true;
    expect(model.records).toHaveLength(4);
    expect(changes).toBe(2);
  });

  it('says that nobody looks any more at its end, and hears nothing after it', () => {
    model.shown = true;
    model.dispose();
    expect(companion.sent.at(-1)).toBe(NOT_WANTED);
    companion.say(auditState, WELL);
    expect(model.state).toBeNull();
  });
});
