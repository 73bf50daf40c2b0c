// Composition of edits: text and rewrites in, text and map out.
#include "support.h"

using namespace abi3ify;
using namespace llvm;

namespace {

const std::vector<std::string> one = {"a"}, two = {"a", "b"}, three = {"a", "b", "c"};

std::string call(StringRef text, const std::string &to, std::vector<std::string> args = two,
                 std::function<void(Rewrite &)> change = [](Rewrite &) {}) {
  Finding finding = callEdit(text, "OLD", to, args);
  change(finding.rewrites[0]);
  return edited(text, finding);
}

} // namespace

TEST(Edits, OnlyTheNameIsReplaced) {
  EXPECT_EQ(call("x = OLD(p, i);", "New($a, $b)"), "x = New(p, i);");
  EXPECT_EQ(call("x = OLD  ( p ,\n\ti ) ;", "New($a, $b)"), "x = New  ( p ,\n\ti ) ;");
  EXPECT_EQ(call("x = OLD(/* the list */ p /* here */, i /* index */);", "New($a, $b)"),
            "x = New(/* the list */ p /* here */, i /* index */);");
  EXPECT_EQ(call("OLD(p, // first\n    i);", "New($a, $b)"), "New(p, // first\n    i);");
}

TEST(Edits, AddsAnArgument) {
  EXPECT_EQ(call("x = OLD(p);", "New($a, 0)", one), "x = New(p, 0);");
  EXPECT_EQ(call("x = OLD(p /* why */);", "New($a, 0)", one), "x = New(p /* why */, 0);");
  EXPECT_EQ(call("x = OLD(p // why\n  );", "New($a, 0)", one), "x = New(p // why\n  , 0);");
  EXPECT_EQ(call("x = OLD( p );", "New($a, 0)", one), "x = New( p, 0 );");
  EXPECT_EQ(call("x = OLD(p);", "New(NULL, $a)", one), "x = New(NULL, p);");
}

TEST(Edits, OperatorsAroundArguments) {
  EXPECT_EQ(call("x = OLD(p, q);", "($a == $b)"), "x = (p == q);");
  EXPECT_EQ(call("x = OLD(p /* c */, q);", "($a == $b)"), "x = (p /* c */ == q);");
  auto loose = [](Rewrite &rewrite) {
    for (Argument &argument : rewrite.args)
      argument.primary = false;
  };
  EXPECT_EQ(call("x = OLD(p | 1, q & 2);", "($a == $b)", two, loose),
            "x = ((p | 1) == (q & 2));");
  EXPECT_EQ(call("x = OLD(p | 1, q & 2);", "($a != $b)", two, loose),
            "x = ((p | 1) != (q & 2));");
  EXPECT_EQ(call("x = OLD(p | 1, q & 2);", "($a <= $b)", two, loose),
            "x = ((p | 1) <= (q & 2));");
  EXPECT_EQ(call("x = OLD(p | 1, q & 2);", "New($a, $b)", two, loose),
            "x = New(p | 1, q & 2);");
}

TEST(Edits, NoDoubleParenthesesInConditions) {
  EXPECT_EQ(call("if (OLD(p, q)) x;", "($a == $b)"), "if (p == q) x;");
  EXPECT_EQ(call("while( OLD(p, q) ) x;", "($a == $b)"), "while( p == q ) x;");
  EXPECT_EQ(call("if (OLD(p, q)) x;", "($a) + ($b)"), "if ((p) + (q)) x;");
  EXPECT_EQ(call("NOT(OLD(p, q));", "($a == $b)"), "NOT((p == q));");
  EXPECT_EQ(call("f(OLD(p, q));", "($a, $b)"), "f((p, q));");
  EXPECT_EQ(call("endif (OLD(p, q));", "($a == $b)"), "endif ((p == q));");
}

