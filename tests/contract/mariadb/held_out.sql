-- name: outstanding by customer
SELECT si.customer, SUM(si.outstanding_amount) AS outstanding, MIN(si.due_date) AS oldest FROM `tabSales Invoice` si WHERE si.docstatus = 1 AND si.outstanding_amount > 0 GROUP BY si.customer ORDER BY outstanding DESC

-- name: aging buckets
select customer, sum(case when datediff(curdate(), due_date) <= 0 then outstanding_amount else 0 end) as not_due, sum(case when datediff(curdate(), due_date) between 1 and 30 then outstanding_amount else 0 end) as d30, sum(if(datediff(curdate(), due_date) > 30, outstanding_amount, 0)) as older from `tabSales Invoice` where docstatus = 1 group by customer order by customer

-- name: customer search query
-- values: {"txt": "%e%", "_txt": "e", "start": 0, "page_len": 20}
select name, customer_name, customer_group from tabCustomer where disabled = 0 and (name like %(txt)s or customer_name like %(txt)s) order by if(locate(%(_txt)s, name), locate(%(_txt)s, name), 99999), if(locate(%(_txt)s, customer_name), locate(%(_txt)s, customer_name), 99999), idx desc, name, customer_name limit %(start)s, %(page_len)s

-- name: link query of items
-- values: ["%p%"]
select distinct item_code, warehouse from `tabSales Invoice Item` where parent in (select name from `tabSales Invoice` where docstatus < 2) and item_code like %s order by item_code, warehouse limit 10

-- name: stock balance like
select item_code, sum(qty) as qty, sum(amount) / sum(qty) as valuation_rate from `tabSales Invoice Item` where ifnull(warehouse, '') != '' group by item_code having sum(qty) > 0.15 order by item_code

-- name: nested set children
select child.name from tabCustomer parent, tabCustomer child where child.lft > parent.lft and child.rgt < parent.rgt and parent.name = 'ACME' order by child.lft

-- name: nested set ancestors
-- values: ["Müller & Söhne", "Müller & Söhne"]
select name from tabCustomer where lft <= (select lft from tabCustomer where name = %s) and rgt >= (select rgt from tabCustomer where name = %s) order by lft desc

-- name: latest per customer
select name, customer, posting_date from `tabSales Invoice` a where posting_date = (select max(b.posting_date) from `tabSales Invoice` b where b.customer = a.customer) order by customer, name

-- name: monthly sales with names
select monthname(posting_date) as month, year(posting_date) as year, count(*) as invoices, round(sum(grand_total), 2) as total from `tabSales Invoice` where posting_date is not null group by year(posting_date), month(posting_date) order by year(posting_date), month(posting_date)

-- name: birthdays in the coming month
select employee_name, date_of_birth from tabEmployee where date_of_birth is not null and dayofyear(date_of_birth) - dayofyear(curdate()) between 0 and 30 order by name

-- name: working years
select employee_name, floor(datediff(curdate(), date_of_joining) / 365.25) as years, period_diff(date_format(curdate(), '%Y%m'), date_format(date_of_joining, '%Y%m')) as months from tabEmployee where date_of_joining is not null order by name

-- name: first day of month
select date_format(now(), '%Y-%m-01') as first, last_day(now()) as last, date_add(last_day(date_sub(curdate(), interval 1 month)), interval 1 day) as first_again

-- name: this month
select name from `tabSales Invoice` where month(posting_date) = month(current_date()) and year(posting_date) = year(current_date()) order by name

-- name: this week
select name from `tabSales Invoice` where yearweek(posting_date, 1) = yearweek(curdate(), 1) order by name

-- name: by weekday
select dayname(posting_date) d, count(*) c from `tabSales Invoice` where posting_date is not null group by d order by c desc, d

-- name: by hour
select hour(posting_time) as h, count(*) as n from `tabSales Invoice` where posting_time is not null group by hour(posting_time) order by h

-- name: jobs of the last day by status
select status, count(*) as count from `tabScheduled Job Log` where creation >= now() - interval 24 hour group by status order by status

-- name: jobs average duration
select scheduled_job_type, avg(seconds) avg_s, max(seconds) max_s, min(seconds) from `tabScheduled Job Log` group by scheduled_job_type having avg_s > 1 order by avg_s desc

