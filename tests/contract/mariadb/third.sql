-- name: receivables with ageing columns
-- values: {"as_on": "2024-03-15"}
select si.customer, sum(if(datediff(%(as_on)s, ifnull(si.due_date, si.posting_date)) <= 0, si.outstanding_amount, 0)) as current_due, sum(if(datediff(%(as_on)s, ifnull(si.due_date, si.posting_date)) between 1 and 30, si.outstanding_amount, 0)) as range1, sum(if(datediff(%(as_on)s, ifnull(si.due_date, si.posting_date)) > 30, si.outstanding_amount, 0)) as range2, sum(si.outstanding_amount) as total from `tabSales Invoice` si where si.docstatus = 1 and si.customer is not null group by si.customer having total != 0 order by total desc

-- name: item wise sales register
-- values: {"from_date": "2024-02-01", "to_date": "2024-03-31"}
select `tabSales Invoice Item`.name, `tabSales Invoice Item`.parent, `tabSales Invoice`.posting_date, `tabSales Invoice`.customer, `tabSales Invoice Item`.item_code, `tabSales Invoice Item`.qty, `tabSales Invoice Item`.amount from `tabSales Invoice`, `tabSales Invoice Item` where `tabSales Invoice`.name = `tabSales Invoice Item`.parent and `tabSales Invoice`.docstatus = 1 and posting_date >= %(from_date)s and posting_date <= %(to_date)s order by `tabSales Invoice`.posting_date desc, `tabSales Invoice Item`.item_code desc, `tabSales Invoice Item`.name

-- name: invoices without items
select si.name from `tabSales Invoice` si left join `tabSales Invoice Item` item on item.parent = si.name where item.name is null and si.docstatus < 2 order by si.name

-- name: employees with their manager's manager
select e.name, e.employee_name, coalesce(m.employee_name, 'nobody') as manager, g.employee_name as above from tabEmployee e left join tabEmployee m on m.name = e.reports_to left join tabEmployee g on g.name = m.reports_to order by e.name

-- name: customers joined by a lowered mail domain
select a.name, b.name as other from tabCustomer a inner join tabCustomer b on lower(substring_index(a.email_id, '@', -1)) = lower(substring_index(b.email_id, '@', -1)) and a.name < b.name order by a.name, b.name

-- name: join on a range of dates
select l.name, count(si.name) as invoices from `tabScheduled Job Log` l left join `tabSales Invoice` si on si.creation between date_sub(l.creation, interval 7 day) and l.creation group by l.name order by l.name

-- name: join with a values subselect
select s.label, count(si.name) as n from (select 'Paid' as label union all select 'Unpaid' union all select 'Overdue') s left join `tabSales Invoice` si on si.status = s.label and si.docstatus = 1 group by s.label order by s.label

-- name: right join with group
select c.name, ifnull(sum(si.grand_total), 0) as turnover from `tabSales Invoice` si right join tabCustomer c on c.name = si.customer and si.docstatus = 1 group by c.name order by turnover desc, c.name

-- name: fiscal year of a date
select name, posting_date, if(month(posting_date) >= 4, concat(year(posting_date), '-', year(posting_date) + 1), concat(year(posting_date) - 1, '-', year(posting_date))) as fiscal_year from `tabSales Invoice` order by name

-- name: last day of the month before
select name from `tabSales Invoice` where posting_date <= last_day(date_sub(curdate(), interval 1 month)) order by posting_date, name

-- name: months of service
select name, timestampdiff(month, date_of_joining, '2024-03-15') as months, period_diff(date_format('2024-03-15', '%Y%m'), date_format(date_of_joining, '%Y%m')) as calendar_months from tabEmployee where date_of_joining is not null order by name

-- name: working hours over midnight
select name, time_to_sec(timediff(if(shift_end < shift_start, addtime(shift_end, '24:00:00'), shift_end), shift_start)) / 3600 as hours from tabEmployee where shift_start is not null order by name

-- name: next birthday
select name, date_of_birth, date_add(date_of_birth, interval year(curdate()) - year(date_of_birth) + if(date_format(curdate(), '%m%d') > date_format(date_of_birth, '%m%d'), 1, 0) year) as next_one from tabEmployee where date_of_birth is not null order by next_one, name

