-- name: leave balance like sums
-- values: {"employee": "E1", "from": "2015-01-01", "to": "2024-12-31"}
select ifnull(sum(case when salary > 0 then salary else 0 end), 0) as earned, ifnull(sum(case when salary < 0 then salary * -1 else 0 end), 0) as used from tabEmployee where (name = %(employee)s or reports_to = %(employee)s) and date_of_joining between %(from)s and %(to)s

-- name: attendance by day of month
select name, day(date_of_joining) as d, if(weekday(date_of_joining) in (5, 6), 'Weekend', 'Workday') as kind, date_format(date_of_joining, '%a %e %b %Y') as shown from tabEmployee where date_of_joining is not null order by d, name

-- name: shifts that overlap
select a.name, b.name as other from tabEmployee a join tabEmployee b on a.name < b.name and a.shift_start < b.shift_end and b.shift_start < a.shift_end where a.shift_start is not null and b.shift_start is not null order by a.name, b.name

-- name: probation ends
select name, date_add(date_of_joining, interval 3 month) as ends, datediff(date_add(date_of_joining, interval 3 month), '2024-03-15') as left_days from tabEmployee where date_add(date_of_joining, interval 3 month) >= '2024-03-15' order by ends

-- name: age in years and months
select name, floor(datediff('2024-03-15', date_of_birth) / 365.25) as years, mod(timestampdiff(month, date_of_birth, '2024-03-15'), 12) as months from tabEmployee where date_of_birth is not null order by name

-- name: trial balance
select coalesce(c.customer_group, 'None') as grp, sum(if(si.is_return = 0, si.grand_total, 0)) as debit, sum(if(si.is_return = 1, abs(si.grand_total), 0)) as credit, sum(if(si.is_return = 0, si.grand_total, 0)) - sum(if(si.is_return = 1, abs(si.grand_total), 0)) as balance from `tabSales Invoice` si left join tabCustomer c on c.name = si.customer where si.docstatus = 1 group by coalesce(c.customer_group, 'None') having debit <> credit order by balance desc

-- name: first invoice of each customer joined back
select si.customer, si.name, si.posting_date from `tabSales Invoice` si inner join (select customer, min(posting_date) as first_date from `tabSales Invoice` where docstatus = 1 and customer is not null group by customer) f on f.customer = si.customer and f.first_date = si.posting_date order by si.posting_date, si.name

-- name: customers without invoices this month
select name from tabCustomer c where not exists (select name from `tabSales Invoice` si where si.customer = c.name and year(si.posting_date) = year(curdate()) and month(si.posting_date) = month(curdate()) and si.docstatus = 1) order by name

-- name: new and returning customers
select date_format(posting_date, '%Y-%m') as period, count(distinct case when first_date = posting_date then customer end) as fresh, count(distinct case when first_date < posting_date then customer end) as returning_ones from (select customer, posting_date, min(posting_date) over (partition by customer) as first_date from `tabSales Invoice` where docstatus = 1 and customer is not null) t group by period order by period

-- name: cumulative share of revenue
select customer, total, round(sum(total) over (order by total desc rows unbounded preceding) / sum(total) over () * 100, 2) as cumulative from (select customer, sum(grand_total) as total from `tabSales Invoice` where docstatus = 1 and grand_total > 0 group by customer) t order by total desc

-- name: gaps between numbers
select name, cast(substring_index(name, '-', -1) as unsigned) as n, cast(substring_index(name, '-', -1) as unsigned) - ifnull(lag(cast(substring_index(name, '-', -1) as unsigned), 1) over (order by name), 0) as gap from `tabSales Invoice` order by name limit 4

-- name: days late in classes
select case when datediff(curdate(), due_date) > 30 then '30+' when datediff(curdate(), due_date) > 0 then '1-30' when due_date is null then 'none' else 'not due' end as class, count(*) as n, sum(ifnull(outstanding_amount, 0)) as amount from `tabSales Invoice` group by 1 order by n desc, class

