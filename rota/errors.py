"""Every exception of Rota, in one tree.

    RotaError                      anything that Rota itself has to say no to
    ├── UsageError                 wrong words at the command line or in a call: exit code 2
    │   ├── ConfigError            a configuration file or key that can't be used
    │   ├── UnknownSite            ├── UnknownApp      ├── UnknownQueue    ├── UnknownMethod
    │   ├── UnknownTimeZone        ├── InvalidSchedule  ├── InvalidRetry
    │   ├── InvalidCron            ├── NotEncodable    a value that a job can't carry
    │   └── BenchNotFound          no bench at or above the directory
    ├── BenchRunning               a second `rota start` in one bench
    ├── BenchNotRunning            no `rota start` to tell something to
    ├── SiteInUse                  processes use a site that must stand still
    ├── CopyMismatch               a copy of a site that is not the same as the site
    ├── BrokenArchive              a backup that can't be restored; nothing was changed
    ├── RestoreUnfinished          a restore was interrupted, so the site must not be used
    ├── ProgramMissing             a program of the system that is not installed
    ├── PortTaken                  the web server can't listen where it should
    ├── BrokenApp                  an app that can't be imported, or declares what can't be
    ├── StoreError                 the database under the engine
    │   ├── StoreBusy              another writer held it for longer than the time limit
    │   ├── StoreFull              no space left; nothing was changed
    │   ├── StoreConflict          a unique or other constraint said no
    │   ├── StoreDeadlock          the database chose this transaction to solve a deadlock
    │   ├── StoreTimeout           the database ended the statement at its time limit
    │   ├── StoreUnavailable       can't be reached
    │   ├── CommitUnknown          a COMMIT that did not answer: it may have happened
    │   ├── PairMismatch           site.db and jobs.db are not of the same moment
    │   └── NewerSchema            written by a newer Rota
    ├── JobError                   what a job's caller or the job itself is told
    │   ├── NoSuchJobError         ├── JobNotFinished   ├── JobFailed
    │   ├── NotDecodable           stored arguments or a result that can't be read
    │   ├── QueueOverloaded        ├── ChainStopped
    │   └── TooManyRowsFailed      more rows of an iteration failed than may be left out
    ├── NotInRota                  a Frappe name that Rota does not have
    └── ValidationError            what Frappe's code raises and catches, with Frappe's names and HTTP statuses
        └── ...

    JobTimeout, JobLost, JobCanceled    BaseExceptions: `except Exception` in a job must not swallow them
    JobInterrupted, JobHandedOut        the same: a job that iterates ends here, to go on later, or in others
    RetryLater                          an Exception that a job raises on purpose

A class builds its message from typed fields and says what to do next.
"""

from __future__ import annotations

from datetime import datetime, timedelta


class RotaError(Exception):
    """Anything that Rota itself has to say no to. `str(error)` is one clear line for people."""

    exit_code = 1


class UsageError(RotaError):
    """Wrong words at the command line or in a call."""

    exit_code = 2


class ConfigError(UsageError):
    """A configuration file or key that can't be used; the message names both and the remedy."""


class UnknownSite(UsageError):
    """No such site in this bench."""

    def __init__(self, site: str, known: list[str]) -> None:
        sites = ", ".join(known) or "none yet: make one with `rota new-site NAME`"
        super().__init__(f"there is no site {site!r} in this bench (sites: {sites})")
        self.site, self.known = site, known


class UnknownApp(UsageError):
    """An app that can't be found, or is not installed on the site that needs it."""

    def __init__(self, app: str, remedy: str) -> None:
        super().__init__(f"there is no app {app!r}: {remedy}")
        self.app = app


class UnknownQueue(UsageError):
    """A queue that neither Rota nor the bench's `workers` setting knows."""

    def __init__(self, queue: str, known: list[str]) -> None:
        super().__init__(
            f"Queue should be one of {', '.join(known)}; {queue!r} is not. "
            f'A queue of your own is made with `rota set-config -g workers \'{{"{queue}": {{"timeout": 600}}}}\'`'
        )
        self.queue, self.known = queue, known


