-- name: yesterday's revenue
SELECT COALESCE(SUM(grand_total), 0)
        FROM `tabSales Invoice`
        WHERE docstatus = 1
        AND posting_date = DATE_SUB(CURDATE(), INTERVAL 1 DAY)

-- name: stuck jobs
SELECT name, scheduled_job_type, status
        FROM `tabScheduled Job Log`
        WHERE status = 'Running'
        AND creation < DATE_SUB(NOW(), INTERVAL 30 MINUTE)

-- name: count with its own name
select count(*) from `tabSales Invoice`

-- name: count of a column
select count(discount), COUNT(1), count(distinct customer) from `tabSales Invoice`

-- name: count distinct of two
select count(distinct customer, status) from `tabSales Invoice`

-- name: sum of a comparison
select sum(status = 'Paid') as paid, sum(docstatus=1 and grand_total > 50) big from `tabSales Invoice`

-- name: sum of a case
select sum(case when status = 'Paid' then 1 else 0 end) paid, count(case when docstatus = 1 then 1 end) sub from `tabSales Invoice`

-- name: group by and order
select customer, sum(grand_total) as total, count(*) n from `tabSales Invoice` where docstatus = 1 group by customer order by total desc, customer

-- name: group ignores case
select status, count(*) from `tabSales Invoice` where status = 'paid' group by status

-- name: having alias
select customer, sum(grand_total) total from `tabSales Invoice` group by customer having total > 100 order by customer

-- name: having without group
select name, grand_total * 2 as dbl from `tabSales Invoice` having dbl > 150 order by name

-- name: group by alias of an expression
select date_format(posting_date, '%Y-%m') as month, sum(grand_total) from `tabSales Invoice` group by month order by month

-- name: group by position
select docstatus, count(*) from `tabSales Invoice` group by 1 order by 1

-- name: group by expression
select year(posting_date), month(posting_date), count(name) from `tabSales Invoice` group by year(posting_date), month(posting_date) order by 1, 2

-- name: loose group by key
select name, customer, grand_total from `tabSales Invoice` group by name order by name

-- name: loose group by dependent
select si.name, si.customer, sum(item.amount) amount from `tabSales Invoice` si join `tabSales Invoice Item` item on item.parent = si.name group by si.name order by si.name

-- name: max with a bare text column filter
select max(posting_date), min(creation), max(name) from `tabSales Invoice`

-- name: average
select avg(grand_total), avg(docstatus), avg(qty) from `tabSales Invoice`

-- name: sum of nothing
select sum(grand_total), max(name), count(*) from `tabSales Invoice` where name = 'nope'

-- name: text equals ignoring case
select name from tabCustomer where name = 'acme'

-- name: text param ignoring case
-- values: ["BETA"]
select name from tabCustomer where name = %s

-- name: in ignores case
select name from tabCustomer where name in ('ACME', 'BETA') order by name

-- name: in a list value
-- values: [["acme", "zed", "none"]]
select name from tabCustomer where name in %s order by name

-- name: in a named list
-- values: {"t": ["north", "EAST"], "d": 0}
select name, territory from tabCustomer where territory in %(t)s and disabled = %(d)s order by name

-- name: in a list of one
-- values: {"n": ["Zed"]}
select name from tabCustomer where name in %(n)s

-- name: not in a list
-- values: [["acme"]]
select name from tabCustomer where name not in %s order by name

-- name: in numbers
select name from `tabSales Invoice` where docstatus in (0, 2) order by name

-- name: in a list of numbers
-- values: [[0, 2]]
select name from `tabSales Invoice` where docstatus in %s order by name

-- name: in dates
select name from `tabSales Invoice` where posting_date in ('2024-03-14', '2024-3-15') order by name

-- name: in a list of dates
-- values: [["2024-03-14", "2024-3-15"]]
select name from `tabSales Invoice` where posting_date in %s order by name

-- name: in placeholders
-- values: ["ACME", "zed"]
select name from tabCustomer where name in (%s, %s) order by name

-- name: not equal leaves null
select name from tabCustomer where territory != 'North' order by name

-- name: like
select name from tabCustomer where customer_name like '%corp%'

-- name: like with percent escaped
select name from tabCustomer where customer_name like '%\%%'

