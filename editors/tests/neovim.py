"""Real Neovim, set up with what `docs/editors.md` says to paste, against `flowc check`.

    neovim.py NVIM FLOWC FOLDER      FOLDER is made anew and holds the user's home

Opens every case of `tests/corpus/check` and the examples, and holds code, place, severity and message
of each diagnostic to what the command line says.
"""

import json
import pathlib
import shutil
import subprocess
import sys

from programs import REPOSITORY, checked, home, pasted, run_pasted


def main(nvim, flowc, folder):
    folder = pathlib.Path(folder).resolve()
    shutil.rmtree(folder, ignore_errors=True)
    environment = home(folder, pathlib.Path(flowc).resolve())
    config = folder / ".config/nvim/init.lua"
    config.parent.mkdir(parents=True)
    config.write_text(pasted("Neovim", "lua", same_as="editors/neovim/init.lua"))
    run_pasted("Neovim", environment)

    # The folder in which a program keeps its state is called `.flow` as well.
    found = [*REPOSITORY.glob("tests/corpus/check/**/*.flow"), *REPOSITORY.glob("examples/*/*.flow")]
    files = sorted(file for file in found if file.is_file())
    names, out = folder / "files", folder / "out.json"
    # As a user names them, who stands in the folder.
    names.write_text("".join(f"{file.relative_to(REPOSITORY)}\n" for file in files))
    script = pathlib.Path(__file__).with_suffix(".lua")
    done = subprocess.run(
        [nvim, "--headless", "-c", f"luafile {script}"],
        cwd=REPOSITORY, timeout=600, check=False,
        env={**environment, "FILES": str(names), "OUT": str(out)},
    )
    if not out.exists():
        sys.exit(f"neovim: it ended with {done.returncode} and told nothing")

    wrong, count = [], 0
    for found in json.loads(out.read_text()):
        name = pathlib.Path(found["path"])
        path = REPOSITORY / name
        expected = checked(path, environment)
        count += len(expected)
        if not (found["attached"] and found["heard"]):
            wrong.append(f"{name}: flowc lsp is not attached: {found}")
        if found["filetype"] != "flowc":
            wrong.append(f"{name}: its filetype is {found['filetype']}")
        # A vim table without elements is a map.
        shown = found["diagnostics"] or []
        shown = [(d["code"], d["offset"], d["severity"], d["message"].split("\n")[0]) for d in shown]
        right = [(d["code"], d["offset"], d["severity"], d["message"].split("\n")[0]) for d in expected]
        if sorted(shown) != sorted(right):
            wrong.append(f"{name}: Neovim shows\n  {sorted(shown)}\nflowc check says\n  {sorted(right)}")
        if not found["captures"] and path.read_text().strip():
            wrong.append(f"{name}: the first word has no colour")
        if name.parts[0] == "examples" and found["folds"] < 2:
            wrong.append(f"{name}: it has {found['folds']} levels of folds")
        if name.parts[0] == "examples" and not found["word"]:
            wrong.append(f"{name}: the server's colours do not come")
    if len(files) < 300 or count < 200:
        wrong.append(f"only {len(files)} programs with {count} diagnostics were found")
    print("\n".join(wrong[:20]), file=sys.stderr, end="\n" if wrong else "")
    print(f"neovim: {len(files)} programs, {count} diagnostics, {len(wrong)} differences")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