-- name: last run of each job
select l.scheduled_job_type, l.status, l.creation from `tabScheduled Job Log` l inner join (select scheduled_job_type, max(creation) as latest from `tabScheduled Job Log` group by scheduled_job_type) m on m.scheduled_job_type = l.scheduled_job_type and m.latest = l.creation order by l.scheduled_job_type

-- name: minutes since
select name, timestampdiff(minute, creation, now()) as minutes, timestampdiff(second, creation, '2024-03-15 14:30:45') s from `tabScheduled Job Log` order by minutes

-- name: time to seconds
select name, time_to_sec(timediff(modified, creation)) / 3600 as hours from `tabSales Invoice` order by name

-- name: settings as a dict
select field, value from tabSingles where doctype = 'System Settings' and field in ('time_zone', 'float_precision') order by field

-- name: settings number
select max(cast(value as unsigned)) from tabSingles where value regexp '^[0-9]+$'

-- name: next number in a series
select max(cast(substring(name, 5) as signed)) + 1 as next from `tabSales Invoice` where name like 'INV-%'

-- name: next number by substring_index
select ifnull(max(convert(substring_index(name, '-', -1), unsigned integer)), 0) + 1 from `tabSales Invoice`

-- name: zero padded
select concat('INV-', lpad(count(*) + 1, 5, '0')) as next_name from `tabSales Invoice`

-- name: email domain
select lower(substring_index(email_id, '@', -1)) as domain, count(*) from tabCustomer where email_id like '%@%' group by domain order by domain

-- name: initials
select name, upper(concat(left(employee_name, 1), right(employee_name, 1))) i from tabEmployee order by i

-- name: html link
select concat('<a href="/app/customer/', name, '">', customer_name, '</a>') link from tabCustomer where name = 'Zed'

-- name: group_concat with a null
select ifnull(group_concat(territory separator '|'), '') from tabCustomer where name = 'Gamma'

-- name: group_concat of concat
select customer, group_concat(concat(name, ':', status) order by name separator ';') as invoices from `tabSales Invoice` where customer in ('ACME', 'Gamma') group by customer order by customer

-- name: group_concat numbers
select group_concat(lft order by lft), group_concat(distinct disabled order by disabled desc) from tabCustomer

-- name: items per invoice left join
select si.name, count(i.name) as items, ifnull(sum(i.amount), 0) amount from `tabSales Invoice` si left join `tabSales Invoice Item` i on i.parent = si.name group by si.name order by items desc, si.name

-- name: percentage of total
select customer, round(sum(grand_total) * 100 / (select sum(grand_total) from `tabSales Invoice` where docstatus = 1), 2) as share from `tabSales Invoice` where docstatus = 1 group by customer order by share desc

-- name: running total by window
select posting_date, grand_total, sum(grand_total) over (partition by customer order by posting_date rows between unbounded preceding and current row) as running from `tabSales Invoice` where customer = 'ACME' order by posting_date

-- name: dense rank over groups
select customer, sum(grand_total) as total, dense_rank() over (order by sum(grand_total) desc) as place from `tabSales Invoice` where docstatus = 1 group by customer order by place, customer

-- name: top per group by window
select * from (select name, customer, row_number() over (partition by customer order by grand_total desc, name) as r from `tabSales Invoice` where customer is not null) ranked where r = 1 order by name

-- name: first and last value
select name, first_value(name) over (partition by department order by salary desc, name) as top, ntile(2) over (order by name) half from tabEmployee order by name

-- name: count over
select name, count(*) over (partition by status) c, avg(grand_total) over () a from `tabSales Invoice` where docstatus = 1 order by name

-- name: cte with join and having
with spend as (select customer, sum(grand_total) as total, count(*) as n from `tabSales Invoice` where docstatus = 1 group by customer having n >= 1) select c.customer_name, s.total, s.n from spend s left join tabCustomer c on c.name = s.customer order by s.total desc

-- name: union with literals
select 'Customer' as doctype, name, creation from tabCustomer where disabled = 1 union all select 'Employee' as doctype, name, creation from tabEmployee where department = 'IT' order by doctype, name