-- name: like with values
-- values: ["%acme%"]
select name from tabCustomer where customer_name like %s or email_id like '%%@beta%%' order by name

-- name: like underscore
select name from `tabSales Invoice` where remarks like 'a_b' order by name

-- name: like escaped underscore
select name from `tabSales Invoice` where remarks like 'a\_b' order by name

-- name: not like
select name from tabCustomer where customer_name not like '%a%' order by name

-- name: like umlaut ignoring case
select name from tabCustomer where name like '%MÜLLER%'

-- name: like umlaut value
-- values: ["müll%"]
select name from tabCustomer where name like %s

-- name: like on a date
select name from `tabSales Invoice` where creation like '2024-03-15%' order by name

-- name: like on a number
select name from `tabSales Invoice` where qty like '1%' order by name

-- name: is null
select name from tabCustomer where territory is null

-- name: is not null
select name from tabCustomer where territory is not null order by name

-- name: ifnull equals empty
select name from tabCustomer where ifnull(email_id, '') = '' order by name

-- name: ifnull not empty
select name from tabCustomer where ifnull(email_id, '') != '' order by name

-- name: coalesce number
select name, coalesce(credit_limit, 0), ifnull(lft, 0) from tabCustomer order by name

-- name: coalesce int and text
select name, coalesce(qty, '') from `tabSales Invoice` order by name

-- name: coalesce date and text
select name, coalesce(due_date, '') d from `tabSales Invoice` order by name

-- name: ifnull date compare
select name from `tabSales Invoice` where ifnull(due_date, '2024-01-01') < '2024-02-01' order by name

-- name: text column with number
select name from `tabSingles` where value = 3

-- name: text column with number value
-- values: [10]
select name from tabEmployee where code = %s order by name

-- name: text column greater than number
select name from tabEmployee where code > 9 order by name

-- name: text column with zero
select name from tabEmployee where code = 0 order by name

-- name: number column with text
select name from `tabSales Invoice` where docstatus = '1' order by name

-- name: number column with text value
-- values: ["2"]
select name from `tabSales Invoice` where qty > %s order by name

-- name: number column with bad text
select name from `tabSales Invoice` where qty = 'abc'

-- name: where a column alone
select name from tabCustomer where disabled

-- name: where not a column
select name from tabCustomer where not disabled order by name

-- name: where bang
select name from tabCustomer where !disabled and credit_limit order by name

-- name: and or symbols
select name from tabCustomer where disabled = 1 || (credit_limit > 90 && lft > 5) order by name

-- name: xor
select name from tabCustomer where (disabled = 1) xor (lft > 4) order by name

-- name: null safe equal
select name from tabCustomer where territory <=> null

-- name: null safe not equal
select name from tabCustomer where not (territory <=> 'north') order by name

-- name: between dates
select name from `tabSales Invoice` where posting_date between '2024-03-01' and '2024-03-14' order by name

-- name: between values
-- values: ["2024-03-01", "2024-03-14"]
select name from `tabSales Invoice` where posting_date between %s and %s order by name

-- name: between datetimes
select name from `tabSales Invoice` where creation between '2024-03-01' and '2024-03-14 09:30:00.123456' order by name

-- name: not between
select name from `tabSales Invoice` where qty not between 1 and 5 order by name

-- name: date equals short form
select name from `tabSales Invoice` where posting_date = '2024-3-1'

-- name: date less than moment
select name from `tabSales Invoice` where posting_date <= '2024-03-08 12:00:00' order by name

-- name: datetime greater than date
select name from `tabSales Invoice` where creation > '2024-03-10' order by name

-- name: datetime value
-- values: ["2024-03-10 10:00:00"]
select name from `tabSales Invoice` where creation >= %s order by name

-- name: date of datetime
select name, date(creation) from `tabSales Invoice` where date(creation) = '2024-03-15' order by name

-- name: date of datetime equals curdate
select name from `tabSales Invoice` where date(creation) = curdate() order by name

-- name: date compared with empty
select name from `tabSales Invoice` where posting_date != '' order by name

-- name: two date columns
select name from `tabSales Invoice` where due_date > posting_date order by name

-- name: datetime and date columns
select name from `tabSales Invoice` where creation > posting_date order by name

-- name: time column
select name, posting_time from `tabSales Invoice` where posting_time > '09:00:00' order by posting_time, name

