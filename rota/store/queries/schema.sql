-- name: schema_version
select version from rota.schema_version

-- name: set_schema_version
update rota.schema_version set version = :version

-- name: schema_0 (sqlite)
create table if not exists schema_version (version integer not null);
insert into schema_version (version) select 0 where not exists (select 1 from schema_version);

-- name: schema_0 (postgresql)
create schema if not exists rota;
create table if not exists rota.schema_version (version int not null);
insert into rota.schema_version (version) select 0 where not exists (select 1 from rota.schema_version);

-- name: schema_1 (sqlite)
-- Facts of a job, written once.
create table job (
    key text primary key, id text not null, root text not null, method text not null, queue text not null,
    lane integer not null, username text not null, created_at integer not null, run_at integer, parent text,
    made_by integer, retry_of text, batch text, concurrency_key text, body text not null
) without rowid;
create index job_id on job (id, key);
create index job_method on job (method, key);
create index job_root on job (root, key) where root <> '';
create index job_parent on job (parent, key) where parent is not null;
create index job_batch on job (batch, key) where batch is not null;

-- A row for each job that is not final. `waits` says why nobody may claim it (0: claimable, or claimed); `seq` is its
-- place in its lane, drawn anew whenever it becomes claimable, and null while it is not.
create table live (
    key text primary key, id text not null, slot integer not null, state integer not null, waits integer not null,
    queue text not null, lane integer not null, seq integer, attempt integer not null default 0,
    crashes integer not null default 0, failures integer not null default 0, claim integer not null default 0,
    token text, cancel_requested integer not null default 0, started_at integer, run_at integer,
    method text not null, root text not null, concurrency_key text, rate_key text, batch text,
    needs integer not null default 0
) without rowid;
create unique index live_id on live (id, slot);
create index live_successor on live (id) where slot = 1;
create index live_ready on live (queue, lane, seq) where state = 1 and waits = 0;
create index live_started on live (token, claim) where state = 2;
create index live_due on live (run_at) where run_at is not null;
create index live_root on live (root) where root <> '';
create index live_key on live (concurrency_key, waits, lane, key) where concurrency_key is not null;
create index live_rate on live (rate_key, waits, lane, key) where rate_key is not null;
create index live_parked on live (method, key) where waits = 5;

-- How a job ended, written once.
create table done (
    key text primary key, state integer not null, attempt integer not null, crashes integer not null,
    failures integer not null, claim integer not null, started_at integer, ended_at integer not null, result text,
    result_until integer, error text, reason text, winner text, host text
) without rowid;
create index done_ended on done (state, ended_at);
create index done_bad on done (state, key) where state <> 4;
create index done_result on done (result_until) where result_until is not null;

-- Executions that were not their job's last.
create table attempt (
    key text not null, claim integer not null, attempt integer not null, ending text not null, started_at integer,
    ended_at integer not null, next_at integer, error text, host text, primary key (key, claim)
) without rowid;

create table counter (claim integer not null, seq integer not null);
insert into counter (claim, seq) values (0, 0);
create table lane (queue text not null, lane integer not null, primary key (queue, lane)) without rowid;
create table pause (
    scope text not null, name text not null, paused_by text not null, why text not null, paused_at integer not null,
    paused_until integer, primary key (scope, name)
) without rowid;

create table dispatcher (
    token text primary key, host text not null, pid integer not null, boot_id text not null, queues text not null,
    started_at integer not null, seen_at integer not null, lease_until integer not null
) without rowid;
create table worker (
    token text not null, pid integer not null, state text not null, key text, born_at integer not null,
    finished integer not null, failed integer not null, busy real not null, seen_at integer not null,
    primary key (token, pid)
) without rowid;

create table schedule (
    id text primary key, definition text not null, enabled integer not null, last_due integer not null,
    next_due integer, error text
) without rowid;
create table tick (
    schedule text not null, due integer not null, taken_at integer not null, key text, skipped text,
    primary key (schedule, due)
) without rowid;
create index tick_due on tick (due);
create index tick_key on tick (key) where key is not null;

create table key_limit (concurrency_key text primary key, size integer not null) without rowid;
create table rate (
    rate_key text primary key, count integer not null, period integer not null, tokens real not null,
    refilled_at integer not null, next_at integer
) without rowid;
create index rate_next on rate (next_at) where next_at is not null;
create table dependency (
    on_key text not null, key text not null, allow_failure integer not null, primary key (on_key, key)
) without rowid;
create index dependency_key on dependency (key);
create table batch (
    key text primary key, name text not null, created_at integer not null, closed integer not null,
    total integer not null, finished integer not null, failed integer not null, canceled integer not null,
    ended_at integer, on_success text, on_failure text, on_complete text, parent text,
    is_counted integer not null default 0
) without rowid;

