#!/usr/bin/env python3
"""Every message of the rule language and of the configuration is produced by a test.

A message is the format that a call such as diag_add(…, "unknown %s") is given. Those of reading
rules and files (diag_add and its kin) have to stand in an expected.txt of a case folder; those of
names, values and steps at work may stand in a test's own text as well."""

import pathlib
import re
import sys

root = pathlib.Path(sys.argv[1])
SOURCES = ["daemon/rules", "daemon/config", "common"]
# calls that take a format, and how many arguments stand before it
READING = {"diag_add": 2, "given_bad": 3, "read_bad": 2, "suggest": 2,
           "suggest_listed": 2, "suggest_missing": 2}
WORKING = {"err_set": 1, "diag_warn": 2, "scope_bad": 1, "plan_bad": 1, "candidates_bad": 3, "path_bad": 2,
           "found": 2}
# failures of the machine and of the database, and what guards work against that which loading has
# refused already
BEYOND = re.compile(r"^common/(db|clock|log|mem|buf|near|signals?|file|addr|tzfile|form_pairs)\b"
                    r"|^daemon/rules/(actions/|(item|timer|trigger|filter)\.)")
# ceilings whose case would be a file of megabytes, files that cannot be read, bytes that are no text
TOO_MUCH = re.compile(r"(longer|more) than (%|4 MiB)|^cannot read it|^unknown kind of moment|PCRE2 error|a NUL")

TOKEN = re.compile(r'"(?:\\.|[^"\\])*"|\'(?:\\.|[^\'\\])*\'|/\*.*?\*/|//[^\n]*|[A-Za-z_]\w*|\S', re.S)
STRING = '"'


def tokens_of(path):
    text = path.read_text()
    for match in TOKEN.finditer(text):
        if not match.group().startswith(("/*", "//")):
            yield match.group(), text.count("\n", 0, match.start()) + 1


def arguments(tokens, at):
    """The arguments of the call whose parenthesis stands at tokens[at], each a list of tokens."""
    found, depth = [[]], 0
    for token, _ in tokens[at:]:
        if token in "([{":
            depth += 1
            if depth == 1:
                continue
        elif token in ")]}":
            depth -= 1
            if depth == 0:
                return found
        if token == "," and depth == 1:
            found.append([])
        else:
            found[-1].append(token)
    return found


def unescape(literal):
    return literal[1:-1].replace('\\"', '"').replace("\\\\", "\\").replace("\\n", "\n").replace("\\t", "\t")


def format_of(argument):
    """Literals beside each other, and macros such as PRId64 among them; None for anything else."""
    if not argument or argument[0][0] != STRING:
        return None
    parts = []
    for token in argument:
        if token[0] == STRING:
            parts.append(unescape(token))
        elif token.startswith("PRI"):
            parts.append("d")
        else:
            return None
    return "".join(parts)


def messages(calls):
    for folder in SOURCES:
        for path in sorted((root / folder).rglob("*.c")):
            name = str(path.relative_to(root))
            tokens = list(tokens_of(path))
            for i, (token, line) in enumerate(tokens[:-1]):
                if token not in calls or tokens[i + 1][0] != "(":
                    continue
                if calls is WORKING and BEYOND.match(name):
                    continue
                given = arguments(tokens, i + 1)
                text = format_of(given[calls[token]]) if len(given) > calls[token] else None
                if text and text.strip("%s: \"") != "" and not TOO_MUCH.search(text):
                    yield f"{name}:{line}", text


def printed(text):
    """A format as what it prints, in parts between its conversions."""
    parts = re.split(r"%[-+ #0-9.*]*(?:ll|l|z|h)?[diouxXeEfgGscp]", text.replace("%%", "\0"))
    return [part.replace("\0", "%") for part in parts]


def is_expected(text, lines):
    parts = printed(text)
    longest = max(parts, key=len)
    pattern = re.compile(".*?".join(re.escape(part) for part in parts), re.S)
    return any(longest in line and pattern.search(line) for line in lines)


def literals(path):
    """The texts of a test, with the literals beside each other joined."""
    joined = []
    previous = ""
    for token, _ in tokens_of(path):
        if token[0] == STRING:
            if previous != STRING:
                joined.append("")
            joined[-1] += unescape(token)
            previous = STRING
        elif not token.startswith("PRI"):
            previous = token
    return joined


def missing(calls, texts, where):
    count = 0
    for place, text in messages(calls):
        if not is_expected(text, texts):
            print(f"{place}: no {where} expects \"{text}\"")
            count += 1
    return count


def lines_of(name):
    """Of every file of that name; JSON has its quotes behind backslashes."""
    for path in sorted((root / "tests/unit").rglob(name)):
        yield from path.read_text().replace('\\"', '"').split("\n")


folders = list(lines_of("expected.txt"))
tests = folders + list(lines_of("expected.json"))
for folder in ("unit", "scenario"):
    for path in sorted((root / "tests" / folder).rglob("*.c")):
        tests += literals(path)
lacking = missing(READING, folders, "case folder") + missing(WORKING, tests, "test")
sys.exit(1 if lacking else 0)
