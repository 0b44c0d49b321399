-- name: set_waits
update rota.live set state = :state, waits = :waits, run_at = null, seq = null where key = :key

-- name: make_ready (sqlite)
update live set state = 1, waits = 0, run_at = null, seq = (
    select coalesce(max(o.seq), 0) + 1 from live o
    where o.queue = live.queue and o.lane = live.lane and o.state = 1 and o.waits = 0)
where key = :key

-- name: make_ready (postgresql)
-- The place is drawn here, under the lock that the statement has by then.
update rota.live set state = 1, waits = 0, run_at = null, seq = nextval('rota.live_seq') where key = :key

-- name: due (sqlite)
select key, id, slot, state, waits, queue, needs, concurrency_key, rate_key, run_at from live
where run_at > :since and run_at <= :now order by run_at limit :limit

-- name: due (postgresql)
select key, id, slot, state, waits, queue, needs, concurrency_key, rate_key, run_at from rota.live
where run_at > :since and run_at <= :now order by run_at limit :limit for update skip locked

-- name: next_due
select run_at from rota.live where run_at > :since order by run_at limit 1

-- name: next_rate
select next_at from rota.rate where next_at > 0 order by next_at limit 1

-- name: successor_is_due
update rota.live set state = 1, run_at = null where key = :key and slot = 1

-- name: take_slot
update rota.live set slot = 0, waits = case when run_at is null then waits else 1 end where key = :key and slot = 1

-- name: put_limit
insert into rota.key_limit (concurrency_key, size) values (:concurrency_key, :size)
on conflict (concurrency_key) do update set size = excluded.size where key_limit.size <> excluded.size

-- name: put_default_limit
insert into rota.key_limit (concurrency_key, size) values (:concurrency_key, 1) on conflict do nothing

-- name: limit_of (sqlite)
select size from key_limit where concurrency_key = :concurrency_key

-- name: limit_of (postgresql)
select size from rota.key_limit where concurrency_key = :concurrency_key for update

-- name: key_taken
-- Claimable and started jobs of a key, and those that have its place while they wait for a rate.
select count(*) from rota.live where concurrency_key = :concurrency_key and waits in (0, 4)

-- name: next_of_key
select key, id, slot, state, waits, queue, needs, concurrency_key, rate_key, run_at from rota.live
where concurrency_key = :concurrency_key and waits = 3 order by concurrency_key, waits, lane, key limit :limit

-- name: put_rate
insert into rota.rate (rate_key, count, period, tokens, refilled_at) values (:rate_key, :count, :period, :tokens, :now)
on conflict (rate_key) do update set count = excluded.count, period = excluded.period
where rate.count <> excluded.count or rate.period <> excluded.period

-- name: rate_of (sqlite)
select count, period, tokens, refilled_at from rate where rate_key = :rate_key

-- name: rate_of (postgresql)
select count, period, tokens, refilled_at from rota.rate where rate_key = :rate_key for update

-- name: set_rate
update rota.rate set tokens = :tokens, refilled_at = :now, next_at = :next_at where rate_key = :rate_key

-- name: take_tokens
-- What has come since, up to a full bucket, less what is taken.
update rota.rate set refilled_at = :now, tokens = case
    when tokens + (:now - refilled_at) * cast(count as double precision) / period > count then count
    else tokens + (:now - refilled_at) * cast(count as double precision) / period end - :taken
where rate_key = :rate_key

-- name: rate_opened
-- Jobs that may be claimed under a rate and have not been.
select count(*) from rota.live where rate_key = :rate_key and waits = 0 and state = 1

-- name: next_of_rate
select key, id, slot, state, waits, queue, needs, concurrency_key, rate_key, run_at from rota.live
where rate_key = :rate_key and waits = 4 order by rate_key, waits, lane, key limit :limit

-- name: due_rates
select rate_key from rota.rate where next_at <= :now order by rate_key limit :limit

-- name: steering
select held, rate from rota.steering where key = :key

-- name: hold_on
insert into rota.steering (key, held) values (:key, :held) on conflict (key) do update set held = excluded.held

-- name: set_rate_of_rows
insert into rota.steering (key, rate) values (:key, :rate) on conflict (key) do update set rate = excluded.rate

-- name: hasten
-- A job that has run before, and waits for its next time.
update rota.live set run_at = :now where key = :key and claim > 0 and run_at > :now

-- name: live_of (sqlite)
select key from live where key in (select value from json_each(:keys))

-- name: live_of (postgresql)
-- Locked, so that none of them ends before what depends on it is seen by its end.
select key from rota.live where key = any(:keys::uuid[]) order by key for share

-- name: ends_of
select key, state, reason, winner from rota.done where key = :key

-- name: insert_dependency
insert into rota.dependency (on_key, key, allow_failure) values (:on_key, :key, :allow_failure) on conflict do nothing

-- name: move_dependents
update rota.dependency set on_key = :winner where on_key = :key

-- name: drop_dependencies
delete from rota.dependency where key = :key

-- name: drop_dependents
delete from rota.dependency where on_key = :on_key

-- name: count_down
update rota.live set needs = needs - 1 where key = :key
returning key, id, slot, state, waits, queue, needs, concurrency_key, rate_key, run_at

-- name: open_batch
insert into rota.batch (key, name, created_at, closed, total, finished, failed, canceled, on_success, on_failure,
    on_complete, parent)
values (:key, :name, :now, 0, 0, 0, 0, 0, :on_success, :on_failure, :on_complete, :parent)
on conflict (key) do nothing

-- name: add_to_batch
update rota.batch set total = total + :count, ended_at = null where key = :key

-- name: count_in_batch
update rota.batch set total = total - :replaced, finished = finished + :finished, failed = failed + :failed,
    canceled = canceled + :canceled
where key = :key
returning closed, total, finished, failed, canceled, on_success, on_failure, on_complete, parent, is_counted

-- name: close_batch
update rota.batch set closed = 1 where key = :key
returning closed, total, finished, failed, canceled, on_success, on_failure, on_complete, parent, is_counted

-- name: end_batch
-- What was not enqueued stays, as jobs that failed may be run again.
update rota.batch set ended_at = :now, on_complete = null,
    on_success = case when failed + canceled = 0 then null else on_success end
where key = :key

-- name: count_in_parent
update rota.batch set is_counted = :ending where key = :key

-- name: leave_batch
update rota.job set batch = null where key = :key and batch = :batch

-- name: counts_of_batch (sqlite)
select closed, total, finished, failed, canceled, on_success, on_failure, on_complete, parent, is_counted
from batch where key = :key

-- name: counts_of_batch (postgresql)
select closed, total, finished, failed, canceled, on_success, on_failure, on_complete, parent, is_counted
from rota.batch where key = :key for update

-- name: reopen_batch
update rota.batch set failed = failed - :failed, canceled = canceled - :canceled, ended_at = null, is_counted = 0
where key = :key

-- name: end_batch_failure
update rota.batch set on_failure = null where key = :key
