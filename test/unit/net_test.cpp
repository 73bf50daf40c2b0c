// What the property test (test/property) found, each in its smallest form: names
// that the nets of the parse and of the text must see, and those that they must not.
#include "abi3ify/text-types.h"
#include "clang/Lex/Lexer.h"
#include "match_support.h"

using namespace abi3ify;
using namespace llvm;

TEST(NetOfTheParse, AnEnumeratorThatPythonsHeadersPaste) {
  if (Sample::headers().minor < 12)
    GTEST_SKIP() << "the headers have no PyDict_EVENT_ADDED";
  EXPECT_EQ(linesC("int f(void) { return PyDict_EVENT_ADDED; }\n"),
            "1:22 PyDict_EVENT_ADDED manual\n");
}

TEST(NetOfTheParse, ANameThatALineSpliceCuts) {
  std::string text = "Py_ssize_t f(PyObject *t) { return PyTuple_GET\\\n_SIZE(t); }\n";
  Sample sample;
  sample.look(text);
  EXPECT_EQ(sample.lines(), "1:36 PyTuple_GET_SIZE manual\n");
  EXPECT_EQ(sample.fixed(), text);
  EXPECT_EQ(sample.findings[0].reason, "a line splice cuts the name in two; join it, and run again");
  EXPECT_EQ(sample.findings[0].range.size(), StringRef("PyTuple_GET\\\n_SIZE").size());
  // The cut name is as long as another one that begins like it.
  EXPECT_EQ(linesC("void f(void *p) { PyRun\\\n_AnyFileFlags(p, 0, 0); }\n"),
            "1:19 PyRun_AnyFileFlags manual\n");
  EXPECT_EQ(linesC("Py_ssize_t f(PyObject *t) { return PyTuple_\\\nSize(t); }\n"), "");
}

TEST(NetOfTheParse, AStringIsNoUse) {
  EXPECT_EQ(linesC("#define TEXT(x) #x\nconst char *f(void) { return TEXT(PyTuple_GET_SIZE); }\n"), "");
  EXPECT_EQ(linesC("#define INNER(x) #x\n#define TEXT(x) INNER(x)\n"
                   "const char *f(void) { return TEXT(PyTuple_GET_SIZE); }\n"),
            "");
  EXPECT_EQ(linesC("#define BOTH(x) {#x, x}\nstruct { const char *name; int value; } t = BOTH(CO_NESTED);\n"),
            "2:50 CO_NESTED manual\n");
}

TEST(NetOfTheParse, APastedMacro) {
  EXPECT_EQ(linesC("#define CO(x) CO_##x\nint f(void) { return CO(NESTED); }\n"),
            "2:22 CO_NESTED manual\n");
  // What it stands for is not the author's use.
  EXPECT_EQ(linesC("#define PY(x) Py_##x\nPyObject *f(void) { PY(RETURN_NONE); }\n"), "");
}

TEST(NetOfTheParse, APastedNameIsNotRenamed) {
  std::string text = "#define IMPORT(x) PyImport_Import##x\n"
                     "PyObject *f(const char *s) { return IMPORT(ModuleNoBlock)(s); }\n";
  EXPECT_EQ(fixedC(text), text);
}

TEST(NetOfTheParse, AnotherNameOfAFunctionWithoutACall) {
  EXPECT_EQ(linesC("PyObject *(*f)(PyObject *, PyObject *const *, size_t, PyObject *) = _PyObject_Vectorcall;\n"),
            "1:69 _PyObject_Vectorcall manual\n");
  EXPECT_EQ(linesCxx("auto *f = _PyObject_Vectorcall;\n"), "1:11 _PyObject_Vectorcall manual\n");
}

TEST(NetOfTheParse, AFunctionWithoutACallHasTheRuleOfItsCalls) {
  // By a macro that is another name, and of a rule that holds at every floor.
  for (auto [name, rule] : {std::pair("_PyObject_Vectorcall", "private-object-vectorcall"),
                            std::pair("_PyObject_New", "private-object-new")}) {
    Sample sample;
    sample.look(std::string("void *f = (void *)") + name + ";\n");
    EXPECT_EQ(sample.lines(), std::string("1:19 ") + name + " manual\n");
    EXPECT_EQ(sample.findings[0].rule, rule);
    EXPECT_EQ(sample.findings[0].reason, "it is not called here but used by name; wrap the "
                                         "replacement in a function of your own");
  }
}

// --- text that no parse has looked at -------------------------------------

namespace {

/// "column symbol" for each name found in one line of text, by the facts alone.
std::string seenInText(StringRef text, Floor floor = {11}) {
  static const RuleSet none;
  std::vector<Finding> findings;
  findUnseen("a.c", text, none, floor, {}, {}, findings);
  std::string names;
  for (const Finding &finding : findings)
    names += (names.empty() ? "" : ", ") + std::to_string(finding.range.begin + 1) + " " + finding.symbol;
  return names;
}

} // namespace

