"""The rules' examples through clang-tidy -fix, held against what the command line makes of them.

  examples.py expect  --abi3ify EXE --examples EXE FOLDER       the sources, and what abi3ify migrate writes
  examples.py compare --clang-tidy EXE --module SO FOLDER                the same by clang-tidy -fix

Each source is edited by itself: clang-tidy sees one unit, and so does the command line here. What takes a
look at all sources (static types) is left out of both; clang-tidy must report it and leave it alone.
"""
import argparse
import collections
import concurrent.futures
import difflib
import json
import pathlib
import shutil
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
WHOLE_PROGRAM = "static-type"
# The newest headers, and the lowest that most rules about macros still hold for.
WANTED = ["3.15", "3.14", "3.13", "3.11"]


def header_sets():
    listing = subprocess.run([ROOT / "scripts/pythons"], stdout=subprocess.PIPE, text=True, check=True).stdout
    found = {line.split("\t")[0]: pathlib.Path(line.split("\t")[2]) for line in listing.splitlines()}
    newest = [version for version in WANTED[:3] if version in found][:1]
    return {version: found[version] for version in dict.fromkeys(newest + WANTED[3:]) if version in found}


def flags_for(include):
    """As the command line adds them for --python."""
    return ["-I", str(include), "-idirafter", str(include.parent), "-idirafter", str(include / "internal")]


def in_parallel(function, items):
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        return list(pool.map(function, items))


def expect(arguments):
    shutil.rmtree(arguments.folder, ignore_errors=True)
    sources = []
    for version, include in header_sets().items():
        own = arguments.folder / version
        own.mkdir(parents=True)
        subprocess.run([arguments.examples, include, own], check=True)
        for source in json.loads((own / "sources.json").read_text()):
            sources.append(source | {"file": f"{version}/{source['file']}", "include": str(include)})
    if not sources:
        sys.exit(77)

    # Elsewhere, because the build folder lies in a repository, whose files would count.
    def migrate(source, scratch):
        copy = scratch / str(pathlib.Path(source["file"]).parent)
        shutil.copytree((arguments.folder / source["file"]).parent, copy)
        file = copy / pathlib.Path(source["file"]).name
        command = [arguments.abi3ify, "migrate", "--review", "--python", source["include"], "--target",
                   source["floor"], "--ignore", WHOLE_PROGRAM, *(["--select", source["only"]] if source["only"] else []), file]
        run = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        if run.returncode not in (0, 1):
            sys.exit(f"{' '.join(map(str, command))}\n{run.stderr}")
        source["after"] = file.read_text()

    with tempfile.TemporaryDirectory() as scratch:
        in_parallel(lambda source: migrate(source, pathlib.Path(scratch).resolve()), sources)
    (arguments.folder / "expected.json").write_text(json.dumps(sources, indent=1))
    rules = {rule for source in sources for rule in source["rules"]}
    print(f"{len(sources)} sources with examples of {len(rules)} rules, "
          f"{sum(source['after'] != (arguments.folder / source['file']).read_text() for source in sources)} of them edited")


def tidy(arguments, sources, folder):
    """Runs clang-tidy -fix once over sources of one floor, in copies of their folders."""
    database = []
    for number, source in enumerate(sources):
        copy = folder / str(number)
        shutil.copytree((arguments.folder / source["file"]).parent, copy)
        file = copy / pathlib.Path(source["file"]).name
        source["copy"] = file
        language = ["clang++", "-std=gnu++17"] if file.suffix == ".cpp" else ["clang", "-std=gnu11"]
        database.append({"directory": str(copy), "file": str(file), "arguments":
                         [*language, *flags_for(pathlib.Path(source["include"])), "-c", str(file)]})
    (folder / "compile_commands.json").write_text(json.dumps(database))
    only = sources[0]["only"]
    config = {"Checks": f"-*,{'abi3-' + only if only else 'abi3-*'}",
              "CheckOptions": {"Target": sources[0]["floor"], "Review": True}}
    return subprocess.run(
        [arguments.clang_tidy, f"--load={arguments.module}", f"--config={json.dumps(config)}", "--fix", "--fix-errors", "-p", folder,
         *(source["copy"] for source in sources)],
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True).stdout


def compare(arguments):
    sources = json.loads((arguments.folder / "expected.json").read_text())
    # A few large groups for two processes; one floor and one set of checks each.
    groups = collections.defaultdict(list)
    for number, source in enumerate(sources):
        groups[source["floor"], source["only"], number % 2].append(source)
    different = []
    with tempfile.TemporaryDirectory() as scratch:
        def one(item):
            number, group = item
            folder = pathlib.Path(scratch).resolve() / str(number)
            folder.mkdir()
            said = tidy(arguments, group, folder)
            for source in group:
                made = source["copy"].read_text()
                if made != source["after"]:
                    different.append((source["file"], source["floor"], "".join(difflib.unified_diff(
                        source["after"].splitlines(True), made.splitlines(True), "command line", "clang-tidy"))))
            return said
        output = in_parallel(one, enumerate(groups.values()))
    for file, floor, diff in sorted(different):
        print(f"{file} at {floor}:\n{diff}")
    said = "".join(output)
    for line in said.splitlines():
        if any(text in line for text in ("[clang-tidy-config]", "conflicts with existing", "resolve conflict", "bug report")):
            print(line)
            different.append(line)
    fixed = {rule for source in sources for rule in source["rules"] if f"[abi3-{rule}]" in said}
    print(f"{len(sources)} sources, {len(different)} differences; {len(fixed)} rules have spoken")
    sys.exit(bool(different))


parser = argparse.ArgumentParser()
parser.add_argument("action", choices=["expect", "compare"])
parser.add_argument("folder", type=pathlib.Path)
for option in "--abi3ify", "--examples", "--clang-tidy", "--module":
    parser.add_argument(option, type=pathlib.Path)
arguments = parser.parse_args()
arguments.folder = arguments.folder.resolve()
{"expect": expect, "compare": compare}[arguments.action](arguments)
