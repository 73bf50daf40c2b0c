// The table of the Limited API: a small one, and the one in the binary.
#include "abi3ify/facts.h"
#include "support.h"

using namespace abi3ify;

static const char table[] =
    "# comment\n"
    "# name\tkind\torigin\tsince\tfull_from\tfull_until\tabi3t\topaque\tmembers\tshown\n"
    "PyA\tfunction\tlimited\t3.2\t3.8\t-\ty\t-\t-\t3.8\n"
    "PyB\tfunction\tlimited\t3.10\t3.9\t-\tn\t-\t-\t3.10\n"
    "PyC\tmacro\tfull\t-\t3.8\t3.11\tn\t-\t-\t-\n"
    "PyS\tstruct\tlimited\t3.2\t3.8\t-\ty\tmembers\tone,two\t3.8\n"
    "PyO\tstruct\tlimited\t3.2\t3.8\t-\ty\topaque\t-\t3.8\n"
    "PyF\tstruct\tlimited\t3.11\t3.8\t-\ty\tfull\t-\t3.11\n"
    "PyH\tstruct\tlimited\t3.2\t3.8\t-\topaque\tfull\t-\t3.8\n"
    "PyG\tmacro\theader\t3.8\t3.8\t3.10\tn\t-\t-\t3.8\n";

TEST(Facts, ReadsATable) {
  Facts facts(table);
  const Fact *b = facts.find("PyB");
  ASSERT_TRUE(b);
  EXPECT_EQ(b->name, "PyB");
  EXPECT_EQ(b->kind, "function");
  EXPECT_EQ(b->origin, "limited");
  EXPECT_EQ(b->since, Minor(10));
  EXPECT_EQ(b->fullFrom, 9u);
  EXPECT_EQ(b->fullUntil, NewestFloor);
  EXPECT_FALSE(b->abi3t);
  EXPECT_TRUE(facts.find("PyA")->abi3t);
  EXPECT_EQ(facts.find("PyC")->since, std::nullopt);
  EXPECT_EQ(facts.find("PyC")->fullUntil, 11u);
  EXPECT_FALSE(facts.find("name"));
  EXPECT_FALSE(facts.find("PyNone"));
}

TEST(Facts, ANameIsLackingBelowItsFirstVersion) {
  Facts facts(table);
  EXPECT_FALSE(facts.lacking("PyA", {8}));
  EXPECT_TRUE(facts.lacking("PyB", {9}));
  EXPECT_FALSE(facts.lacking("PyB", {10}));
  EXPECT_FALSE(facts.lacking("PyB", {15}));
  EXPECT_TRUE(facts.lacking("PyC", {8}));
  EXPECT_TRUE(facts.lacking("PyC", {15}));
  EXPECT_FALSE(facts.lacking("mine", {8})) << "a name that is not Python's";
}

TEST(Facts, MembersFollowTheStruct) {
  Facts facts(table);
  EXPECT_TRUE(facts.find("PyS")->memberUsableAt("one", {8}));
  EXPECT_TRUE(facts.find("PyS")->memberUsableAt("two", {8}));
  EXPECT_FALSE(facts.find("PyS")->memberUsableAt("tw", {8}));
  EXPECT_FALSE(facts.find("PyO")->memberUsableAt("one", {8}));
  EXPECT_FALSE(facts.find("PyF")->memberUsableAt("any", {10}));
  EXPECT_TRUE(facts.find("PyF")->memberUsableAt("any", {11}));
  EXPECT_FALSE(facts.find("PyA")->memberUsableAt("any", {15}));
}

TEST(Facts, Abi3tHasLess) {
  Facts facts(table);
  Floor abi3t{15, true};
  EXPECT_FALSE(facts.lacking("PyA", abi3t));
  EXPECT_TRUE(facts.lacking("PyB", abi3t));
  EXPECT_FALSE(facts.lacking("PyB", {15}));
  EXPECT_FALSE(facts.lacking("PyH", abi3t));
  EXPECT_FALSE(facts.lacking("PyG", abi3t)) << "gone since: not measured there";
  EXPECT_TRUE(facts.find("PyH")->memberUsableAt("any", {15}));
  EXPECT_FALSE(facts.find("PyH")->memberUsableAt("any", abi3t));
  EXPECT_TRUE(facts.find("PyH")->isOpaqueAt(abi3t));
  EXPECT_FALSE(facts.find("PyH")->isOpaqueAt({15}));
  EXPECT_TRUE(facts.find("PyO")->isOpaqueAt({8}));
  EXPECT_TRUE(facts.find("PyF")->memberUsableAt("any", abi3t));
}

