-- name: waiting
-- Recipients that may be tried now, the most urgent mail first.
select r.name, q.name, q.email_account, q.sender
from "tabEmail Queue Recipient" r join "tabEmail Queue" q on q.name = r.parent
where r.status in ('Not Sent', 'Sending') and coalesce(r.not_before, 0) <= :now
    and q.status in ('Not Sent', 'Sending', 'Partially Sent')
    and (q.send_after is null or q.send_after <= :local_now) and (:mail = '' or q.name = :mail)
order by q.priority desc, q.creation, r.idx, r.name limit :limit offset :skip

-- name: next_due
-- When the next recipient may be tried: of mails whose time has come, and of those that wait for theirs.
select min(case when coalesce(q.send_after, :local_now) <= :local_now then coalesce(r.not_before, 0) end),
    min(case when q.send_after > :local_now then q.send_after end)
from "tabEmail Queue Recipient" r join "tabEmail Queue" q on q.name = r.parent
where r.status in ('Not Sent', 'Sending') and q.status in ('Not Sent', 'Sending', 'Partially Sent')

-- name: claim
update "tabEmail Queue Recipient"
set status = 'Sending', claim = :claim, not_before = :until, attempts = coalesce(attempts, 0) + 1
where name = :name and status in ('Not Sent', 'Sending') and coalesce(not_before, 0) <= :now

-- name: claimed
select r.recipient, r.attempts, q.name, q.sender, q.message, q.attachments, q.email_account, q.show_as_cc,
    q.expose_recipients, q.unsubscribe_method, q.unsubscribe_params, q.reference_doctype, q.reference_name, q.message_id
from "tabEmail Queue Recipient" r join "tabEmail Queue" q on q.name = r.parent where r.name = :name

-- name: record
update "tabEmail Queue Recipient"
set status = :status, error = :error, not_before = :not_before, attempts = attempts - :free, claim = null,
    modified = :local_now
where name = :name and claim = :claim

-- name: expired
select r.name, q.name from "tabEmail Queue Recipient" r join "tabEmail Queue" q on q.name = r.parent
where r.status = 'Not Sent' and q.status in ('Not Sent', 'Sending', 'Partially Sent')
    and coalesce(q.send_after, q.creation) < :cutoff limit :limit

-- name: expire
update "tabEmail Queue Recipient" set status = 'Expired', modified = :local_now
where name = :name and status = 'Not Sent'

-- name: unsettled
-- Mails whose last recipient was recorded by somebody who died before the mail was.
select q.name from "tabEmail Queue" q where q.status in ('Not Sent', 'Sending') and not exists (
    select 1 from "tabEmail Queue Recipient" r where r.parent = q.name and r.status in ('Not Sent', 'Sending')
) limit :limit

-- name: hold_mail
-- Whoever brings a mail up to date holds it first: of several, the last one counts all recipients.
update "tabEmail Queue" set modified = :local_now where name = :mail

-- name: counts
select status, count(*), min(error) from "tabEmail Queue Recipient" where parent = :mail group by status

-- name: set_mail
update "tabEmail Queue" set status = :status, error = :error, modified = :local_now
where name = :mail and status <> 'Canceled'

-- name: accounts
select name, email_id, login_id_is_different, login_id, smtp_server, smtp_port, use_tls, use_ssl_for_outgoing,
    no_smtp_authentication, default_outgoing, always_use_account_email_id_as_sender
from "tabEmail Account" where enable_outgoing = 1 and coalesce(smtp_server, '') <> '' order by default_outgoing desc, name

-- name: password
select password from "__Auth"
where doctype = 'Email Account' and name = :name and fieldname = 'password' and encrypted = 1
