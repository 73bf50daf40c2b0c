"""The clang-tidy module in the real clang-tidy: what it says, fixes, and leaves alone."""
import argparse
import json
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
HEAD = "#define PY_SSIZE_T_CLEAN\n#include <Python.h>\n"


class Client:
    clang_tidy = module = abi3ify = lib = include = newer = None


class ModuleTest(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name).resolve()
        # A repository of its own, so that no file above it counts.
        (self.folder / ".git").mkdir()

    def write(self, name, text):
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text.encode())
        return path

    def tidy(self, *options, source="a.c", options_of_checks="Target: '3.11'", checks="-*,abi3-*", module=None,
             flags=None, config=True):
        command = [Client.clang_tidy, f"--load={module or Client.module}", "--quiet", *options]
        if config:
            command.append(f"--config={{Checks: '{checks}', CheckOptions: {{{options_of_checks}}}}}")
        command += [source, "--", *(["-I", Client.include] if flags is None else flags)]
        run = subprocess.run(command, cwd=self.folder, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                             stderr=subprocess.STDOUT, text=True)
        return run.stdout

    def fixed(self, text, *options, name="a.c", **more):
        path = self.write(name, HEAD + text)
        self.said = self.tidy("--fix", *options, source=name, **more)
        return path.read_bytes().decode().removeprefix(HEAD)

    def migrated(self, text, target="3.11", include=None):
        path = self.write("by-command/a.c", HEAD + text)
        run = self.abi3ify("migrate", "--review", "--allow-dirty", "--target", target, "--python",
                           include or Client.include, path)
        self.assertIn(run.returncode, (0, 1), run.stdout)
        return path.read_text().removeprefix(HEAD)

    def abi3ify(self, *arguments):
        return subprocess.run([Client.abi3ify, *arguments], cwd=self.folder, stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)

    # Which checks there are.

    def test_every_rule_is_a_check(self):
        listed = subprocess.run([Client.clang_tidy, f"--load={Client.module}", "--checks=-*,abi3-*", "--list-checks"],
                                stdout=subprocess.PIPE, text=True, check=True).stdout
        rules = subprocess.run([Client.abi3ify, "rules"], stdout=subprocess.PIPE, text=True, check=True).stdout
        self.assertEqual(sorted(re.findall(r"abi3-(\S+)", listed)),
                         sorted([line.split("\t")[1] for line in rules.splitlines()] + ["not-limited"]))

    def test_the_wrong_major_says_so(self):
        own = re.search(r"tidy-(\d+)\.so", Client.module.name)[1]
        other = Client.lib / f"abi3ify-tidy-{41 - int(own)}.so"
        if not other.exists():
            self.skipTest(f"{other.name} is not built")
        self.write("a.c", "int x;\n")
        said = self.tidy(module=other, checks="-*,abi3-*,misc-unused-parameters")
        self.assertIn(f"this module is for clang-tidy {41 - int(own)}, and was loaded by '", said)
        self.assertIn(f"version {own}.", said)
        self.assertNotIn("Stack dump", said)
        self.assertNotIn("undefined symbol", said)

    def test_a_missing_core_is_named(self):
        shutil.copy(Client.module, self.folder)
        self.write("a.c", "int x;\n")
        said = self.tidy(module=self.folder / Client.module.name, checks="-*,misc-unused-parameters")
        self.assertIn("abi3ify: error: the module cannot be loaded: ", said)
        self.assertIn("-core.so", said)

    # What is looked at.

    def test_only_python_is_on_the_include_path(self):
        """The normalising header is the module's own affair: no flag is needed for it."""
        text = "Py_ssize_t f(PyObject *t) { return PyTuple_GET_SIZE(t); }\n"
        self.assertEqual(self.fixed(text), text.replace("GET_SIZE", "Size"))
        self.assertNotIn("clang-tidy-config", self.said)

    def test_include_that_bypasses_the_path(self):
        self.write("a.c", f'#include "{Client.include}/Python.h"\n'
                          "Py_ssize_t f(PyObject *t) { return PyTuple_GET_SIZE(t); }\n")
        said = self.tidy("--fix")
        self.assertEqual(said.count("includes Python.h in a way that bypasses the include path; accessors are reported "
                                    "but not rewritten [clang-tidy-config]"), 1, said)
        self.assertIn("[abi3-tuple-get-size]", said)

    def test_units_without_python_are_left_alone(self):
        self.write("a.c", "int PyTuple_GET_SIZE(int);\nint f(void) { return PyTuple_GET_SIZE(1); }\n")
        self.assertNotIn("abi3", self.tidy(options_of_checks=""))

    def test_source_that_limits_itself(self):
        self.write("a.c", "#define Py_LIMITED_API 0x030B0000\n" + HEAD + "int f(PyObject *s) { return PyUnicode_READY(s); }\n")
        said = self.tidy()
        self.assertIn("[abi3-unicode-ready", said)

    def test_limit_that_leaves_code_out(self):
        text = ("#ifndef Py_LIMITED_API\nPy_ssize_t f(PyObject *t) { return PyTuple_GET_SIZE(t); }\n#endif\n"
                "Py_ssize_t g(PyObject *t) { return PyTuple_GET_SIZE(t); }\n")
        self.assertEqual(self.fixed(text), text[:text.rindex("PyTuple")] + "PyTuple_Size(t); }\n")

    def test_a_limit_of_the_flags(self):
        self.write("a.c", HEAD)
        said = self.tidy(flags=["-I", Client.include, "-DPy_LIMITED_API=0x03090000"])
        self.assertIn("-DPy_LIMITED_API=0x03090000, a flag of a.c", said)

    # The floor.

    def test_without_a_floor_one_warning_says_how(self):
        for name in "a.c", "b.c":
            self.write(name, HEAD)
        command = [Client.clang_tidy, f"--load={Client.module}", "--checks=-*,abi3-*", "a.c", "b.c", "--", "-I", Client.include]
        said = subprocess.run(command, cwd=self.folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True).stdout
        self.assertEqual(said.count("no floor: set the option Target of the abi3 checks"), 1, said)

    def test_floor_of_pyproject(self):
        self.write("pyproject.toml", '[tool.abi3ify]\ntarget = "3.11"\nignore = ["list-get-size"]\n')
        text = "Py_ssize_t f(PyObject *t) { return PyTuple_GET_SIZE(t) + PyList_GET_SIZE(t); }\n"
        self.assertEqual(self.fixed(text, options_of_checks=""), text.replace("PyTuple_GET_SIZE", "PyTuple_Size"))

    def test_each_check_may_have_its_floor(self):
        text = "int f(PyObject *o) { return PyUnicode_AsUTF8(o) && Py_IsNone(o); }\n"
        low = self.fixed(text, options_of_checks="Target: '3.8'")
        self.assertNotEqual(low, text)
        checks = re.findall(r"\[abi3-([\w-]+)\]", self.said)
        self.assertEqual(len(set(checks)), 2, self.said)
        # The one at 3.8, all others at the newest that the headers reach.
        options = f"Target: '3.11', abi3-{checks[1]}.Target: '3.8'"
        self.assertIn(checks[1], "".join((self.fixed(text, options_of_checks=options), self.said)))

    def test_floor_above_the_headers_and_nonsense(self):
        self.write("a.c", HEAD)
        self.assertIn("the floor 3.15 is above the headers in ", self.tidy(options_of_checks="Target: '3.15'"))
        self.assertIn("'eleven'", self.tidy(options_of_checks="Target: eleven"))

    # What is fixed.

    def test_nested_edits_of_several_checks(self):
        text = ("PyObject *f(PyObject *t, PyObject *l) {\n"
                "  return PyTuple_GET_ITEM(PyList_GET_ITEM(l, PyTuple_GET_SIZE(t) - 1), PyList_GET_SIZE(l) - 1);\n}\n")
        self.assertEqual(self.fixed(text),
                         "PyObject *f(PyObject *t, PyObject *l) {\n"
                         "  return PyTuple_GetItem(PyList_GetItem(l, PyTuple_Size(t) - 1), PyList_Size(l) - 1);\n}\n")

    def test_an_edit_that_moves_another(self):
        """Both are one fix, which stands at the first of them."""
        text = ("PyObject *f(PyObject *s, PyObject *l) {\n  return PySequence_Fast_GET_ITEM(s,\n"
                "    PyTuple_GET_SIZE(l) - 1);\n}\n")
        made = self.fixed(text)
        self.assertEqual(made.count("PyTuple_Size(l) - 1"), 2, made)
        self.assertEqual(made, self.migrated(text))
        self.assertIn("; fixed together with line 4 [abi3-tuple-get-size]", self.said)

    def test_groups_and_helpers_are_whole(self):
        text = ("Py_UCS4 f(PyObject *s) {\n  int kind = PyUnicode_KIND(s);\n  void *data = PyUnicode_DATA(s);\n"
                "  return PyUnicode_READ(kind, data, 0) + PyUnicode_READ(kind, data, 1);\n}\n"
                "int g(PyObject *l, PyObject *m) { return PyList_Extend(l, m); }\n")
        flags = {"options_of_checks": "Target: '3.13', Review: true", "flags": ["-I", Client.newer]}
        if not Client.newer:
            self.skipTest("no headers of CPython 3.13")
        made = self.fixed(text, **flags)
        self.assertEqual(made, self.migrated(text, "3.13", Client.newer))
        self.assertIn("limited_unicode_read(s, 0)", made)
        self.assertIn("limited_list_extend(l, m)", made)
        kept = text.replace("data, 1);", "data, 1); // NOLINT")
        made = self.fixed(kept, **flags)
        self.assertEqual(made[made.index("Py_UCS4"):made.index("int g")], kept[:kept.index("int g")])
        self.assertIn("limited_list_extend(l, m)", made)

    def test_a_check_that_is_not_enabled_edits_nothing(self):
        text = "PyObject *f(PyObject *t) { return PyTuple_GET_ITEM(PyList_GET_ITEM(t, 0), 0); }\n"
        self.assertEqual(self.fixed(text, checks="-*,abi3-list-get-item"),
                         text.replace("PyList_GET_ITEM", "PyList_GetItem"))

    def test_review_is_asked_for(self):
        text = "void f(PyObject *l, PyObject *v) { PyList_SET_ITEM(l, 0, v); }\n"
        self.assertEqual(self.fixed(text), text)
        self.assertIn("its fix is for review", self.said)
        self.assertIn("the option Review makes it", self.said)
        self.assertIn("PyList_SetItem(l, 0, v)", self.fixed(text, options_of_checks="Target: '3.11', Review: true"))
        self.assertIn("PyList_SetItem(l, 0, v)",
                      self.fixed(text, options_of_checks="Target: '3.11', abi3-list-set-item.Review: true"))

    def test_line_breaks_stay(self):
        text = "Py_ssize_t f(PyObject *t) {\r\n  return PyTuple_GET_SIZE(t);\r\n}\r\n"
        self.assertEqual(self.fixed(text), text.replace("GET_SIZE", "Size"))

    def test_cplusplus(self):
        text = "template <class T> Py_ssize_t f(T *t) { return PyTuple_GET_SIZE(t); }\nauto x = f((PyTupleObject *)nullptr);\n"
        self.assertIn("PyTuple_Size((PyObject *)t)", self.fixed(text, name="a.cpp"))

    # What is left alone.

    def test_static_types_are_for_the_command_line(self):
        text = ("static PyTypeObject T = {PyVarObject_HEAD_INIT(NULL, 0) .tp_name = \"m.T\"};\n"
                "int f(void) { return PyType_Ready(&T); }\n")
        self.assertEqual(self.fixed(text, options_of_checks="Target: '3.11', Review: true"), text)
        self.assertIn("'abi3ify migrate' makes it a heap type, which takes a look at all sources [abi3-static-type]", self.said)

    def test_headers_are_for_the_command_line(self):
        header = self.write("a.h", "#define SIZE(t) PyTuple_GET_SIZE(t)\n")
        text = '#include "a.h"\nPy_ssize_t f(PyObject *t) { return SIZE(t); }\n'
        self.assertEqual(self.fixed(text, "--header-filter=.*"), text)
        self.assertEqual(header.read_text(), "#define SIZE(t) PyTuple_GET_SIZE(t)\n")
        self.assertIn("'abi3ify migrate' edits a.h, which other sources may read [abi3-tuple-get-size]", self.said)

    def test_comments_that_suppress(self):
        for comment in ("// abi3ify: ignore[tuple-get-size] hot", "// NOLINT", "// NOLINT(abi3-tuple-*)"):
            text = (f"Py_ssize_t f(PyObject *t) {{\n  return PyTuple_GET_SIZE(t) {comment}\n"
                    "    + PyTuple_GET_SIZE(t);\n}\n")
            self.assertEqual(self.fixed(text), text.replace("+ PyTuple_GET_SIZE", "+ PyTuple_Size"), comment)
        for before, after in ("// NOLINTNEXTLINE\n", ""), ("// NOLINTBEGIN(abi3-tuple-get-size)\n", "// NOLINTEND(abi3-tuple-get-size)\n"):
            text = (f"Py_ssize_t f(PyObject *t) {{\n{before}  return PyTuple_GET_SIZE(t)\n{after}"
                    "    + PyTuple_GET_SIZE(t);\n}\n")
            self.assertEqual(self.fixed(text), text.replace("+ PyTuple_GET_SIZE", "+ PyTuple_Size"), before)
        text = "Py_ssize_t f(PyObject *t) { return PyTuple_GET_SIZE(t); } // NOLINT(bugprone-*)\n"
        self.assertEqual(self.fixed(text), text.replace("GET_SIZE", "Size"))

    def test_generated_code(self):
        text = "/* Generated by Cython 3.0.0 */\n" + HEAD + "Py_ssize_t f(PyObject *t) { return PyTuple_GET_SIZE(t); }\n"
        path = self.write("a.c", text)
        self.assertNotIn("abi3-", self.tidy("--fix"))
        self.assertEqual(path.read_text(), text)

    def test_optional_rules_want_their_name(self):
        text = ("int f(PyObject *l) { PyObject *o = PyList_GetItem(l, 0);\n"
                "  return o ? PyObject_IsTrue(o) : -1; }\n")
        self.write("a.c", HEAD + text)
        if not Client.newer:
            self.skipTest("no headers of CPython 3.13")
        at_13 = {"options_of_checks": "Target: '3.13'", "flags": ["-I", Client.newer]}
        self.assertNotIn("list-get-item-ref", self.tidy(**at_13))
        self.assertIn("[abi3-list-get-item-ref]", self.tidy(checks="-*,abi3-list-get-item-ref", **at_13))

    def test_source_that_does_not_parse(self):
        path = self.write("a.c", HEAD + "Py_ssize_t f(PyObject *t) { return PyTuple_GET_SIZE(t) }\n")
        before = path.read_text()
        self.assertIn("does not parse with the full API", self.tidy("--fix"))
        self.assertEqual(path.read_text(), before)

    # docs/editor.md.

    def documented(self, kind):
        text = (ROOT / "docs/editor.md").read_text().replace("/opt/abi3ify/abi3ify-tidy-22.so", str(Client.module))
        text = text.replace("/usr/bin/clang-tidy-22", "clang-tidy-22").replace("clang-tidy-22", str(Client.clang_tidy))
        return re.findall(rf"```{kind}\n(.*?)```\n", text, re.S)

    def test_commands_of_the_document(self):
        path = self.write("pair.c", HEAD + "Py_ssize_t f(PyObject *t) { return PyTuple_GET_SIZE(t); }\n")
        self.write("build/compile_commands.json", json.dumps([{
            "directory": str(self.folder), "file": "pair.c", "arguments": ["cc", "-I", Client.include, "-c", "pair.c"]}]))
        build, use = self.documented("sh")
        self.assertRegex(build, "--target abi3ify-tidy-22 ")  # which is run for this test
        for command in use.splitlines():
            command = command.replace("abi3ify init", f"{Client.abi3ify} init")
            run = subprocess.run(command, shell=True, cwd=self.folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
            self.assertEqual(run.returncode, 0, run.stdout)
        self.assertIn("[abi3-tuple-get-size]", run.stdout)
        self.assertIn("PyTuple_Size(t)", path.read_text())

    def test_editors_of_the_document(self):
        self.abi3ify("init", "--clang-tidy", "--target", "3.11")
        self.write("a.c", HEAD + "Py_ssize_t f(PyObject *t) { return PyTuple_GET_SIZE(t); }\n")
        settings = json.loads(self.documented("json")[0])
        script = self.write("tidy", self.documented("bash")[0])
        lua, = self.documented("lua")
        for command in ([settings["C_Cpp.codeAnalysis.clangTidy.path"], *settings["C_Cpp.codeAnalysis.clangTidy.args"]],
                        ["sh", script],
                        [re.search("tidy.cmd = '(.*)'", lua)[1], re.search("'(--load=.*)'", lua)[1]]):
            run = subprocess.run([*command, "a.c", "--", "-I", Client.include], cwd=self.folder,
                                 stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
            self.assertIn("[abi3-tuple-get-size]", run.stdout, command)

    # abi3ify init.

    def test_init_writes_what_clang_tidy_reads(self):
        self.assertIn("wrote ", self.abi3ify("init", "--clang-tidy", "--target", "3.11").stdout)
        text = "Py_ssize_t f(PyObject *t) { return PyTuple_GET_SIZE(t); }\n"
        self.assertEqual(self.fixed(text, config=False), text.replace("GET_SIZE", "Size"))
        self.assertIn("has the checks already", self.abi3ify("init", "--clang-tidy", "--target", "3.11").stdout)

    def test_init_keeps_what_is_there(self):
        self.write(".clang-tidy", "# ours\nChecks: >\n  -*,\n  misc-unused-parameters\nCheckOptions:\n"
                                  "  - {key: misc-unused-parameters.StrictMode, value: true}\n")
        self.assertIn("updated ", self.abi3ify("init", "--clang-tidy", "--target", "3.11").stdout)
        self.write("a.c", HEAD + "Py_ssize_t f(PyObject *t, int x) { return PyTuple_GET_SIZE(t); }\n")
        said = self.tidy(config=False)
        self.assertIn("[abi3-tuple-get-size]", said)
        self.assertIn("[misc-unused-parameters]", said)
        config = subprocess.run([Client.clang_tidy, f"--load={Client.module}", "--dump-config", "a.c", "--"], cwd=self.folder,
                                stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True).stdout
        self.assertRegex(config, r"misc-unused-parameters.StrictMode: '?true")

    def test_init_inherits_what_stands_above(self):
        self.write(".clang-tidy", "Checks: 'misc-unused-parameters'\n")
        (self.folder / "inner").mkdir()
        self.abi3ify("init", "--clang-tidy", "--target", "3.11", "inner")
        self.write("inner/a.c", HEAD + "Py_ssize_t f(PyObject *t, int x) { return PyTuple_GET_SIZE(t); }\n")
        said = self.tidy(config=False, source="inner/a.c")
        self.assertIn("[abi3-tuple-get-size]", said)
        self.assertIn("[misc-unused-parameters]", said)

    def test_init_refuses_what_it_cannot_read(self):
        for text in "Checks: '-*\n", "- a\n", "{Checks: '-*'}\n":
            path = self.write(".clang-tidy", text)
            run = self.abi3ify("init", "--clang-tidy", "--target", "3.11")
            self.assertEqual(run.returncode, 2)
            self.assertIn(".clang-tidy", run.stdout)
            self.assertEqual(path.read_text(), text)
        self.assertIn("no floor", self.abi3ify("init", "--clang-tidy").stdout)


def find_headers():
    listing = subprocess.run([ROOT / "scripts/pythons"], stdout=subprocess.PIPE, text=True, check=True).stdout
    found = {line.split("\t")[0]: line.split("\t")[2] for line in listing.splitlines()}
    return found.get("3.12") or found.get("3.11"), found.get("3.13")


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    for option in "--clang-tidy", "--module", "--abi3ify", "--lib":
        parser.add_argument(option, type=pathlib.Path, required=True)
    options, rest = parser.parse_known_args()
    for name, value in vars(options).items():
        setattr(Client, name, value.resolve() if name != "clang_tidy" else value)
    Client.include, Client.newer = find_headers()
    if Client.include is None:
        print("no headers of CPython 3.11 or 3.12")
        sys.exit(77)
    unittest.main(argv=[sys.argv[0], *rest])