TEST(Facts, WhatALackIsCalled) {
  EXPECT_EQ(describeLack("PyObject_HEAD", {15, true}),
            "'PyObject_HEAD' is not part of abi3t, the stable ABI of free-threaded builds");
  EXPECT_EQ(describeLack("PyTuple_GET_SIZE", {15, true}),
            "'PyTuple_GET_SIZE' is not part of the Limited API");
}

TEST(Facts, TheTableInTheBinary) {
  EXPECT_TRUE(facts().lacking("PyTuple_GET_SIZE", {15}));
  EXPECT_FALSE(facts().lacking("PyTuple_Size", {8}));
  EXPECT_TRUE(facts().lacking("PyModule_AddObjectRef", {9}));
  EXPECT_FALSE(facts().lacking("PyModule_AddObjectRef", {10}));
  EXPECT_TRUE(facts().lacking("PyObject_GetBuffer", {10}));
  EXPECT_FALSE(facts().lacking("PyObject_GetBuffer", {11}));
  EXPECT_FALSE(facts().find("PyTypeObject")->memberUsableAt("tp_name", {15}));
  EXPECT_TRUE(facts().find("PyMethodDef")->memberUsableAt("ml_name", {8}));
}

TEST(Facts, LibcHeaders) {
  const LibcFact *fact = findLibc("strlen");
  ASSERT_TRUE(fact);
  EXPECT_EQ(fact->header, "string.h");
  EXPECT_FALSE(findLibc("PyList_New"));
}

TEST(FloorText, ReadsVersions) {
  auto read = [](const char *text) {
    auto floor = parseFloor(text);
    return floor ? floor->str() + " " + floor->limitedApi() : toString(floor.takeError());
  };
  EXPECT_EQ(read("3.8"), "3.8 0x03080000");
  EXPECT_EQ(read("3.11"), "3.11 0x030B0000");
  EXPECT_EQ(read("3.15"), "3.15 0x030F0000");
  for (const char *bad : {"3.1", "4.0", "abc", "3", "3.", "3.16", "3.11.2", "", "3.-9", "03.11"})
    EXPECT_EQ(read(bad), std::string("'") + bad +
                             "' is not a target; give one of 3.8 to 3.15, or abi3t, which "
                             "begins with 3.15");
}

TEST(FloorText, Abi3t) {
  auto read = [](const char *text) {
    auto floor = parseFloor(text);
    return floor ? floor->str() + ", " + floor->title() + ", " + llvm::join(floor->flags(), " ")
                 : toString(floor.takeError());
  };
  EXPECT_EQ(read("3.15"), "3.15, Limited API 3.15, -DPy_LIMITED_API=0x030F0000");
  for (const char *text : {"abi3t", "abi3t-3.15"})
    EXPECT_EQ(read(text), "abi3t, abi3t 3.15, -DPy_LIMITED_API=0x030F0000 "
                          "-DPy_TARGET_ABI3T=0x030F0000");
  for (const char *bad : {"abi3t-3.14", "abi3t-3.16", "abi3t-", "abi3", "ABI3T", "abi3t-abi3t"})
    EXPECT_EQ(read(bad), std::string("'") + bad +
                             "' is not a target; give one of 3.8 to 3.15, or abi3t, which "
                             "begins with 3.15");
}

TEST(FloorText, AllInOrder) {
  std::string text;
  for (Floor floor : floorsFrom(13))
    text += floor.str() + " ";
  EXPECT_EQ(text, "3.13 3.14 3.15 abi3t ");
  EXPECT_LT((Floor{15}), (Floor{15, true}));
}

TEST(FactsTable, UnstableNamesAreNeverLimited) {
  EXPECT_TRUE(facts().lacking("PyUnstable_Module_SetGIL", Floor{15}));
  EXPECT_FALSE(facts().lacking("my_own_name", Floor{8}));
}
