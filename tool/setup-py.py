"""What a setup.py says of its extensions, and what must go into it for the Limited API.

    python3 -I -S -c TEXT FILE DEFINE TAG     DEFINE 0x030B0000, TAG cp311

The file is parsed, and nothing of it runs. Printed is one JSON object:
doubts    why no edit is certain, [{line, text}]
extensions  [{name, line, state, lines, reason, insertions: [{offset, text}]}]
setup     the same for the tag of the wheel in the call of setup(); null without a certain one
tag       the tag that setup() has, or null
python_requires  what setup() has for it, if it is written out, or null
"""
import ast
import io
import json
import sys
import tokenize

MODULES = ("setuptools", "setuptools.extension", "distutils.core", "distutils.extension")
CONDITIONS = tuple(getattr(ast, name) for name in
                   ("If", "IfExp", "Try", "TryStar", "While", "BoolOp", "Match", "Lambda")
                   if hasattr(ast, name))


class File:
    """The text, its tokens, and the offsets of both."""

    def __init__(self, data):
        self.data = data
        if tokenize.detect_encoding(io.BytesIO(data).readline)[0] not in ("utf-8", "utf-8-sig", "ascii"):
            raise SyntaxError("it is not UTF-8")
        if b"\r" in data.replace(b"\r\n", b""):
            raise SyntaxError("it has line ends of an old Mac")
        self.mark = 3 if data.startswith(b"\xef\xbb\xbf") else 0
        self.starts = [0]
        for line in data.splitlines(keepends=True):
            self.starts.append(self.starts[-1] + len(line))
        self.lines = [data[a:b].decode("utf-8") for a, b in zip(self.starts, self.starts[1:])]
        self.tree = ast.parse(data)
        self.newline = "\r\n" if b"\r\n" in data else "\n"
        self.tokens = [token for token in tokenize.tokenize(io.BytesIO(data).readline)
                       if token.type not in (tokenize.NL, tokenize.NEWLINE, tokenize.INDENT,
                                             tokenize.DEDENT, tokenize.ENCODING)]

    def byte(self, line, column):
        """The offset of a column that counts bytes, as those of nodes do."""
        return self.starts[line - 1] + column + (self.mark if line == 1 else 0)

    def place(self, position):
        """The offset of a column that counts characters, as those of tokens do."""
        line, column = position
        text = self.lines[line - 1]
        if line == 1 and self.mark:
            column += 1
        return self.starts[line - 1] + len(text[:column].encode("utf-8"))

    def closing(self, node):
        """The token that closes a call or a list, with the ones before it."""
        end = self.byte(node.end_lineno, node.end_col_offset)
        for i, token in enumerate(self.tokens):
            if self.place(token.end) == end and token.string in (")", "]"):
                return i
        raise SyntaxError("line %d: its end was not found" % node.lineno)

    def insert_last(self, node, texts):
        """Puts texts behind the last argument or element of a call or a list, in its own style."""
        close = self.closing(node)
        last, comment = close - 1, None
        while self.tokens[last].type == tokenize.COMMENT:
            comment = self.tokens[last]
            last -= 1
        token, bracket = self.tokens[last], self.tokens[close]
        empty = token.type == tokenize.OP and token.string in ("(", "[")
        comma = "" if empty or token.string == "," else ","
        if token.end[0] == bracket.start[0]:
            text = comma + ("" if empty else " ") + ", ".join(texts)
            return [{"offset": self.place(token.end), "text": text + ("," if token.string == "," else "")}]
        # One a line, indented as the line of the last one; a comment behind that stays with it.
        line = self.lines[max([node.lineno] + [part.lineno for part in parts_of(node)]) - 1]
        indent = line[:len(line) - len(line.lstrip())]
        if line is self.lines[node.lineno - 1]:
            indent += "    "
        text = "".join(self.newline + indent + text + "," for text in texts)
        if comment is None or comment.start[0] != token.end[0]:
            return [{"offset": self.place(token.end), "text": comma + text}]
        first = [{"offset": self.place(token.end), "text": comma}] if comma else []
        return first + [{"offset": self.place(comment.end), "text": text}]

    def quote(self):
        strings = [token.string for token in self.tokens if token.type == tokenize.STRING]
        singles = sum(text.startswith("'") for text in strings)
        return "'" if singles * 2 > len(strings) else '"'


def parts_of(node):
    """The arguments of a call, the elements of a list."""
    if isinstance(node, ast.List):
        return node.elts
    return node.args + [keyword.value for keyword in node.keywords]


