import type { ReactElement } from 'react';
import { holdersAddress } from '../holders-query.js';
import { logAddress } from '../log-query.js';
import type { IToldStory } from '../story.js';
import { ECOSYSTEMS, ENVIRONMENTS, ORIGINS, serverWord, SOURCES, SURFACES, thousands } from '../words.js';
import { type Fact, Facts, Part } from './facts.js';
import { EffectMark, GradeMark } from './marks.js';
import { RecordText } from './record-text.js';

interface IPartProps {
  readonly told: IToldStory;
}

const text = (value: string | null | undefined): ReactElement | null =>
  value === null || value === undefined ? null : <RecordText text={value} />;

/** A word of a command so that one can see where it ends. */
const quoted = (word: string): string =>
  /^[\w@%+=:,./~^<>![\]-]+$/.test(word) ? word : JSON.stringify(word);

/** Who and where, as JupyterHub knows it and not as the container says. */
export function WhoPart({ told: { story, record, personal, at } }: IPartProps): ReactElement {
  const { user, server, hub } = story.row;
  const environment = record?.environment;
  const facts: Fact[] = [
    ['User', user === null ? 'erased' : <RecordText text={user} />],
    ['Server', server === null ? 'erased' : <RecordText text={serverWord(server)} />],
    ['Image', text(story.image)],
    ['Hub', <RecordText text={hub} />]
  ];
  if (environment) {
    facts.push(
      [
        'Environment',
        text(
          [
            environment.kind !== 'unknown' && ENVIRONMENTS[environment.kind],
            environment.python && `Python ${environment.python}`
          ]
            .filter(Boolean)
            .join(', ') || null
        )
      ],
      ['Environment, its id', <code>{environment.id}</code>]
    );
  }
  for (const [name, value] of [
    ['Path', personal?.prefix],
    ['Notebook', personal?.notebook]
  ] as const) {
    if (value) {
      facts.push([name, text(value)]);
    }
  }
  return (
    <Part id="who" title="Who and where">
      <Facts facts={facts} />
      {user !== null && (
        <p className="more">
          <a href={logAddress({ ...at, user })}>All records of this user</a>
          {server !== null && (
            <>
              {' · '}
              <a href={logAddress({ ...at, user, server: serverWord(server) })}>of this server</a>
            </>
          )}
        </p>
      )}
    </Part>
  );
}

/** Which package, from where, by which tool. */
export function ThroughPart({ told: { record, personal, story, at } }: IPartProps): ReactElement | null {
  if (record === null || (record.package === null && record.tool === null && record.surface === 'unknown')) {
    return null;
  }
  const item = record.package;
  const facts: Fact[] = [];
  if (item) {
    facts.push(
      ['Package', <RecordText text={item.name} />],
      ['Version', text(item.version)],
      ['Kind', item.ecosystem === 'unknown' ? null : ECOSYSTEMS[item.ecosystem]],
      [
        'Asked for by name',
        item.requested === null ? null : item.requested ? 'yes' : 'no, another package needs it'
      ],
      ['Fetched', item.origin === 'unknown' ? null : ORIGINS[item.origin]],
      ['Installer, as the package says', text(item.installer)],
      ['Files', item.files === null ? null : thousands(item.files)],
      ['List of files (SHA-256)', item.recordDigest === null ? null : <code>{item.recordDigest}</code>]
    );
  }
  facts.push(
    [
      'Tool',
      record.tool && <RecordText text={[record.tool.name, record.tool.version ?? ''].join(' ').trim()} />
    ],
    ['Done in', record.surface === 'unknown' ? null : SURFACES[record.surface]]
  );
  if (record.outcome) {
    const { ok, code } = record.outcome;
    facts.push(['Outcome', `${ok ? 'it succeeded' : 'it failed'}${code === null ? '' : `, code ${code}`}`]);
  }
  // Of a request it is who said what, which has a part of its own.
  if (personal?.argv && story.row.grade !== 'hub') {
    facts.push(['Command', text(personal.argv.map(quoted).join(' '))]);
  }
  if (personal?.directUrl) {
    facts.push(['Address', text(personal.directUrl)]);
  }
  return (
    <Part id="through" title="Through what">
      <Facts facts={facts} />
      {item && (
        <p className="more">
          <a href={logAddress({ ...at, package: item.name })}>All records of this package</a>
          {item.version !== null && (
            <>
              {' · '}
              <a href={logAddress({ ...at, package: item.name, version: item.version })}>of this version</a>
            </>
          )}
          {' · '}
          <a href={holdersAddress({ ...at, package: item.name })}>Who has it?</a>
          {item.version !== null && (
            <>
              {' · '}
              <a href={holdersAddress({ ...at, package: item.name, version: item.version })}>this version?</a>
            </>
          )}
        </p>
      )}
    </Part>
  );
}

/** What policy said. */
export function DecisionPart({ told: { record, story } }: IPartProps): ReactElement {
  const decision = record?.decision;
  return (
    <Part id="decision" title="Decision">
      {decision ? (
        <>
          <Facts
            facts={[
              ['Verdict', <EffectMark effect={decision.effect} />],
              ['Reason', <RecordText text={decision.reason} />],
              ['Rule', <RecordText text={decision.ruleId} />],
              ['Policy, its digest', <code>{decision.policyDigest}</code>]
            ]}
          />
          {!['confirmed', 'hub'].includes(story.row.grade) && (
            <p className="aside">The container told this verdict; the hub does not vouch for it.</p>
          )}
        </>
      ) : (
        <p>
          {story.row.grade === 'stream' || story.row.action === 'message'
            ? 'Nothing had to be decided.'
            : 'No decision is on record for it.'}
        </p>
      )}
    </Part>
  );
}

/** How it is known. */
export function EvidencePart({ told: { record, graded } }: IPartProps): ReactElement {
  return (
    <Part id="evidence" title="Evidence">
      <p>
        <GradeMark grade={graded.grade} />. {graded.reason}
      </p>
      {record && record.evidence.length > 0 && (
        <ul>
          {record.evidence.map(({ source, ref }, at) => (
            <li key={at}>
              {SOURCES[source]}
              {ref !== null && (
                <>
                  {': '}
                  <RecordText text={ref} />
                </>
              )}
            </li>
          ))}
        </ul>
      )}
      {!['confirmed', 'hub', 'stream'].includes(graded.grade) && (
        <p className="aside">
          The user owns the container: what only its own processes tell can be forged there.
        </p>
      )}
    </Part>
  );
}