class UnknownMethod(UsageError):
    """A dotted path that leads to no function of an installed app."""

    def __init__(self, method: str, reason: str) -> None:
        super().__init__(f"{method!r} can't be run: {reason}")
        self.method, self.reason = method, reason


class InvalidCron(UsageError):
    """A cron expression that means nothing, or never comes."""

    def __init__(self, expression: str, reason: str) -> None:
        super().__init__(f"cron expression {expression[:80]!r}: {reason}")
        self.expression, self.reason = expression, reason


class UnknownTimeZone(UsageError):
    """A time zone that the machine's zone data does not know."""

    def __init__(self, zone: str) -> None:
        super().__init__(f"there is no time zone {zone[:80]!r}: write an IANA name, such as Europe/Berlin or UTC")
        self.zone = zone


class InvalidSchedule(UsageError):
    """A schedule, in `scheduler_events` or made by hand, that can't be kept."""

    def __init__(self, schedule: str, reason: str) -> None:
        super().__init__(f"schedule {schedule[:200]!r}: {reason}")
        self.schedule, self.reason = schedule, reason


class InvalidRetry(UsageError):
    """A retry policy that can't be followed."""

    def __init__(self, reason: str) -> None:
        super().__init__(f"retry: {reason}")
        self.reason = reason


class NotEncodable(UsageError):
    """A value that can't travel in a job, with the path to it, as in `kwargs.items[3].file`."""

    def __init__(self, path: str, reason: str) -> None:
        super().__init__(f"{path} can't be stored with the job: {reason}")
        self.path, self.reason = path, reason


class BenchNotFound(UsageError):
    """No bench at or above a directory."""

    def __init__(self, directory: object) -> None:
        super().__init__(
            f"no bench at or above {directory}: make one with `rota init DIR`, or name it with --bench DIR"
        )


class BenchRunning(RotaError):
    """Another `rota start` runs in this bench; `process` is its number as text, "" when it is not known."""

    def __init__(self, bench: object, process: str) -> None:
        who = f"process {process}" if process else "another process"
        super().__init__(f"the bench {bench} is running already ({who}): stop that first")
        self.process = process


class BenchNotRunning(RotaError):
    """Nobody runs this bench."""

    def __init__(self, bench: object) -> None:
        super().__init__(f"the bench {bench} is not running: `rota start` runs it")


class PortTaken(RotaError):
    """The web server can't listen at an address."""

    def __init__(self, host: str, port: int, reason: str) -> None:
        super().__init__(f"the web server can't listen at {host}, port {port}: {reason}; choose another with --port")


class SiteInUse(RotaError):
    """Processes use a site that must stand still; `who` names each for people."""

    def __init__(self, site: str, who: list[str]) -> None:
        super().__init__(f"the site {site} is in use by {', '.join(who)}: stop that first")
        self.site, self.who = site, who


class CopyMismatch(RotaError):
    """A copy of a site is not the same as the site, so it was not made a site; the source was not changed."""

    def __init__(self, target: str, reason: str) -> None:
        super().__init__(
            f"{reason}. {target} is not made a site: its folder says so and its database must not be used; "
            "the source is as it was"
        )
        self.target, self.reason = target, reason


class BrokenArchive(RotaError):
    """A backup that is broken, or not one of Rota's: it was not restored, and nothing was changed."""

    def __init__(self, archive: object, reason: str) -> None:
        super().__init__(f"{archive} can't be restored: {reason}; nothing was changed")
        self.reason = reason


class RestoreUnfinished(RotaError):
    """A restore was interrupted: some of the site's files are new, some old."""

    def __init__(self, site: str, archive: str) -> None:
        super().__init__(
            f"the site {site} can't be used, as a restore of it was interrupted: run `rota restore {archive} "
            f"--site {site}` again"
        )
        self.site, self.archive = site, archive


class ProgramMissing(RotaError):
    """A program of the system is not installed."""

    def __init__(self, program: str, package: str) -> None:
        super().__init__(f"the program {program} is missing: install it, on Debian with `apt install {package}`")
        self.program = program


