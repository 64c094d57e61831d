import { sql } from 'kysely';
import type { Migration } from 'kysely/migration';
import type { DatabaseKind } from '../database.js';

/**
 * PostgreSQL appends a group in one call, which is one transaction: no round trip lies between the locks and the commit,
 * and plans are kept. `core`'s `changeHoldings` says what `hold_changes` must do; a test compares the two.
 */
export function recordAppend(kind: DatabaseKind): Migration {
  return {
    async up(db) {
      if (kind === 'postgres') {
        await sql.raw(HOLD_CHANGES).execute(db);
        await sql.raw(APPEND_BATCHES).execute(db);
      }
    }
  };
}

/** Place by place through the index, whatever the database believes to know about a table that is just being filled. */
const HELD = `select since_idx, since_ms, package_version from holding
    where server_id = c.server and environment = c.environment and ecosystem = c.ecosystem and package_name = c.name
    and until_ms is null offset 0`;

/** No place twice. */
const HOLD_CHANGES = `create or replace function hold_changes(
  c_idx bigint[], c_server integer[], c_groups integer[], c_environment text[], c_ecosystem text[], c_name text[],
  c_version text[], c_effect text[], at_ms bigint
) returns void language plpgsql set plan_cache_mode = force_generic_plan as $$
begin
  with c as materialized (
    select * from unnest(c_idx, c_server, c_groups, c_environment, c_ecosystem, c_name, c_version, c_effect)
      as c(idx, server, groups, environment, ecosystem, name, version, effect)
  ), held as materialized (
    select c.idx, c.version, h.since_idx, h.since_ms, h.package_version, case c.effect
      when 'beside' then h.package_version is null and c.version is not null
      when 'instead' then h.package_version is distinct from c.version
      else h.package_version is null or c.version is null or h.package_version = c.version end as ends
    from c cross join lateral (${HELD}) h
  ), closed as (
    update holding set until_idx = held.idx, until_ms = greatest(held.since_ms, at_ms)
    from held where holding.since_idx = held.since_idx and held.ends
  )
  insert into holding (since_idx, since_ms, server_id, group_set_id, environment, ecosystem, package_name, package_version)
  select idx, at_ms, server, groups, environment, ecosystem, name, version from c
  where effect <> 'gone' and not exists (
    select 1 from held where held.idx = c.idx and not held.ends
    and (c.version is null or held.package_version = c.version));
end $$`;

/**
 * Batches in their order: compare and set of each stream's head, the only key of idempotence. `r_*` are the records of all
 * batches; `entries` their lines, which have no newline of their own; `sealed` their personal parts one after the other.
 * Whoever calls it keeps the list of packages' names: `labkeeper.terms` says so to the trigger that does it for others.
 */
const APPEND_BATCHES = `create or replace function append_batches(
  b_stream integer[], b_hub integer[], b_person integer[], b_server integer[], b_groups integer[],
  b_before bigint[], b_before_head text[], b_seq bigint[], b_head text[],
  r_batch integer[], r_seq bigint[], r_occurred bigint[], r_action text[], r_ecosystem text[], r_name text[],
  r_version text[], r_tool text[], r_effect text[], r_grade text[], r_environment text[], r_held text[],
  r_sealed_from integer[], r_sealed_bytes integer[], entries text, leaves bytea, sealed bytea, at_ms bigint
) returns table (first_index bigint, head_seq bigint, head_hash text)
language plpgsql set plan_cache_mode = force_generic_plan as $$
declare
  firsts bigint[] := array_fill(null::bigint, array[cardinality(b_stream)]);
  total bigint := 0;
  base bigint;
  r_idx bigint[];
  change record;
begin
  -- In the order of their numbers, so that two replicas never wait for one another. Servers are locked too: what is held
  -- there is read and written as one.
  perform 1 from stream s join server v on v.id = s.server_id
    where s.id = any(b_stream) order by v.id, s.id for no key update;
  for i in 1 .. cardinality(b_stream) loop
    update stream set seq = b_seq[i], head = b_head[i], seen_at_ms = at_ms
      where id = b_stream[i] and seq = b_before[i] and head = b_before_head[i];
    if found then
      firsts[i] := total;
      total := total + b_seq[i] - b_before[i];
    end if;
  end loop;
  if total > 0 then
    update log_head set next_index = next_index + total returning next_index - total into base;
    select array_agg(base + firsts[r.batch] + r.seq - b_before[r.batch] - 1 order by r.o) into r_idx
      from unnest(r_batch, r_seq) with ordinality as r(batch, seq, o);
    -- Until the transaction ends; as a part of the function's declaration it would be for superusers only.
    perform set_config('labkeeper.terms', 'kept', true);
    insert into record (received_at_ms, idx, hub_id, person_id, server_id, group_set_id, stream_id, seq, occurred_at_ms,
      action, ecosystem, package_name, package_version, tool, effect, grade, environment, leaf)
    select at_ms, r.idx, b_hub[r.batch], b_person[r.batch], b_server[r.batch], b_groups[r.batch], b_stream[r.batch], r.seq,
      r.occurred, r.action, r.ecosystem, r.name, r.version, r.tool, r.effect, r.grade, r.environment,
      substring(leaves, (r.o * 32 - 31)::integer, 32)
    from unnest(r_idx, r_batch, r_seq, r_occurred, r_action, r_ecosystem, r_name, r_version, r_tool, r_effect, r_grade,
      r_environment) with ordinality
      as r(idx, batch, seq, occurred, action, ecosystem, name, version, tool, effect, grade, environment, o)
    where r.idx is not null;
    insert into record_body (received_at_ms, idx, entry)
    select at_ms, r.idx, r.entry from unnest(r_idx, string_to_array(entries, E'\\n')) as r(idx, entry)
    where r.idx is not null;
    insert into personal (received_at_ms, idx, person_id, sealed)
    select at_ms, r.idx, b_person[r.batch], substring(sealed, r.at, r.bytes)
    from unnest(r_idx, r_batch, r_sealed_from, r_sealed_bytes) as r(idx, batch, at, bytes)
    where r.idx is not null and r.bytes is not null;
    -- All first changes of a place as one; the further ones of the same place, which are rare, one after the other.
    for change in
      select array_agg(c.idx) as idx, array_agg(c.server) as server, array_agg(c.groups) as groups,
        array_agg(c.environment) as environment, array_agg(c.ecosystem) as ecosystem, array_agg(c.name) as name,
        array_agg(c.version) as version, array_agg(c.held) as held
      from (
        select r.idx, b_server[r.batch] as server, b_groups[r.batch] as groups, coalesce(r.environment, '') as environment,
          r.ecosystem, r.name, r.version, r.held, row_number() over (
            partition by b_server[r.batch], coalesce(r.environment, ''), r.ecosystem, r.name order by r.idx) as nth
        from unnest(r_idx, r_batch, r_ecosystem, r_name, r_version, r_environment, r_held)
          as r(idx, batch, ecosystem, name, version, environment, held)
        where r.idx is not null and r.held is not null and r.name is not null and r.ecosystem is not null
      ) c group by case when c.nth > 1 then c.idx end order by case when c.nth > 1 then c.idx end nulls first
    loop
      perform hold_changes(change.idx, change.server, change.groups, change.environment, change.ecosystem, change.name,
        change.version, change.held, at_ms);
    end loop;
  end if;
  return query select base + b.f, s.seq, s.head
    from unnest(b_stream, firsts) with ordinality as b(id, f, o) join stream s on s.id = b.id order by b.o;
end $$`;
