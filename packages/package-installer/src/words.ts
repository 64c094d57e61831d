import type { TranslationBundle } from '@jupyterlab/translation';
import type { Quantities } from '@labkeeper/labkit';
import type { AuditState, ListedRecord } from '@labkeeper/protocol';

/** Beyond this the day of the week no longer tells the day, ms. */
const WEEK_MS = 6 * 24 * 60 * 60_000;

/** What the install log says, in the language of the page. */
export class InstallWords {
  constructor(
    private readonly trans: TranslationBundle,
    private readonly say: Quantities
  ) {}

  /** What happened: "Installed numpy 2.3.1". */
  headline(record: ListedRecord): string {
    const { trans } = this;
    const name = this.packageOf(record);
    switch (record.action) {
      case 'install':
        return trans.__('Installed %1', name);
      case 'upgrade':
        return trans.__('Upgraded to %1', name);
      case 'remove':
        return trans.__('Removed %1', name);
      case 'found-on-disk':
        return trans.__('Found on disk: %1', name);
      case 'altered':
        return trans.__('Files altered: %1', name);
      case 'request':
        return record.package === null ? trans.__('Asked at the hub') : trans.__('Asked for %1', name);
      case 'message':
        return record.package === null
          ? trans.__('Message at the hub')
          : trans.__('Message at the hub about %1', name);
      case 'allow':
        return record.package === null ? trans.__('Allowed at the hub') : trans.__('Allowed: %1', name);
      case 'deny':
        return record.package === null ? trans.__('Declined at the hub') : trans.__('Denied: %1', name);
      case 'warn':
        return trans.__('Warned about %1', name);
      case 'dry-run':
        return trans.__('Tried without installing: %1', name);
      case 'opened':
        return trans.__('Recording began');
      case 'closed':
        return trans.__('Recording ended');
      case 'gap':
        return trans.__('Gap in the record');
      case 'unreadable':
        return trans.__('A record that could not be read');
      default:
        // A newer hub knows more kinds of records than this page.
        return trans.__('Something else (%1)', record.action);
    }
  }

  /** Through what and where: "pip · /home/ada/.venv (Python 3.13)". Empty where nothing is known. */
  facts({ tool, environment }: ListedRecord): readonly string[] {
    return [...(tool === null ? [] : [tool]), ...(environment === null ? [] : [this.place(environment)])];
  }

  /** A record as a line of text: when, and what with its facts. */
  line(record: ListedRecord): { readonly label: string; readonly text: string } {
    const { occurredAtMs, receipt } = record;
    const parts = [this.headline(record), ...this.facts(record)];
    return {
      label: occurredAtMs === null ? '–' : this.say.moment(occurredAtMs),
      text: (receipt === null ? parts : [...parts, this.trans.__('receipt %1', receipt)]).join(' · ')
    };
  }

  /** Why something is missing; null = nothing is, or the reason is one that this page does not know. */
  gap({ gap }: ListedRecord, nowMs: number): string | null {
    const cause = gap && this.gapCause(gap.cause);
    if (!gap || cause === null) {
      return null;
    }
    return gap.sinceMs === null ? cause : this.trans.__('%1 Since %2.', cause, this.when(gap.sinceMs, nowMs));
  }

  /** Whether the hub has a record. @param keepsHub - whether the hub keeps a log at all. */
  standing({ place, receipt }: ListedRecord, keepsHub: boolean): string {
    const { trans } = this;
    if (!keepsHub) {
      return trans.__('Recorded on this server only');
    }
    if (place === 'server') {
      return trans.__('On this server only, not yet at the hub');
    }
    return receipt === null ? trans.__('Recorded at the hub') : trans.__('Recorded, receipt %1', receipt);
  }

  /** How the log stands, in one sentence. */
  summary(state: AuditState, nowMs: number): string {
    const { mode, problem, waiting, receipt, connectedSinceMs, switchedOffSinceMs } = state;
    const { trans } = this;
    if (mode === 'off') {
      return trans.__('Your hub keeps no install log, so nothing is recorded on this server.');
    }
    if (switchedOffSinceMs !== undefined) {
      return trans.__(
        'Your hub has switched the recording of installs off: what is installed now is not recorded. Since %1.',
        this.when(switchedOffSinceMs, nowMs)
      );
    }
    if (problem?.kind === 'disk') {
      return trans.__('What is installed now cannot be recorded: the disk does not take it.');
    }
    if (problem?.kind === 'full') {
      return trans.__(
        'What is installed now cannot be recorded: there is no room for more records that wait for the hub.'
      );
    }
    if (mode === 'server') {
      return trans.__('Your hub keeps no install log. What is installed is recorded on this server only.');
    }
    if (problem !== null) {
      return waiting === 0
        ? trans.__('The hub does not answer now. It has all records of this server.')
        : trans._n(
            'The hub does not answer now. %1 record waits on this server until it does.',
            'The hub does not answer now. %1 records wait on this server until it does.',
            waiting
          );
    }
    if (waiting > 0) {
      return trans._n(
        '%1 record is on its way to the hub.',
        '%1 records are on their way to the hub.',
        waiting
      );
    }
    if (receipt === null || connectedSinceMs === null) {
      return trans.__('The hub has not been asked yet.');
    }
    return trans.__(
      'Everything is recorded at the hub. Last receipt: %1, %2.',
      receipt.short,
      this.when(receipt.atMs, nowMs)
    );
  }

  /** The time of day, with the day where it is not today. */
  when(atMs: number, nowMs: number): string {
    return Math.abs(nowMs - atMs) < WEEK_MS ? this.say.clock(atMs, nowMs) : this.say.moment(atMs);
  }

  private packageOf({ package: known }: ListedRecord): string {
    if (known === null) {
      return this.trans.__('a package');
    }
    return known.version === null ? known.name : `${known.name} ${known.version}`;
  }

  private place({ kind, python, path }: NonNullable<ListedRecord['environment']>): string {
    const place = path ?? this.kindOf(kind);
    return python === null ? place : this.trans.__('%1 (Python %2)', place, python);
  }

  private kindOf(kind: NonNullable<ListedRecord['environment']>['kind']): string {
    const { trans } = this;
    switch (kind) {
      case 'venv':
        return trans.__('a virtual environment');
      case 'conda':
        return trans.__('a conda environment');
      case 'user':
        return trans.__('your own packages');
      case 'system':
        return trans.__('the system’s Python');
      case 'unknown':
        return trans.__('an environment');
    }
  }

  private gapCause(cause: string): string | null {
    const { trans } = this;
    switch (cause) {
      case 'spool-lost':
        return trans.__('Records that waited on this server are gone or cannot be read.');
      case 'spool-full':
        return trans.__('The room for records that wait was full.');
      case 'watch-overflow':
        return trans.__('More changed at once than the system told.');
      case 'companion-down':
        return trans.__('Labkeeper was not running, so nobody looked.');
      case 'clock-step':
        return trans.__('The clock of this server jumped.');
      case 'switched-off':
        return trans.__('Your hub’s policy switched the recording of installs off or on.');
      case 'stream-silent':
        return trans.__('Nothing more came from this server, so what was recorded after that may be lost.');
      default:
        return null;
    }
  }
}
