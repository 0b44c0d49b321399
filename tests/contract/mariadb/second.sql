-- name: active sites with usage
select s.name, s.status, max(u.creation) as last_seen, timestampdiff(hour, max(u.creation), now()) idle from `tabSales Invoice` s left join `tabScheduled Job Log` u on u.status = s.status where s.status in ('Paid', 'Unpaid', 'Failed') group by s.name, s.status order by s.name

-- name: pending with lock
-- values: ["Unpaid"]
select name from `tabSales Invoice` where status = %s and docstatus = 1 order by creation limit 1 for update skip locked

-- name: count by two with nulls
select currency, status, count(*) as n, coalesce(sum(grand_total), 0) as total from `tabSales Invoice` group by currency, status order by currency, status

-- name: share of docstatus
select docstatus, count(*) / (select count(*) from `tabSales Invoice`) as part from `tabSales Invoice` group by docstatus order by docstatus

-- name: difference of days with a case
select name, case when due_date is null then 'open' else concat(datediff(due_date, posting_date), ' days') end as term from `tabSales Invoice` order by name

-- name: oldest first with ifnull date
select name from `tabSales Invoice` where docstatus = 1 order by ifnull(due_date, posting_date), name

-- name: two like patterns in or
-- values: {"q": "%a%"}
select name from tabCustomer where (customer_name like %(q)s or name like %(q)s or email_id like %(q)s) and ifnull(disabled, 0) = 0 order by case when name like %(q)s then 0 else 1 end, name

-- name: not equal and null
select name from `tabSales Invoice` where (status != 'Paid' or status is null) and docstatus < 2 order by name

-- name: in subselect with distinct
select name from tabCustomer where name in (select distinct customer from `tabSales Invoice` where status = 'Unpaid' and grand_total >= 100) order by name

-- name: sum with two cases
select sum(case when is_return = 1 then -grand_total else grand_total end) as net, sum(case when currency = 'eur' then grand_total end) eur from `tabSales Invoice` where docstatus = 1

-- name: concat in a join condition
select c.name from tabCustomer c join `tabSales Invoice` s on concat(c.name, '') = s.customer where s.docstatus = 1 group by c.name order by c.name

-- name: max per group joined back
select s.customer, s.name, s.grand_total from `tabSales Invoice` s where (s.customer, s.grand_total) in (select customer, max(grand_total) from `tabSales Invoice` where docstatus = 1 group by customer) order by s.customer, s.name

-- name: min and max dates
select min(posting_date) as first, max(posting_date) as last, datediff(max(posting_date), min(posting_date)) as span from `tabSales Invoice`

-- name: average days to pay
select avg(datediff(paid_on, posting_date)) as days from `tabSales Invoice` where paid_on is not null

-- name: rounded average of time
select round(avg(timestampdiff(second, creation, modified)), 1) from `tabSales Invoice` where docstatus = 1

-- name: histogram
select floor(grand_total / 100) * 100 as bucket, count(*) from `tabSales Invoice` where grand_total is not null group by bucket order by bucket

-- name: median like
select avg(t.v) from (select grand_total v, row_number() over (order by grand_total) r, count(*) over () c from `tabSales Invoice` where docstatus = 1) t where t.r in (floor((t.c + 1) / 2), floor((t.c + 2) / 2))

-- name: moving average
select name, round(avg(grand_total) over (order by posting_date, name rows between 2 preceding and current row), 2) m from `tabSales Invoice` where docstatus = 1 order by posting_date, name

-- name: lag difference
select name, grand_total - lag(grand_total, 1) over (order by posting_date, name) as diff from `tabSales Invoice` where docstatus = 1 order by posting_date, name

-- name: cte used twice
with t as (select customer, sum(grand_total) s from `tabSales Invoice` where docstatus = 1 group by customer) select a.customer, a.s, (select max(b.s) from t b) as best from t a order by a.s desc

-- name: cte with column names
with t (who, what) as (select name, territory from tabCustomer where disabled = 0) select what, count(who) n from t group by what order by what

-- name: nested derived
select * from (select customer, n from (select customer, count(*) n from `tabSales Invoice` group by customer) a where n > 1) b order by n desc, customer

-- name: union of three
select name from tabCustomer where disabled = 1 union select name from tabEmployee where salary > 4500 union select field from tabSingles where value = '0' order by name

-- name: union with limit
select name from tabCustomer union select name from tabEmployee order by name desc limit 3

-- name: derived star
select t.* from (select name, posting_date, grand_total from `tabSales Invoice` where docstatus = 1) t where t.grand_total > 90 order by t.name

-- name: derived star of all
select * from (select si.* from `tabSales Invoice` si where si.docstatus = 2) x

