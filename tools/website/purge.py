"""Keep of a style sheet what some page can use: the theme's holds 2000 icons and Bootstrap."""

import re

import tinycss2

WORD = re.compile(r"[A-Za-z_][\w-]*")


def purge(css, words):
    """Return ``css`` without the rules that no page can match.

    A selector goes if it asks for a class or an id that is not among ``words``, outside brackets
    such as ``:not(…)``. Comments go, except licences (``/*!``).

    Parameters
    ----------
    css : str
    words : set of str
        Every word of every page and script: more than their classes, never less.

    Examples
    --------
    >>> purge("a, .b .c, .b:not(.d) { color: red } @media print { .c { top: 0 } }", {"b"})
    'a,.b:not(.d){color:red}'
    """
    return _rules(tinycss2.parse_stylesheet(css, skip_whitespace=True), words)


def _rules(rules, words):
    return "".join(filter(None, (_rule(rule, words) for rule in rules)))


def _rule(rule, words):
    if rule.type == "comment":
        return f"/*{rule.value}*/\n" if rule.value.startswith("!") else ""
    if rule.type == "qualified-rule":
        selectors = [s for s in _split(rule.prelude) if _needs(s) <= words]
        if not selectors:
            return ""
        return ",".join(map(_text, selectors)) + "{" + _body(rule.content) + "}"
    if rule.type == "at-rule":
        head = f"@{rule.at_keyword}{tinycss2.serialize(rule.prelude).rstrip()}"
        if rule.content is None:
            return f"{head};"
        if rule.lower_at_keyword in {"media", "supports", "layer", "container"}:
            inner = tinycss2.parse_rule_list(rule.content, skip_whitespace=True)
            inside = _rules(inner, words)
            return f"{head}{{{inside}}}" if inside else ""
        return f"{head}{{{_body(rule.content)}}}"
    raise ValueError(f"The style sheet cannot be read, line {rule.source_line}: {rule.message}")


def _split(tokens):
    """Yield the selectors of a list, as tokens."""
    selector = []
    for token in tokens:
        if token.type == "literal" and token.value == ",":
            yield selector
            selector = []
        else:
            selector.append(token)
    yield selector


def _needs(selector):
    """Return the classes and ids that an element must have."""
    needs, before = set(), None
    for token in selector:
        if token.type == "hash" or (token.type == "ident" and before is not None and before == "."):
            needs.add(token.value)
        before = token.value if token.type == "literal" else None
    return needs


def _text(tokens):
    return re.sub(r"\s+", " ", tinycss2.serialize(_bare(tokens))).strip()


def _body(tokens):
    """Return what stands between braces, without comments and needless spaces."""
    declarations = tinycss2.parse_blocks_contents(tokens, skip_comments=True, skip_whitespace=True)
    if any(d.type not in {"declaration"} for d in declarations):
        return tinycss2.serialize(_bare(tokens)).strip()
    return ";".join(
        f"{d.name}:{tinycss2.serialize(_bare(d.value)).strip()}{'!important' * d.important}"
        for d in declarations
    )


def _bare(tokens):
    return [token for token in tokens if token.type != "comment"]
