-- name: draw_claims (sqlite)
update counter set claim = claim + :count returning claim

-- name: has_dispatcher (sqlite)
select 1 from dispatcher where token = :token

-- name: lanes
select queue, lane from rota.lane

-- name: where_to_claim
-- The lanes there are, and what is paused.
select 'lane', queue, lane from rota.lane
union all
select scope, name, null from rota.pause where paused_until is null or paused_until > :now

-- name: lane_heads (sqlite)
-- Since when the next job of each lane could have run.
select n.queue, n.lane, (select max(j.created_at, coalesce(j.run_at, 0))
    from live v cross join job j on j.key = v.key
    where v.queue = n.queue and v.lane = n.lane and v.state = 1 and v.waits = 0
    order by v.seq limit 1)
from lane n where n.queue in (select value from json_each(:queues))

-- name: lane_heads (postgresql)
select l.queue, l.lane, (select greatest(j.created_at, j.run_at)
    from (select v.key from rota.live v
        where v.queue = l.queue and v.lane = l.lane and v.seq > l.after and v.state = 1 and v.waits = 0
        order by v.queue, v.lane, v.seq limit 1) h
    cross join lateral (select created_at, run_at from rota.job where key = h.key limit 1) j)
from unnest(:queues::text[], :lanes::smallint[], :afters::bigint[]) l(queue, lane, after)

-- name: claimable (sqlite)
-- The next jobs of a lane, oldest first.
select picked.key, picked.attempt, picked.crashes, picked.failures, picked.rate_key, j.id, j.root, j.method, j.queue, j.username, j.body
from (select key, attempt, crashes, failures, rate_key from live
    where queue = :queue and lane = :lane and state = 1 and waits = 0
        and method not in (select value from json_each(:paused))
    order by seq limit :limit) picked
cross join job j on j.key = picked.key

-- name: start (sqlite)
-- The first of :keys gets claim number :first, each other one the next.
update live set state = 2, claim = :first + picked.key, token = :token, started_at = :now, attempt = attempt + 1
from json_each(:keys) picked where live.key = picked.value

-- name: claim (postgresql)
-- Up to :limit jobs, lanes in the order wanted, each beyond its own bound. No outer order: it would lock :limit rows of
-- every lane. Each row begins with its lane's number among those given, its place there, and its rate.
with me as materialized (select token from rota.dispatcher where token = :token for key share),
    lanes as materialized (
        select l.* from me, unnest(:queues::text[], :lanes::smallint[], :afters::bigint[])
            with ordinality l(queue, lane, after, number)),
    picked as materialized (
        select l.number, c.place from lanes l cross join lateral (
            select v.ctid as place from rota.live v
            where v.queue = l.queue and v.lane = l.lane and v.seq > l.after and v.state = 1 and v.waits = 0
                and v.method <> all(:paused::text[])
            order by v.queue, v.lane, v.seq limit :limit for update skip locked) c
        limit :limit),
    mine as (
        update rota.live v set state = 2, attempt = attempt + 1, claim = nextval('rota.claim_number'), token = :token,
            started_at = :now
        from picked p where v.ctid = p.place
        returning p.number, v.seq, v.rate_key, v.key, v.claim, v.attempt, v.crashes, v.failures, v.queue)
-- The key as the driver would make it of a uuid, which takes it longer.
select m.number, m.seq, m.rate_key, encode(uuid_send(m.key), 'hex'), m.claim, m.attempt, m.crashes, m.failures, j.id,
    j.root, j.method, m.queue, j.username, :now::bigint, j.body
from mine m cross join lateral (select id, root, method, username, body from rota.job where key = m.key limit 1) j

-- name: first_places (postgresql)
-- Of each lane the place of the first job, beyond its floor, that is claimable or locked by whoever may claim it.
select l.queue, l.lane, (select v.seq from rota.live v
    where v.queue = l.queue and v.lane = l.lane and v.seq > l.after and v.state = 1 and v.waits = 0
    order by v.queue, v.lane, v.seq limit 1)
from unnest(:queues::text[], :lanes::smallint[], :afters::bigint[]) l(queue, lane, after)

-- name: last_place (postgresql)
select last_value from rota.live_seq

-- name: others_at_live (postgresql)
-- Transactions that may hold rows of `live` which are not visible yet; another database's table may have its number.
select virtualtransaction from pg_locks
where locktype = 'relation' and relation = 'rota.live'::regclass and mode = 'RowExclusiveLock'
    and database = (select oid from pg_database where datname = current_database())
    and granted and pid is distinct from pg_backend_pid()

-- name: seqscan (postgresql)
select set_config('enable_seqscan', :on, true)

-- name: unsent (sqlite)
select key, claim from live where state = 2 and token = :token

-- name: unsent (postgresql)
select key, claim from rota.live where state = 2 and token = :token

-- name: paused_among (sqlite)
-- Of the next jobs of a lane, those of paused methods.
select key from (select key, method from live where queue = :queue and lane = :lane and state = 1 and waits = 0
    order by seq limit :limit)
where method in (select value from json_each(:methods))

-- name: paused_among (postgresql)
select key from (select key, method from rota.live
    where queue = :queue and lane = :lane and seq > :after and state = 1 and waits = 0
    order by queue, lane, seq limit :limit for update skip locked) c
where method = any(:methods::text[])

-- name: park
update rota.live set state = 3, waits = 5, seq = null where key = :key and state = 1 and waits = 0

-- name: parked
-- Jobs of a method that nobody may claim because it was paused.
select key, id, slot, state, waits, queue, needs, concurrency_key, rate_key, run_at from rota.live
where method = :method and waits = 5 order by method, key limit :limit