-- name: jobs grouped by hour and day
select date(creation) as day, hour(creation) as hour, count(*) as runs, round(avg(seconds), 2) as average, max(seconds) as longest from `tabScheduled Job Log` group by date(creation), hour(creation) order by day, hour

-- name: day before with datetime column
-- values: {"date": "2024-03-15"}
select name from `tabScheduled Job Log` where creation >= timestamp(%(date)s) - interval 1 day and creation < timestamp(%(date)s) order by name

-- name: seconds as a clock
select name, sec_to_time(round(seconds * 60)) as took, date_format(creation, '%d-%m-%Y %h:%i %p') as started from `tabScheduled Job Log` where seconds is not null order by name

-- name: monthly totals with all months
select m.n as month, coalesce(sum(si.grand_total), 0) as total from (select 1 as n union select 2 union select 3 union select 4) m left join `tabSales Invoice` si on month(si.posting_date) = m.n and year(si.posting_date) = 2024 and si.docstatus = 1 group by m.n order by m.n

-- name: pivot of status by currency
select ifnull(upper(currency), 'none') as currency_code, sum(status = 'Paid') as paid, sum(status = 'Unpaid') as unpaid, sum(status not in ('Paid', 'Unpaid') or status is null) as others, count(*) as total from `tabSales Invoice` group by currency_code order by currency_code

-- name: gross profit per group with percentage
select c.customer_group, sum(si.grand_total) as total, round(sum(si.grand_total) * 100 / (select sum(grand_total) from `tabSales Invoice` where docstatus = 1), 2) as percentage from `tabSales Invoice` si join tabCustomer c on c.name = si.customer where si.docstatus = 1 group by c.customer_group having percentage > 0 order by total desc

-- name: stock ledger like balance
select item.warehouse, lower(item.item_code) as item, sum(case when si.is_return = 1 then item.qty else -1 * item.qty end) as actual_qty, sum(item.amount) / nullif(sum(item.qty), 0) as valuation_rate from `tabSales Invoice Item` item inner join `tabSales Invoice` si on si.name = item.parent where ifnull(item.warehouse, '') != '' group by item.warehouse, item order by item.warehouse, item

-- name: items sold together
select lower(a.item_code) as first, lower(b.item_code) as second, count(distinct a.parent) as times from `tabSales Invoice Item` a join `tabSales Invoice Item` b on a.parent = b.parent and a.name < b.name group by lower(a.item_code), lower(b.item_code) order by times desc, first, second

-- name: parents of children with a sum that differs
select si.name, si.grand_total, t.total from `tabSales Invoice` si join (select parent, sum(amount) as total from `tabSales Invoice Item` group by parent) t on t.parent = si.name where abs(si.grand_total - t.total) > 0.01 order by si.name

-- name: children as one text
select si.name, group_concat(concat(lower(item.item_code), ' x ', round(item.qty, 1)) order by item.name separator '; ') as items from `tabSales Invoice` si inner join `tabSales Invoice Item` item on item.parent = si.name group by si.name order by si.name

-- name: distinct warehouses of each invoice
select parent, group_concat(distinct upper(warehouse) order by upper(warehouse)) as warehouses, count(distinct warehouse) as n from `tabSales Invoice Item` where warehouse is not null and warehouse <> '' group by parent order by parent

-- name: orphans among children
select item.name from `tabSales Invoice Item` as item where item.parent not in (select si.name from `tabSales Invoice` as si) order by item.name

-- name: children filtered by parent's field
-- values: ["EUR", ["W1", "W2"]]
select count(*) as n, sum(amount) as amount from `tabSales Invoice Item` where exists (select 1 from `tabSales Invoice` p where p.name = `tabSales Invoice Item`.parent and p.currency = %s) and warehouse in %s

-- name: summary with rounded averages
select count(*) as count, sum(grand_total) as sum, round(avg(grand_total), 2) as avg, min(grand_total) as min, max(grand_total) as max, std(qty) as spread from `tabSales Invoice` where docstatus = 1