class BrokenApp(RotaError):
    """An app that can't be imported, or whose hooks or DocTypes can't be used. `line` is 0 when no line is to blame."""

    def __init__(self, app: str, file: object, line: int, reason: str) -> None:
        where = f"{file}, line {line}" if line else f"{file}"
        super().__init__(f"the app {app!r} can't be used: {where}: {reason}")
        self.app, self.file, self.line, self.reason = app, str(file), line, reason


class StoreError(RotaError):
    """The database under the engine could not do what was asked."""


class StoreBusy(StoreError):
    """Another writer held the database for longer than the time limit; nothing was changed."""


class StoreFull(StoreError):
    """No space is left for the database; nothing was changed."""


class StoreConflict(StoreError):
    """A unique index or another constraint said no to the statement."""


class StoreDeadlock(StoreError):
    """The database chose this transaction to solve a deadlock or a serialization conflict; it is rolled back."""


class StoreTimeout(StoreError):
    """The database ended the statement at its time limit."""


class StoreUnavailable(StoreError):
    """The database can't be reached or opened."""


class CommitUnknown(StoreError):
    """A COMMIT failed without an answer: what it carried may or may not have happened."""


class PairMismatch(StoreError):
    """site.db and jobs.db are not of the same moment: one was copied back without the other."""

    def __init__(self, where: object, older: str, newer: str) -> None:
        super().__init__(
            f"{where}: {older} is older than {newer}, so jobs would be lost or run twice: restore both from one backup "
            "with `rota restore ARCHIVE`, or take them as they are with `rota restore --as-is`"
        )
        self.older = older


class NewerSchema(StoreError):
    """The database was written by a newer Rota than this one."""

    def __init__(self, database: str, found: int, known: int) -> None:
        super().__init__(
            f"{database} has version {found}, this Rota knows {known}: "
            "install the newer Rota again; nothing was changed"
        )
        self.found, self.known = found, known


class JobError(RotaError):
    """What a job's caller is told."""


class NoSuchJobError(JobError):
    """No job has this id or key."""

    def __init__(self, job_id: str) -> None:
        super().__init__(f"there is no job {job_id!r}")
        self.job_id = job_id


class JobNotFinished(JobError):
    """`wait` ran out of time; the job goes on."""


class JobFailed(JobError):
    """The job that was waited for failed or was canceled; `error` is its error text."""

    def __init__(self, job_id: str, state: str, error: str) -> None:
        super().__init__(
            f"job {job_id} {state}: {error.strip().splitlines()[-1] if error.strip() else 'no error text'}"
        )
        self.job_id, self.state, self.error = job_id, state, error


class NotDecodable(JobError):
    """Stored arguments or a result that can't be read: damaged, or made of a class that is gone."""

    def __init__(self, reason: str) -> None:
        super().__init__(f"what was stored with the job can't be read: {reason}")
        self.reason = reason


class ChainStopped(JobError):
    """A job that enqueues itself again and again, and changes nothing."""

    def __init__(self, root: str, links: int) -> None:
        super().__init__(
            f"no progress: the chain {root!r} was stopped, as its last {links} links changed nothing; "
            "what they could not do is in the Error Log"
        )
        self.root, self.links = root, links


class TooManyRowsFailed(JobError):
    """An iteration that goes on after errors has met more of them than it may."""

    def __init__(self, failed: int, last: str) -> None:
        super().__init__(f"{failed} rows failed, which is more than max_errors allows; the last one: {last}")
        self.failed, self.last = failed, last


class RetryLater(Exception):
    """Raised inside a job: run me again after `seconds`, or at `at` (aware), without burning an attempt."""

    def __init__(self, seconds: float | timedelta | None = None, *, at: datetime | None = None) -> None:
        if (seconds is None) == (at is None):
            raise ValueError("RetryLater takes either seconds or at")
        delay = timedelta(seconds=seconds) if isinstance(seconds, (int, float)) else seconds
        super().__init__(f"run again in {delay}" if at is None else f"run again at {at.isoformat()}")
        self.delay, self.at = delay, at


