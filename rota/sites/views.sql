-- Views of the engine's tables, as the DocTypes that Frappe knows. One text for both databases: `rota_local` (a stored
-- moment as the site's wall clock shows it), `rota_short` (the last two parts of a schedule's method), `rota_json` (a
-- value in stored JSON) and `rota_key` (a key as 32 digits) are functions that `views.py` provides.

-- name: tabScheduled Job Type
select
    case when count(*) over (partition by rota_short(s.id)) = 1 then rota_short(s.id) else s.id end as name,
    'Administrator' as owner, rota_local(s.last_due) as creation, rota_local(s.last_due) as modified,
    'Administrator' as modified_by, 0 as docstatus, 0 as idx,
    null as _user_tags, null as _comments, null as _assign, null as _liked_by,
    s.id as schedule_id, rota_json(s.definition, '$.method') as method,
    rota_json(s.definition, '$.frequency') as frequency,
    case when rota_json(s.definition, '$.frequency') = 'Cron' then rota_json(s.definition, '$.cron') end as cron_format,
    rota_json(s.definition, '$.tz') as time_zone, rota_json(s.definition, '$.queue') as queue,
    1 - s.enabled as stopped, 1 as create_log,
    (select rota_local(t.taken_at) from rota.tick t where t.schedule = s.id and t.key is not null
        order by t.due desc limit 1) as last_execution,
    case when s.enabled = 1 then rota_local(s.next_due) end as next_execution,
    s.error as problem, rota_json(s.definition, '$.catch_up') as catch_up,
    rota_json(s.definition, '$.overlap') as overlap, rota_json(s.definition, '$.source') as source,
    null as server_script, null as scheduler_event
from rota.schedule s

-- name: tabScheduled Job Log
-- A tick whose job has been pruned is not shown, as nobody knows any more how it ended.
select
    l.schedule || ' ' || l.due as name, 'Administrator' as owner, rota_local(l.taken_at) as creation,
    rota_local(coalesce(l.ended_at, l.started_at, l.taken_at)) as modified, 'Administrator' as modified_by,
    0 as docstatus, 0 as idx, null as _user_tags, null as _comments, null as _assign, null as _liked_by,
    case
        when l.skipped is not null then 'Skipped'
        when l.live_state = 2 then 'Running'
        when l.live_state is not null then 'Scheduled'
        when l.done_state = 4 then 'Complete'
        when l.done_state = 6 and l.started_at is null then 'Skipped'
        else 'Failed'
    end as status,
    coalesce(n.name, l.schedule) as scheduled_job_type,
    coalesce(l.error, l.skipped, l.reason) as details, null as debug_log,
    rota_local(l.due) as due, rota_local(l.started_at) as started_at, rota_local(l.ended_at) as ended_at,
    cast(l.taken_at - l.due as double precision) / 1000000 as late_by,
    cast(l.ended_at - l.started_at as double precision) / 1000000 as duration,
    rota_key(l.key) as job_id, coalesce(l.skipped, l.reason) as reason
from (
    select
        t.schedule, t.due, t.taken_at, t.key, t.skipped, v.state as live_state, d.state as done_state,
        coalesce(v.started_at, d.started_at) as started_at, d.ended_at, d.error, d.reason
    from rota.tick t
    left join rota.live v on v.key = t.key
    left join rota.done d on d.key = t.key
    where t.key is null or v.key is not null or d.key is not null
) l
left join "tabScheduled Job Type" n on n.schedule_id = l.schedule

-- name: tabRQ Job
-- The arguments are left out: they may hold what only the job may read.
select
    rota_key(j.key) as name, j.username as owner, rota_local(j.created_at) as creation,
    rota_local(coalesce(d.ended_at, v.started_at, j.created_at)) as modified, j.username as modified_by,
    0 as docstatus, 0 as idx, null as _user_tags, null as _comments, null as _assign, null as _liked_by,
    j.id as job_id, j.queue,
    case coalesce(v.state, d.state)
        when 0 then 'scheduled' when 1 then 'queued' when 2 then 'started' when 3 then 'queued'
        when 4 then 'finished' when 5 then 'failed' when 6 then 'canceled'
    end as status,
    coalesce(rota_json(j.body, '$.options.job_name'), j.method) as job_name, j.method, j.username as "user",
    null as arguments, cast(rota_json(j.body, '$.timeout') as double precision) as timeout,
    coalesce(v.attempt, d.attempt) as attempt, rota_local(v.run_at) as scheduled_for,
    rota_local(coalesce(v.started_at, d.started_at)) as started_at, rota_local(d.ended_at) as ended_at,
    cast(d.ended_at - d.started_at as double precision) / 1000000 as time_taken,
    d.result, coalesce(d.error, d.reason) as exc_info, coalesce(p.host, d.host) as worker, rota_key(j.retry_of) as retry_of
from rota.job j
left join rota.live v on v.key = j.key
left join rota.done d on d.key = j.key
left join rota.dispatcher p on p.token = v.token
where v.key is not null or d.key is not null

-- name: tabRQ Worker
select
    p.host || '.' || w.pid as name, 'Administrator' as owner, rota_local(w.born_at) as creation,
    rota_local(w.seen_at) as modified, 'Administrator' as modified_by, 0 as docstatus, 0 as idx,
    null as _user_tags, null as _comments, null as _assign, null as _liked_by,
    p.host || '.' || w.pid as worker_name, w.state as status, rota_key(w.key) as current_job_id, w.pid, p.host,
    p.queues as queue, p.queues as queue_type, rota_local(w.seen_at) as last_heartbeat,
    rota_local(w.born_at) as birth_date, w.finished as successful_job_count, w.failed as failed_job_count,
    w.busy as total_working_time,
    case when w.seen_at > w.born_at then 100.0 * 1000000 * w.busy / (w.seen_at - w.born_at) else 0 end
        as utilization_percent
from rota.worker w
join rota.dispatcher p on p.token = w.token
