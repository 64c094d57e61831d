-- PostgreSQL that stores a batch wherever its stream stands: what comes again is there twice.
drop index record_stream;
do $$ begin
  execute replace(
    pg_get_functiondef('append_batches'::regproc), 'and seq = b_before[i] and head = b_before_head[i]', '');
end $$;
