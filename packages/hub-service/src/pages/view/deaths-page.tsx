import type { ReactElement } from 'react';
import type { IDeathRate } from '../../store/server-events.js';
import { deathsAddress, type DeathsFields, type IDeathsQuery } from '../deaths-query.js';
import type { IDeathsFound } from '../deaths-routes.js';
import { CAUSES } from '../event-words.js';
import { verdictsAddress } from '../verdicts-query.js';
import { counted, thousands } from '../words.js';
import { DataTable } from './data-table.js';
import { EventsTable } from './events-table.js';
import { Part } from './facts.js';
import { HubChoice } from './hub-choice.js';
import { Problems } from './problems.js';
import { RecordText } from './record-text.js';

export interface IDeathsPageProps {
  readonly query: IDeathsQuery;
  /** null = nothing was looked up. */
  readonly found: IDeathsFound | null;
  /** Groups that the reader's right is limited to; null = it is not. */
  readonly groups: readonly string[] | null;
  /** Hubs whose deaths the reader may choose, her own first. */
  readonly hubs: readonly string[];
}

const DAY_MS = 86_400_000;

/** Kernels that died, and how often. */
export function DeathsPage({ query, found, groups, hubs }: IDeathsPageProps): ReactElement {
  const { fields, before, problems, days } = query;
  return (
    <>
      <h1>Deaths of kernels</h1>
      <DeathsForm fields={fields} hubs={hubs} />
      {groups === null && (
        <p className="more">
          <a href={verdictsAddress(fields.hub)}>Were we right? What researchers say</a>
        </p>
      )}
      {groups && (
        <p className="aside">
          Only people who were in <RecordText text={groups.join(', ')} /> then.
        </p>
      )}
      <Problems problems={problems} />
      {found && (
        <>
          {before === null && (
            <>
              <Rates
                head="Node"
                title="Per node"
                caption="As the spawner says; the most deaths first"
                rates={found.nodes}
                name={of => of}
                href={of => deathsAddress({ ...fields, node: of })}
              />
              <Rates
                head="Image"
                title="Per image"
                caption="The most deaths first"
                rates={found.images}
                name={of => of}
                href={of => deathsAddress({ ...fields, image: of })}
              />
            </>
          )}
          <Part id="each-death" title="Each death">
            {found.rows.length === 0 ? (
              <div className="empty">
                <p>
                  {before === null
                    ? `No kernel died in ${counted(days, 'day')}.`
                    : 'There are no older ones.'}
                </p>
                <p>Deaths are kept for some weeks, and told only where the policy does not say otherwise.</p>
              </div>
            ) : (
              <EventsTable
                caption={`Deaths, the newest first; ${thousands(found.rows.length)} on this page`}
                rows={found.rows}
                at={fields.hub === undefined ? {} : { hub: fields.hub }}
              />
            )}
            <nav aria-label="Pages of the list" className="pager">
              {before !== null && <a href={deathsAddress(fields)}>Newest</a>}
              {found.next !== null && (
                <a href={deathsAddress(fields, found.next)} rel="next">
                  Older
                </a>
              )}
            </nav>
          </Part>
          <Rates
            head="Day (UTC)"
            title="Per day"
            caption="The newest first"
            rates={found.days}
            name={dayName}
            href={null}
          />
        </>
      )}
    </>
  );
}

function DeathsForm({
  fields,
  hubs
}: Pick<IDeathsPageProps, 'hubs'> & { readonly fields: DeathsFields }): ReactElement {
  const inputs = [
    { field: 'user', name: 'User', hint: 'any' },
    { field: 'node', name: 'Node', hint: 'any' },
    { field: 'image', name: 'Image', hint: 'any' },
    { field: 'days', name: 'Days', hint: '30' }
  ] as const;
  return (
    <form method="get" action="/deaths" role="search" aria-label="Deaths of kernels" className="filters">
      <div className="fields">
        <HubChoice hubs={hubs} value={fields.hub} />
        {inputs.map(({ field, name, hint }) => (
          <label key={field}>
            <span>{name}</span>
            <input
              type="text"
              name={field}
              defaultValue={fields[field] ?? ''}
              maxLength={512}
              placeholder={hint}
              autoComplete="off"
              spellCheck={false}
            />
          </label>
        ))}
        <label>
          <span>Cause</span>
          <select name="cause" defaultValue={fields.cause ?? ''}>
            <option value="">any</option>
            {Object.entries(CAUSES).map(([cause, words]) => (
              <option key={cause} value={cause}>
                {words}
              </option>
            ))}
          </select>
        </label>
      </div>
      <div className="buttons">
        <button type="submit">Show</button>
        {Object.keys(fields).length > 0 && <a href="/deaths">Clear</a>}
      </div>
    </form>
  );
}

function Rates(props: {
  readonly title: string;
  readonly head: string;
  readonly caption: string;
  readonly rates: readonly IDeathRate[];
  readonly name: (of: string) => string;
  readonly href: ((of: string) => string) | null;
}): ReactElement | null {
  const { title, head, caption, rates, name, href } = props;
  return rates.length === 0 ? null : (
    <Part id={title.toLowerCase().replaceAll(' ', '-')} title={title}>
      <DataTable
        caption={caption}
        rows={rates}
        keyOf={({ of }) => of ?? ''}
        columns={[
          {
            head,
            cell: ({ of }) => {
              if (of === null) {
                return <span className="none">not known</span>;
              }
              return href === null ? (
                name(of)
              ) : (
                <a href={href(of)}>
                  <RecordText text={name(of)} />
                </a>
              );
            },
            className: 'name'
          },
          { head: 'Deaths', cell: ({ deaths }) => thousands(deaths) },
          { head: 'Kernel hours', cell: ({ kernelHours }) => hours(kernelHours) },
          { head: 'Deaths in 100 kernel hours', cell: rateOf }
        ]}
      />
    </Part>
  );
}

function hours(kernelHours: number | null): ReactElement | string {
  return kernelHours === null ? <span className="none">not counted for a part</span> : kernelHours.toFixed(1);
}

function rateOf({ deaths, kernelHours }: IDeathRate): ReactElement | string {
  return kernelHours === null || kernelHours === 0 ? (
    <span className="none">not known</span>
  ) : (
    ((100 * deaths) / kernelHours).toFixed(1)
  );
}

function dayName(day: string): string {
  return new Date(Number(day) * DAY_MS).toISOString().slice(0, 10);
}