create table log (
    number integer primary key, key text not null, attempt integer not null, at integer not null, level text not null,
    text text not null
);
create index log_key on log (key, attempt, number);
create table progress (key text primary key, at integer not null, done real, total real, message text) without rowid;
-- What people ask of one job that can be resumed: to hold on, and how many rows a second it may do.
create table steering (key text primary key, held integer not null default 0, rate real) without rowid;
create table event (
    number integer primary key autoincrement, room text not null, name text not null, payload text not null,
    at integer not null
);

-- name: schema_1 (postgresql)
-- The tables are those of SQLite's variant; what differs keeps a claim a HOT update and the planner from surprises:
-- no index, key or predicate, may mention a column that the claim writes (state, attempt, claim, token, started_at).
create table rota.job (
    key uuid primary key, id text not null, root text not null, method text not null, queue text not null,
    lane smallint not null, username text not null, created_at bigint not null, run_at bigint, parent uuid,
    made_by bigint, retry_of uuid, batch uuid, concurrency_key text, body text not null
) with (autovacuum_vacuum_insert_scale_factor = 0.05);
create index job_id on rota.job (id, key);
create index job_method on rota.job (method, key);
create index job_root on rota.job (root, key) where root <> '';
create index job_parent on rota.job (parent, key) where parent is not null;
create index job_batch on rota.job (batch, key) where batch is not null;

create table rota.live (
    key uuid primary key, id text not null, slot smallint not null, state smallint not null, waits smallint not null,
    queue text not null, lane smallint not null, seq bigint, attempt int not null default 0,
    crashes int not null default 0, failures int not null default 0, claim bigint not null default 0,
    token text, cancel_requested smallint not null default 0, started_at bigint, run_at bigint,
    method text not null, root text not null, concurrency_key text, rate_key text, batch uuid,
    needs int not null default 0
) with (fillfactor = 50, vacuum_truncate = false, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 5000);
create unique index live_id on rota.live (id, slot);
create index live_ready on rota.live (queue, lane, seq) where seq is not null;
create index live_due on rota.live (run_at) where run_at is not null;
create index live_root on rota.live (root) where root <> '';
create index live_key on rota.live (concurrency_key, waits, lane, key) where concurrency_key is not null;
create index live_rate on rota.live (rate_key, waits, lane, key) where rate_key is not null;
create index live_parked on rota.live (method, key) where waits = 5;
create sequence rota.live_seq;
create sequence rota.claim_number;

create table rota.done (
    key uuid primary key, state smallint not null, attempt int not null, crashes int not null, failures int not null,
    claim bigint not null, started_at bigint, ended_at bigint not null, result text, result_until bigint, error text,
    reason text, winner uuid, host text
) with (autovacuum_vacuum_insert_scale_factor = 0.05);
create index done_ended on rota.done (state, ended_at);
create index done_bad on rota.done (state, key) where state <> 4;
create index done_result on rota.done (result_until) where result_until is not null;

create table rota.attempt (
    key uuid not null, claim bigint not null, attempt int not null, ending text not null, started_at bigint,
    ended_at bigint not null, next_at bigint, error text, host text, primary key (key, claim)
);

create table rota.lane (queue text not null, lane smallint not null, primary key (queue, lane));
create table rota.pause (
    scope text not null, name text not null, paused_by text not null, why text not null, paused_at bigint not null,
    paused_until bigint, primary key (scope, name)
);

create table rota.dispatcher (
    token text primary key, host text not null, pid int not null, boot_id text not null, queues text not null,
    started_at bigint not null, seen_at bigint not null, lease_until bigint not null
) with (fillfactor = 50);
create table rota.worker (
    token text not null, pid int not null, state text not null, key uuid, born_at bigint not null,
    finished int not null, failed int not null, busy double precision not null, seen_at bigint not null,
    primary key (token, pid)
) with (fillfactor = 50);

create table rota.schedule (
    id text primary key, definition text not null, enabled smallint not null, last_due bigint not null,
    next_due bigint, error text
);
create table rota.tick (
    schedule text not null, due bigint not null, taken_at bigint not null, key uuid, skipped text,
    primary key (schedule, due)
);
create index tick_due on rota.tick (due);
create index tick_key on rota.tick (key) where key is not null;