-- name: exists in select with alias
select c.name, exists(select 1 from `tabSales Invoice` s where s.customer = c.name and s.docstatus = 1) as active from tabCustomer c order by c.name

-- name: if with exists
select if(exists(select 1 from tabCustomer where name = 'acme'), 'yes', 'no') as found

-- name: coalesce over subselects
select coalesce((select value from tabSingles where field = 'nope'), (select value from tabSingles where field = 'float_precision'), 'x') as v

-- name: sum over an empty join
select e.name, ifnull(sum(s.grand_total), 0) as total, count(s.name) as n from tabEmployee e left join `tabSales Invoice` s on s.customer = e.name group by e.name order by e.name

-- name: date literal forms
select name from `tabSales Invoice` where posting_date = '20240314' or posting_date = '2024/03/15' or posting_date = date '2024-02-29' order by name

-- name: datetime literal forms
select name from `tabSales Invoice` where creation = '2024-03-15T08:00:00' or creation = '2024-03-10 10:00' order by name

-- name: dates in arithmetic
select name, (to_days(curdate()) - to_days(posting_date)) div 7 as weeks from `tabSales Invoice` where posting_date is not null order by name

-- name: year to date
select sum(grand_total) from `tabSales Invoice` where posting_date between makedate(year(curdate()), 1) and curdate() and docstatus = 1

-- name: same day last year
select date_sub(curdate(), interval 1 year), date_sub('2024-02-29', interval 1 year), date_format(date_sub(now(), interval 12 month), '%Y-%m')

-- name: start of the week
select date_sub(curdate(), interval weekday(curdate()) day) as monday, date_add(curdate(), interval (6 - weekday(curdate())) day) sunday

-- name: quarter start
select makedate(year(curdate()), 1) + interval quarter(curdate()) quarter - interval 1 quarter as q

-- name: hours between shift times
select name, time_to_sec(shift_end) - time_to_sec(shift_start) as s, hour(shift_start) * 60 + minute(shift_start) m from tabEmployee order by name

-- name: time add to date
select name, addtime(posting_date, posting_time), concat(posting_date, 'T', posting_time) from `tabSales Invoice` where posting_date is not null and posting_time is not null order by name

-- name: interval with a decimal
select now() + interval 1.5 hour, now() + interval 2.4 day, now() - interval 0.5 second

-- name: mysql date functions on null
select date_format(null, '%Y'), datediff(null, now()), last_day(null), year(null), date_add(null, interval 1 day), concat_ws(',', null, null)

-- name: year as number compare
select name from `tabSales Invoice` where year(posting_date) = '2024' and month(posting_date) in (1, '3') order by name

-- name: extract week
select extract(week from posting_date), extract(day from posting_date), extract(quarter from posting_date) from `tabSales Invoice` where posting_date is not null order by name

-- name: string padding and cut
select concat(rpad(name, 12, '.'), lpad(format(ifnull(grand_total, 0), 2), 15, ' ')) line from `tabSales Invoice` order by name

-- name: comma list membership
select name from tabCustomer where find_in_set(territory, 'north,east') order by name

-- name: substring_index nested
select substring_index(substring_index('a/b/c/d', '/', 3), '/', -1), substring_index(name, '-', 1) from `tabSales Invoice` order by name limit 1

-- name: trim zeroes
select trim(trailing '.' from trim(trailing '0' from cast(grand_total as char))) from `tabSales Invoice` order by name

-- name: char_length in where
select name from tabCustomer where char_length(name) > 4 and length(customer_name) between 8 and 12 order by name

-- name: replace in where
select name from tabCustomer where replace(lower(customer_name), ' ', '') = 'acmecorp'

-- name: case insensitive functions
select name from tabCustomer where left(name, 2) = 'AC' or right(email_id, 8) = '.EXAMPLE' order by name

-- name: group by left
select left(name, 1) as letter, count(*) from tabCustomer group by letter order by letter

-- name: group by upper
select upper(territory) t, count(*) n from tabCustomer where territory is not null group by upper(territory) order by t

-- name: order by concat
select name from tabEmployee order by concat(department, employee_name)

-- name: distinct upper
select distinct upper(item_code) i from `tabSales Invoice Item` order by i

-- name: count distinct lower
select count(distinct lower(item_code)) from `tabSales Invoice Item`

-- name: numeric strings sorted
select code from tabEmployee where code regexp '^[0-9]+$' order by code + 0, name

-- name: text times number
select sum(code), avg(code), max(code + 0) from tabEmployee

-- name: boolean sum of likes
select sum(name like '%a%') a, sum(email_id is null) n, sum(territory in ('North', 'South')) t from tabCustomer

-- name: if null compare
select name, if(territory = 'north', 1, 0) x, if(null, 'a', 'b') y, ifnull(territory = 'north', -1) z from tabCustomer order by name