-- name: customers ranked by turnover
select customer, turnover, rank() over (order by turnover desc) as place, round(100 * turnover / sum(turnover) over (), 1) as share from (select customer, sum(grand_total) as turnover from `tabSales Invoice` where docstatus = 1 group by customer) t order by place, customer

-- name: previous invoice of the same customer
select name, customer, posting_date, lag(posting_date) over (partition by customer order by posting_date) as previous, datediff(posting_date, lag(posting_date) over (partition by customer order by posting_date)) as gap from `tabSales Invoice` where docstatus = 1 order by customer, posting_date

-- name: last status of each job
select scheduled_job_type, status, creation from (select scheduled_job_type, status, creation, row_number() over (partition by scheduled_job_type order by creation desc) as rn from `tabScheduled Job Log`) t where rn = 1 order by scheduled_job_type

-- name: running balance per customer
select name, customer, sum(grand_total) over (partition by customer order by posting_date, name rows between unbounded preceding and current row) as balance from `tabSales Invoice` where docstatus = 1 order by customer, posting_date, name

-- name: salary quartiles
select name, salary, ntile(2) over (order by salary, name) as half, percent_rank() over (order by salary) as p from tabEmployee where salary is not null order by salary, name

-- name: salary against the department
select name, department, salary - avg(salary) over (partition by department) as difference, dense_rank() over (partition by department order by salary desc) as r from tabEmployee where department is not null order by name

-- name: case over several columns
select name, case when docstatus = 0 then 'Draft' when docstatus = 2 then 'Cancelled' when is_return = 1 then 'Return' when outstanding_amount > 0 and due_date < '2024-03-15' then 'Overdue' when outstanding_amount > 0 then 'Unpaid' else 'Paid' end as state from `tabSales Invoice` order by name

-- name: case in group and order
select case when salary >= 4000 then 'high' when salary is null then 'unknown' else 'low' end as band, count(*) as n, group_concat(name order by name) as names from tabEmployee group by band order by field(band, 'high', 'low', 'unknown')

-- name: case with in and like
select name, case when customer_group in ('commercial') then 1 when customer_name like '%100\%%' then 2 when email_id = '' or email_id is null then 3 else 0 end as flag from tabCustomer order by name

-- name: case of dates and nulls
select name, case when paid_on is not null then date(paid_on) when due_date > curdate() then due_date end as day from `tabSales Invoice` order by name

-- name: above the average of its customer
select name from `tabSales Invoice` si where grand_total > (select avg(grand_total) from `tabSales Invoice` x where x.customer = si.customer and x.docstatus = 1) and docstatus = 1 order by name

-- name: customers whose latest invoice is unpaid
select c.name from tabCustomer c where (select si.status from `tabSales Invoice` si where si.customer = c.name and si.docstatus = 1 order by si.posting_date desc, si.name desc limit 1) = 'Unpaid' order by c.name

-- name: count of each in the select list
select c.name, (select count(*) from `tabSales Invoice` si where si.customer = c.name) as invoices, (select max(posting_date) from `tabSales Invoice` si where si.customer = c.name and si.docstatus = 1) as last_one from tabCustomer c order by c.name

-- name: greater than all of a subselect
select name from `tabSales Invoice` where docstatus = 1 and grand_total >= all (select grand_total from `tabSales Invoice` where docstatus = 1) order by name

-- name: in a subselect of a union
select name from tabCustomer where name in (select customer from `tabSales Invoice` where status = 'Overdue' union select customer from `tabSales Invoice` where grand_total > 1000) order by name

-- name: nested sets below a node with depth
select node.name, count(parent.name) - 1 as depth from tabCustomer node, tabCustomer parent where node.lft between parent.lft and parent.rgt group by node.name order by min(node.lft)

-- name: json tags of customers
select name, json_unquote(json_extract(meta, '$.tags[0]')) as tag, json_length(meta, '$.tags') as n from tabCustomer where json_valid(meta) and json_extract(meta, '$.tags') is not null order by name

-- name: json of a nested path with default
select name, ifnull(json_value(meta, '$.b.c[1]'), 'none') as second, json_extract(meta, '$.n') + 1 as more from tabCustomer where json_valid(meta) = 1 order by name

