import type { Grade } from '@labkeeper/core';
import type {
  ActAction,
  AuditAction,
  AuditDecision,
  AuditEnvironment,
  AuditGap,
  AuditPackage,
  EvidenceSource,
  HubTrust,
  Surface
} from '@labkeeper/protocol';

type Words<Key extends string> = Readonly<Record<Key, string>>;

export type Effect = AuditDecision['effect'];

export const ACTIONS: Words<AuditAction | ActAction | 'unreadable'> = {
  install: 'Installed',
  upgrade: 'Upgraded',
  remove: 'Removed',
  'found-on-disk': 'Found on disk',
  altered: 'Files altered',
  request: 'Asked for',
  message: 'Message about a request',
  allow: 'Allowed',
  deny: 'Denied',
  warn: 'Warned',
  'dry-run': 'Tried without installing',
  opened: 'Recording began',
  closed: 'Recording ended',
  gap: 'Gap in the record',
  heartbeat: 'Sign of life',
  hold: 'Legal hold set',
  lift: 'Legal hold lifted',
  erase: 'Person erased',
  offboard: 'Access ended',
  retire: 'Deleted, its time was over',
  trust: 'Trusted hubs changed',
  unreadable: 'Could not be read'
};

/** What happened, in a sentence: of records of containers, and of what came from requests. Acts have `didWords`. */
export const DID: Words<AuditAction> = {
  install: 'A package was installed.',
  upgrade: 'A package was replaced by another version of it.',
  remove: 'A package was removed.',
  'found-on-disk': 'A package lies on the disk; nobody said how it came there.',
  altered: 'Files of an installed package are not those that were installed.',
  request: 'Somebody asked for something, or a request went on.',
  message: 'Somebody wrote in the thread of a request.',
  allow: 'What was asked for was allowed.',
  deny: 'What was asked for was refused.',
  warn: 'What was asked for was allowed, with a warning.',
  'dry-run': 'Somebody tried what an install would do; nothing was changed.',
  opened: 'Labkeeper started on this server, and with it this stream of records.',
  closed:
    'Labkeeper ended on this server in order, and with it this stream of records: none is missing after it.',
  gap: 'Something is missing from this stream of records.',
  heartbeat: 'Labkeeper was running on this server; nothing else happened.'
};

/** What an act says of a further hub. */
export const TRUST: Words<HubTrust['state']> = {
  trusted: 'Hub is trusted from now on',
  changed: 'Trusted hub has another entry',
  refused: 'Hub is trusted no longer'
};

export const EFFECTS: Words<Effect> = {
  allow: 'Allowed',
  warn: 'Warned',
  'require-approval': 'Needs approval',
  deny: 'Denied'
};

export const GRADES: Words<Grade> = {
  confirmed: 'Confirmed',
  corroborated: 'Corroborated',
  claimed: 'Claimed',
  hub: "The hub's own",
  stream: 'About the recording',
  unreadable: 'Unreadable'
};

/** What a grade means where the record's own reason is not known. */
export const GRADE_REASONS: Words<Grade> = {
  confirmed: "The hub's own index served it, and it lies on the disk.",
  corroborated: 'Two sources inside the container agree.',
  claimed: 'Only one source inside the container told it.',
  hub: 'The hub service itself did it, or took it in.',
  stream: 'It is about the record keeping itself, not about a package.',
  unreadable: 'What came could not be read as a record; its bytes are kept as they came.'
};

export const SURFACES: Words<Surface> = {
  ui: "Labkeeper's panel in JupyterLab",
  terminal: 'a terminal',
  notebook: 'a notebook',
  'extension-manager': "JupyterLab's extension manager",
  startup: 'the start of the server',
  unknown: 'not known'
};

export const SOURCES: Words<EvidenceSource> = {
  ui: 'The page in JupyterLab told it',
  gateway: "The hub's package index served it",
  report: "The tool's own report names it",
  hook: 'A hook inside the tool told it',
  disk: 'The disk shows it',
  node: 'The machine that the server ran on told it'
};

export const GAPS: Words<AuditGap['cause']> = {
  'spool-lost': 'The records that waited in the container are gone or cannot be read.',
  'spool-full': 'The room for waiting records was full.',
  'watch-overflow': 'More changed at once than the system told.',
  'companion-down': 'Labkeeper was not running in the container, so nobody looked.',
  'clock-step': "The container's clock jumped.",
  'switched-off': "The hub's policy switched recording off, or on again: in between nobody looked.",
  'stream-silent':
    'Nothing more came from the container, and it did not say that it ended: what it recorded after its last record here may be lost.'
};

export const ORIGINS: Words<AuditPackage['origin']> = {
  index: 'by name from a package index',
  direct: 'directly, from a URL, a version control system or a path',
  editable: 'as an editable install of a folder',
  unknown: 'not known'
};

/** What kind of environment a package lies in; of `unknown` nothing is said. */
export const ENVIRONMENTS: Words<Exclude<AuditEnvironment['kind'], 'unknown'>> = {
  venv: 'a virtual environment',
  conda: 'a conda environment',
  user: "the user's own packages, in her home",
  system: "the image's own packages"
};

/** Where packages of a kind come from by habit; of `unknown` nothing is said. */
export const ECOSYSTEMS: Words<Exclude<AuditPackage['ecosystem'], 'unknown'>> = {
  pypi: 'Python (PyPI)',
  conda: 'conda',
  cran: 'R (CRAN)',
  npm: 'JavaScript (npm)'
};

/** The word for a value that should be one of those that have one; else the value itself. */
export function wordFor(words: Readonly<Record<string, string>>, value: string): string {
  return Object.hasOwn(words, value) ? (words[value] ?? value) : value;
}

/** `''` is what JupyterHub calls the default server. */
export function serverWord(server: string): string {
  return server === '' ? DEFAULT_SERVER : server;
}

/** How the default server is asked for, where an empty field means "any". */
export const DEFAULT_SERVER = '(default)';

/** 1000 → `1,000`. */
export function thousands(count: number): string {
  return count.toLocaleString('en-GB');
}

/** `2026-11-27`, by UTC. */
export function dayWord(atMs: number): string {
  return new Date(atMs).toISOString().slice(0, 10);
}

/** `1 record`, `2 records`. */
export function counted(count: number, one: string, many = `${one}s`): string {
  return `${thousands(count)} ${count === 1 ? one : many}`;
}
