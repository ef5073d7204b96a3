"""The documentation says what is so: its Python runs, its JavaScript parses, its version is the package's."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from importlib import metadata
from pathlib import Path
from typing import Any

import pytest

import syncstate

ROOT = Path(__file__).resolve().parents[1]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]

BLOCK = re.compile(
    r"(?:^<!-- not run: (?P<reason>[^\n]+?) -->\n)?"
    r"^(?P<indent> *)```(?P<language>[\w+-]+)[^\n]*\n(?P<code>.*?)^(?P=indent)```$",
    re.MULTILINE | re.DOTALL,
)


def blocks(page: Path, *languages: str) -> list[tuple[str, str, str | None]]:
    """The blocks of code on a page in some languages: where each begins, its text, and why it is not run."""
    text = page.read_text(encoding="utf-8")
    return [
        (
            f"{page.relative_to(ROOT)}:{text.count(chr(10), 0, match.start('code')) + 1}",
            "".join(line.removeprefix(match["indent"]) for line in match["code"].splitlines(keepends=True)),
            match["reason"],
        )
        for match in BLOCK.finditer(text)
        if match["language"] in languages
    ]


def test_the_blocks_of_a_page_are_found(tmp_path, monkeypatch):
    monkeypatch.setitem(globals(), "ROOT", tmp_path)
    page = tmp_path / "page.md"
    page.write_text(
        "# Page\n\n```python\na = 1\n```\n\n<!-- not run: it is old -->\n```python\nb\n```\n\n"
        "- item\n\n  ```python\n  if c:\n      d\n  ```\n\n```js\ne\n```\n\n```\nf\n```\n"
    )

    assert blocks(page, "python") == [
        ("page.md:4", "a = 1\n", None),
        ("page.md:9", "b\n", "it is old"),
        ("page.md:15", "if c:\n    d\n", None),
    ]
    assert blocks(page, "js") == [("page.md:20", "e\n", None)]


def pages_with(*languages: str) -> list[Any]:
    return [
        pytest.param(page, id=str(page.relative_to(ROOT)))
        for page in PAGES
        if any(reason is None for _, _, reason in blocks(page, *languages))
    ]


def left_out(*languages: str) -> list[Any]:
    return [
        pytest.param(reason, id=where)
        for page in PAGES
        for where, _, reason in blocks(page, *languages)
        if reason is not None
    ]


RUN = """
import json, sys

namespace = {"__name__": "__main__"}
for where, code in json.load(sys.stdin):
    exec(compile("\\n" * (int(where.rpartition(":")[2]) - 1) + code, where, "exec"), namespace)
"""


@pytest.mark.parametrize("page", pages_with("python", "py"))
def test_the_python_of_a_page_runs_from_top_to_bottom(page, tmp_path):
    code = [(where, text) for where, text, reason in blocks(page, "python", "py") if reason is None]

    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", RUN],
        input=json.dumps(code),
        capture_output=True,
        text=True,
        cwd=tmp_path,
        timeout=120,
    )

    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("reason", left_out("python", "py", "js", "javascript", "ts"))
def test_a_block_that_is_not_run_says_why(reason):
    assert len(reason.split()) > 2
    pytest.skip(reason)


def javascript() -> list[Any]:
    return [
        pytest.param(code, id=where)
        for page in PAGES
        for where, code, reason in blocks(page, "js", "javascript")
        if reason is None
    ]


@pytest.mark.skipif(shutil.which("node") is None, reason="Node is not there to parse it")
@pytest.mark.parametrize("code", javascript())
def test_the_javascript_of_a_page_parses(code, tmp_path):
    file = tmp_path / "block.mjs"
    file.write_text(code, encoding="utf-8")

    done = subprocess.run(["node", "--check", str(file)], capture_output=True, text=True, timeout=60)

    assert done.returncode == 0, done.stderr


def test_the_json_of_a_page_is_json():
    found = 0
    for page in PAGES:
        for where, code, reason in blocks(page, "json"):
            code = code.replace("[ … ]", "[]").replace("{ … }", "{}")  # what was left out
            for text in re.split(r"\n(?={)", code.strip()):
                if reason is None:
                    found += 1
                    assert json.loads(text), where
    assert found


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_the_links_of_a_page_to_files_lead_somewhere(page):
    text = re.sub(r"```.*?```|`[^`\n]*`", "", page.read_text(encoding="utf-8"), flags=re.DOTALL)

    for target in re.findall(r"\]\(([^)\s]+)\)", text):
        if not re.match(r"[a-z]+:|#", target):
            file = page.parent / target.partition("#")[0]
            assert file.exists() or file == ROOT / "docs" / "reference" / "javascript.md", target


def test_every_public_name_stands_in_the_reference():
    pages = [page.read_text(encoding="utf-8") for page in (ROOT / "docs" / "reference").glob("*.md")]

    named = re.findall(r"^::: syncstate\.(\w+)$", "\n".join(pages), re.MULTILINE)

    assert sorted(named) == sorted(syncstate.__all__), "docs/reference/*.md: one line ::: syncstate.Name each"


@pytest.mark.skipif(shutil.which("node") is None, reason="Node is not there to build it")
def test_the_documentation_is_built_without_a_warning(tmp_path):
    done = subprocess.run(
        [
            sys.executable,
            "-m",
            "mkdocs",
            "build",
            "--quiet",
            "--strict",
            "--site-dir",
            str(tmp_path / "site"),
        ],
        capture_output=True,
        text=True,
        cwd=ROOT,
        env={**os.environ, "NO_MKDOCS_2_WARNING": "1"},
        timeout=120,
    )

    assert done.returncode == 0, done.stderr
    pages = {page: page.read_text(encoding="utf-8") for page in (tmp_path / "site").rglob("*.html")}
    pictures = [
        page.parent / name
        for page, text in pages.items()
        for name in re.findall(r'(?:src|srcset)="([^":]+\.png)"', text)
        if page.name != "404.html"
    ]
    assert len(pictures) >= 8
    assert [picture for picture in pictures if not picture.exists()] == []
    reference = pages[tmp_path / "site" / "reference" / "models.html"]
    assert 'id="syncstate.Sync.snapshot"' in reference
    client = pages[tmp_path / "site" / "reference" / "javascript.html"]
    index = (ROOT / "js" / "src" / "index.ts").read_text(encoding="utf-8")
    exported = " ".join(re.findall(r"^export [^{]*\{([^}]*)", index, re.MULTILINE))
    names = re.findall(r"\w+", re.sub(r"\btype\b", "", exported))
    assert {"connect", "Model", "Draft"} <= set(names)
    assert [name for name in names if f'<h2 id="{name}">' not in client] == []


def test_the_changelog_knows_the_version_or_has_it_still_to_come():
    changelog = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    version = json.loads((ROOT / "js" / "package.json").read_text(encoding="utf-8"))["version"]
    headings = re.findall(r"^## \[([^\]]+)\]", changelog, re.MULTILINE)

    released = [heading for heading in headings if heading != "Unreleased"]
    assert headings[0] == "Unreleased"
    assert not released or released[0] == version
    assert len(set(headings)) == len(headings)
    assert released == sorted(
        released, key=lambda text: [int(part) for part in text.split(".")], reverse=True
    )


def test_both_packages_have_one_version():
    version = json.loads((ROOT / "js" / "package.json").read_text(encoding="utf-8"))["version"]

    assert metadata.version("syncstate") == version
    assert re.fullmatch(r"\d+\.\d+\.\d+", version)
