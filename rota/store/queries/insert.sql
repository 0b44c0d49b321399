-- name: seats (sqlite)
-- Who is alive under an id: slot 0 and its successor.
select key, slot, state, claim, run_at from live where id = :id and id <> key
union all
select key, slot, state, claim, run_at from live where key = :id and id = key

-- name: seats (postgresql)
with own as materialized (
    select key, slot, state, claim, run_at from rota.live
    where key = case when :id::text ~ '^[0-9a-f]{32}$' then :id::text::uuid end and id = :id::text for update
), named as materialized (
    select key, slot, state, claim, run_at from rota.live
    where id = :id::text and id <> encode(uuid_send(key), 'hex') order by id, slot for update
)
select * from own union all select * from named

-- name: taken_ids (sqlite)
select id from live where id in (select value from json_each(:ids)) and id <> key
union all
select id from live where key in (select value from json_each(:ids)) and id = key

-- name: known_keys (sqlite)
select key from job where key in (select value from json_each(:keys))

-- name: insert_job (sqlite)
insert into job (key, id, root, method, queue, lane, username, created_at, run_at, parent, made_by, retry_of, batch,
    concurrency_key, body)
values (:key, :id, :root, :method, :queue, :lane, :username, :created_at, :run_at, :parent, :made_by, :retry_of,
    :batch, :concurrency_key, :body)

-- name: insert_job (postgresql)
insert into rota.job select * from json_populate_recordset(null::rota.job, :rows::json)

-- name: insert_live (sqlite)
insert into live (key, id, slot, state, waits, queue, lane, seq, run_at, method, root, concurrency_key, rate_key,
    batch, needs)
values (:key, :id, :slot, :state, :waits, :queue, :lane, :seq, :run_at, :method, :root, :concurrency_key, :rate_key,
    :batch, :needs)

-- name: insert_live (postgresql)
-- A place is drawn in the order given, the rows go in by id: two callers that insert the same ids can't deadlock.
-- A row of the same id that another transaction has not committed is waited for.
with new as materialized (
    select case when r.waits = 0 then coalesce(r.seq, nextval('rota.live_seq')) end as place, r.*
    from json_populate_recordset(null::rota.live, :rows::json) r
)
insert into rota.live (key, id, slot, state, waits, queue, lane, seq, run_at, method, root, concurrency_key, rate_key,
    batch, needs)
select key, id, slot, state, waits, queue, lane, place, run_at, method, root, concurrency_key, rate_key, batch, needs
from new order by id, key
on conflict (id, slot) where id <> encode(uuid_send(key), 'hex') do nothing returning key

-- name: insert_alike (sqlite)
-- Jobs that differ in key and arguments only: :kwargs is a JSON object of them.
insert into job (key, id, root, method, queue, lane, username, created_at, run_at, parent, made_by, retry_of, batch,
    concurrency_key, body)
select key, key, :root, :method, :queue, :lane, :username, :created_at, null, :parent, :made_by, :retry_of, null, null,
    '{"kwargs":' || json_quote(value) || :after_kwargs
from json_each(:kwargs)

-- name: insert_alike_live (sqlite)
-- Their places are those from :place on.
insert into live (key, id, slot, state, waits, queue, lane, seq, method, root, needs)
select value, value, 0, 1, 0, :queue, :lane, :place + key, :method, :root, 0 from json_each(:keys)

-- name: insert_alike (postgresql)
with new as materialized (
    select n.id::uuid as key, n.id, n.kwargs from json_each_text(:kwargs::json) n(id, kwargs)
), facts as (
    insert into rota.job (key, id, root, method, queue, lane, username, created_at, parent, made_by, retry_of, body)
    select key, id, :root, :method, :queue, :lane, :username, :created_at, :parent::uuid, :made_by::bigint,
        :retry_of::uuid, '{"kwargs":' || to_json(kwargs)::text || :after_kwargs
    from new
)
insert into rota.live (key, id, slot, state, waits, queue, lane, seq, method, root)
select key, id, 0, 1, 0, :queue, :lane, nextval('rota.live_seq'), :method, :root from new

-- name: insert_one (postgresql)
-- The same for one job, as most enqueues are: with no JSON to take apart it takes three quarters of the server's time.
with facts as (
    insert into rota.job (key, id, root, method, queue, lane, username, created_at, parent, made_by, retry_of, body)
    values (:key::uuid, :id, :root, :method, :queue, :lane, :username, :created_at, :parent::uuid, :made_by::bigint,
        :retry_of::uuid, :body)
)
insert into rota.live (key, id, slot, state, waits, queue, lane, seq, method, root)
values (:key::uuid, :id, 0, 1, 0, :queue, :lane, nextval('rota.live_seq'), :method, :root)

-- name: insert_done (sqlite)
insert into done (key, state, attempt, crashes, failures, claim, started_at, ended_at, result, result_until, error,
    reason, winner, host, written)
values (:key, :state, :attempt, :crashes, :failures, :claim, :started_at, :ended_at, :result, :result_until, :error,
    :reason, :winner, (select host from dispatcher where token = :token), :written)

-- name: insert_done (postgresql)
insert into rota.done (key, state, attempt, crashes, failures, claim, started_at, ended_at, result, result_until,
    error, reason, winner, host)
select r.key, r.state, r.attempt, r.crashes, r.failures, r.claim, r.started_at, r.ended_at, r.result, r.result_until,
    r.error, r.reason, r.winner, (select host from rota.dispatcher d where d.token = r.token)
from json_to_recordset(:rows::json) r(key uuid, state smallint, attempt int, crashes int, failures int, claim bigint,
    started_at bigint, ended_at bigint, result text, result_until bigint, error text, reason text, winner uuid,
    token text)

-- name: add_lane
insert into rota.lane (queue, lane) values (:queue, :lane) on conflict do nothing

-- name: end_of_lane (sqlite)
select coalesce(max(seq), 0) from live where queue = :queue and lane = :lane and state = 1 and waits = 0

-- name: draw_places (postgresql)
select nextval('rota.live_seq') from generate_series(1, :count)

-- name: lock_live (postgresql)
lock table rota.live in row exclusive mode

-- name: holds_claim (sqlite)
select 1 from live where key = :key and state = 2 and claim = :claim

-- name: holds_claim (postgresql)
-- FOR SHARE, not FOR KEY SHARE: only SHARE makes the update that takes the claim away wait for this commit. Nobody
-- waits for ever: the server ends the transaction of a client that freezes between this and its commit.
select set_config('idle_in_transaction_session_timeout', '20s', true) from rota.live where key = :key and state = 2 and claim = :claim for share
