"""HTML made safe to show: what is not allowed is taken out, never escaped; scripts go with their contents."""

from __future__ import annotations

import json
import re
from typing import Any

ANY_TAG = re.compile(r"<[a-zA-Z/!?]")
SCRIPT_OR_STYLE = re.compile(r"<(script|style)\b.*?(?:</\1\s*>|$)", re.IGNORECASE | re.DOTALL)
TAG_OR_TEXT = re.compile(r"<[^>]*>|[^<]+")
WEB_ADDRESS = re.compile(r"https?://[^\s<>\"']*[^\s<>\"'.,;:!?)]")

acceptable_elements = {
    *("a", "abbr", "acronym", "address", "area", "article", "aside", "audio", "b", "bdi", "bdo", "big", "blockquote"),
    *("br", "button", "canvas", "caption", "center", "cite", "code", "col", "colgroup", "data", "datalist", "dd"),
    *("del", "details", "dfn", "dialog", "dir", "div", "dl", "dt", "em", "fieldset", "figcaption", "figure", "font"),
    *("footer", "h1", "h2", "h3", "h4", "h5", "h6", "header", "hr", "i", "img", "input", "ins", "kbd", "label"),
    *("legend", "li", "main", "map", "mark", "menu", "meter", "nav", "ol", "optgroup", "option", "output", "p"),
    *("picture", "pre", "progress", "q", "s", "samp", "section", "select", "small", "source", "span", "strike"),
    *("strong", "sub", "summary", "sup", "table", "tbody", "td", "textarea", "tfoot", "th", "thead", "time", "tr"),
    *("tt", "u", "ul", "var", "video", "wbr"),
}

# Shapes only: what links, animates or holds foreign content stays out.
svg_elements = {
    *("circle", "clipPath", "defs", "ellipse", "g", "line", "linearGradient", "marker", "path", "polygon"),
    *("polyline", "radialGradient", "rect", "stop", "svg", "text", "tspan"),
}

acceptable_attributes = {
    *("abbr", "accept", "accesskey", "align", "alt", "autocomplete", "autofocus", "background", "bgcolor", "border"),
    *("cellpadding", "cellspacing", "checked", "cite", "class", "clear", "color", "cols", "colspan", "controls"),
    *("coords", "datetime", "default", "dir", "disabled", "draggable", "face", "for", "frame", "headers", "height"),
    *("hidden", "high", "href", "hreflang", "hspace", "id", "inputmode", "ismap", "itemid", "itemprop", "itemref"),
    *("itemscope", "itemtype", "label", "lang", "list", "longdesc", "loop", "low", "max", "maxlength", "media"),
    *("min", "multiple", "name", "nowrap", "open", "optimum", "pattern", "placeholder", "poster", "preload"),
    *("readonly", "required", "rev", "role", "rows", "rowspan", "rules", "scope", "selected", "shape", "size"),
    *("span", "spellcheck", "src", "start", "step", "style", "summary", "tabindex", "target", "title", "type"),
    *("usemap", "valign", "value", "volume", "vspace", "width", "wrap", "contenteditable"),
}

svg_attributes = {
    *("cx", "cy", "d", "dx", "dy", "fill", "fill-opacity", "fill-rule", "font-family", "font-size", "font-weight"),
    *("fx", "fy", "gradientTransform", "gradientUnits", "marker-end", "marker-mid", "marker-start", "markerHeight"),
    *("markerUnits", "markerWidth", "offset", "opacity", "orient", "pathLength", "points", "preserveAspectRatio"),
    *("r", "refX", "refY", "rx", "ry", "stop-color", "stop-opacity", "stroke", "stroke-dasharray"),
    *("stroke-dashoffset", "stroke-linecap", "stroke-linejoin", "stroke-miterlimit", "stroke-opacity"),
    *("stroke-width", "text-anchor", "transform", "version", "viewBox", "x", "x1", "x2", "xmlns", "y", "y1", "y2"),
}

EMAIL_STYLES = {
    *("background-color", "border", "border-bottom", "border-collapse", "border-color", "border-left"),
    *("border-radius", "border-right", "border-top", "color", "display", "font-family", "font-size", "font-weight"),
    *("height", "line-height", "margin", "margin-bottom", "margin-left", "margin-right", "margin-top", "max-width"),
    *("padding", "padding-bottom", "padding-left", "padding-right", "padding-top", "text-align"),
    *("text-decoration", "vertical-align", "width"),
}