-- name: timestamp of date and time
select name, timestamp(posting_date, posting_time) ts from `tabSales Invoice` where timestamp(posting_date, posting_time) <= '2024-03-14 09:30:00' order by ts, name

-- name: now family
select now(), curdate(), current_timestamp, current_date, curtime(), current_timestamp(), current_date(), localtime(), utc_date(), utc_timestamp(), utc_time()

-- name: now with decimals
select now(6), now() - interval 1 second

-- name: curdate minus interval
select curdate() - interval 7 day, curdate() + interval 1 month, now() - interval 2 hour

-- name: date_sub units
select date_sub('2024-03-31', interval 1 month), date_add('2024-01-31', interval 1 month), date_add('2023-12-31 23:59:59', interval 1 second), date_add('2024-02-29', interval 1 year), date_sub(curdate(), interval 1 week), date_add(now(), interval 1 quarter)

-- name: date_add of columns
select name, date_add(posting_date, interval 30 day) a, date_add(posting_date, interval 5 hour) b, date_sub(creation, interval 10 minute) c from `tabSales Invoice` order by name

-- name: date_add by a column
select name, date_add(posting_date, interval qty day) from `tabSales Invoice` order by name

-- name: date_add with a value
-- values: ["2024-03-15", 7]
select name from `tabSales Invoice` where posting_date > date_sub(%s, interval %s day) order by name

-- name: adddate and subdate
select adddate('2024-01-01', 10), subdate('2024-01-01', interval 1 month), adddate(curdate(), 1)

-- name: last seven days
select name from `tabSales Invoice` where posting_date >= curdate() - interval 7 day order by name

-- name: datediff
select name, datediff(curdate(), due_date) late, datediff(paid_on, posting_date) from `tabSales Invoice` order by name

-- name: overdue days
select name, datediff(now(), due_date) as days from `tabSales Invoice` where due_date < now() and outstanding_amount > 0 order by days desc

-- name: timestampdiff
select name, timestampdiff(minute, creation, modified) m, timestampdiff(day, posting_date, due_date) d, timestampdiff(month, posting_date, curdate()) mo from `tabSales Invoice` order by name

-- name: age
select name, timestampdiff(year, date_of_birth, curdate()) age from tabEmployee order by name

-- name: birthday today
select name from tabEmployee where day(date_of_birth) = day(curdate()) and month(date_of_birth) = month(curdate())

-- name: anniversary by format
select name from tabEmployee where date_format(date_of_birth, '%m-%d') = date_format(curdate(), '%m-%d')

-- name: date parts
select year(creation), month(creation), day(creation), dayofmonth(creation), hour(creation), minute(creation), second(creation), quarter(creation), weekday(creation), dayofweek(creation), dayofyear(creation) from `tabSales Invoice` order by name

-- name: week numbers
select week('2024-01-01'), week('2023-01-01'), week('2024-12-30', 1), week('2024-12-30', 3), weekofyear('2021-01-03'), yearweek('2024-01-01'), yearweek('2023-01-01', 1), yearweek(creation, 1) from tabSingles order by name

-- name: week modes
select week('2020-01-01',0), week('2020-01-01',1), week('2020-01-01',2), week('2020-01-01',3), week('2020-01-01',4), week('2020-01-01',5), week('2020-01-01',6), week('2020-01-01',7), week('2022-12-31',0), week('2022-12-31',1), week('2022-12-31',2), week('2022-12-31',3), week('2022-12-31',4), week('2022-12-31',5), week('2022-12-31',6), week('2022-12-31',7)

-- name: day and month names
select dayname(posting_date), monthname(posting_date) from `tabSales Invoice` order by name

-- name: date_format letters
select date_format('2024-03-05 07:08:09.012345', '%Y %y %m %c %M %b %d %e %D %j %H %k %h %I %l %i %s %f %p %r %T %W %a %w %U %u %V %v %X %x %%')

-- name: date_format of a date
select name, date_format(posting_date, '%d-%m-%Y') f from `tabSales Invoice` order by name

-- name: extract
select extract(year from posting_date), extract(month from posting_date), extract(year_month from posting_date), extract(hour from creation) from `tabSales Invoice` order by name

-- name: last_day and makedate
select last_day('2024-02-10'), last_day(posting_date), makedate(2024, 60) from `tabSales Invoice` order by name