-- name: json contains and type
select name, json_contains(meta, '"x"', '$.tags') as has_x, json_type(json_extract(meta, '$.t')) as type from tabCustomer where name = 'beta'

-- name: rows as json
select json_arrayagg(json_object('name', name, 'salary', salary)) as rows_json from tabEmployee where department = 'HR' and name = 'E3'

-- name: json set of a key
select json_set('{"a": 1}', '$.b', 2) as grown, json_remove('{"a": 1, "b": 2}', '$.a') as shrunk

-- name: update the outstanding from children
-- then: select name, outstanding_amount from `tabSales Invoice` order by name
update `tabSales Invoice` si inner join (select parent, sum(amount) as total from `tabSales Invoice Item` group by parent) item on item.parent = si.name set si.outstanding_amount = si.grand_total - item.total where si.docstatus = 1

-- name: update a link by a renamed master
-- then: select name, customer, modified from `tabSales Invoice` order by name
-- values: {"old": "ACME", "new": "Acme Holding", "now": "2024-03-15 10:00:00"}
update `tabSales Invoice` set customer = %(new)s, modified = %(now)s where customer = %(old)s

-- name: update with case and in
-- then: select name, status, docstatus from `tabSales Invoice` order by name
-- values: {"names": ["INV-0002", "INV-0003", "INV-0009"]}
update `tabSales Invoice` set status = case when due_date < curdate() then 'Overdue' when outstanding_amount = grand_total then 'Unpaid' else 'Partly Paid' end where name in %(names)s and docstatus = 1

-- name: update two joined tables' child from parent
-- then: select name, warehouse from `tabSales Invoice Item` order by name
update `tabSales Invoice Item` item, `tabSales Invoice` si set item.warehouse = concat(ifnull(item.warehouse, 'none'), '-', lower(si.currency)) where si.name = item.parent and si.posting_date >= '2024-03-01'

-- name: update with a correlated count
-- then: select name, lft from tabCustomer order by name
update tabCustomer c set c.lft = (select count(*) from `tabSales Invoice` si where si.customer = c.name)

-- name: update join with self
-- then: select name, department from tabEmployee order by name
update tabEmployee e join tabEmployee m on e.reports_to = m.name set e.department = m.department, e.salary = least(e.salary, m.salary) where ifnull(e.department, '') != ifnull(m.department, '')

-- name: upsert of a daily count
-- then: select name, field, value from tabSingles order by name
insert into tabSingles (name, doctype, field, value) values ('s2', 'System Settings', 'float_precision', '5'), ('s9', 'System Settings', 'rounding', 'bankers') on duplicate key update value = values(value), field = concat(field, '*')

-- name: upsert that keeps the greater
-- then: select name, qty, grand_total from `tabSales Invoice` where name in ('INV-0001', 'INV-0100') order by name
insert into `tabSales Invoice` (name, qty, grand_total) values (%s, %s, %s), (%s, %s, %s) on duplicate key update qty = greatest(qty, values(qty)), grand_total = if(values(grand_total) > grand_total, values(grand_total), grand_total)
-- values: ["INV-0001", 9, "55.5", "INV-0100", 1, "12.25"]

-- name: upsert from a group of children
-- then: select name, seconds, status from `tabScheduled Job Log` where name like 'INV%' or name = 'log1' order by name
insert into `tabScheduled Job Log` (name, seconds, status) select parent, sum(qty), 'Counted' from `tabSales Invoice Item` group by parent on duplicate key update seconds = seconds + values(seconds)

-- name: delete children of cancelled or missing parents
-- then: select name from `tabSales Invoice Item` order by name
delete item from `tabSales Invoice Item` item left join `tabSales Invoice` si on si.name = item.parent where si.name is null or si.docstatus = 2

-- name: delete logs beyond the newest of each job
-- then: select name from `tabScheduled Job Log` order by name
delete from `tabScheduled Job Log` where name not in (select name from (select max(name) as name from `tabScheduled Job Log` group by scheduled_job_type) keep_these)

-- name: delete old by interval value
-- then: select name from `tabScheduled Job Log` order by name
-- values: [7]
delete from `tabScheduled Job Log` where creation < (now() - interval %s day)
