-- PostgreSQL that says "committed" before that is on the disk.
alter system set synchronous_commit = off;
alter system set wal_writer_delay = '10s';
select pg_reload_conf();
