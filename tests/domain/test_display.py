"""Foreign text on a terminal, in a line of a log, in a report."""

import unicodedata

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from ep_mock.domain.display import printable

ANY_TEXT = st.text(st.characters(min_codepoint=0, max_codepoint=0x10FFFF))


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        (
            "nightly [EU] \N{LATIN SMALL LETTER E WITH ACUTE} \N{SNOWMAN} c:\\x",
            "nightly [EU] \xe9 \u2603 c:\\x",
        ),
        ("red \x1b[31m", "red \\x1b[31m"),
        ("one\r\ntwo\tthree\x00", "one\\x0d\\x0atwo\\x09three\\x00"),
        ("\x9b2J\x7f", "\\x9b2J\\x7f"),
        ("abc\u202edef\u2066", "abc\\u202edef\\u2066"),
        ("a\u2028b\u2029c", "a\\u2028b\\u2029c"),
        ("half \ud83d", "half \\ud83d"),
    ],
)
def test_what_could_steer_a_terminal_is_escaped_and_the_rest_is_shown_as_it_is(text: str, shown: str) -> None:
    assert printable(text) == shown


@given(ANY_TEXT)
@example("\x85\x1c\u2028")
def test_the_result_is_one_line_without_control_characters_that_every_stream_can_write(text: str) -> None:
    shown = printable(text)
    assert len(shown.splitlines()) <= 1
    assert all(unicodedata.category(char) not in ("Cc", "Cs", "Zl", "Zp") for char in shown)
    assert all(unicodedata.bidirectional(char) not in BIDI_CONTROLS for char in shown)
    shown.encode()


@given(st.text(st.characters(categories=("L", "M", "N", "P", "S", "Zs"))))
def test_letters_digits_marks_and_signs_of_every_script_stay(text: str) -> None:
    assert printable(text) == text


BIDI_CONTROLS = ("LRE", "RLE", "PDF", "LRO", "RLO", "LRI", "RLI", "FSI", "PDI")
