"""What mkdocs calls when it builds the documentation: in which order pages stand, and the client's reference.

That is made from the comments in js/src: the compiler writes the declarations of all that the package
exports, comments too; here they become a page.
"""

import re
import subprocess
import tempfile
from pathlib import Path
from textwrap import dedent, indent

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.exceptions import PluginError
from mkdocs.structure.files import File, Files

JS = Path(__file__).resolve().parents[1] / "js"
PAGE = "reference/javascript.md"

INTRODUCTION = """# JavaScript

Every public name of the npm package `syncstate`, from the comments in its own source.
A view needs none of them: it is given its `model`, a [Model](#Model).
"""

EXPORT = re.compile(r'^export (?:type )?\{([^}]*)\} from "\./([\w./-]+)\.ts";$', re.MULTILINE)
COMMENT = r"(?P<comment>/\*\*(?:(?!\*/).)*\*/\n)?"
DECLARED = COMMENT + r"export (?:declare )?(?P<kind>class|function|const|interface|type) NAME\b"
MEMBER = re.compile(COMMENT + r"(?P<code>[^\s/*].*?;\n)(?=[^\s}]|\Z)", re.DOTALL)
TAG = re.compile(r"^@(\w+) ?", re.MULTILINE)
NAME = re.compile(r"(?:readonly |get |static )*\[?(\w+)")
NOT_FOR_READERS = ("#private;", "name: string;", "[Symbol")


ORDER = [
    "index.md",
    {
        "Guide": [
            "index",
            "form",
            "dashboards",
            "views",
            "binding",
            "types",
            "values",
            "tables",
            "computed",
            "actions",
            "batches",
            "watching",
            "history",
            "anywidget",
        ]
    },
    {"Reference": ["index", "models", "containers", "changes", "watching", "pages", "errors", "javascript"]},
    "comparison.md",
    "architecture.md",
    "protocol.md",
    "reliability.md",
    "security.md",
    {"Decisions": []},
]
"""The pages, and folders with those of their pages that come first."""


def on_config(config: MkDocsConfig) -> MkDocsConfig:
    """Put the pages in their order; a page that is not named comes after those that are."""
    docs = Path(config.docs_dir)
    config.nav = [_section(docs, entry) for entry in ORDER]
    return config


def _section(docs: Path, entry: str | dict[str, list[str]]) -> str | dict[str, list[str]]:
    if isinstance(entry, str):
        return entry
    ((title, first),) = entry.items()
    folder = title.lower()
    there = {f"{folder}/{file.name}" for file in (docs / folder).glob("*.md")}
    there.update(page for page in (PAGE,) if page.startswith(folder))
    named = [f"{folder}/{name}.md" for name in first]
    return {title: [*(page for page in named if page in there), *sorted(there.difference(named))]}


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add the page."""
    files.append(File.generated(config, PAGE, content=page()))
    return files


def page() -> str:
    """Return the page, in Markdown."""
    with tempfile.TemporaryDirectory() as folder:
        _declare(folder)
        index = (Path(folder) / "index.d.ts").read_text(encoding="utf-8")
        entries = [
            _entry(name, (Path(folder) / f"{module}.d.ts").read_text(encoding="utf-8"))
            for names, module in EXPORT.findall(index)
            for name in re.findall(r"\w+", re.sub(r"\btype\b", "", names))
        ]
    return "\n".join([INTRODUCTION, *entries])


def _declare(folder: str) -> None:
    compiler = JS / "node_modules" / ".bin" / "tsc"
    if not compiler.exists():
        raise PluginError(f"Cannot make the reference of the client: {compiler} is not there; run make setup")
    command = [compiler, "-p", JS / "tsconfig.types.json", "--outDir", folder]
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        raise PluginError(f"Cannot make the reference of the client: {done.stdout}")


def _entry(name: str, module: str) -> str:
    """Return the section about one name."""
    found = re.search(DECLARED.replace("NAME", name), module, re.DOTALL)
    if found is None:
        raise PluginError(f"Cannot find {name!r} among the declarations of the client")
    text = module[found.start("kind") :]
    is_block = found["kind"] in ("class", "interface")
    end = re.search(r"^}$" if is_block else r";\n(?=[^\s}]|\Z)", text, re.MULTILINE)
    declaration = text[: end.end() if end else None].strip()
    if not is_block:
        return "\n".join([_heading(2, name), _code(declaration), _prose(found["comment"])])
    head, _, body = declaration.partition("{\n")
    members = [
        (match["code"].strip(), match["comment"])
        for match in MEMBER.finditer(dedent(body.rpartition("}")[0]))
        if not match["code"].startswith(NOT_FOR_READERS)
    ]
    bare = [indent(code, "  ") for code, comment in members if comment is None]
    whole = "\n".join([f"{head.strip()} {{", *bare, "}"]) if bare else head.strip()
    told = [_member(name, code, comment) for code, comment in members if comment is not None]
    return "\n".join([_heading(2, name), _code(whole), _prose(found["comment"]), *told])


def _member(owner: str, code: str, comment: str) -> str:
    found = NAME.match(code)
    name = found[1] if found else code
    return "\n".join([_heading(3, name, f"{owner}.{name}"), _code(code), _prose(comment)])


def _heading(level: int, name: str, anchor: str = "") -> str:
    return f"{'#' * level} {name} {{ #{anchor or name} }}\n"


def _code(text: str) -> str:
    return f"```ts\n{text}\n```\n"


def _prose(comment: str | None) -> str:
    """Return a comment as Markdown."""
    lines = (comment or "").strip().removeprefix("/**").removesuffix("*/").strip("\n").splitlines()
    text = "\n".join(re.sub(r"^ *\* ?", "", line) for line in lines).strip()
    text = re.sub(r"\{@link (\w+)\}", r"`\1`", text)
    said, *tagged = re.split(TAG, text)
    return "\n".join([said.strip() + "\n", *map(_tagged, tagged[::2], tagged[1::2])])


def _tagged(tag: str, text: str) -> str:
    text = text.strip()
    match tag:
        case "param":
            name, _, what = text.partition(" - ")
            return f"- `{name}`: {what}\n"
        case "returns":
            return f"\nReturns {text}\n"
        case "throws":
            return "\nThrows " + re.sub(r"^\{(\w+)\}", r"`\1`", text) + "\n"
        case "example":
            return text + "\n" if text.startswith("```") else f"\n```js\n{text}\n```\n"
        case _:
            return ""
