"""Paper totals that do not add up are refused with the difference."""

import pytest

from portal.paper_totals import PaperTotals


@pytest.mark.parametrize(
    ("counted", "refused"),
    [
        ((), {}),
        ((50, 47, 3), {}),
        ((50, 47, 3, 45, 2), {}),
        ((0, 0, 0, 0, 0), {}),
        ((50, 45, 3), {"sheets_issued": "发出50份，收回45份、未收回3份，相差2份"}),
        ((50, 51, 0), {"sheets_issued": "发出50份，收回51份、未收回0份，相差1份"}),
        ((50, 47, 3, 45, 1), {"sheets_returned": "收回47份，有效45份、作废1份，相差1份"}),
        ((50,), {"sheets_returned": "“收回”也要填写", "sheets_missing": "“未收回”也要填写"}),
        ((50, 47, 3, 45), {"sheets_void": "“作废”也要填写"}),
        ((None, None, None, 45, 2), {"sheets_issued": "发出", "sheets_returned": "收回", "sheets_missing": "未收回"}),
    ],
)
def test_sums_are_compared_and_the_difference_named(counted: tuple[int | None, ...], refused: dict[str, str]) -> None:
    found = PaperTotals(*counted).refusals
    assert found.keys() == refused.keys()
    for name, words in refused.items():
        assert words in found[name]


def test_it_is_said_in_one_line() -> None:
    assert str(PaperTotals(50, 47, 3, 45, 2)) == "发出50份，收回47份，未收回3份；有效45份，作废2份"
    assert str(PaperTotals(50, 47, 3)) == "发出50份，收回47份，未收回3份"
    assert str(PaperTotals()) == ""