-- name: str_to_date
select str_to_date('15/03/2024', '%d/%m/%Y'), str_to_date('March 5, 2024', '%M %e, %Y'), str_to_date('2024-03-15 10:11:12', '%Y-%m-%d %H:%i:%s'), str_to_date('nope', '%d/%m/%Y')

-- name: time arithmetic
select timediff('10:00:00', '08:30:00'), timediff('2024-03-15 10:00:00', '2024-03-14 09:00:00'), sec_to_time(3661), time_to_sec('01:01:01'), addtime('10:00:00', '01:30:00'), maketime(1, 2, 3)

-- name: timediff of columns
select name, timediff(shift_end, shift_start) t, hour(timediff(shift_end, shift_start)) h from tabEmployee order by name

-- name: unix_timestamp
select unix_timestamp(), unix_timestamp('2024-03-15 14:30:45'), unix_timestamp(posting_date) from `tabSales Invoice` order by name

-- name: from_unixtime
select from_unixtime(1710493245), from_unixtime(0), from_unixtime(1710493245, '%Y')

-- name: date minus number
select curdate() - 1, curdate() + 0, now() + 0

-- name: concat
select concat(name, ' - ', customer_name), concat('a', null), concat(lft, '/', rgt) from tabCustomer order by name

-- name: concat of kinds
select concat(posting_date, ' ', posting_time), concat(creation), concat(grand_total), concat(qty * 2) from `tabSales Invoice` order by name

-- name: concat_ws
select concat_ws(', ', territory, customer_group, email_id) from tabCustomer order by name

-- name: group_concat
select parent, group_concat(item_code order by item_code, name separator ', ') from `tabSales Invoice Item` group by parent order by parent

-- name: group_concat distinct
select group_concat(distinct customer order by customer) from `tabSales Invoice` where docstatus = 1 and customer != 'beta'

-- name: group_concat desc
select parent, group_concat(item_code order by qty desc, name) from `tabSales Invoice Item` group by parent order by parent

-- name: upper lower length
select upper(name), lower(customer_name), length(name), char_length(name) from tabCustomer order by name

-- name: left right substring
select left(name, 2), right(name, 3), substring(name, 2), substring(name, 2, 2), substr(name, -2), mid(name, 1, 1), substring(name from 2 for 1) from tabCustomer order by name

-- name: substring_index
select substring_index(email_id, '@', 1), substring_index(email_id, '@', -1), substring_index('a.b.c', '.', 2), substring_index('a.b.c', '.', -2), substring_index('abc', '.', 1) from tabCustomer order by name

-- name: trim and pad
select trim('  a '), ltrim('  a '), rtrim(' a  '), lpad('5', 3, '0'), rpad('5', 3, 'x'), lpad('abcd', 2, 'x'), trim(both 'x' from 'xxaxx'), trim(leading '0' from '007')

-- name: lpad of an int
select lpad(idx, 4, '0') from tabCustomer order by name

-- name: replace is exact
select replace(customer_name, 'c', 'X'), replace(name, 'A', '-') from tabCustomer order by name

-- name: locate and instr
select locate('M', 'gamma'), locate('m', 'gamma', 4), instr('Foobar', 'BAR'), position('b' in 'abc'), find_in_set('b', 'a,B,c'), find_in_set('x', 'a')

-- name: reverse repeat space
select reverse('abc'), repeat('ab', 3), concat('[', space(3), ']'), ascii('A'), strcmp('a', 'B'), insert('Quadratic', 3, 4, 'What')

-- name: if
select name, if(disabled, 'off', 'on'), if(credit_limit > 100, credit_limit, 0), if(territory is null, 1, 2) from tabCustomer order by name

-- name: if int or text
select if(disabled, 1, 'x') from tabCustomer order by name

-- name: nullif
select nullif(status, 'paid'), nullif(docstatus, 1) from `tabSales Invoice` order by name

-- name: case simple
select name, case status when 'paid' then 'P' when 'Unpaid' then 'U' else status end s from `tabSales Invoice` order by name

-- name: case searched
select name, case when grand_total > 100 then 'big' when grand_total is null then null else 'small' end s from `tabSales Invoice` order by name

-- name: case int and decimal
select case when docstatus = 1 then grand_total else 0 end from `tabSales Invoice` order by name