class Reader:
    def __init__(self, file, define, tag):
        self.file, self.define, self.tag = file, define, tag
        self.parents, self.doubts = {}, []
        self.names = {}    # a name in the file -> Extension, setup or the module it stands for
        self.found = {"Extension": [], "setup": []}
        quote = file.quote()
        self.macro = "(%sPy_LIMITED_API%s, %s%s%s)" % (quote, quote, quote, define, quote)
        self.quote = quote
        for node in ast.walk(file.tree):
            for child in ast.iter_child_nodes(node):
                self.parents[child] = node
        for node in ast.walk(file.tree):
            self.imports(node)
        for node in ast.walk(file.tree):
            self.hidden(node)
        self.explained = set()   # nodes that hold the limit where it is looked for
        self.read()

    def doubt(self, node, text):
        self.doubts.append({"line": getattr(node, "lineno", 0), "text": text})

    def imports(self, node):
        if isinstance(node, ast.ImportFrom) and node.module in MODULES and not node.level:
            for alias in node.names:
                if alias.name in self.found:
                    self.names[alias.asname or alias.name] = alias.name
                elif alias.name == "*":
                    self.doubt(node, "imports all names of " + node.module)
        elif isinstance(node, ast.Import):
            for alias in node.names:
                if alias.name in MODULES and (alias.asname or "." not in alias.name):
                    self.names[alias.asname or alias.name] = alias.name

    def hidden(self, node):
        """A name of ours that stands for something else, too."""
        names = []
        if isinstance(node, ast.ImportFrom) and node.module not in MODULES:
            names = [alias.asname or alias.name for alias in node.names]
        elif isinstance(node, ast.arg):
            names = [node.arg]
        elif isinstance(node, (ast.FunctionDef, ast.ClassDef)):
            names = [node.name]
        elif isinstance(node, ast.Name) and not isinstance(node.ctx, ast.Load):
            names = [node.id]
        for name in names:
            if name in self.names:
                self.doubt(node, "%s stands for something else, too" % name)

    def meant(self, node):
        """Extension or setup, if that is what the expression stands for."""
        if isinstance(node, ast.Name) and self.names.get(node.id) in self.found:
            return self.names[node.id]
        if (isinstance(node, ast.Attribute) and node.attr in self.found
                and isinstance(node.value, ast.Name) and self.names.get(node.value.id) in MODULES):
            return node.attr
        return None

    def read(self):
        for node in ast.walk(self.file.tree):
            meaning = self.meant(node)
            if meaning:
                parent = self.parents[node]
                if isinstance(parent, ast.Call) and parent.func is node:
                    self.found[meaning].append(parent)
                elif not isinstance(getattr(node, "ctx", None), ast.Load) or meaning == "Extension":
                    self.doubt(node, "%s is more than called" % meaning)
            if isinstance(node, ast.Attribute) and node.attr in ("define_macros", "undef_macros", "py_limited_api"):
                self.doubt(node, "%s is used behind the call" % node.attr)
            if isinstance(node, (ast.FunctionDef, ast.ClassDef)):
                if node.name in ("get_ext_filename", "get_tag", "finalize_options_bdist_wheel"):
                    self.doubt(node, "%s decides the name of a file" % node.name)
            if isinstance(node, ast.Call):
                self.others(node)
        self.found["Extension"].sort(key=lambda call: (call.lineno, call.col_offset))
        self.extensions = [self.extension(call) for call in self.found["Extension"]]
        self.setup, self.has = self.tag_in_setup()
        for node in ast.walk(self.file.tree):
            if isinstance(node, ast.Constant) and isinstance(node.value, str) and not self.is_explained(node):
                if node.value == "bdist_wheel":
                    self.doubt(node, "it speaks of bdist_wheel itself")
                elif any(word in node.value for word in ("Py_LIMITED_API", "py_limited_api", "abi3")):
                    self.doubt(node, "it speaks of the Limited API itself")

    def is_explained(self, node):
        """A text that stands alone is a comment; options of setup() have been read."""
        if isinstance(self.parents[node], ast.Expr):
            return True
        while node in self.parents:
            if node in self.explained or (isinstance(node, ast.Dict) and any(
                    value in self.explained for value in node.values)):
                return True
            node = self.parents[node]
        return False

    def others(self, call):
        """Extensions that no call of Extension makes."""
        name = getattr(call.func, "attr", getattr(call.func, "id", ""))
        if self.meant(call.func) == "setup":
            for keyword in call.keywords:
                function = getattr(getattr(keyword.value, "func", None), "id", None)
                if keyword.arg == "cffi_modules":
                    self.doubt(keyword.value, "cffi makes a module, too")
                elif keyword.arg == "ext_modules" and isinstance(keyword.value, ast.Call) and not any(
                        isinstance(node, ast.FunctionDef) and node.name == function for node in self.file.tree.body):
                    self.doubt(keyword.value, "another function makes ext_modules")
        elif name == "cythonize" or (name.endswith("Extension") and not self.meant(call.func)):
            self.doubt(call, "Extension is not the one of setuptools" if name == "Extension"
                       else "%s makes an extension, too" % name)

    def condition_of(self, node):
        while node in self.parents:
            child, node = node, self.parents[node]
            if isinstance(node, CONDITIONS) and not (isinstance(node, ast.If) and is_main(node.test)):
                return node
            if isinstance(node, ast.comprehension) and child in node.ifs:
                return node
        return None

    def container_of(self, call):
        """What gets the extension, if it is nothing that takes it as it is."""
        node = call
        while True:
            child, node = node, self.parents[node]
            if isinstance(node, (ast.List, ast.Tuple, ast.Starred, ast.ListComp, ast.BinOp, ast.NamedExpr)):
                continue
            if isinstance(node, ast.keyword):
                call = self.parents[node]
                known = isinstance(call, ast.Call) and self.meant(call.func) == "setup"
                return None if known and node.arg == "ext_modules" else node
            if isinstance(node, ast.Call):
                known = (isinstance(node.func, ast.Attribute) and child in node.args
                         and node.func.attr in ("append", "extend", "insert"))
                return None if known else node
            return None if isinstance(node, (ast.Assign, ast.AnnAssign, ast.AugAssign, ast.Return, ast.Expr)) else node

    def extension(self, call):
        keywords = {keyword.arg: keyword.value for keyword in call.keywords}
        name = call.args[0] if call.args else keywords.get("name")
        name = name.value if isinstance(name, ast.Constant) and isinstance(name.value, str) else None
        result = {"name": name, "line": call.lineno, "state": "set", "lines": [], "reason": "", "insertions": []}

        def by_hand(reason):
            result.update(state="unsure", reason=reason, insertions=[],
                          lines=["define_macros=[%s]" % self.macro, "py_limited_api=True"])
            return result
        macros, flag = keywords.get("define_macros"), keywords.get("py_limited_api")
        joined = isinstance(macros, ast.BinOp) and isinstance(macros.op, ast.Add)
        written = macros.right if joined else macros
        has = self.limit_in(written) if isinstance(written, ast.List) else None
        if has == self.define and isinstance(flag, ast.Constant) and flag.value is True:
            return result
        condition, container = self.condition_of(call), self.container_of(call)
        if condition is not None:
            return by_hand("it is made under a condition (line %d)" % getattr(condition, "lineno", call.lineno))
        if container is not None:
            return by_hand("something else than setup() gets it")
        if None in keywords or any(isinstance(argument, ast.Starred) for argument in call.args):
            return by_hand("its arguments are not written out")
        if len(call.args) > 3:
            return by_hand("define_macros is given by its position")
        texts, insertions, differs = [], [], []
        if macros is None:
            texts.append("define_macros=[%s]" % self.macro)
        elif has is not None:
            if has != self.define:
                differs.append("Py_LIMITED_API is %s" % has)
        elif isinstance(macros, ast.List) and not any(isinstance(e, ast.Starred) for e in macros.elts):
            insertions += self.file.insert_last(macros, [self.macro])
            result["lines"].append("define_macros=[..., %s]" % self.macro)
        elif isinstance(macros, ast.Name) and self.is_list(macros.id) and self.is_done(macros):
            insertions.append({"offset": self.file.byte(macros.end_lineno, macros.end_col_offset),
                               "text": " + [%s]" % self.macro})
            result["lines"].append("define_macros=%s + [%s]" % (macros.id, self.macro))
        else:
            return by_hand("its define_macros is not a list that is written out")
        if flag is None:
            texts.append("py_limited_api=True")
        elif not isinstance(flag, ast.Constant):
            return by_hand("its py_limited_api is not written out")
        elif flag.value is not True:
            differs.append("py_limited_api is %r" % (flag.value,))
        if texts:
            insertions += self.file.insert_last(call, texts)
        result["lines"] += texts
        if differs:
            by_hand(" and ".join(differs))
            result["state"] = "different"
        elif insertions:
            result.update(state="missing", insertions=insertions)
        return result

    def is_list(self, name):
        """Whether a name is bound in this file, and to nothing but lists that are written out."""
        bound = []
        for node in ast.walk(self.file.tree):
            if isinstance(node, ast.Name) and node.id == name and not isinstance(node.ctx, ast.Load):
                parent = self.parents[node]
                if isinstance(parent, ast.AugAssign):
                    continue
                if not isinstance(parent, (ast.Assign, ast.AnnAssign)) or not isinstance(
                        parent.value, (ast.List, ast.ListComp)):
                    return False
                bound.append(node)
            elif name in (getattr(node, "asname", None), getattr(node, "arg", None)) and not isinstance(node, ast.keyword):
                return False
            elif isinstance(node, (ast.FunctionDef, ast.ClassDef, ast.alias)) and node.name == name:
                return False
        return bool(bound)

    def is_done(self, use):
        """Whether nothing touches a list behind a call that it is given to, by this name or by another."""
        for node in ast.walk(self.file.tree):
            if not isinstance(node, ast.Name) or node.id != use.id or node is use:
                continue
            parent = self.parents[node]
            if isinstance(parent, ast.keyword) and parent.arg == "define_macros":
                continue
            if isinstance(parent, (ast.Attribute, ast.AugAssign, ast.Assign, ast.AnnAssign)) and node.lineno < use.lineno:
                if not isinstance(parent, ast.Assign) or node in parent.targets:
                    continue
            return False
        return True

    def limit_in(self, macros):
        """The value of Py_LIMITED_API in a list of macros, or None."""
        for element in macros.elts:
            parts = element.elts if isinstance(element, ast.Tuple) else []
            if parts and isinstance(parts[0], ast.Constant) and parts[0].value == "Py_LIMITED_API":
                self.explained.add(parts[0])
                value = parts[1] if len(parts) > 1 else None
                text = value.value if isinstance(value, ast.Constant) else "an expression"
                if same_number(text, self.define):
                    return self.define
                return "0x%08X" % text if isinstance(text, int) else str(text)
        return None

    def python_requires(self):
        values = [keyword.value for call in self.found["setup"] for keyword in call.keywords
                  if keyword.arg == "python_requires"]
        if len(values) == 1 and isinstance(values[0], ast.Constant) and isinstance(values[0].value, str):
            return values[0].value
        return None

    def tag_in_setup(self):
        calls = self.found["setup"]
        line = "options={'bdist_wheel': {'py_limited_api': '%s'}}".replace("'", self.quote) % self.tag
        result = {"line": calls[0].lineno if calls else 0, "state": "missing", "lines": [line], "reason": "",
                  "insertions": []}
        if len(calls) != 1:
            result.update(state="unsure", reason="there is not one call of setup()")
            return result, None
        call = calls[0]
        keywords = {keyword.arg: keyword.value for keyword in call.keywords}
        options, has = keywords.get("options"), None
        if options is None:
            if None in keywords or call.args:
                result.update(state="unsure", reason="the arguments of setup() are not written out")
            else:
                result["insertions"] = self.file.insert_last(call, [line])
            return result, None
        for key, value in items_of(options):
            if key != "bdist_wheel":
                continue
            self.explained.add(value)
            for inner, text in items_of(value):
                if inner in ("py_limited_api", "py-limited-api"):
                    has = str(text.value) if isinstance(text, ast.Constant) else "an expression"
        result.update(state="unsure", reason="setup() has options already")
        return result, has