-- name: invoices with most expensive item
select si.name, (select item.item_code from `tabSales Invoice Item` item where item.parent = si.name order by item.rate desc, item.name limit 1) as top_item, (select count(*) from `tabSales Invoice Item` item where item.parent = si.name) as lines_count from `tabSales Invoice` si where si.docstatus = 1 order by si.name

-- name: items bought by all of a list
-- values: [["INV-0001", "INV-0002"], 2]
select lower(item_code) as item from `tabSales Invoice Item` where parent in %s group by lower(item_code) having count(distinct parent) = %s

-- name: weighted average rate
select warehouse, round(sum(qty * rate) / sum(qty), 3) as rate, round(avg(rate), 3) as plain from `tabSales Invoice Item` where warehouse > '' group by warehouse order by warehouse

-- name: moving stock by a self join
select a.name, (select sum(b.qty) from `tabSales Invoice Item` b where b.name <= a.name and b.item_code = a.item_code) as so_far from `tabSales Invoice Item` a order by a.name

-- name: search with a relevance
-- values: {"txt": "%acm%", "start": "acm%"}
select name, customer_name from tabCustomer where disabled = 0 and (name like %(txt)s or customer_name like %(txt)s or territory like %(txt)s) order by if(locate(replace(%(txt)s, '%%', ''), name), locate(replace(%(txt)s, '%%', ''), name), 99999), if(customer_name like %(start)s, 0, 1), name limit 0, 20

-- name: link search with a concatenated description
-- values: {"txt": "%o%"}
select name, concat_ws(', ', nullif(customer_name, name), nullif(territory, ''), email_id) as description from tabCustomer where concat_ws(' ', name, customer_name, territory) like %(txt)s order by name

-- name: phone like digits only
select name, regexp_replace(name, '[^0-9]', '') as digits, length(regexp_replace(details, '\\s+', '')) as len from tabCustomer order by name

-- name: failed jobs with their previous success
select f.name, max(s.creation) as last_success, timestampdiff(minute, max(s.creation), f.creation) as minutes_before from `tabScheduled Job Log` f left join `tabScheduled Job Log` s on s.scheduled_job_type = f.scheduled_job_type and s.status = 'Complete' and s.creation < f.creation where f.status in ('Failed', 'Running') group by f.name, f.creation order by f.name

-- name: slowest of each hour
select hour(creation) as h, max(ifnull(seconds, 0)) as slowest, group_concat(distinct status order by status separator '|') as states from `tabScheduled Job Log` group by hour(creation) order by h

-- name: runs within the last day and hour
select sum(creation > now() - interval 1 hour) as last_hour, sum(creation > now() - interval 1 day) as last_day, sum(creation > date_sub(curdate(), interval 1 week)) as last_week from `tabScheduled Job Log`

-- name: time between runs
select name, timediff(creation, lag(creation) over (order by creation)) as since, unix_timestamp(creation) - unix_timestamp(lag(creation) over (order by creation)) as seconds_since from `tabScheduled Job Log` order by creation

-- name: settings pivoted
select max(case when field = 'time_zone' then value end) as zone, max(if(field = 'float_precision', cast(value as signed), null)) as digits from tabSingles where doctype = 'System Settings'

-- name: union of documents and totals
select name, grand_total from `tabSales Invoice` where docstatus = 1 and grand_total > 100 union all select 'Total', sum(grand_total) from `tabSales Invoice` where docstatus = 1 and grand_total > 100

-- name: union with different kinds of dates
select 'invoice' as kind, name, creation as at from `tabSales Invoice` where docstatus = 2 union all select 'log', name, creation from `tabScheduled Job Log` where status = 'Failed' union all select 'employee', name, date_of_joining from tabEmployee where name = 'E1' order by at

-- name: three ctes
with paid as (select customer, sum(grand_total) as amount from `tabSales Invoice` where status = 'Paid' group by customer), open_ones as (select customer, sum(outstanding_amount) as amount from `tabSales Invoice` where outstanding_amount > 0 and docstatus = 1 group by customer), everyone as (select customer from paid union select customer from open_ones) select lower(e.customer) as customer, ifnull(p.amount, 0) as paid, ifnull(o.amount, 0) as open_amount from everyone e left join paid p on p.customer = e.customer left join open_ones o on o.customer = e.customer order by e.customer