-- name: greatest least
select greatest(1, 2, 3), least(2, 1.5), greatest('a', 'B'), greatest(lft, rgt), least(lft, null) from tabCustomer order by name

-- name: greatest of dates
select greatest(posting_date, due_date), least(posting_date, '2024-03-01') from `tabSales Invoice` order by name

-- name: field order
select name, status from `tabSales Invoice` order by field(status, 'Unpaid', 'paid', 'Draft'), name

-- name: elt
select elt(2, 'a', 'b', 'c'), elt(4, 'a')

-- name: order nulls first
select name, territory from tabCustomer order by territory, name

-- name: order nulls last desc
select name, territory from tabCustomer order by territory desc, name

-- name: order by alias
select name n, grand_total * -1 neg from `tabSales Invoice` order by neg, n

-- name: order by expression of alias
select name, qty * 2 as q2 from `tabSales Invoice` order by q2 + 1 desc, name

-- name: order by position desc
select name, qty from `tabSales Invoice` order by 2 desc, 1

-- name: order ignores case
select employee_name from tabEmployee order by employee_name

-- name: order by not selected
select name from `tabSales Invoice` order by grand_total desc, name limit 3

-- name: distinct ignores case
select count(*) from (select distinct item_code from `tabSales Invoice Item`) t

-- name: distinct with hidden order
select distinct status from `tabSales Invoice` where docstatus = 2 order by creation

-- name: distinct function
select count(*) from (select distinct coalesce(warehouse, 'none') w from `tabSales Invoice Item`) x

-- name: limit offset
select name from `tabSales Invoice` order by name limit 3 offset 2

-- name: limit comma
select name from `tabSales Invoice` order by name limit 2, 3

-- name: limit values
-- values: [1, 2]
select name from `tabSales Invoice` order by name limit %s, %s

-- name: limit named values
-- values: {"start": 0, "len": 2}
select name from `tabSales Invoice` order by name limit %(start)s, %(len)s

-- name: inner join
select si.name, c.customer_name from `tabSales Invoice` si inner join tabCustomer c on c.name = si.customer order by si.name

-- name: left join
select si.name, c.customer_name from `tabSales Invoice` si left join tabCustomer c on c.name = si.customer where c.name is null order by si.name

-- name: right join
select item.name, si.name from `tabSales Invoice` si right join `tabSales Invoice Item` item on item.parent = si.name order by item.name

-- name: comma join
select si.name, i.item_code from `tabSales Invoice` si, `tabSales Invoice Item` i where si.name = i.parent and i.qty > 1 order by si.name, i.item_code

-- name: full table names
select `tabSales Invoice`.name, `tabCustomer`.territory from `tabSales Invoice`, `tabCustomer` where `tabSales Invoice`.customer = `tabCustomer`.name and `tabCustomer`.disabled = 0 order by `tabSales Invoice`.name

-- name: join using
select name, a.status from `tabSales Invoice` a join `tabSales Invoice` b using (name) where b.docstatus = 2

-- name: self join
select e.employee_name, m.employee_name boss from tabEmployee e left join tabEmployee m on m.name = e.reports_to order by e.name

-- name: exists
select name from tabCustomer c where exists (select 1 from `tabSales Invoice` si where si.customer = c.name and si.status = 'Unpaid') order by name

-- name: not exists
select name from tabCustomer c where not exists (select name from `tabSales Invoice` si where si.customer = c.name) order by name

-- name: in subselect
select name from tabCustomer where name in (select customer from `tabSales Invoice` where grand_total < 100) order by name

-- name: not in subselect
select name from `tabSales Invoice Item` where parent not in (select name from `tabSales Invoice`) order by name

-- name: scalar subselect
select name, (select sum(grand_total) from `tabSales Invoice` si where si.customer = c.name) total from tabCustomer c order by name

-- name: subselect compare
select name from `tabSales Invoice` where grand_total > (select avg(grand_total) from `tabSales Invoice` where docstatus = 1 and qty < 20) order by name

-- name: derived table
select t.customer, t.total from (select customer, sum(grand_total) total from `tabSales Invoice` group by customer) t where t.total > 0 order by t.total

-- name: union
select name from tabCustomer where disabled = 1 union select name from tabEmployee where department = 'hr' order by name