def items_of(node):
    """The pairs of a dict that is written out, keys as texts."""
    if not isinstance(node, ast.Dict):
        return []
    return [(key.value, value) for key, value in zip(node.keys, node.values)
            if isinstance(key, ast.Constant) and isinstance(key.value, str)]


def is_main(test):
    """if __name__ == "__main__":"""
    return (isinstance(test, ast.Compare) and isinstance(test.left, ast.Name) and test.left.id == "__name__")


def same_number(text, define):
    try:
        return int(str(text), 0) == int(define, 0)
    except ValueError:
        return False


def main():
    path, define, tag = sys.argv[1:]
    try:
        with open(path, "rb") as opened:
            reader = Reader(File(opened.read()), define, tag)
    except (SyntaxError, ValueError, tokenize.TokenError, RecursionError) as error:
        line = getattr(error, "lineno", None)
        return {"doubts": [{"line": line or 0, "text": "%s does not parse it: %s"
                            % ("CPython %d.%d" % sys.version_info[:2], getattr(error, "msg", None) or error)}],
                "extensions": [], "setup": None, "tag": None, "python_requires": None}
    return {"doubts": reader.doubts, "extensions": reader.extensions, "setup": reader.setup, "tag": reader.has,
            "python_requires": reader.python_requires()}


print(json.dumps(main()))
