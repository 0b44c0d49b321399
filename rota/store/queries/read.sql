-- name: schema_1_view (sqlite)
-- A job with how it stands, live or final: every listing is built on it.
create view job_state as
select j.key, j.id, coalesce(l.state, d.state) as state, coalesce(l.waits, 0) as waits, j.queue, j.lane, j.method,
    j.username, j.created_at, case when d.key is null then l.run_at end as run_at,
    coalesce(l.started_at, d.started_at) as started_at, d.ended_at, coalesce(l.attempt, d.attempt) as attempt,
    coalesce(l.crashes, d.crashes) as crashes, coalesce(l.failures, d.failures) as failures,
    coalesce(l.claim, d.claim) as claim, coalesce(l.cancel_requested, 0) as cancel_requested, j.root, j.parent,
    j.made_by, j.retry_of, j.batch, j.concurrency_key, d.result, d.error, d.reason, d.winner, l.token,
    coalesce(d.host, (select p.host from dispatcher p where p.token = l.token)) as host,
    (select w.pid from worker w where w.token = l.token and w.key = l.key limit 1) as pid, j.body
from job j left join live l on l.key = j.key left join done d on d.key = j.key

-- name: schema_1_view (postgresql)
-- Laterals with a limit can only be index look-ups, whatever the planner believes about the size of `live`.
create view rota.job_state as
select j.key, j.id, coalesce(l.state, d.state) as state, coalesce(l.waits, 0) as waits, j.queue, j.lane, j.method,
    j.username, j.created_at, case when d.key is null then l.run_at end as run_at,
    coalesce(l.started_at, d.started_at) as started_at, d.ended_at, coalesce(l.attempt, d.attempt) as attempt,
    coalesce(l.crashes, d.crashes) as crashes, coalesce(l.failures, d.failures) as failures,
    coalesce(l.claim, d.claim) as claim, coalesce(l.cancel_requested, 0) as cancel_requested, j.root, j.parent,
    j.made_by, j.retry_of, j.batch, j.concurrency_key, d.result, d.error, d.reason, d.winner, l.token,
    coalesce(d.host, (select p.host from rota.dispatcher p where p.token = l.token)) as host,
    (select w.pid from rota.worker w where w.token = l.token and w.key = l.key limit 1) as pid, j.body
from rota.job j
left join lateral (select * from rota.live where key = j.key limit 1) l on true
left join lateral (select * from rota.done where key = j.key limit 1) d on true

-- name: is_active (sqlite)
-- A live job of the id, or of a chain that it began, or one that is in the outbox and not here yet.
select exists(select 1 from live where id = :id and id <> key and (:method is null or method = :method))
    or exists(select 1 from live where key = :id and id = key and (:method is null or method = :method))
    or exists(select 1 from live where root = :id and root <> '' and (:method is null or method = :method))
    or exists(select 1 from json_each(:moving) m where not exists(select 1 from job where key = m.value))

-- name: is_active (postgresql)
select exists(select 1 from rota.live
        where id = :id::text and id <> encode(uuid_send(key), 'hex') and (:method::text is null or method = :method))
    or exists(select 1 from rota.live
        where key = case when :id::text ~ '^[0-9a-f]{32}$' then :id::text::uuid end and id = :id::text
            and (:method::text is null or method = :method))
    or exists(select 1 from rota.live where root = :id and root <> '' and (:method::text is null or method = :method))

-- name: outbox_keys (sqlite)
select key, method from rota_outbox where id = :id
union
select key, method from rota_outbox where root = :id and root <> ''

-- name: outbox_spec (sqlite)
select spec from rota_outbox where key = :key or id = :key order by seq desc limit 1

-- name: job_by_key
select * from rota.job_state where key = :key

-- name: job_by_id (sqlite)
-- Of an id that its key is, too, there is nothing to be found that the key did not.
select * from job_state where key = (select key from job where id = :id and id <> key order by key desc limit 1)

-- name: job_by_id (postgresql)
select * from rota.job_state where key = (
    select key from rota.job where id = :id and id <> encode(uuid_send(key), 'hex') order by key desc limit 1
)

-- name: live_by_id (sqlite)
select * from job_state where key = coalesce((select key from live where id = :id and id <> key and slot = 0),
    (select key from live where key = :id and id = key))

-- name: live_by_id (postgresql)
select * from rota.job_state where key = coalesce(
    (select key from rota.live where id = :id::text and id <> encode(uuid_send(key), 'hex') and slot = 0),
    (select key from rota.live
        where key = case when :id::text ~ '^[0-9a-f]{32}$' then :id::text::uuid end and id = :id::text)
)

-- name: live_by_ids (sqlite)
select * from job_state where key in (
    select key from live where id in (select value from json_each(:ids)) and id <> key and slot = 0
    union all
    select key from live where key in (select value from json_each(:ids)) and id = key
)

-- name: live_by_ids (postgresql)
select * from rota.job_state where key = any(array(
    select key from rota.live where id = any(:ids::text[]) and id <> encode(uuid_send(key), 'hex') and slot = 0
    union all
    select key from rota.live
    where key = any(array(select i::uuid from unnest(:ids::text[]) i where i ~ '^[0-9a-f]{32}$'))
        and id = encode(uuid_send(key), 'hex')
))