-- name: union all with kinds
select 'customer' kind, count(*) n from tabCustomer union all select 'invoice', sum(grand_total) from `tabSales Invoice` order by kind

-- name: union folds case
select count(*) from (select status from `tabSales Invoice` where status = 'Paid' union select 'PAID' as s) t

-- name: union parentheses
(select name from tabCustomer order by name limit 1) union all (select name from tabEmployee order by name desc limit 1) order by name

-- name: union int and text
select 1 as a union select 'x' order by a

-- name: cte
with totals as (select customer, sum(grand_total) t from `tabSales Invoice` group by customer) select c.name, t.t from tabCustomer c join totals t on t.customer = c.name order by c.name

-- name: two ctes
with a as (select name from tabCustomer where disabled = 0), b as (select name from a where name like '%e%') select count(*) from b

-- name: window row_number
select name, row_number() over (partition by customer order by posting_date desc) rn from `tabSales Invoice` where docstatus = 1 order by name

-- name: window running sum
select name, sum(grand_total) over (order by posting_date, name) run from `tabSales Invoice` where docstatus = 1 order by name

-- name: window rank and lag
select name, rank() over (order by salary desc) r, lag(name) over (order by name) p, lead(salary, 1) over (order by name) nx from tabEmployee order by name

-- name: arithmetic
select 1 + 1, 7 / 2, 7 div 2, 7 % 2, -7 div 2, -7 % 3, 2 * 1.5, 10 / 4, 1 / 3, 5 / 0, 5 % 0, 5 div 0

-- name: decimal arithmetic
select grand_total / 3, grand_total * 1.1, grand_total - discount, outstanding_amount / grand_total * 100 from `tabSales Invoice` order by name

-- name: integer columns
select lft + rgt, lft * rgt, (rgt - lft - 1) / 2, (rgt - lft) div 2, rgt mod 2 from tabCustomer order by name

-- name: text in arithmetic
select code + 1, '3' * '4', value + 0 from tabEmployee, tabSingles where field = 'float_precision' order by tabEmployee.name

-- name: round and friends
select round(2.5), round(-2.5), round(1.005, 2), round(1234.5678, -2), truncate(1.999, 2), floor(-1.5), ceil(1.2), abs(-3), mod(10, 3), sign(-2), round(grand_total, 1), floor(grand_total), ceil(grand_total) from `tabSales Invoice` order by name

-- name: rounding of doubles
select round(sum(qty * rate), 2), sum(amount), sum(qty) from `tabSales Invoice Item`

-- name: power and roots
select pow(2, 10), sqrt(16), sqrt(-1), round(exp(1), 5), round(ln(10), 5), log10(1000), log2(8), ln(0), round(log(2, 8), 3)

-- name: format number
select format(1234567.891, 2), format(0.5, 0), format(-1234.5, 1)

-- name: cast signed
select cast('12abc' as signed), cast(1.6 as signed), cast('-3' as signed), cast(code as unsigned) from tabEmployee where code != 'abc' order by name

-- name: cast char
select cast(qty as char), cast(posting_date as char), cast(grand_total as char) from `tabSales Invoice` order by name

-- name: cast decimal
select cast('3.14159' as decimal(10,2)), cast(grand_total as decimal(10,1)), cast('abc' as decimal(5,2)) from `tabSales Invoice` order by name

-- name: cast date
select cast('2024-03-15 10:11:12' as date), cast(creation as date), cast('2024-3-5' as datetime), cast(creation as datetime), cast(creation as time) from `tabSales Invoice` order by name

-- name: order by cast
select code from tabEmployee order by cast(code as signed), name

-- name: convert
select convert('12', signed), convert(qty, char), convert(name using utf8mb4) from `tabSales Invoice` order by name

-- name: regexp
select name from tabCustomer where name regexp '^[a-g]' order by name

-- name: rlike and not regexp
select name from `tabSales Invoice` where name rlike '000[1-3]$' and remarks not regexp 'x' order by name

-- name: double quoted string
select name from `tabSales Invoice` where status = "Paid" order by name

-- name: quotes in strings
select 'it''s', "say ""hi""", 'a\'b', 'back\\slash', 'tab\tx'