TEST(Edits, Casts) {
  auto cast = [](bool primary) {
    return [=](Rewrite &rewrite) {
      rewrite.args[0].cast = "PyObject *";
      rewrite.args[0].primary = primary;
    };
  };
  EXPECT_EQ(call("OLD(p, i)", "New($a, $b)", two, cast(true)), "New((PyObject *)p, i)");
  EXPECT_EQ(call("OLD(p + 1, i)", "New($a, $b)", two, cast(false)),
            "New((PyObject *)(p + 1), i)");
  EXPECT_EQ(call("OLD(/* c */ p, i)", "New($a, $b)", two, cast(true)),
            "New(/* c */ (PyObject *)p, i)");
  EXPECT_EQ(call("OLD(p, i)", "($a == $b)", two, cast(true)), "((PyObject *)p == i)");
}

TEST(Edits, CastsOnlyLeaveTheRest) {
  auto casts = [](Rewrite &rewrite) {
    rewrite.castsOnly = true;
    rewrite.args[1].cast = "PyObject *";
    rewrite.args[1].primary = false;
  };
  EXPECT_EQ(call("OLD ( p, /* q */ q + 1 ) ;", "", two, casts),
            "OLD ( p, /* q */ (PyObject *)(q + 1) ) ;");
}

TEST(Edits, AddressOf) {
  auto address = [](Rewrite &rewrite) {
    rewrite.args[0].addressOf = true;
    rewrite.args[0].cast = "PyObject *";
  };
  StringRef text = "n = x.ob_type;";
  Finding finding = plainEdit(rangeOf(text, "x.ob_type"), "Py_TYPE($object)");
  Argument object;
  object.name = "object";
  object.range = rangeOf(text, "x");
  object.primary = object.addressOf = true;
  finding.rewrites[0].args.push_back(object);
  EXPECT_EQ(edited(text, finding), "n = Py_TYPE(&x);");
  finding.rewrites[0].args[0].cast = "PyObject *";
  EXPECT_EQ(edited(text, finding), "n = Py_TYPE((PyObject *)&x);");
  finding.rewrites[0].args[0].primary = false;
  EXPECT_EQ(edited(text, finding), "n = Py_TYPE((PyObject *)&(x));");
  EXPECT_EQ(call("OLD(x, i)", "New($a, $b)", two, address), "New((PyObject *)&x, i)");
}

TEST(Edits, ImplicitObjects) {
  StringRef text = "return ob_type;";
  Finding finding = plainEdit(rangeOf(text, "ob_type"), "Py_TYPE($object)");
  Argument object;
  object.name = "object";
  object.text = "this";
  object.primary = true;
  object.cast = "PyObject *";
  finding.rewrites[0].args.push_back(object);
  EXPECT_EQ(edited(text, finding), "return Py_TYPE((PyObject *)this);");
}

TEST(Edits, FieldsAndAssignments) {
  StringRef text = "  self->ob_type /* was */ = /* is */ cls;\n";
  Finding finding = plainEdit({2, unsigned(at(text, ";"))}, "Py_SET_TYPE($object, $value)");
  finding.rewrites[0].args = {{"object", rangeOf(text, "self"), "", "PyObject *", true, false},
                              {"value", rangeOf(text, "cls"), "", "", true, false}};
  EXPECT_EQ(edited(text, finding), "  Py_SET_TYPE((PyObject *)self /* was */, /* is */ cls);\n");
}

TEST(Edits, MovedAndDuplicatedArguments) {
  EXPECT_EQ(call("OLD(p, i);", "New($b, $a)"), "New(i, p);");
  EXPECT_EQ(call("OLD(p, i);", "($a ? $b : $a)"), "(p ? i : p);");
  EXPECT_EQ(call("OLD(/* x */ p, i /* y */);", "New($b, $a)"), "/* x */ /* y */ New(i, p);");
  EXPECT_EQ(call("OLD(p, // x\n i);", "New($b, $a)"), "// x\nNew(i, p);");
  EXPECT_EQ(call("OLD(p, i, q);", "New($a, $c)", three), "New(p, q);");
}

TEST(Edits, NestToDepthFour) {
  StringRef text = "A(B(/* 1 */ C(D(x), y), z) /* 2 */, D(w))";
  std::vector<Finding> all = {
      callEdit(text, "A", "Aa($a, $b)", two), callEdit(text, "B", "Bb($a, $b)", two),
      callEdit(text, "C", "Cc($a, $b)", two), callEdit(text, "D", "Dd($a)", one),
      callEdit(text, "D", "Dd($a)", one, 1)};
  EXPECT_EQ(edited(text, all), "Aa(Bb(/* 1 */ Cc(Dd(x), y), z) /* 2 */, Dd(w))");
  std::reverse(all.begin(), all.end());
  EXPECT_EQ(edited(text, all), "Aa(Bb(/* 1 */ Cc(Dd(x), y), z) /* 2 */, Dd(w))");
}