-- name: union with nulls
select name, posting_date as d, grand_total as v from `tabSales Invoice` where name = 'INV-0001' union all select name, null, null from tabCustomer where name = 'Zed' order by name

-- name: union in a derived table
select sum(t.v) from (select grand_total v from `tabSales Invoice` where docstatus = 1 union all select salary from tabEmployee) t

-- name: except customers with invoices
select c.name from tabCustomer c left join `tabSales Invoice` si on si.customer = c.name where si.name is null

-- name: exists with or
select name from tabEmployee e where exists (select name from tabEmployee r where r.reports_to = e.name) or e.department = 'HR' order by name

-- name: any of several subselects
select (select count(*) from tabCustomer) as customers, (select count(*) from `tabSales Invoice`) as invoices, (select count(*) from tabEmployee where reports_to is null) as bosses

-- name: correlated in where
select name from `tabSales Invoice` si where (select count(*) from `tabSales Invoice Item` i where i.parent = si.name) > 1 order by name

-- name: coalesce chain
select name, coalesce(nullif(email_id, ''), nullif(territory, ''), 'none') contact from tabCustomer order by name

-- name: nested if
select name, if(docstatus = 0, 'Draft', if(docstatus = 1, if(outstanding_amount > 0, 'Open', 'Closed'), 'Cancelled')) as state from `tabSales Invoice` order by name

-- name: case on dates
select name, case when due_date < curdate() then 'late' when due_date = curdate() then 'today' when due_date is null then 'none' else 'later' end as due from `tabSales Invoice` order by name

-- name: ifnull of a date with a date function
select name, ifnull(due_date, curdate()) d, coalesce(paid_on, modified) p from `tabSales Invoice` order by name

-- name: date between with functions
select name from `tabSales Invoice` where posting_date between date_sub(curdate(), interval 15 day) and curdate() order by name

-- name: between values with datetime column
-- values: ["2024-03-14", "2024-03-15 23:59:59"]
select name from `tabSales Invoice` where creation between %s and %s order by name

-- name: date values as datetimes
-- values: {"from": "2024-03-01 00:00:00", "to": "2024-03-14 23:59:59.999999"}
select name from `tabSales Invoice` where posting_date >= %(from)s and posting_date <= %(to)s order by name

-- name: date cast compare
select name from `tabSales Invoice` where cast(creation as date) between '2024-03-01' and '2024-03-10' order by name

-- name: timestamp compare with a value
-- values: ["2024-03-01 07:05:10"]
select name from `tabSales Invoice` where timestamp(posting_date, posting_time) < %s order by name

-- name: order by timestamp
select name from `tabSales Invoice` where posting_date is not null order by timestamp(posting_date, ifnull(posting_time, '00:00:00')) desc, name limit 3

-- name: order by two directions
select name, status, grand_total from `tabSales Invoice` where docstatus = 1 order by status asc, grand_total desc, name

-- name: order by case
select name from `tabSales Invoice` order by case when status = 'Unpaid' then 0 else 1 end, name desc

-- name: order by is null
select name, territory from tabCustomer order by territory is null, territory, name

-- name: order by ifnull
select name from tabCustomer order by ifnull(territory, 'zzz'), name

-- name: order by abs
select name from `tabSales Invoice` where docstatus = 1 order by abs(grand_total - 100), name

-- name: order by length
select name from tabCustomer order by length(name), name

-- name: status counts in one row
select count(if(status = 'Paid', 1, null)) paid, sum(if(status = 'Unpaid', 1, 0)) unpaid, sum(status in ('Overdue', 'Return')) other from `tabSales Invoice`

-- name: count distinct with case
select count(distinct case when docstatus = 1 then customer end) c from `tabSales Invoice`

-- name: sum distinct and avg distinct
select sum(distinct salary), avg(distinct salary), count(distinct department) from tabEmployee

-- name: max of a computed
select max(datediff(due_date, posting_date)), min(grand_total - outstanding_amount), max(concat(name, customer)) from `tabSales Invoice`

-- name: json path value
select json_unquote(json_extract(meta, '$.b.c[2]')) x, json_extract(meta, '$.t') t from tabCustomer where json_valid(meta) order by name

-- name: json compare in where
select name from tabCustomer where json_extract(meta, '$.a') = 1

