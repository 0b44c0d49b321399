"""Every public name of Frappe 15's `frappe` and `frappe.utils`, and what differs here: the table of docs/compat.md.

A name that is in neither `DIFFERENT` nor `_missing.ABSENT` means the same as in Frappe. A test keeps the table true.
"""

from __future__ import annotations

from collections.abc import Mapping

#: What Frappe 15 defines in `frappe/__init__.py`, its exceptions aside.
FRAPPE = """
    STANDARD_USERS _ _dict _lt append_hook are_emails_muted as_json as_unicode attach_print bold build_match_conditions
    cache call cint clear_cache clear_document_cache clear_last_message clear_messages conf connect connect_replica
    copy_doc create_folder cstr db debug_log delete_doc delete_doc_if_exists destroy enqueue enqueue_doc errprint
    error_log flags form form_dict format format_value generate_hash get_active_domains get_all get_all_apps
    get_app_path get_app_source_path get_attr get_cached_doc get_cached_value get_common_site_config get_conf
    get_desk_link get_doc get_doc_hooks get_doctype_app get_document_cache_key get_domain_data
    get_email_from_template get_file_items get_file_json get_hooks get_installed_apps get_jenv get_jloader
    get_last_doc get_lazy_doc get_list get_message_log get_meta get_meta_module get_module get_module_list
    get_module_path get_newargs get_precision get_print get_pymodule_path get_query get_query_builder
    get_request_header get_roles get_single get_single_value get_site_config get_site_path get_system_settings
    get_template get_test_records get_traceback get_user get_value get_version get_website_settings has_permission
    has_website_permission import_doc init init_site is_setup_complete is_table is_whitelisted job lang lazy_import
    local local_cache log log_error logger make_property_setter message_log mock msgprint new_doc only_for
    only_has_select_perm override_whitelisted_method parse_json ping print_sql publish_progress publish_realtime qb
    read_file read_only redirect redirect_to_message release_local reload_doc reload_doctype rename_doc
    render_template request request_cache reset_metadata_version respond_as_web_page response safe_decode safe_encode
    safe_eval sbool scrub sendmail session set_user set_user_lang set_value setup_module_map
    setup_redis_cache_connection task throw unscrub user validate_and_sanitize_search_inputs whitelist whitelisted
    write_only
"""

#: What Frappe 15 defines in `frappe/utils/__init__.py`, and in `frappe/utils/data.py`, which the other passes on.
UTILS = """
    CallbackManager DATETIME_FORMAT DATE_FORMAT DURATION_PATTERN DateTimeLikeObject EMAIL_MATCH_PATTERN
    HTML_TAG_PATTERN NumericType PERSON_NAME_PATTERN PHONE_NUMBER_PATTERN TIME_FORMAT UnicodeWithAttrs Weekday
    add_days add_months add_to_date add_trackers_to_url add_user_info add_years as_unicode bold cached_property call
    call_hook_method cast cast_fieldtype ceil check_format cint comma_and comma_or comma_sep compare
    convert_utc_to_system_timezone convert_utc_to_timezone create_batch create_folder cstr date_diff days_diff
    decode_dict dict_to_str dict_with_keys dictify duration_to_seconds encode encode_dict esc escape_html
    evaluate_filters execute_in_shell expand_relative_urls extract_email_id filter_operator_is filter_strip_join floor
    flt fmt_money format_date format_datetime format_duration format_time format_timedelta formatdate generate_hash
    get_abbr get_absolute_url get_assets_json get_backups_path get_bench_id get_bench_path get_bench_relative_path
    get_build_version get_date_str get_datetime get_datetime_in_timezone get_datetime_str get_db_count get_defaults
    get_disk_usage get_email_address get_eta get_file_size get_file_timestamp get_files_path get_filter get_first_day
    get_first_day_of_the_week get_first_day_of_week get_formatted_email get_fullname get_gravatar get_gravatar_url
    get_hook_method get_host_name get_host_name_from_request get_html_for_route get_html_format
    get_imaginary_pixel_response get_installed_apps_info get_job_name get_last_day get_last_day_of_week
    get_link_to_form get_link_to_report get_month get_name_from_email_string get_normalized_weekday_index
    get_number_format_info get_path get_quarter_ending get_quarter_start get_request_session get_request_site_address
    get_safe_filters get_site_base_path get_site_id get_site_info get_site_name get_site_path get_site_url get_sites
    get_start_of_week_index get_string_between get_system_timezone get_table_name get_test_client
    get_thumbnail_base64_for_image get_time get_time_str get_time_zone get_timedelta get_timespan_date_range
    get_timestamp get_traceback get_url get_url_to_form get_url_to_list get_url_to_report
    get_url_to_report_with_filters get_user_date_format get_user_format get_user_info_for_avatar get_user_time_format
    get_week_start_offset_days get_weekday get_weekdays get_year_ending get_year_start getdate global_date_format
    groupby_metric guess_date_format gzip_compress gzip_decompress has_common has_gravatar image_to_base64 in_words
    is_a_property is_cli is_git_url is_html is_image is_invalid_date_string is_last_day_of_the_month is_markdown
    is_site_link is_subset list_to_str log make_esc make_filter_dict make_filter_tuple map_trackers markdown
    md_to_html mock money_in_words month_diff new_line_sep now now_datetime nowdate nowtime number_format_info
    operator_map orjson_dumps parse_addr parse_and_map_trackers_from_url parse_json parse_timedelta parse_val
    pdf_to_base64 pretty_date quote_urls quoted random_string recursive_defaultdict remainder remove_blanks
    round_based_on_smallest_currency_fraction rounded safe_decode safe_div safe_encode safe_eval safe_json_loads
    sanitize_column sanitize_email sanitize_html sbool scrub_urls set_default set_request sha256_hash slug
    split_emails sql_like squashify strip strip_html strip_html_tags time_diff time_diff_in_hours
    time_diff_in_seconds to_markdown to_timedelta today touch_file unesc unique update_progress_bar
    url_contains_port validate_duration_format validate_email_address validate_json_string validate_name
    validate_phone_number validate_phone_number_with_country_code validate_python_code validate_url
"""

