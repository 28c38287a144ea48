"""docs/architecture.md shows the rooms that there are."""

from __future__ import annotations

from workbench.rooms import BEGIN, END, PACKAGES, PAGE, page_with_rooms, rooms


def test_the_map_is_that_of_the_house() -> None:
    page = PAGE.read_text()
    assert (page.count(BEGIN), page.count(END)) == (1, 1)
    assert page == page_with_rooms(page), "run `python -m workbench.rooms`"


def test_every_room_says_what_it_is() -> None:
    for package in PACKAGES:
        found = rooms(package)
        assert len(found) > (1 if package == "proteus_client" else 5)
        assert [name for name, sentence in found if len(sentence) < 10] == []


def test_a_room_that_is_not_on_the_map_shows() -> None:
    page = f"before\n{BEGIN}\nold\n{END}\nafter\n"
    assert page_with_rooms(page).startswith(f"before\n{BEGIN}\n")
    assert page_with_rooms(page).endswith(f"{END}\nafter\n")
    assert "| `queue/` |" in page_with_rooms(page)
