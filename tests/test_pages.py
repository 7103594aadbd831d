"""The pages in ``docs/tables``: written from the declarations, so that they cannot go stale.

``tilla docs tilla.shipped:everything`` writes them anew.
"""

from __future__ import annotations

import re
from pathlib import Path
from urllib.parse import unquote

import pytest

import tilla as tl
from tilla import shipped
from tilla.cli import run, stale_pages
from tilla.expressions.folding import folded
from tilla.objects.base import Relation
from tilla.objects.source import Source
from tilla.pages import pages, shared

FOLDER = Path(__file__).parents[1] / "docs" / "tables"
COMMAND = "tilla docs tilla.shipped:everything"


def relations() -> list[Relation]:
    """Everything that is made and can be read."""
    return [o for o in shipped.everything.objects if isinstance(o, Relation) and not isinstance(o, Source)]


def test_pages_say_what_is_declared():
    """A page that differs, is missing or is left over fails here."""
    assert stale_pages(FOLDER, pages(shipped.everything)) == [], f"{COMMAND} writes them anew; read the difference"


def test_every_column_has_a_meaning_and_every_table_a_grain():
    """A comment on each column, also in the database; the comment of each table begins with what a row is."""
    silent = [f"{r.name}.{c.name}" for r in relations() for c in r.columns if not c.comment]
    assert silent == []
    tables = [r for r in relations() if getattr(r, "to", None) is None]  # else it fills another one's table
    assert [r.name for r in tables if not r.comment.startswith("One row")] == []


def test_every_column_has_a_formula():
    """Each column of a page is filled by something that the page shows: a formula of its own, or another table's column."""
    for name, page in pages(shipped.everything).items():
        for row in re.findall(r"^\| `.*\|$", page, re.M):
            assert not row.endswith("|  |"), (name, row)


def test_links_lead_somewhere():
    """Every link of a page has its section, or its formula below."""
    made = pages(shipped.everything)
    anchors = {
        name: {*re.findall(r"^## (\S+)$", page, re.M), *re.findall(r'<a id="([^"]+)">', page)}
        for name, page in made.items()
    }
    for name, page in made.items():
        for file, anchor in re.findall(r"\]\(([^)#]*)#([^)]+)\)", page):
            assert anchor in anchors[file or name], (name, file, anchor)


def test_long_formulas_are_shown_whole():
    """Folding moves white space alone; naming repeated pieces can be undone by putting them back."""
    bare = lambda sql: re.sub(r"\s", "", sql)  # noqa: E731
    for relation in relations():
        for column in relation.all_columns:
            derived = getattr(column, "derived", None)
            if derived is None or len(derived.sql()) < 100:
                continue
            sql = derived.sql()
            assert bare(folded(sql)) == bare(sql)
            pieces, whole = shared(sql)
            for piece, text in reversed(pieces):
                whole = re.sub(rf"\b{piece}\b", lambda _, text=text: text, whole)
            assert whole == sql, column


def test_the_command_writes_checks_and_says_what_is_left_over(tmp_path, capsys):
    """0 when written or up to date, 2 when a page differs, 1 and no traceback where it cannot write."""
    arguments = ["docs", "tests.shop_project:project", "--out", str(tmp_path / "pages")]
    assert run([*arguments, "--check"]) == 2
    assert run(arguments) == 0
    assert run([*arguments, "--check"]) == 0
    written = sorted(file.name for file in (tmp_path / "pages").iterdir())
    assert written == ["README.md", "analytics_klaviyo.md", "data_klaviyo.md"]
    (tmp_path / "pages" / "old.md").write_text("x")
    assert run([*arguments, "--check"]) == 2
    assert run(arguments) == 0
    assert "old.md belongs to no database any more" in capsys.readouterr().err
    (tmp_path / "file").write_text("x")
    assert_refused(["docs", "tests.shop_project:project", "--out", str(tmp_path / "file")])


def assert_refused(arguments):
    with pytest.raises(tl.TillaError) as refused:
        run(arguments)
    assert refused.value.mistakes[0].code == "T411"


def test_a_page_of_each_kind_of_object():
    """Tables of one's own, states, queries by hand: what the page of a small project says of each."""
    from tests import shop_project as shop

    made = pages(shop.project)
    curated, measured = made["data_klaviyo.md"], made["analytics_klaviyo.md"]
    assert "filled by the view `events_mv` at every insert into `raw_klaviyo.events` (landed by the loader)" in curated
    assert "the one with the highest `extracted_at` counts" in curated
    assert "| `value` | `Nullable(Decimal(38, 4))` | shop currency |" in curated
    assert "| `events` | `UInt64` |  | `uniqExact(event_id)` |" in measured
    assert "rebuilt whole every 1 hour" in measured
    assert "| `revenue` | `Decimal(38, 4)` | sum of event values, shop currency | `ifNull(sum(value), 0)` |" in measured


def test_pages_stay_in_their_folder_whatever_the_names(desk):
    """`/`, `..`, a database called README: one page each, none outside, every link of the list leads to one."""
    databases = ["../out", "a/b", "..", "a%2Fb", "README", "readme", "a b", "Ключ"]
    name = desk.write(f"""
from tilla import text
project = tl.project("p", *[tl.Table(text.quote_qualified(d, "x"), Raw, engine=MergeTree(order_by=())) for d in {databases!r}])
""")
    assert desk.tilla("docs", name, "--out", "deep/out").code == 0
    files = {str(p.relative_to(desk.folder / "deep" / "out")) for p in desk.folder.rglob("*.md")}
    assert len(files) == len(databases) + 1
    assert all("/" not in file for file in files)
    index = (desk.folder / "deep" / "out" / "README.md").read_text()
    assert {unquote(link) for link in re.findall(r"\]\(([^)#]*)\)", index)} == files - {"README.md"}
    assert desk.tilla("docs", name, "--out", "deep/out", "--check").code == 0


def test_no_column_is_left_out():
    """Each column of a relation stands in its section, or in that of the table whose columns it repeats."""
    made = pages(shipped.everything)
    for relation in relations():
        page = made[f"{relation.database}.md"]
        section = page.split(f"\n## {relation.table}\n")[1].split("\n## ")[0]
        shown = set(re.findall(r"^\| `([^`]+)`", section, re.M))
        base = re.search(r"^All columns of \[`([^`]+)`\]", section, re.M)
        if base:
            shown |= set(re.findall(r"^\| `([^`]+)`", page.split(f"\n## {base[1]}\n")[1].split("\n## ")[0], re.M))
        assert set(relation.column_names) <= shown, relation.name