TEST(NetOfTheText, NamesThatOnlyPythonHas) {
  EXPECT_EQ(seenInText("n = CO_NESTED | _PY_READ_MAX;"), "5 CO_NESTED, 17 _PY_READ_MAX");
  EXPECT_EQ(seenInText("{(getbufferproc)get, (destructor)end}"), "3 getbufferproc");
  EXPECT_EQ(seenInText("{(getbufferproc)get, (destructor)end}", {12}), "");
  EXPECT_EQ(seenInText("digit d = printfunc(setentry);"), "");
}

TEST(NetOfTheText, ANameThatALineSpliceCuts) {
  EXPECT_EQ(seenInText("n = PyTuple_GET\\\n_SIZE(t) + PyTuple_GET\\\r\n_ITEM(t, 0);"),
            "5 PyTuple_GET_SIZE, 29 PyTuple_GET_ITEM");
}

TEST(NetOfTheText, MembersOfAStructThatTheTextNames) {
  EXPECT_EQ(seenInText("PyThreadState *t = get(); f(t->interp);"), "32 PyThreadState.interp");
  EXPECT_EQ(seenInText("f(((PyThreadState *)x)->interp);"), "25 PyThreadState.interp");
  EXPECT_EQ(seenInText("f(static_cast<PyThreadState *>(x)->interp);"), "36 PyThreadState.interp");
  EXPECT_EQ(seenInText("int f(PyThreadState *a, int n) { return a->interp == g; }"), "44 PyThreadState.interp");
  EXPECT_EQ(seenInText("((PyHeapTypeObject *)t)->ht_name;"),
            "3 PyHeapTypeObject, 26 PyHeapTypeObject.ht_name");
}

TEST(NetOfTheText, WordsAreNoMembersOfPythons) {
  EXPECT_EQ(seenInText("f(self->interp, state->frame, e->d_name, x->length, it->start);"), "");
  EXPECT_EQ(seenInText("PyThreadState *t; { struct mine *t; f(t->interp); }"), "");
  EXPECT_EQ(seenInText("PyThreadState *t; f(x->t->interp);"), "");
  EXPECT_EQ(seenInText("PyThreadState *t; f(t->mine);"), "");
  // PyObject_HEAD's member of the author's own struct.
  EXPECT_EQ(seenInText("f(&self->ob_base);"), "");
}

TEST(NetOfTheText, MembersThatOnlyPythonHas) {
  EXPECT_EQ(seenInText("t->tp_basicsize + h->ht_name;"), "4 tp_basicsize, 22 ht_name");
}

namespace {

/// The struct in front of the last dot or arrow of a text.
std::string baseOf(StringRef text) {
  std::string copy = text.str();
  clang::Lexer lexer(clang::SourceLocation(), plainTextOptions(), copy.data(), copy.data(),
                     copy.data() + copy.size());
  TextTypes types;
  clang::Token token;
  while (!lexer.LexFromRawLexer(token) && token.isNot(clang::tok::eof))
    types.read(token.getKind(), token.is(clang::tok::raw_identifier) ? token.getRawIdentifier() : "");
  return types.base().str();
}

} // namespace

TEST(TextTypes, Declarations) {
  EXPECT_EQ(baseOf("PyThreadState *t; t-> "), "PyThreadState");
  EXPECT_EQ(baseOf("Py_buffer view; view. "), "Py_buffer");
  EXPECT_EQ(baseOf("Py_buffer view = {0}; view. "), "Py_buffer");
  EXPECT_EQ(baseOf("f(const PyThreadState *t, int x) { t-> "), "PyThreadState");
  EXPECT_EQ(baseOf("PyThreadState *s, *t; t-> "), "PyThreadState");
  EXPECT_EQ(baseOf("PyThreadState *t; return t; t-> "), "PyThreadState");
}

TEST(TextTypes, Doubt) {
  EXPECT_EQ(baseOf("t-> "), "");
  EXPECT_EQ(baseOf("PyThreadState **t; t-> "), "");
  EXPECT_EQ(baseOf("PyThreadState *t; other *t; t-> "), "");
  EXPECT_EQ(baseOf("PyThreadState *t; other t; t. "), "");
  EXPECT_EQ(baseOf("PyThreadState *t; x.t-> "), "");
  EXPECT_EQ(baseOf("PyThreadState *t; f(t)-> "), "");
  EXPECT_EQ(baseOf("-> "), "");
  EXPECT_EQ(baseOf(")-> "), "");
  EXPECT_EQ(baseOf("()-> "), "");
  EXPECT_EQ(baseOf("(((PyThreadState *)x)->y)-> "), "");
}