-- name: jobs_by_keys (sqlite)
select * from job_state where key in (select value from json_each(:keys))

-- name: jobs_by_keys (postgresql)
select * from rota.job_state where key = any(:keys::uuid[])

-- name: list_any
select * from rota.job_state
where key < :before and (cast(:queue as text) is null or queue = :queue)
    and (cast(:username as text) is null or username = :username)
order by key desc limit :limit

-- name: list_live
select s.* from rota.live l join rota.job_state s on s.key = l.key
where l.state = :state and l.key < :before and (cast(:queue as text) is null or l.queue = :queue)
    and (cast(:username as text) is null or s.username = :username)
order by l.key desc limit :limit

-- name: list_finished
select s.* from rota.done d join rota.job_state s on s.key = d.key
where d.state = :state and d.key < :before and (cast(:queue as text) is null or s.queue = :queue)
    and (cast(:username as text) is null or s.username = :username)
order by d.key desc limit :limit

-- name: list_bad
select s.* from rota.done d join rota.job_state s on s.key = d.key
where d.state = :state and d.state <> 4 and d.key < :before and (cast(:queue as text) is null or s.queue = :queue)
    and (cast(:username as text) is null or s.username = :username)
order by d.key desc limit :limit

-- name: list_method
select * from rota.job_state
where method = :value and key < :before and (cast(:queue as text) is null or queue = :queue)
    and (cast(:username as text) is null or username = :username)
order by key desc limit :limit

-- name: list_id (sqlite)
select * from job_state
where key in (select key from job where id = :value and id <> key union all select :value) and id = :value
    and key < :before and (cast(:queue as text) is null or queue = :queue)
    and (cast(:username as text) is null or username = :username)
order by key desc limit :limit

-- name: list_id (postgresql)
-- Each part limited by itself, as only then the planner reads it in order.
(select * from rota.job_state
where id = :value::text and id <> encode(uuid_send(key), 'hex') and key < :before
    and (cast(:queue as text) is null or queue = :queue) and (cast(:username as text) is null or username = :username)
order by key desc limit :limit)
union all
(select * from rota.job_state
where key = case when :value::text ~ '^[0-9a-f]{32}$' then :value::text::uuid end and id = :value::text
    and key < :before and (cast(:queue as text) is null or queue = :queue)
    and (cast(:username as text) is null or username = :username))
order by key desc limit :limit

-- name: list_root
select * from rota.job_state
where root = :value and root <> '' and key < :before and (cast(:queue as text) is null or queue = :queue)
    and (cast(:username as text) is null or username = :username)
order by key desc limit :limit

-- name: list_batch
select * from rota.job_state
where batch = :value and key < :before and (cast(:queue as text) is null or queue = :queue)
    and (cast(:username as text) is null or username = :username)
order by key desc limit :limit

-- name: repeated (sqlite)
with recursive again (first, key) as (
    select retry_of, key from job where retry_of in (select value from json_each(:keys))
    union all select a.first, j.key from again a join job j on j.retry_of = a.key)
select distinct first from again a where exists (select 1 from live l where l.key = a.key)
    or exists (select 1 from done d where d.key = a.key and d.state in (select value from json_each(:states)))

-- name: repeated (postgresql)
with recursive again (first, key) as (
    select retry_of, key from rota.job where retry_of = any(:keys::uuid[])
    union all select a.first, j.key from again a join rota.job j on j.retry_of = a.key)
select distinct first from again a where exists (select 1 from rota.live l where l.key = a.key)
    or exists (select 1 from rota.done d where d.key = a.key and d.state = any(:states::smallint[]))

-- name: count_live
select queue, state, count(*) from rota.live group by queue, state

-- name: count_all
-- One statement, so that a job which ends meanwhile is counted once.
select state, count(*) from rota.live group by state
union all select state, count(*) from rota.done group by state

-- name: first_in_lanes
-- The first claimable job of each lane.
select n.queue, (select v.key from rota.live v
    where v.queue = n.queue and v.lane = n.lane and v.seq is not null and v.state = 1 and v.waits = 0
    order by v.queue, v.lane, v.seq limit 1)
from rota.lane n

-- name: claimable_in
-- Claimable jobs of a queue, counted up to a limit.
select count(*) from (select 1 from rota.live v
    where v.queue = :queue and v.seq is not null and v.state = 1 and v.waits = 0 limit :limit) few

-- name: created_at
select created_at from rota.job where key = :key

-- name: body
select body from rota.job where key = :key

-- name: dispatchers
select token, host, pid, boot_id, queues, started_at, seen_at, lease_until from rota.dispatcher order by host, pid

-- name: workers
select w.token, d.host, w.pid, w.state, w.born_at, w.seen_at, w.key, j.id, d.queues, w.finished, w.failed, w.busy
from rota.worker w join rota.dispatcher d on d.token = w.token left join rota.job j on j.key = w.key
order by d.host, w.pid

-- name: batch
select key, name, created_at, closed, total, finished, failed, canceled, ended_at, parent from rota.batch where key = :key

-- name: batches
select key, name, created_at, closed, total, finished, failed, canceled, ended_at, parent from rota.batch
order by key desc limit :limit

-- name: dependencies
select on_key from rota.dependency where key = :key

-- name: dependents
select key from rota.dependency where on_key = :key

-- name: children
select key from rota.job where parent = :key order by key