-- name: json value compare
select name from tabCustomer where json_value(meta, '$.a') = '1'

-- name: json array length
select name, json_length(meta, '$.tags') from tabCustomer where name = 'beta'

-- name: json object aggregate
select json_objectagg(field, value) from tabSingles where doctype = 'Stock Settings'

-- name: json nested objects
select json_object('name', name, 'sum', lft + rgt, 'arr', json_array(lft, rgt)) from tabCustomer where name = 'Zed'

-- name: regexp with class
select name from tabCustomer where email_id regexp '[[:alpha:]]+@[a-z]+\\.example$' order by name

-- name: regexp replace and substr
select regexp_replace('a1b22', '[0-9]+', '#'), regexp_substr('abc123', '[0-9]+'), regexp_instr('abc123', '[0-9]')

-- name: like ends with and starts with
-- values: ["gam"]
select name from tabCustomer where customer_name like concat('%%', 'corp') or customer_name like concat(%s, '%%') order by name

-- name: like with quote
select name from tabCustomer where details like '%it''s%'

-- name: like binary
select name from `tabSales Invoice` where status like binary 'paid'

-- name: binary compare
select name from `tabSales Invoice` where binary status = 'paid'

-- name: collate bin
select name from `tabSales Invoice` where status = 'paid' collate utf8mb4_bin

-- name: string functions mix
select concat(ucase(left('hello', 1)), lcase(substring('HELLO', 2))), replace(trim(' a b '), ' ', '_'), char_length('Müller'), length('Müller'), reverse(left('abcdef', 3))

-- name: substring edge cases
select substring('abc', 0), substring('abc', -5), substring('abc', 2, 100), substring('abc', 4), left('abc', -1), right('abc', 10), mid('abcdef', 2, 3)

-- name: position edge cases
select locate('', 'abc'), locate('c', 'abc', 10), instr('abc', ''), locate('B', 'aBc'), find_in_set('', 'a,,b')

-- name: numbers as text
select concat(1.50, ''), concat(10 / 4), concat(1e3), concat(true), concat(2 * 3.0)

-- name: text to number
select '10' + 5, '3.5abc' * 2, 'abc' + 1, '2024-01-01' + 0, -'5', '5' > '10', '5' > 10

-- name: number formatting
select format(1234.5, 2), format(0, 2), format(999999.999, 2), round(1234.5), round(0.125, 2), truncate(-1.259, 2), truncate(1234, -2)

-- name: comparison of mixed
select 1 = '1', 1 = '1.0', '01' = 1, 'a' = 0, '' = 0, null <=> null, 1 <=> null, 'abc' < 'ABD', 2 > 10, '2' > '10'

-- name: boolean algebra
select 1 and 0, 1 or null, 0 and null, not null, not 0, 1 xor 1, !1, !0 + 1, 5 and 'a', '1' and 1

-- name: null arithmetic
select 1 + null, concat('a', null, 'b'), null = null, null in (1, 2), 1 in (1, null), 2 in (1, null), greatest(1, null), coalesce(null, null), ifnull(null, 'x'), nullif(1, 1)

-- name: integer and decimal types
select 5 / 2, 4 / 2, 1.0 + 1, 2 * 3, 2.50 * 2, 7 div 2.5, 7.5 % 2, sum(lft) / 2, avg(lft) from tabCustomer

-- name: rounding of columns
select name, round(grand_total / 3, 2) r2, round(grand_total / 7) r0, ceil(grand_total / 3) c, floor(discount) f from `tabSales Invoice` order by name

-- name: modulo filter
select name from tabCustomer where lft % 2 = 1 and mod(rgt, 2) = 0 order by name

-- name: power and distance
select name, round(sqrt(pow(lft - 1, 2) + pow(rgt - 1, 2)), 4) d from tabCustomer order by d, name

-- name: week and quarter labels
select concat('Q', quarter(posting_date), ' ', year(posting_date)) q, concat(year(posting_date), '-W', lpad(week(posting_date, 3), 2, '0')) w from `tabSales Invoice` where posting_date is not null order by name

