"""Every name that Frappe's applications import from `frappe.utils` resolves, or says why it does not."""

from __future__ import annotations

import ast
import datetime
import inspect
from importlib import import_module
from pathlib import Path
from types import ModuleType

import pytest

from rota.errors import NotInRota
from rota.frappe import utils
from rota.frappe.utils import data

# Name, uses/apps: how often 37 public applications use it, counted in their source.
USED_FROM_UTILS = """
    flt 1799/15 cint 870/21 getdate 618/17 now_datetime 370/24 cstr 290/14 get_datetime 192/20 add_days 173/16
    now 170/17 nowdate 150/17 add_to_date 140/12 get_url 120/19 get_link_to_form 97/10 today 78/13 date_diff 66/6
    get_time 60/5 rounded 59/5 fmt_money 43/6 add_months 42/10 format_date 41/3 get_last_day 41/4
    validate_email_address 35/10 update_progress_bar 31/5 formatdate 28/5 get_traceback 23/2 format_datetime 22/5
    get_fullname 21/9 get_first_day 19/4 get_system_timezone 19/6 get_url_to_form 19/5 strip_html_tags 18/8
    md_to_html 17/7 get_host_name 16/1 time_diff_in_seconds 14/6 escape_html 12/4 nowtime 12/5 pretty_date 11/4
    random_string 11/6 ceil 10/3 get_bench_path 10/5 sbool 10/3 convert_utc_to_system_timezone 9/1 get_files_path 9/3
    comma_and 8/3 get_datetime_str 8/3 DateTimeLikeObject 7/1 strip 7/2 convert_utc_to_timezone 6/1
    convert_utc_to_user_timezone 6/2 get_site_path 6/2 get_url_to_list 6/2 sha256_hash 6/2 comma_sep 3/1
    get_weekday 3/2 get_date_str 2/1 get_request_session 2/2 get_string_between 2/1 parse_json 2/1 parse_val 2/1
    create_batch 1/1 get_formatted_email 1/1 global_date_format 1/1 parse_addr 1/1 sanitize_html 1/1 set_request 1/1
"""
USED_FROM_DATA = """
    getdate 109/4 today 89/2 now 68/2 add_to_date 30/3 get_datetime 24/5 add_days 21/2 now_datetime 16/4
    get_last_day 15/3 cint 10/2 flt 9/4 get_datetime_str 9/2 escape_html 5/1 get_first_day 5/2 get_url 4/3
    fmt_money 1/1 nowdate 1/1
"""

# What Frappe 15 and 16 offer besides, used or not: a task runs only if every name it reaches resolves.
ALSO_IN_UTILS = """
    CallbackManager EMAIL_MATCH_PATTERN PERSON_NAME_PATTERN PHONE_NUMBER_PATTERN add_user_info cached_property call
    call_hook_method check_format create_folder decode_dict dict_to_str dictify encode_dict esc execute_in_shell
    extract_email_id get_assets_json get_backups_path get_bench_id get_bench_relative_path get_build_version
    get_db_count get_defaults get_disk_usage get_email_address get_file_size get_file_timestamp get_gravatar
    get_gravatar_url get_hook_method get_html_for_route get_html_format get_installed_apps_info
    get_name_from_email_string get_path get_request_site_address get_safe_filters get_site_base_path get_site_id
    get_site_info get_site_name get_site_url get_sites get_table_name get_test_client groupby_metric gzip_compress
    gzip_decompress has_gravatar is_a_property is_cli is_git_url is_markdown list_to_str log make_esc markdown
    remove_blanks safe_eval safe_json_loads sanitize_email set_default split_emails squashify touch_file unesc
    validate_name validate_phone_number validate_phone_number_with_country_code validate_url
"""
ALSO_IN_DATA = """
    DATETIME_FORMAT DATE_FORMAT DURATION_PATTERN DateTimeLikeObject HTML_TAG_PATTERN NumericType TIME_FORMAT
    UnicodeWithAttrs Weekday add_months add_trackers_to_url add_years as_unicode bold cast cast_fieldtype ceil
    comma_and comma_or comma_sep compare convert_utc_to_system_timezone convert_utc_to_timezone
    convert_utc_to_user_timezone cstr date_diff days_diff dict_with_keys duration_to_seconds encode evaluate_filters
    expand_relative_urls filter_operator_is filter_operator_timespan filter_strip_join floor format_date
    format_datetime format_duration format_time format_timedelta formatdate generate_hash get_abbr get_absolute_url
    get_date_str get_datetime_in_timezone get_eta get_filter get_first_day_of_the_week get_first_day_of_week
    get_host_name get_host_name_from_request get_imaginary_pixel_response get_job_name get_last_day_of_week
    get_link_to_form get_link_to_report get_month get_normalized_weekday_index get_number_format_info
    get_quarter_ending get_quarter_start get_start_of_week_index get_string_between get_system_timezone
    get_thumbnail_base64_for_image get_time get_time_str get_time_zone get_timedelta get_timespan_date_range
    get_timestamp get_url_to_form get_url_to_list get_url_to_report get_url_to_report_with_filters get_user_date_format
    get_user_format get_user_info_for_avatar get_user_time_format get_week_start_offset_days get_weekday get_weekdays
    get_year_ending get_year_start global_date_format guess_date_format has_common image_to_base64 in_words is_html
    is_image is_invalid_date_string is_last_day_of_the_month is_site_link is_subset make_filter_dict make_filter_tuple
    map_trackers markdown md_to_html mock money_in_words month_diff new_line_sep nowtime number_format_info
    operator_map orjson_dumps parse_and_map_trackers_from_url parse_json parse_timedelta parse_val pdf_to_base64
    pretty_date quote_urls quoted recursive_defaultdict remainder round_based_on_smallest_currency_fraction rounded
    safe_decode safe_div safe_encode sanitize_column sbool scrub_urls sha256_hash slug sql_like strip strip_html
    time_diff time_diff_in_hours time_diff_in_seconds to_markdown to_timedelta unique url_contains_port
    validate_duration_format validate_json_string validate_python_code
"""