class JobTimeout(BaseException):
    """Raised inside a job at its timeout. A BaseException, so that `except Exception` does not swallow it."""


class JobLost(BaseException):
    """Raised inside a job that has lost its claim: it commits nothing more, and another attempt may be running."""


class JobInterrupted(BaseException):
    """Raised inside a resumable job whose place is saved: it ends here, and goes on from there.

    `at`: microseconds since 1970; None: as soon as a worker is free.
    """

    def __init__(self, reason: str, at: int | None = None) -> None:
        super().__init__(reason)
        self.at = at


class JobHandedOut(BaseException):
    """Raised inside a job whose rows were handed out to others: it ends here, and is done."""


class JobCanceled(BaseException):
    """Raised inside a job that somebody canceled, at its next progress, log or database call."""


class NotInRota(RotaError, AttributeError):
    """A Frappe name that Rota does not have.

    It is an AttributeError too, so that `hasattr` and `getattr` with a default work, and `from frappe import x`
    gives an ImportError, as Python makes of it.
    """

    def __init__(self, name: str, reason: str = "") -> None:
        why = f": {reason}" if reason else ""
        super().__init__(f"{name} is not in Rota{why}; docs/compat.md lists what is")
        self.name = name


# --- Frappe's exceptions, under the names that apps catch and that clients read as `exc_type` ---


class ValidationError(RotaError):
    """The document or request is not valid; the base of most of Frappe's exceptions."""

    http_status_code = 417


class AuthenticationError(RotaError):
    http_status_code = 401


class SessionExpired(RotaError):
    http_status_code = 401


class PermissionError(RotaError):  # noqa: A001 - Frappe's name
    http_status_code = 403


class DoesNotExistError(ValidationError):
    http_status_code = 404


class PageDoesNotExistError(ValidationError):
    http_status_code = 404


class DoctypeNotFoundError(DoesNotExistError):
    http_status_code = 404


class NameError(RotaError):  # noqa: A001 - Frappe's name
    http_status_code = 409


class OutgoingEmailError(RotaError):
    http_status_code = 501


class SessionStopped(RotaError):
    http_status_code = 503


class UnsupportedMediaType(RotaError):
    http_status_code = 415


class RequestToken(RotaError):
    http_status_code = 200


class Redirect(RotaError):
    http_status_code = 301

    def __init__(self, http_status_code: int = 301) -> None:
        super().__init__(http_status_code)
        self.http_status_code = http_status_code


class CSRFTokenError(RotaError):
    http_status_code = 400


class TooManyRequestsError(RotaError):
    http_status_code = 429


class RateLimitExceededError(ValidationError):
    http_status_code = 429


class ImproperDBConfigurationError(RotaError):
    """The database server is not set up as Rota needs it."""


class QueueOverloaded(ValidationError, JobError):
    """More jobs are waiting than the site allows."""

    http_status_code = 503


class InReadOnlyMode(ValidationError):
    http_status_code = 503


class LinkExpired(ValidationError):
    http_status_code = 410


class DuplicateEntryError(NameError):
    """A document of this name is there already."""


class DataError(ValidationError):
    """A value that the column can't hold."""


class UnknownDomainError(RotaError):
    """A domain that is not known."""


class MappingMismatchError(ValidationError):
    """Documents that can't be mapped onto each other."""


class InvalidStatusError(ValidationError):
    """A status that is not allowed here."""


class MandatoryError(ValidationError):
    """A mandatory field is empty."""


class NonNegativeError(ValidationError):
    """A field that can't be negative is."""


class InvalidSignatureError(ValidationError):
    """A signature that does not fit."""


class RateLimitExceeded(ValidationError):
    http_status_code = 429


class CannotChangeConstantError(ValidationError):
    """A field that can be set only once was changed."""


class CharacterLengthExceededError(ValidationError):
    """A text is longer than its column."""


class UpdateAfterSubmitError(ValidationError):
    """A field of a submitted document was changed that may not be."""


class LinkValidationError(ValidationError):
    """A Link names a document that does not exist."""


