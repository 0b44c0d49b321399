-- name: take_started (sqlite)
-- A claim number belongs to one job, so two lists say as much as a list of pairs.
delete from live where key in (select value from json_each(:keys)) and claim in (select value from json_each(:claims))
    and state = 2
returning key, id, slot, state, attempt, crashes, failures, claim, started_at, token, queue, concurrency_key, rate_key,
    batch, cancel_requested

-- name: take_started (postgresql)
-- The keys are in order, so that each one's claim is found by halving: `any` would walk a list from its beginning.
delete from rota.live where key = any(:keys::uuid[]) and state = 2
    and claim = (:claims::bigint[])[width_bucket(key, :keys::uuid[])]
returning key, id, slot, state, attempt, crashes, failures, claim, started_at, token, queue, concurrency_key, rate_key,
    batch, cancel_requested

-- name: finish_plainly (sqlite)
-- Jobs that returned nothing, copied to `done`; `take_plainly` follows.
insert into done (key, state, attempt, crashes, failures, claim, started_at, ended_at, host)
select key, 4, attempt, crashes, failures, claim, started_at, :now,
    (select host from dispatcher where token = live.token)
from live where key in (select value from json_each(:keys)) and claim in (select value from json_each(:claims))
    and state = 2

-- name: take_plainly (sqlite)
delete from live where key in (select value from json_each(:keys)) and claim in (select value from json_each(:claims))
    and state = 2
returning claim, id, slot, concurrency_key, batch

-- name: finish_alone (sqlite)
-- Those of them from whose end nothing follows: they free no place under a key, and count in no batch.
insert into done (key, state, attempt, crashes, failures, claim, started_at, ended_at, host)
select key, 4, attempt, crashes, failures, claim, started_at, :now,
    (select host from dispatcher where token = live.token)
from live where key in (select value from json_each(:keys)) and claim in (select value from json_each(:claims))
    and state = 2 and concurrency_key is null and batch is null

-- name: take_alone (sqlite)
delete from live where key in (select value from json_each(:keys)) and claim in (select value from json_each(:claims))
    and state = 2 and concurrency_key is null and batch is null

-- name: finish_plainly (postgresql)
-- Jobs that returned nothing: taken from `live` and written to `done` at once.
with hosts as materialized (select token, host from rota.dispatcher),
gone as (
    delete from rota.live where key = any(:keys::uuid[]) and state = 2
        and claim = (:claims::bigint[])[width_bucket(key, :keys::uuid[])]
    returning key, id, slot, attempt, crashes, failures, claim, started_at, token, concurrency_key, batch),
kept as (
    insert into rota.done (key, state, attempt, crashes, failures, claim, started_at, ended_at, host)
    select g.key, 4, g.attempt, g.crashes, g.failures, g.claim, g.started_at, :now, h.host
    from gone g left join hosts h on h.token = g.token)
select claim, id, slot, concurrency_key, batch from gone

-- name: take_waiting
-- A job that no worker has.
delete from rota.live where key = :key and state <> 2
returning key, id, slot, state, attempt, crashes, failures, claim, started_at, token, queue, concurrency_key, rate_key,
    batch, cancel_requested

-- name: hold (sqlite)
select key, id, slot, state, attempt, crashes, failures, claim, started_at, token, queue, concurrency_key, rate_key,
    batch, cancel_requested
from live where key = :key and claim = :claim and state = 2

-- name: hold (postgresql)
-- It waits for a commit that is under way, which then has decided.
select key, id, slot, state, attempt, crashes, failures, claim, started_at, token, queue, concurrency_key, rate_key,
    batch, cancel_requested
from rota.live where key = :key and claim = :claim and state = 2 for update

-- name: hold_to_finish (postgresql)
-- In a job's own last transaction. The server ends that of a client which freezes between this and its commit, so that
-- the row does not stay locked for as long.
select key, id, slot, state, attempt, crashes, failures, claim, started_at, token, queue, concurrency_key, rate_key,
    batch, cancel_requested, set_config('idle_in_transaction_session_timeout', '20s', true)
from rota.live where key = :key and claim = :claim and state = 2 for update

-- name: finish_own (postgresql)
-- The same for one that enqueues nothing with its end: taken and written at once. Who waits for it is asked afterwards,
-- as somebody may have come while this waited for the row.
with gone as (
    delete from rota.live where key = :key and claim = :claim and state = 2
    returning key, id, slot, attempt, crashes, failures, claim, started_at, token, concurrency_key, batch),
kept as (
    insert into rota.done (key, state, attempt, crashes, failures, claim, started_at, ended_at, result, result_until,
        reason, host)
    select g.key, 4, g.attempt, g.crashes, g.failures, g.claim, g.started_at, :now, :result::text,
        :result_until::bigint, :reason::text, (select host from rota.dispatcher d where d.token = g.token)
    from gone g)
select id, slot, claim, concurrency_key, batch, set_config('idle_in_transaction_session_timeout', '20s', true) from gone

-- name: hold_unless_locked (postgresql)
-- A locked row is in the middle of a fenced commit: the next beat looks again.
select key, id, slot, state, attempt, crashes, failures, claim, started_at, token, queue, concurrency_key, rate_key,
    batch, cancel_requested
from rota.live where key = :key and claim = :claim and state = 2 for update skip locked

-- name: decided
-- What somebody else, or an earlier try of ours, made of a claim.
select state from rota.done where key = :key and claim = :claim

-- name: give_back
update rota.live set state = :state, waits = :waits, run_at = :run_at, seq = null, token = null, started_at = null,
    attempt = attempt - :unburnt, crashes = crashes + :crashes, failures = failures + :failures
where key = :key and claim = :claim and state = 2
returning key, id, slot, state, waits, queue, needs, concurrency_key, rate_key, run_at

-- name: insert_attempt
insert into rota.attempt (key, claim, attempt, ending, started_at, ended_at, next_at, error, host)
values (:key, :claim, :attempt, :ending, :started_at, :ended_at, :next_at, :error,
    (select host from rota.dispatcher where token = :token))
on conflict (key, claim) do nothing

-- name: has_followers (sqlite)
select exists(select 1 from live indexed by live_successor where slot = 1) or exists(select 1 from dependency)

-- name: followers (sqlite)
-- What waits for jobs that have just become final: successors (no third column), and jobs that depend on them.
select 'successor', key, null, null from live where id in (select value from json_each(:ids)) and slot = 1
union all
select 'dependent', key, on_key, allow_failure from dependency where on_key in (select value from json_each(:keys))

-- name: followers (postgresql)
select 'successor', key, null::uuid, null::smallint from rota.live where id = any(:ids::text[]) and slot = 1
union all
select 'dependent', key, on_key, allow_failure from rota.dependency where on_key = any(:keys::uuid[])

-- name: standing
select key, id, slot, state, waits, queue, needs, concurrency_key, rate_key, run_at from rota.live where key = :key

-- name: request_cancel
update rota.live set cancel_requested = 1 where key = :key and state = 2

-- name: facts
select id, root, method, queue, username, body from rota.job where key = :key