-- name: date format labels
select date_format(posting_date, '%b %Y') a, date_format(creation, '%d/%m/%y %h:%i %p') b, date_format(creation, '%W, %D %M %Y') c, time_format(posting_time, '%H:%i') d from `tabSales Invoice` order by name

-- name: intervals of several units
select date_add('2024-01-01 00:00:00', interval '1:30' hour_minute), date_add('2024-01-01', interval '1 2' day_hour), date_sub('2024-03-01', interval '1-2' year_month), date_add('2024-01-01 10:00:00', interval 90 second), '2024-01-31' + interval 1 month

-- name: interval by an expression
select name, posting_date + interval (qty * 2) day d, date_add(creation, interval idx hour) h from `tabSales Invoice` where qty is not null order by name

-- name: dates from parts
select makedate(year(curdate()), 1) first_day, str_to_date(concat(year(curdate()), '-', month(curdate()), '-01'), '%Y-%m-%d') first_of_month, date(concat('2024-', '02', '-29')) leap

-- name: invalid dates
select date('2024-02-30'), date('nonsense'), datediff('2024-02-30', '2024-01-01'), year('x'), date_add('bad', interval 1 day)

-- name: seconds and clocks
select sec_to_time(5400), time_to_sec('00:10'), timediff(shift_end, shift_start), addtime(shift_start, '00:30:00'), subtime(shift_end, '01:00:00'), time(date_of_birth) from tabEmployee order by name

-- name: time compare
select name from tabEmployee where shift_start < '09:00:00' and shift_end > time('10:00') order by name

-- name: utc and unix
select from_unixtime(1710493245, '%d.%m.%Y %H:%i'), unix_timestamp('2024-01-01 00:00:00'), date(from_unixtime(1700000000))

-- name: timestampadd and diff
select timestampadd(month, 1, '2024-01-31'), timestampadd(minute, 30, creation), timestampdiff(hour, '2024-01-01', '2024-01-02 05:59:59'), timestampdiff(week, '2024-01-01', '2024-02-01'), timestampdiff(quarter, '2023-01-01', '2024-03-15') from tabSingles order by name

-- name: alias used in order with function
select customer, count(*) as cnt from `tabSales Invoice` where customer is not null group by customer order by count(*) desc, customer

-- name: having with several
select status, count(*) c, sum(grand_total) s from `tabSales Invoice` group by status having c >= 1 and s is not null and status <> '' order by status

-- name: group by two aliases
select year(posting_date) y, customer as cust, sum(grand_total) from `tabSales Invoice` where docstatus = 1 group by y, cust order by y, cust

-- name: group by with hidden key
select count(*) from `tabSales Invoice` group by docstatus order by docstatus

-- name: group and pick others
select customer, posting_date, max(grand_total) from `tabSales Invoice` where customer = 'Zed' group by customer

-- name: distinct with limit
select distinct department from tabEmployee where department is not null order by department limit 1

-- name: join three tables
select c.customer_name, si.name, i.item_code, i.qty * i.rate as line from tabCustomer c join `tabSales Invoice` si on si.customer = c.name join `tabSales Invoice Item` i on i.parent = si.name and i.qty >= 1 where si.docstatus = 1 order by c.customer_name, si.name, i.item_code

-- name: join on or
select e.name, c.name from tabEmployee e join tabCustomer c on c.lft = e.idx or c.rgt = e.idx order by e.name, c.name

-- name: join a derived table
select c.name, ifnull(t.n, 0) n from tabCustomer c left join (select customer, count(*) n from `tabSales Invoice` group by customer) t on t.customer = c.name order by c.name

-- name: left join with a condition
select e.name, m.employee_name from tabEmployee e left outer join tabEmployee m on m.name = e.reports_to and m.salary > 4500 order by e.name

-- name: cross join
select a.name, b.name from tabSingles a cross join tabSingles b where a.name < b.name order by a.name, b.name

-- name: values in several places
-- values: {"a": "zed", "b": 0}
select %(a)s as first, name from tabCustomer where name = %(a)s or customer_name = %(a)s or %(b)s = 1 order by name limit 1

-- name: optional filter with a null
-- values: {"t": null}
select name from tabCustomer where (%(t)s is null or territory = %(t)s) and disabled = 0 order by name

-- name: optional filter with a value
-- values: {"t": "north"}
select name from tabCustomer where (%(t)s is null or territory = %(t)s) order by name