# Nothing that takes an element out of its place: it could cover the page's own buttons.
STYLES = EMAIL_STYLES | {
    *(
        "align-items",
        "background",
        "border-spacing",
        "border-style",
        "border-width",
        "box-shadow",
        "clear",
        "column-gap",
    ),
    *("cursor", "direction", "fill", "flex", "flex-direction", "flex-wrap", "float", "font", "font-style", "gap"),
    *("justify-content", "letter-spacing", "list-style", "list-style-type", "max-height", "min-height", "min-width"),
    *("opacity", "overflow", "row-gap", "stroke", "stroke-width", "table-layout", "text-indent", "text-transform"),
    *("visibility", "white-space", "word-break", "word-spacing", "word-wrap"),
}

TEXT_TAGS = {"b", "br", "div", "em", "i", "li", "ol", "p", "strong", "table", "tbody", "td", "thead", "tr", "u", "ul"}
EMAIL_TAGS = TEXT_TAGS | {"a", "button", "code", "h1", "h2", "h3", "h4", "h5", "h6", "img", "pre", "th"}
LINK_REL = "noopener noreferrer nofollow"
WEB_SCHEMES = {"cid", "http", "https", "mailto", "tel"}


def _clean(html: str, tags: set[str], attributes: dict[str, set[str]], styles: set[str], schemes: set[str]) -> str:
    import nh3  # a compiled library that most jobs never need

    return nh3.clean(
        html,
        tags=tags,
        attributes=attributes,
        clean_content_tags={"script", "style"},
        filter_style_properties=styles,
        generic_attribute_prefixes={"data-", "aria-"} if attributes else None,
        url_schemes=schemes,
        link_rel=LINK_REL if attributes.get("*", set()) >= {"href", "target"} else None,
    )


def clean_html(html: Any) -> Any:
    """The text's bare structure: paragraphs, lists, tables, emphasis; no links, no attributes. No text: as it is."""
    return _clean(html, TEXT_TAGS, {}, set(), WEB_SCHEMES) if isinstance(html, str) else html


def clean_email_html(html: Any) -> Any:
    """What an e-mail may have: structure, headings, links, images and plain styles. No text: as it is."""
    attributes = {"*": {"border", "colspan", "rowspan", "src", "href", "style", "id"}}
    return _clean(html, EMAIL_TAGS, attributes, EMAIL_STYLES, WEB_SCHEMES | {"data"}) if isinstance(html, str) else html


def clean_script_and_style(html: str) -> str:
    """The HTML without <script> and <style> and what is in them. This does not make it safe: `sanitize_html` does."""
    return SCRIPT_OR_STYLE.sub("", html)


def sanitize_html(html: Any, linkify: bool = False, always_sanitize: bool = False) -> Any:
    """The HTML without anything that could run or leave its place: scripts, handlers, frames, forms, odd URLs.

    With `linkify`, web addresses in the text become links. JSON and text without tags come back as they are unless
    `always_sanitize`; what is no text always does.
    """
    if not isinstance(html, str):
        return html
    if not always_sanitize and (not ANY_TAG.search(html) or is_json(html)):
        return _linkify(html) if linkify and not is_json(html) else html
    attributes = {"*": acceptable_attributes, **dict.fromkeys(svg_elements, svg_attributes)}
    clean = _clean(html, acceptable_elements | svg_elements, attributes, STYLES, WEB_SCHEMES)
    return _linkify(clean) if linkify else clean


def _linkify(html: str) -> str:
    links_open, parts = 0, []
    for part in TAG_OR_TEXT.findall(html):
        lowered = part.lower()
        if lowered.startswith(("<a ", "<a>")):
            links_open += 1
        elif lowered.startswith("</a"):
            links_open -= 1
        is_text = not part.startswith("<") and not links_open
        parts.append(WEB_ADDRESS.sub(_as_link, part) if is_text else part)
    return "".join(parts)


def _as_link(match: re.Match[str]) -> str:
    return f'<a href="{match[0]}" rel="{LINK_REL}">{match[0]}</a>'


def is_json(text: str) -> bool:
    """Whether the text is JSON."""
    try:
        json.loads(text)
    except ValueError:
        return False
    return True