-- name: json list of children
select parent, concat('[', group_concat(json_object('item', lower(item_code), 'qty', qty) order by name separator ', '), ']') as items from `tabSales Invoice Item` where parent = 'INV-0001' group by parent

-- name: json filter and sum
select sum(json_value(meta, '$.n')) as n, count(json_extract(meta, '$.a')) as a from tabCustomer where json_valid(meta)

-- name: json search by contains
select name from tabCustomer where json_valid(meta) and json_contains(json_extract(meta, '$.tags'), '"y"') order by name

-- name: update paid invoices from their payments
-- then: select name, status, outstanding_amount, paid_on from `tabSales Invoice` order by name
-- values: {"now": "2024-03-15 14:30:45", "tolerance": 1}
update `tabSales Invoice` si left join (select parent, sum(amount) as paid from `tabSales Invoice Item` group by parent) p on p.parent = si.name set si.outstanding_amount = greatest(si.grand_total - ifnull(p.paid, 0), 0), si.status = if(si.grand_total - ifnull(p.paid, 0) <= %(tolerance)s, 'Paid', si.status), si.paid_on = if(si.grand_total - ifnull(p.paid, 0) <= %(tolerance)s, %(now)s, si.paid_on) where si.docstatus = 1 and si.is_return = 0

-- name: update with a window's number
-- then: select name, idx from `tabSales Invoice Item` order by name
update `tabSales Invoice Item` item join (select name, row_number() over (partition by parent order by amount desc, name) as n from `tabSales Invoice Item`) t on t.name = item.name set item.idx = t.n

-- name: update the nested set by a shift
-- then: select name, lft, rgt from tabCustomer order by name
-- values: {"at": 3, "by": 2}
update tabCustomer set lft = if(lft > %(at)s, lft + %(by)s, lft), rgt = if(rgt > %(at)s, rgt + %(by)s, rgt) where rgt >= %(at)s

-- name: update trimmed and cased text
-- then: select name, customer_name, email_id from tabCustomer order by name
update tabCustomer set customer_name = concat(upper(left(trim(customer_name), 1)), lower(substring(trim(customer_name), 2))), email_id = nullif(trim(lower(email_id)), '') where customer_name is not null

-- name: insert missing settings from a select
-- then: select name, doctype, field, value from tabSingles order by name
insert ignore into tabSingles (name, doctype, field, value) select concat('c-', lft), 'Customer Settings', lower(replace(name, ' ', '_')), coalesce(territory, 'None') from tabCustomer where lft > 3 union all select 's1', 'System Settings', 'time_zone', 'UTC'

-- name: upsert with a condition on the old value
-- then: select name, status, seconds from `tabScheduled Job Log` where name in ('log1', 'log3', 'log9') order by name
insert into `tabScheduled Job Log` (name, status, seconds, creation) values ('log1', 'Complete', 2, '2024-03-15 14:00:00'), ('log3', 'Failed', 9, now()), ('log9', 'Running', null, now()) on duplicate key update status = if(status = 'Running', values(status), status), seconds = ifnull(seconds, 0) + ifnull(values(seconds), 0)

-- name: delete all but the last two of each
-- then: select name from `tabScheduled Job Log` order by name
delete l from `tabScheduled Job Log` l join (select name, row_number() over (partition by status order by creation desc) as n from `tabScheduled Job Log`) t on t.name = l.name where t.n > 1

-- name: delete with exists and a limit
-- then: select name from `tabSales Invoice Item` order by name
delete from `tabSales Invoice Item` where qty <= 1 order by qty, name limit 2

-- name: delete duplicates keeping the first
-- then: select name from `tabSales Invoice Item` order by name
delete b from `tabSales Invoice Item` a, `tabSales Invoice Item` b where a.item_code = b.item_code and a.name < b.name

-- name: delete singles of a doctype by like
-- then: select name from tabSingles order by name
-- values: ["System%", "time\\_zone"]
delete from tabSingles where doctype like %s and field not like %s