#: What a name does otherwise than in Frappe 15.
DIFFERENT: Mapping[str, str] = {
    "frappe._lt": "translates at once",
    "frappe.cache": "kept in a file or in PostgreSQL; values are JSON, so that an object of a class can't be kept",
    "frappe.clear_cache": "processes notice changed DocTypes by themselves",
    "frappe.conf": "also has Rota's settings; a key that is set nowhere is absent",
    "frappe.connect_replica": "always False: there is no replica database",
    "frappe.db": "takes MariaDB's SQL on every database; a failed statement leaves the transaction usable",
    "frappe.delete_doc": "a file on disk goes with the commit, not before",
    "frappe.destroy": "closes what `init` opened, never the site of a job or request",
    "frappe.enqueue": "belongs to the transaction (`enqueue_after_commit=False` publishes at once, as in Frappe); ids "
    "are unique among live jobs; a function that declares `job_id` is told it; `job_options` takes what Frappe has "
    "not; gives the job with `enqueue_after_commit=True`, too",
    "frappe.enqueue_doc": "as `enqueue`",
    "frappe.errprint": "prints to stderr",
    "frappe.error_log": "always empty: errors are in the Error Log",
    "frappe.get_active_domains": "always empty: domains restrict nothing",
    "frappe.get_cached_doc": "kept for a transaction, not longer",
    "frappe.get_domain_data": "always empty: domains restrict nothing",
    "frappe.get_installed_apps": "`frappe` stands for Rota itself",
    "frappe.get_lazy_doc": "the same as `get_cached_doc`",
    "frappe.get_version": "dicts of name, owner, creation and data",
    "frappe.init": "also connects",
    "frappe.is_setup_complete": "always True",
    "frappe.job": "unbound outside a job; `job_id` is there, too",
    "frappe.log": "goes to the log `rota` and to `debug_log`",
    "frappe.log_error": "survives a rollback; never raises on length; tells title from body in either order",
    "frappe.logger": "level INFO; one JSON object a line; lines of a job are kept with it, too",
    "frappe.publish_progress": "at most once a second; kept with the job",
    "frappe.publish_realtime": "goes through the engine's tables, not Redis",
    "frappe.qb": "builds MariaDB's SQL for every database",
    "frappe.read_only": "changes nothing: there is no replica database",
    "frappe.rename_doc": "is not callable over HTTP; `frappe.client.rename_doc` is",
    "frappe.safe_eval": "walks the expression itself: what reaches into the interpreter, or takes too long, is refused",
    "frappe.sendmail": "queues even where no mail server is set up; user ids stand for their addresses",
    "frappe.set_user_lang": "the given language first, then the user's",
    "frappe.setup_module_map": "does nothing: modules are looked up when they are asked for",
    "frappe.write_only": "changes nothing: there is no replica database",
    "frappe.utils.get_build_version": "Rota's version",
    "frappe.utils.get_traceback": "without the values of local variables, which may be secrets",
    "frappe.get_traceback": "without the values of local variables, which may be secrets",
    "frappe.utils.markdown": "one renderer for both modules, CommonMark with tables",
    "frappe.utils.update_progress_bar": "draws only where somebody watches at a terminal",
}

#: Names of other modules of Frappe that are there and do nothing, or refuse.
PARTIAL: Mapping[str, str] = {
    "frappe.automation": "no rule applies",
    "frappe.commands": "the command line is `rota`",
    "frappe.core.doctype.data_import": "imports JSON documents; no tables",
    "frappe.core.doctype.server_script": "no code from the database is run",
    "frappe.installer": "`rota install-app` and its kin do it",
    "frappe.monitor": "jobs and requests are measured anyway",
    "frappe.push_notification": "there is no relay",
    "frappe.search": "there is no index",
    "frappe.utils.oauth": "no other service signs users in",
    "frappe.utils.pdf": "documents are not printed",
    "frappe.utils.print_format": "documents are not printed",
    "frappe.utils.safe_exec": "no code from the database is run; expressions are evaluated",
    "frappe.utils.weasyprint": "documents are not printed",
    "frappe.website": "documents keep their routes; pages are an app's own to serve",
    "rq": "where the package is not installed: what applications catch, and the running job",
}


def names(table: str) -> list[str]:
    """The names of a table, in order."""
    return sorted(table.split(), key=lambda name: (name.lower(), name))