ABSENT = {
    "get_assets_json": "nothing is bundled; the desk's files are served as they are",
    "get_html_for_route": "there are no website routes to render",
    "get_html_format": "print formats are not read from files",
    "get_installed_apps_info": "it reads git's branches; `rota doctor` names apps and versions",
    "get_site_info": "it reports the site to its hoster",
    "get_site_url": "a site's address is the site's own to know: get_url",
    "get_test_client": "it is a client of Werkzeug; `rota.testing` has the one for applications' tests",
    "get_thumbnail_base64_for_image": "files are not resized",
    "mock": "it wraps Faker, which tests can import themselves",
    "orjson_dumps": "json.dumps does it",
    "pdf_to_base64": "File documents give their content themselves",
    "set_request": "it makes a request of Werkzeug",
}

PRIVATE = sorted(path.stem for path in Path(utils.__file__).parent.glob("_[a-z]*.py") if path.stem != "_settings")


def _names(*tables: str) -> list[str]:
    return sorted({word for table in tables for word in table.split() if "/" not in word})


@pytest.mark.parametrize("name", _names(USED_FROM_UTILS, USED_FROM_DATA, ALSO_IN_UTILS, ALSO_IN_DATA))
def test_a_name_of_utils_resolves_or_is_known_to_be_absent(name: str) -> None:
    assert hasattr(utils, name) is (name not in ABSENT)


@pytest.mark.parametrize("name", _names(USED_FROM_DATA, ALSO_IN_DATA))
def test_a_name_of_data_resolves_or_is_known_to_be_absent(name: str) -> None:
    assert hasattr(data, name) is (name not in ABSENT)


@pytest.mark.parametrize("name", _names(USED_FROM_DATA, ALSO_IN_DATA, "datetime json quote"))
def test_both_paths_give_the_same(name: str) -> None:
    different = {"markdown"}

    assert name in ABSENT or (getattr(utils, name) is getattr(data, name)) is (name not in different)


@pytest.mark.parametrize("module", [utils, data])
def test_what_a_module_says_it_has_is_there_once_and_in_order(module: ModuleType) -> None:
    assert all(hasattr(module, name) for name in module.__all__)
    assert len(set(module.__all__)) == len(module.__all__)


@pytest.mark.parametrize("module", PRIVATE)
def test_every_helper_is_passed_on_and_documented(module: str) -> None:
    source = Path(utils.__file__).with_name(f"{module}.py").read_text()
    defined = [node.name for node in ast.parse(source).body if isinstance(node, (ast.FunctionDef, ast.ClassDef))]
    public = [name for name in defined if not name.startswith("_")]

    assert set(public) <= set(utils.__all__)
    assert all(inspect.getdoc(getattr(import_module(f"rota.frappe.utils.{module}"), name)) for name in public)


def test_modules_that_frappe_imports_can_be_taken_from_utils() -> None:
    assert utils.datetime.date is data.datetime.date is datetime.date
    assert utils.json.loads("1") == 1
    assert utils.quote("a b") == "a%20b"


def test_an_absent_name_says_so_and_looks_absent() -> None:
    assert getattr(utils, "set_request", None) is None
    with pytest.raises(NotInRota, match=r"frappe\.utils\.set_request"):
        utils.set_request  # noqa: B018
    with pytest.raises(ImportError):
        from rota.frappe.utils import set_request  # noqa: F401
