"""What the tests of real editors share: the blocks of `docs/editors.md`, and what `flowc check` says."""

import json
import os
import pathlib
import re
import subprocess

REPOSITORY = pathlib.Path(__file__).resolve().parents[2]


def pasted(section, language, same_as=None):
    """The block of a language below a heading of `docs/editors.md`, which a file holds as well."""
    page = (REPOSITORY / "docs/editors.md").read_text()
    found = re.search(rf"^## {section}\n(.*?)(?=^## |\Z)", page, re.M | re.S)
    blocks = re.findall(rf"^```{language}\n(.*?)^```", found.group(1), re.M | re.S)
    assert len(blocks) == 1, f"docs/editors.md has {len(blocks)} blocks of {language} below `{section}`"
    if same_as and blocks[0] != (REPOSITORY / same_as).read_text():
        raise AssertionError(f"{same_as} is not what docs/editors.md says to paste below `{section}`")
    return blocks[0]


def home(folder, flowc):
    """The environment of a user who has nothing but `flowc` on the path, with a home in this folder."""
    (folder / "bin").mkdir(parents=True)
    (folder / "bin/flowc").symlink_to(flowc)
    environment = {name: value for name, value in os.environ.items() if not name.startswith("XDG_")}
    return {
        **environment,
        "HOME": str(folder),
        "PATH": f"{folder / 'bin'}:{environment['PATH']}",
        "SOURCE_DATE_EPOCH": "1795500000",
    }


def run_pasted(section, environment):
    """Runs the shell block below a heading, as in a clone of the repository."""
    subprocess.run(["sh", "-euc", pasted(section, "sh")], cwd=REPOSITORY, env=environment, check=True)


def checked(path, environment):
    """What `flowc check` says of a program: code, offset, line, column, severity and message."""
    done = subprocess.run(
        ["flowc", "check", "--format", "json", str(path)],
        cwd=REPOSITORY, env=environment, stdout=subprocess.PIPE, check=False,
    )
    report = json.loads(done.stdout)
    return sorted(
        (
            {
                "code": found["code"],
                "offset": found["range"]["start"]["offset"],
                "line": found["range"]["start"]["line"],
                "column": found["range"]["start"]["column"],
                "severity": found["severity"],
                "message": found["message"],
            }
            for found in report["diagnostics"]
            if pathlib.Path(REPOSITORY, found["file"]).resolve() == pathlib.Path(path).resolve()
        ),
        key=lambda found: (found["offset"], found["code"], found["message"]),
    )