-- name: decimal text
select cast(1.10 as char), concat(grand_total * 1.5), concat(round(grand_total, 2)) from `tabSales Invoice` where grand_total is not null order by name

-- name: division by column zero
select name, grand_total / qty, grand_total div qty, mod(qty, 3) from `tabSales Invoice` order by name

-- name: negative rounding
select round(-1.5), round(-2.5), round(-0.4), truncate(-1.5, 0), floor(-0.1), ceil(-0.1), abs(-1.5), -(-3)

-- name: big numbers
select 9223372036854775807, 1000000 * 1000000, 99999999999.99 + 0.01, sum(grand_total) * 1000000 from `tabSales Invoice`

-- name: json with a where
select name from tabCustomer where json_extract(meta, '$.n') > 1

-- name: json contains a value
select name from tabCustomer where json_valid(meta) and json_contains(json_extract(meta, '$.tags'), '"y"')

-- name: json unquote compare
select name from tabCustomer where json_unquote(json_extract(meta, '$.b.c[2]')) = 'X'

-- name: json missing
select json_extract(meta, '$.zzz'), json_unquote(json_extract(meta, '$.zzz.a')), json_value(meta, '$.t') from tabCustomer where name = 'beta'

-- name: update concat_ws
update tabCustomer set details = concat_ws(', ', territory, customer_group) where name in ('ACME', 'Gamma')
-- then: select name, details from tabCustomer order by name

-- name: update with coalesce and join of two
update `tabSales Invoice` si join tabCustomer c on si.customer = c.name join tabEmployee e on e.idx = c.idx set si.remarks = e.employee_name, si.qty = coalesce(si.qty, 0) + c.lft where si.docstatus = 1
-- then: select name, remarks, qty from `tabSales Invoice` order by name

-- name: update with least
update tabCustomer set credit_limit = least(ifnull(credit_limit, 0), 200)
-- then: select name, credit_limit from tabCustomer order by name

-- name: update a date from a datetime
update `tabSales Invoice` set posting_date = creation, due_date = date_add(creation, interval 1 day) where docstatus = 0
-- then: select name, posting_date, due_date from `tabSales Invoice` order by name

-- name: update text from a date
update tabCustomer set details = birthday, email_id = lft where birthday is not null
-- then: select name, details, email_id from tabCustomer order by name

-- name: update a number from text
update tabCustomer set lft = '42', credit_limit = '1.5' where name = 'Zed'
-- then: select lft, credit_limit from tabCustomer where name = 'Zed'

-- name: update an int with a decimal
update tabCustomer set lft = 2.5, rgt = credit_limit where name = 'Gamma'
-- then: select lft, rgt from tabCustomer where name = 'Gamma'

-- name: delete using exists
delete from `tabSales Invoice Item` where not exists (select 1 from `tabSales Invoice` s where s.name = `tabSales Invoice Item`.parent)
-- then: select name from `tabSales Invoice Item` order by name

-- name: delete everything
delete from tabSingles
-- then: select count(*) from tabSingles

-- name: insert from a group
insert into tabSingles (name, doctype, field, value) select status, 'Invoice', count(*), sum(grand_total) from `tabSales Invoice` where docstatus = 1 and status like 'o%' group by status
-- then: select name, doctype, field, value from tabSingles order by name

-- name: insert ignore select
insert ignore into tabSingles (name, doctype) select name, 'copy' from tabSingles union select 'n1', 'new'
-- then: select name, doctype from tabSingles order by name

-- name: upsert from a select
insert into tabSingles (name, value) select name, idx from tabSingles on duplicate key update value = concat('v', values(value))
-- then: select name, value from tabSingles order by name

-- name: json compares by its value
select json_extract('{"a":"x"}','$.a')='x', json_extract('{"a":"x"}','$.a')='X', json_extract('{"a":5}','$.a')=5, json_extract('{"a":5}','$.a')='5', json_extract('{"a":"5"}','$.a')=5, json_extract('{"a":true}','$.a')=1, json_extract('{"a":true}','$.a')='true', json_extract('{"a":"x"}','$.a') in ('x','y'), json_extract('{"a":"x"}','$.a') like '%x%', json_extract('{"a":"x"}','$.a') <> 'x', json_unquote('"x"')='X', json_value('{"a":"x"}','$.a')='X'

-- name: json as a number
select json_extract(meta, '$.n') + 1, json_extract(meta, '$.t') + 0, sum(json_extract(meta, '$.n')) from tabCustomer where name = 'beta'

-- name: minus after minus
select -(-3), - -3, 5 - -3, -(-lft), -'-5', 1 - (-lft) from tabCustomer where name = 'ACME'