-- name: backticks with spaces
select `tabSales Invoice`.`name` as `Invoice ID`, `tabSales Invoice`.`grand_total` as "Grand Total" from `tabSales Invoice` order by `Invoice ID` limit 2

-- name: comments
select name -- the name
 from tabCustomer # all
 /* where nothing */ where disabled = 1

-- name: star
select * from tabSingles order by name

-- name: star of one table
select i.*, si.status from `tabSales Invoice Item` i join `tabSales Invoice` si on si.name = i.parent where si.name = 'INV-0004'

-- name: boolean results
select 1 = 1, 1 > 2, null = 1, 'a' = 'A', not 1, 1 and null, true, false, 3 between 1 and 5, 2 in (1, 2), name is null from tabSingles order by name

-- name: boolean column results
select name, disabled = 0, territory = 'north', credit_limit > 100 from tabCustomer order by name

-- name: is true
select name from tabCustomer where (credit_limit > 100) is true order by name

-- name: is not true
select name from tabCustomer where (credit_limit > 100) is not true order by name

-- name: json_extract
select json_extract(meta, '$.a'), json_extract(meta, '$.b.c[1]'), json_extract(meta, '$.s') from tabCustomer where name in ('ACME', 'beta') order by name

-- name: json_unquote
select json_unquote(json_extract(meta, '$.s')), json_value(meta, '$.n') from tabCustomer where name in ('ACME', 'beta') order by name

-- name: json objects
select json_extract(meta, '$.b'), json_length(meta), json_keys(meta), json_valid(meta), json_contains(meta, '"x"', '$.tags') from tabCustomer where name in ('ACME', 'beta') order by name

-- name: json_object and array
select json_object('a', 1, 'b', 'x'), json_array(1, 'a', null), json_object('t', territory) from tabCustomer order by name

-- name: json_arrayagg
select json_arrayagg(field) from tabSingles where doctype = 'System Settings'

-- name: row compare
select name from `tabSales Invoice` where (customer, status) = ('ACME', 'paid')

-- name: row in
select name from `tabSales Invoice` where (customer, status) in (('acme', 'Unpaid'), ('beta', 'Overdue')) order by name

-- name: row in values
-- values: [[["ACME", "Unpaid"], ["Gamma", "Return"]]]
select name from `tabSales Invoice` where (customer, status) in %s order by name

-- name: null values
-- values: [null]
select name from tabCustomer where territory = %s

-- name: select values
-- values: ["x", 1, 1.5]
select %s as a, %s b, %s c

-- name: date value against a text column
-- values: ["2024-01-01"]
select name from tabSingles where value < %s order by name

-- name: lock for update
select name, grand_total from `tabSales Invoice` where name = 'INV-0001' for update

-- name: index hint
select name from `tabSales Invoice` use index (primary) where docstatus = 2

-- name: unqualified in join
select si.name, item_code, posting_date from `tabSales Invoice` si join `tabSales Invoice Item` i on i.parent = si.name where rate > 30 order by i.name

-- name: upper case columns
select NAME, Customer from `tabSales Invoice` where DOCSTATUS = 2

-- name: sum times sum
select sum(grand_total) / count(*) avg_total, sum(grand_total) * 100 / sum(outstanding_amount + 1) from `tabSales Invoice` where docstatus = 1

-- name: nested functions
select ifnull(round(sum(ifnull(grand_total, 0)) / nullif(count(distinct customer), 0), 2), 0) from `tabSales Invoice`

-- name: md5 and sha
select md5('abc'), sha1('abc'), sha2('abc', 256)

-- name: bit operators
select 5 & 3, 5 | 3, 5 ^ 3, 1 << 4, 256 >> 2

-- name: std and variance
select round(std(salary), 4), round(stddev_samp(salary), 4), round(variance(salary), 2) from tabEmployee

-- name: dual
select 1 from dual

-- name: exists as a value
select exists(select 1 from tabCustomer where disabled = 1) e

-- name: group having count
select customer, count(name) c from `tabSales Invoice` where customer is not null group by customer having count(name) > 1 and max(posting_date) > '2024-01-01'

-- name: coalesce of aggregates
select coalesce(max(idx), 0) + 1 from tabCustomer

-- name: avg by month ordered
select month(posting_date) m, round(avg(grand_total), 2) a from `tabSales Invoice` where docstatus = 1 group by month(posting_date) order by m