TEST(Edits, NestedEditsMoveWithTheirArgument) {
  StringRef text = "A(B(x), C(y))";
  std::vector<Finding> all = {callEdit(text, "A", "Aa($b, $a, $b)", two),
                              callEdit(text, "B", "Bb($a, 0)", one),
                              callEdit(text, "C", "(($a) + 1)", one)};
  EXPECT_EQ(edited(text, all), "Aa(((y) + 1), Bb(x, 0), ((y) + 1))");
}

TEST(Edits, NestedEditsInsideCasts) {
  StringRef text = "A(B(x), i)";
  Finding outer = callEdit(text, "A", "", two);
  outer.rewrites[0].castsOnly = true;
  outer.rewrites[0].args[0].cast = "PyObject *";
  EXPECT_EQ(edited(text, {outer, callEdit(text, "B", "Bb($a)", one)}),
            "A((PyObject *)Bb(x), i)");
  text = "A(i, B(x))";
  Finding gap = callEdit(text, "A", "", two);
  gap.rewrites[0].castsOnly = true;
  gap.rewrites[0].args[0].cast = "PyObject *";
  EXPECT_EQ(edited(text, {gap, callEdit(text, "B", "Bb($a)", one)}), "A((PyObject *)i, Bb(x))");
}

TEST(Edits, DeletesWholeLines) {
  StringRef text = "  a();\n  OLD(s);\n  b();\n";
  EXPECT_EQ(edited(text, plainEdit(rangeOf(text, "  OLD(s);\n"), "")), "  a();\n  b();\n");
  Edits edits = editsOf(text, plainEdit(rangeOf(text, "  OLD(s);\n"), ""));
  EXPECT_EQ(edits.files["a.c"].findingAt(at("  a();\n  b();\n", "  b()")), 0)
      << "an error at the gap belongs to the deletion";
}

TEST(Edits, DeletesABlankOfText) {
  StringRef text = "int x, OLD y;";
  EXPECT_EQ(edited(text, plainEdit(rangeOf(text, "OLD "), "")), "int x, y;");
}

TEST(Edits, InsertionsAtOnePlaceAreSorted) {
  StringRef text = "#include <Python.h>\nint x;\n";
  unsigned place = at(text, "int");
  std::vector<Finding> all = {plainEdit({place, place}, "#include <string.h>\n"),
                              plainEdit({place, place}, "#include <errno.h>\n"),
                              plainEdit(rangeOf(text, "int"), "long")};
  EXPECT_EQ(edited(text, all),
            "#include <Python.h>\n#include <errno.h>\n#include <string.h>\nlong x;\n");
}

TEST(Edits, ConflictsDropBoth) {
  StringRef text = "a + b + c; d";
  std::vector<Finding> all = {plainEdit(rangeOf(text, "a + b"), "x"),
                              plainEdit(rangeOf(text, "b + c"), "y"),
                              plainEdit(rangeOf(text, "d"), "e")};
  Edits edits = editsOf(text, all);
  ASSERT_EQ(edits.conflicts.size(), 1u);
  EXPECT_EQ(edits.conflicts[0], std::make_pair(0u, 1u));
  EXPECT_EQ(edits.files["a.c"].text, "a + b + c; e");
}

TEST(Edits, TwoEditsOfOnePlaceAreAConflict) {
  StringRef text = "OLD(p)";
  std::vector<Finding> all = {callEdit(text, "OLD", "New($a)", one),
                              callEdit(text, "OLD", "Other($a)", one)};
  Edits edits = editsOf(text, all);
  EXPECT_EQ(edits.conflicts.size(), 1u);
  EXPECT_TRUE(edits.files.empty());
}