class CancelledLinkError(LinkValidationError):
    """A Link names a cancelled document."""


class DocstatusTransitionError(ValidationError):
    """A document can't go from this docstatus to that."""


class TimestampMismatchError(ValidationError):
    """The document was changed by somebody else after it was loaded."""


class EmptyTableError(ValidationError):
    """A mandatory table has no rows."""


class LinkExistsError(ValidationError):
    """The document can't be deleted, as another one links to it."""


class InvalidEmailAddressError(ValidationError):
    """An e-mail address that is none."""


class InvalidNameError(ValidationError):
    """A person's name that is none."""


class InvalidPhoneNumberError(ValidationError):
    """A phone number that is none."""


class InvalidUUIDValue(ValidationError):
    """A UUID that is none."""


class TemplateNotFoundError(ValidationError):
    """No such template in any installed app."""


class UniqueValidationError(ValidationError):
    """A unique field's value is taken."""


class AppNotInstalledError(ValidationError):
    """The app is not installed on this site."""


class IncorrectSitePath(RotaError):
    http_status_code = 404


class ImplicitCommitError(ValidationError):
    """The statement would commit what is open without being asked."""


class RetryBackgroundJobError(RotaError):
    """Raised inside a job: roll back and run me again, up to five times."""


class DocumentLockedError(ValidationError):
    """The document is locked by a job."""


class CircularLinkingError(ValidationError):
    """Documents that link to each other in a circle."""


class SecurityException(RotaError):
    http_status_code = 403


class InvalidColumnName(ValidationError):
    """A column that the DocType does not have."""


class IncompatibleApp(ValidationError):
    """The app does not fit this version."""


class InvalidDates(ValidationError):
    """Dates in the wrong order."""


class DataTooLongException(ValidationError):
    """A value is too long for its column."""


class FileAlreadyAttachedException(RotaError):
    """The file is attached to this document already."""


class InvalidAuthorizationHeader(RotaError):
    http_status_code = 400


class InvalidAuthorizationPrefix(RotaError):
    http_status_code = 400


class InvalidAuthorizationToken(RotaError):
    http_status_code = 401


class InvalidDatabaseFile(ValidationError):
    """A database file that can't be read."""


class ExecutableNotFound(FileNotFoundError):
    """A program that is needed is not on this machine."""


class FrappeTypeError(TypeError):
    """An argument of a method that may be called from outside is not of the type that its signature names."""

    http_status_code = 417


class CommandFailedError(RotaError):
    """A shell command failed; `out` and `err` are what it printed."""

    def __init__(self, message: str, out: str, err: str) -> None:
        super().__init__(f"{message}: {(err or out).strip()[-500:]}")
        self.out, self.err = out, err


class InvalidRoundingMethod(ValueError):
    """A rounding method that is not known."""


class InvalidRemoteException(RotaError):
    """A remote system answered something unusable."""


class LinkFilterError(ValidationError):
    """A filter on a link that can't be used."""


class ExpiredKeyError(ValidationError):
    http_status_code = 401


class TooManyWritesError(RotaError):
    """More writes in one transaction than the site allows."""


class QueryTimeoutError(RotaError):
    """The database ended the statement at its time limit."""


class QueryDeadlockError(RotaError):
    """The database ended the transaction to solve a deadlock."""


class LockTimeoutError(RotaError):
    """A lock could not be had in time."""


class MaxFileSizeReachedError(ValidationError):
    """A file is larger than the site allows."""


class AttachmentLimitReached(ValidationError):
    """The document has as many files as its DocType allows."""


class InvalidFilter(ValidationError):
    """A filter, field or order that can't be understood; the message names it."""


class InvalidSQLValues(ValidationError):
    """The values given with a statement don't fit its placeholders; the message says where."""


class UnsupportedSQL(ValidationError):
    """SQL that would not mean on this database what it means on MariaDB; it was not run."""

    def __init__(self, construct: str, remedy: str) -> None:
        super().__init__(f"{construct} can't be used in a statement: {remedy}")
        self.construct, self.remedy = construct, remedy
