// Conditions of #if: what they answer, and which comparisons ask for the version.
#include "abi3ify/condition.h"
#include "support.h"

using namespace abi3ify;

/// "1", "0", or "?" where other macros decide.
static std::string answered(llvm::StringRef condition, unsigned hex,
                            std::optional<Floor> limit = std::nullopt) {
  auto value = answer(condition, {hex, limit});
  return value ? *value ? "1" : "0" : "?";
}

TEST(Condition, IsReadByTheGrammarOfIf) {
  EXPECT_EQ(answered("1 + 2 * 3 == 7 && (1 << 4 | 1) == 0x11u", 0), "1");
  EXPECT_EQ(answered("-1 < 0 ? !1 : 1", 0), "0");
  EXPECT_EQ(answered("PY_VERSION_HEX >= 0x030C0000 /* new */", 0x030B00F0), "0");
  EXPECT_EQ(answered("0x030C0000 <= PY_VERSION_HEX", 0x030C00F0), "1");
  EXPECT_EQ(answered("PY_MAJOR_VERSION == 3 && PY_MINOR_VERSION > 8", 0x030800F0), "0");
  EXPECT_EQ(answered("(PY_VERSION_HEX >> 16) == 0x030C", 0x030C02F0), "1");
}

TEST(Condition, OthersMayDecide) {
  EXPECT_EQ(answered("defined(FOO)", 0), "?");
  EXPECT_EQ(answered("FOO && PY_VERSION_HEX < 0x03000000", 0x030800F0), "0");
  EXPECT_EQ(answered("FOO(1, (2)) || PY_MAJOR_VERSION == 3", 0x030800F0), "1");
  EXPECT_EQ(answered("__has_include(<x.h>)", 0), "?");
  EXPECT_EQ(answered("!defined PYPY_VERSION", 0), "1");
  EXPECT_EQ(answered("1 / 0", 0), "?");
  EXPECT_EQ(answered("", 0), "?");
  EXPECT_EQ(answered("(1", 0), "?");
  EXPECT_EQ(answered("1 2", 0), "?");
}

TEST(Condition, TheLimit) {
  EXPECT_EQ(answered("!defined(Py_LIMITED_API) && 1", 0x030C00F0, Floor{11}), "0");
  EXPECT_EQ(answered("!defined(Py_LIMITED_API) && 1", 0x030C00F0), "1");
  EXPECT_EQ(answered("Py_LIMITED_API+0 >= 0x030B0000", 0x030F00F0, Floor{11}), "1");
  EXPECT_EQ(answered("defined(Py_LIMITED_API) ? Py_LIMITED_API+0 >= 0x030C0000 : 1", 0x030F00F0,
                     Floor{11}),
            "0");
}

/// What the comparisons in a condition become.
static std::string asked(llvm::StringRef condition) {
  std::string result;
  for (const VersionComparison &each : versionComparisons(condition))
    result += condition.slice(each.range.begin, each.range.end).str() + " -> " +
              each.askedOfLimit() + "\n";
  return result;
}

TEST(Condition, ComparisonsAreAskedOfTheLimit) {
  EXPECT_EQ(asked("A && (PY_VERSION_HEX >= 0x030C0000 || 0x030a0000 > PY_VERSION_HEX)"),
            "PY_VERSION_HEX >= 0x030C0000 -> Py_LIMITED_API+0 >= 0x030C0000\n"
            "0x030a0000 > PY_VERSION_HEX -> Py_LIMITED_API+0 < 0x030A0000\n");
  EXPECT_EQ(asked("PY_VERSION_HEX == 0x030C0000"), "PY_VERSION_HEX == 0x030C0000 -> \n");
  EXPECT_EQ(asked("PY_VERSION_HEX >= FOO || PY_VERSION_HEX"), "");
  // What is asked of a build without the limit alone stays, so an edit is made once.
  EXPECT_EQ(asked("(defined(Py_LIMITED_API) ? Py_LIMITED_API+0 < 0x030C0000 : PY_VERSION_HEX < 0x030C00A1) && !defined(A)"),
            "");
  EXPECT_EQ(asked("A ? PY_VERSION_HEX < 0x030C0000 : 1"),
            "PY_VERSION_HEX < 0x030C0000 -> Py_LIMITED_API+0 < 0x030C0000\n");
}

TEST(Condition, ReleasesOfOneVersionAreOneLimit) {
  // The alphas and the final release are what the limit of 3.12 stands for ...
  EXPECT_EQ(asked("PY_VERSION_HEX >= 0x030C00A1"),
            "PY_VERSION_HEX >= 0x030C00A1 -> Py_LIMITED_API+0 >= 0x030C0000\n");
  EXPECT_EQ(asked("PY_VERSION_HEX < 0x030C00F0"),
            "PY_VERSION_HEX < 0x030C00F0 -> Py_LIMITED_API+0 < 0x030C0000\n");
  EXPECT_EQ(asked("PY_VERSION_HEX > 0x030C0000"),
            "PY_VERSION_HEX > 0x030C0000 -> Py_LIMITED_API+0 >= 0x030C0000\n");
  EXPECT_EQ(asked("PY_VERSION_HEX <= 0x030C0000"),
            "PY_VERSION_HEX <= 0x030C0000 -> Py_LIMITED_API+0 < 0x030C0000\n");
  // ... and what came later in 3.12 is not: the binary also runs on 3.12.0.
  EXPECT_EQ(asked("PY_VERSION_HEX >= 0x030C0300"),
            "PY_VERSION_HEX >= 0x030C0300 -> Py_LIMITED_API+0 >= 0x030C0300\n");
  EXPECT_EQ(asked("PY_VERSION_HEX > 0x030C00F0"),
            "PY_VERSION_HEX > 0x030C00F0 -> Py_LIMITED_API+0 >= 0x030C00F1\n");
  EXPECT_EQ(asked("PY_MINOR_VERSION > 11"),
            "PY_MINOR_VERSION > 11 -> Py_LIMITED_API+0 >= 0x030C0000\n");
  EXPECT_EQ(asked("PY_MINOR_VERSION <= 11"),
            "PY_MINOR_VERSION <= 11 -> Py_LIMITED_API+0 < 0x030C0000\n");
}