-- name: not in with nulls
select name from tabCustomer where territory not in ('North', 'South') order by name

-- name: in with a null value
-- values: [["North", null]]
select name from tabCustomer where territory in %s order by name

-- name: empty text against numbers
select name from `tabSales Invoice` where ifnull(qty, 0) = '' order by name

-- name: update with join and aggregate
update tabCustomer c join (select customer, sum(outstanding_amount) s from `tabSales Invoice` where docstatus = 1 group by customer) t on t.customer = c.name set c.credit_limit = t.s where c.disabled = 0
-- then: select name, credit_limit from tabCustomer order by name

-- name: update several columns with values
-- values: {"now": "2024-03-15 12:00:00.5", "status": "Paid", "names": ["INV-0002", "INV-0003"]}
update `tabSales Invoice` set modified = %(now)s, status = %(status)s, outstanding_amount = 0, paid_on = %(now)s where name in %(names)s and docstatus = 1
-- then: select name, modified, status, outstanding_amount, paid_on from `tabSales Invoice` order by name

-- name: update with replace
update tabCustomer set customer_name = replace(customer_name, ' ', '_'), email_id = lower(email_id) where email_id is not null
-- then: select name, customer_name, email_id from tabCustomer order by name

-- name: update nested set
update tabCustomer set lft = lft + 2, rgt = rgt + 2 where lft >= 4
-- then: select name, lft, rgt from tabCustomer order by name

-- name: update json text
update tabCustomer set meta = concat('{"n": "', name, '"}') where json_valid(meta) = 0
-- then: select name, meta from tabCustomer order by name

-- name: update with a date function
update `tabSales Invoice` set due_date = last_day(posting_date), posting_time = '8:5' where posting_date is not null
-- then: select name, due_date, posting_time from `tabSales Invoice` order by name

-- name: update boolean
update tabCustomer set disabled = (credit_limit > 100) where credit_limit is not null
-- then: select name, disabled from tabCustomer order by name

-- name: update from a subselect in where
update `tabSales Invoice Item` set warehouse = 'gone' where parent in (select name from `tabSales Invoice` where status = 'overdue')
-- then: select name, warehouse from `tabSales Invoice Item` order by name

-- name: update with order and limit
update tabEmployee set salary = salary * 1.1 where salary is not null order by salary, name limit 2
-- then: select name, salary from tabEmployee order by name

-- name: delete with a join alias
delete l from `tabScheduled Job Log` l inner join (select name from `tabScheduled Job Log` where status = 'Failed') f on f.name = l.name
-- then: select name from `tabScheduled Job Log` order by name

-- name: delete by date value
-- values: ["2024-03-13 12:00:00"]
delete from `tabScheduled Job Log` where creation < %s and status != 'Running'
-- then: select name from `tabScheduled Job Log` order by name

-- name: delete with in
-- values: {"p": ["inv-0001", "INV-0009"]}
delete from `tabSales Invoice Item` where parent in %(p)s or item_code is null
-- then: select name from `tabSales Invoice Item` order by name

-- name: delete duplicates
delete a from `tabSales Invoice Item` a join `tabSales Invoice Item` b on a.item_code = b.item_code and a.name > b.name
-- then: select name from `tabSales Invoice Item` order by name

-- name: insert several with functions
insert into `tabScheduled Job Log` (name, creation, modified, owner, docstatus, idx, status) values (concat('log', 6), now(), now(), 'x', 0, 1 + 1, upper('done'))
-- then: select name, creation, owner, idx, status from `tabScheduled Job Log` where name = 'log6'

-- name: insert select with join
insert into tabSingles (name, doctype, field, value) select concat(c.name, si.name), c.territory, si.status, si.posting_date from tabCustomer c join `tabSales Invoice` si on si.customer = c.name where c.name in ('ACME', 'Zed')
-- then: select name, doctype, field, value from tabSingles order by name

-- name: upsert with arithmetic
insert into tabCustomer (name, lft, rgt) values ('acme', 5, 6), ('new', 1, 2) on duplicate key update lft = lft + values(lft), rgt = lft * 2
-- then: select name, lft, rgt from tabCustomer order by name

