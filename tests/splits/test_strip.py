"""What is removed of a newsgroup post."""

import pytest

from provender.splits.strip import strip_post

POST = """\
From: someone@example.org
Subject: tides

In article <1@example.org> another wrote:
> quoted
| quoted too
my own words -- and more
he says: what

not the last block
--
a name
"""


@pytest.mark.parametrize(
    ("strip", "expected"),
    [
        ([], POST),
        (["headers"], POST.partition("\n\n")[2]),
        (["footers"], POST.removesuffix("\n--\na name\n")),
        (
            ["quotes"],
            "From: someone@example.org\nSubject: tides\n\nmy own words -- and more\n\n"
            "not the last block\n--\na name\n",
        ),
        (["headers", "footers", "quotes"], "my own words -- and more\n\nnot the last block"),
    ],
)
def test_each_part_goes_by_its_name(strip: list[str], expected: str) -> None:
    """Each part is removed when it is named, and no other."""
    assert strip_post(POST, strip) == expected


@pytest.mark.parametrize(
    ("part", "text"),
    [
        ("footers", "one block\nof two lines"),
        ("footers", "--\nnothing before the rule"),
        ("quotes", "a > b, c | d, and writes without a colon"),
    ],
)
def test_what_is_no_such_part_stays(part: str, text: str) -> None:
    """A post without footers or quotes is left as it is."""
    assert strip_post(text, [part]) == text


def test_without_a_blank_line_all_is_headers() -> None:
    """As in scikit-learn, whose figures are compared with."""
    assert strip_post("Subject: tides\nno body", ["headers"]) == ""
