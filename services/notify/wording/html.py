"""A text of plain lines as HTML for mail programs: the same words in the same order, and nothing that is loaded from anywhere.

Guarantee: who reads the HTML reads the same words as who reads the plain text. Test: test_the_html_of_a_mail_says_the_same_words.
"""

from __future__ import annotations

import re
from html import escape

LANGUAGES = ("vi", "en")
RULE = re.compile(r"^-{20,}$", re.MULTILINE)
"""What parts the languages of a mail."""
# Colours for both schemes: a program that knows dark mode takes the second ones, any other shows the first.
STYLE = """
body{margin:0;padding:16px;background:#f3f2f1;color:#1a1a1a;font:16px/1.5 system-ui,-apple-system,'Segoe UI',Roboto,Arial,sans-serif}
.letter{max-width:640px;margin:0 auto;padding:8px 24px;background:#fff;border-top:6px solid #a3181c}
hr{border:0;border-top:1px solid #b1b4b6;margin:24px 0}
@media (prefers-color-scheme: dark){body{background:#111;color:#eee}
.letter{background:#1d1d1d;border-top-color:#e0a0a2}hr{border-top-color:#555}}
"""


def html_of(body: str, link: str = "") -> str:
    """`body` is the plain text of a mail: its languages parted by a rule, its paragraphs by empty lines. `link` in it can be followed."""
    parts = (
        f'<div lang="{lang}">{_followed(_paragraphs(part), escape(link))}</div>'
        for lang, part in zip(LANGUAGES, RULE.split(body, maxsplit=1), strict=False)
    )
    return (
        '<!doctype html><html lang="vi"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        '<meta name="color-scheme" content="light dark"><meta name="supported-color-schemes" content="light dark">'
        f'<style>{STYLE}</style></head><body><div class="letter">{"<hr>".join(parts)}</div></body></html>\n'
    )


def _followed(text: str, link: str) -> str:
    return text.replace(link, f'<a href="{link}">{link}</a>') if link else text


def _paragraphs(text: str) -> str:
    paragraphs = (each.strip("\n") for each in re.split(r"\n{2,}", text))
    return "".join(f"<p>{escape(each).replace(chr(10), '<br>')}</p>" for each in paragraphs if each)