TEST(Edits, AGroupSharesAnEdit) {
  StringRef text = "int *d;\nOLD(d);\nOLD(d);\n";
  std::vector<Finding> all;
  for (unsigned i = 0; i < 2; ++i) {
    Finding finding = callEdit(text, "OLD", "New($a)", one, i);
    finding.group = "g";
    finding.rewrites.push_back(plainEdit(rangeOf(text, "int *d;\n"), "").rewrites[0]);
    all.push_back(finding);
  }
  EXPECT_EQ(edited(text, all), "New(d);\nNew(d);\n");
}

TEST(Edits, UnwantedOnesAreLeftOut) {
  StringRef text = "A(B(x))";
  std::vector<Finding> all = {callEdit(text, "A", "Aa($a)", one), callEdit(text, "B", "Bb($a)", one)};
  EXPECT_EQ(makeEdits(all, {false, true}, {{"a.c", text.str()}}).texts()["a.c"], "A(Bb(x))");
  EXPECT_EQ(makeEdits(all, {true, false}, {{"a.c", text.str()}}).texts()["a.c"], "Aa(B(x))");
  EXPECT_TRUE(makeEdits(all, {false, false}, {{"a.c", text.str()}}).files.empty());
}

TEST(Edits, MapsBack) {
  StringRef text = "ab; OLD(p, i); cd;";
  Edits edits = editsOf(text, callEdit(text, "OLD", "Longer($a, $b)", two));
  const EditedFile &file = edits.files["a.c"];
  ASSERT_EQ(file.text, "ab; Longer(p, i); cd;");
  auto mapped = [&](StringRef part) { return file.oldOffset(at(file.text, part)); };
  EXPECT_EQ(mapped("ab"), 0u);
  EXPECT_EQ(mapped("; L"), at(text, "; O"));
  EXPECT_EQ(mapped("Longer"), at(text, "OLD"));
  EXPECT_EQ(mapped("ger"), at(text, "OLD"));
  EXPECT_EQ(mapped("p, i"), at(text, "p, i"));
  EXPECT_EQ(mapped("i)"), at(text, "i)"));
  EXPECT_EQ(mapped("cd"), at(text, "cd"));
  EXPECT_EQ(file.oldOffset(file.text.size()), text.size());
  EXPECT_EQ(file.findingAt(at(file.text, "Longer")), 0);
  EXPECT_EQ(file.findingAt(at(file.text, "(p")), 0) << "next to the name";
  EXPECT_EQ(file.findingAt(at(file.text, "b;")), -1);
  EXPECT_EQ(file.findingAt(at(file.text, "d;")), -1);
}

TEST(Edits, CarriageReturnsStay) {
  EXPECT_EQ(call("x = OLD(p,\r\n        i);\r\n", "New($a, $b)"),
            "x = New(p,\r\n        i);\r\n");
  EXPECT_EQ(call("x = OLD(p, // c\r\n  i);\r\n", "New($b, $a)"),
            "x = // c\r\nNew(i, p);\r\n");
}

TEST(Edits, BytesThatAreNotUtf8Stay) {
  EXPECT_EQ(call("/* \xe9\xff */ s = \"\xe9\"; OLD(\"\xfc\", /* \xe4 */ i);", "New($a, $b)"),
            "/* \xe9\xff */ s = \"\xe9\"; New(\"\xfc\", /* \xe4 */ i);");
}

TEST(Edits, MacroBodiesKeepTheirLines) {
  EXPECT_EQ(call("#define M(x) \\\n  OLD(x, \\\n      0)\n", "New($a, $b)"),
            "#define M(x) \\\n  New(x, \\\n      0)\n");
  EXPECT_EQ(call("#define M(x) \\\n  OLD(x, \\\n      0)\n", "($a == $b)"),
            "#define M(x) \\\n  (x == \\\n      0)\n");
}

TEST(Edits, RawStringsAreNoComments) {
  EXPECT_EQ(call("OLD(R\"(a /* )\", i)", "New($a, $b)"), "New(R\"(a /* )\", i)");
}

TEST(Edits, Preview) {
  StringRef text = "x = OLD(p, i);";
  EXPECT_EQ(preview(callEdit(text, "OLD", "New($b, $a)", two).rewrites[0], text), "New(i, p)");
}