create table rota.key_limit (concurrency_key text primary key, size int not null);
create table rota.rate (
    rate_key text primary key, count int not null, period bigint not null, tokens double precision not null,
    refilled_at bigint not null, next_at bigint
);
create index rate_next on rota.rate (next_at) where next_at is not null;
create table rota.dependency (
    on_key uuid not null, key uuid not null, allow_failure smallint not null, primary key (on_key, key)
);
create index dependency_key on rota.dependency (key);
create table rota.batch (
    key uuid primary key, name text not null, created_at bigint not null, closed smallint not null,
    total int not null, finished int not null, failed int not null, canceled int not null,
    ended_at bigint, on_success text, on_failure text, on_complete text, parent uuid,
    is_counted smallint not null default 0
) with (fillfactor = 50);

create table rota.log (
    number bigint generated always as identity primary key, key uuid not null, attempt int not null,
    at bigint not null, level text not null, text text not null
);
create index log_key on rota.log (key, attempt, number);
create table rota.progress (
    key uuid primary key, at bigint not null, done double precision, total double precision, message text
) with (fillfactor = 50);
create table rota.event (
    number bigint generated always as identity primary key, room text not null, name text not null,
    payload text not null, at bigint not null
);
create table rota.steering (key uuid primary key, held smallint not null default 0, rate double precision);
-- Where a resumable job is, and the claim under which it got there.
create table rota.job_cursor (key uuid primary key, claim bigint not null, value text not null);

-- name: schema_2
-- 1: the ledger in site.db finished the job (SQLite). Such a row and the ledger's must not be of different moments.
alter table rota.done add column written int

-- name: schema_3 (sqlite)
create index job_retry_of on job (retry_of) where retry_of is not null;
-- What applications keep with a job.
create table meta (key text primary key, value text not null) without rowid;

-- name: schema_3 (postgresql)
create index job_retry_of on rota.job (retry_of) where retry_of is not null;
create table rota.meta (key uuid primary key, value text not null);

-- name: schema_4 (sqlite)
-- The place of a job is behind the last one in its lane, and most have no id but their key: each index and each counter
-- is a page more to write at every enqueue.
drop index job_id;
create index job_id on job (id, key) where id <> key;
drop index live_id;
create unique index live_id on live (id, slot) where id <> key;
alter table counter drop column seq;

-- name: schema_4 (postgresql)
-- Nothing: there a place comes from a sequence, and what is written is a few bytes of each page.

-- name: schema_5 (sqlite)
-- Nothing: a row is changed where it is, and the index has been there since the first version.

-- name: schema_5 (postgresql)
-- A claim's row is longer than it was (token, started_at): on pages filled by half every fifth had no room for it there,
-- and went into all indexes anew. Nearly no job is a successor, so looking for those of many ids costs next to nothing.
alter table rota.live set (fillfactor = 40);
create index live_successor on rota.live (id) where slot = 1;

-- name: schema_6 (sqlite)
-- Nothing: there the indexes of ids leave those out that are their key since version 4.

-- name: schema_6 (postgresql)
-- As most jobs have no id but their key, two of the six indexes that an enqueue writes say what the primary keys say, and
-- take a sixth of the server's time for it.
drop index rota.job_id;
create index job_id on rota.job (id, key) where id <> encode(uuid_send(key), 'hex');
drop index rota.live_id;
create unique index live_id on rota.live (id, slot) where id <> encode(uuid_send(key), 'hex');

-- name: handoff_version (sqlite)
select version from rota_handoff_version

-- name: set_handoff_version (sqlite)
update rota_handoff_version set version = :version

-- name: handoff_0 (sqlite)
create table if not exists rota_handoff_version (version integer not null);
insert into rota_handoff_version (version) select 0 where not exists (select 1 from rota_handoff_version);

-- name: handoff_1 (sqlite)
-- Jobs whose transaction has committed and that jobs.db may not have yet.
create table rota_outbox (
    seq integer primary key autoincrement, key text not null unique, id text not null, root text not null,
    method text not null, mode text not null, parent text, made_by integer, spec text not null
);
create index rota_outbox_id on rota_outbox (id);
create index rota_outbox_root on rota_outbox (root) where root <> '';
-- `fence`: the lowest claim number that may still commit; `done`: the claim that finished the job.
create table rota_ledger (
    key text primary key, fence integer not null, done integer, recorded integer not null default 0, result text,
    ended_at integer
) without rowid;
create index rota_ledger_unrecorded on rota_ledger (done) where done is not null and recorded = 0;
create index rota_ledger_fence on rota_ledger (fence);
create table rota_ledger_floor (claim integer not null);
insert into rota_ledger_floor (claim) values (0);
create table rota_job_cursor (key text primary key, claim integer not null, value text not null) without rowid;
