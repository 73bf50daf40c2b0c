// The normalising header: rules in, text out.
#include "abi3ify/unit.h"
#include "support.h"

using namespace abi3ify;

namespace {

std::string headerOf(std::vector<Pairs> macros) {
  RuleSet rules;
  for (size_t i = 0; i < macros.size(); ++i) {
    Rule rule;
    rule.id = "r" + std::to_string(i);
    rule.macros = macros[i];
    llvm::cantFail(rules.add(std::move(rule)));
  }
  return normalHeader(rules).python;
}

} // namespace

TEST(NormalHeader, OneFunctionForAMacro) {
  EXPECT_EQ(headerOf({{{"OLD", "Py_ssize_t (any, int)"}}}),
            R"(#ifndef ABI3IFY_NORMAL_H
#define ABI3IFY_NORMAL_H
#ifdef __cplusplus
extern "C++" {
#endif
#ifdef OLD
#undef OLD
#ifdef __cplusplus
Py_ssize_t abi3_OLD(PyObject *, int);
template <class T0> Py_ssize_t abi3_OLD(T0 *, int) { __builtin_trap(); }
#else
Py_ssize_t abi3_OLD(const volatile void *, int);
#endif
#define OLD(p0, p1) abi3_OLD((p0), (p1))
#endif
#ifdef __cplusplus
}
#endif
#endif
)");
}

TEST(NormalHeader, LvaluesStatementsAndNoParameters) {
  EXPECT_EQ(headerOf({{{"L", "PyObject *&(any, Py_ssize_t)"}, {"S", "void (any, any)"}},
                      {{"N", "int ()"}, {"L", "int (any)"}}}),
            R"(#ifndef ABI3IFY_NORMAL_H
#define ABI3IFY_NORMAL_H
#ifdef __cplusplus
extern "C++" {
#endif
#ifdef L
#undef L
#ifdef __cplusplus
PyObject * *abi3_L(PyObject *, Py_ssize_t);
template <class T0> PyObject * *abi3_L(T0 *, Py_ssize_t) { __builtin_trap(); }
#else
PyObject * *abi3_L(const volatile void *, Py_ssize_t);
#endif
#define L(p0, p1) (*abi3_L((p0), (p1)))
#endif
#ifdef S
#undef S
#ifdef __cplusplus
void abi3_S(PyObject *, PyObject *);
template <class T0> void abi3_S(T0 *, PyObject *) { __builtin_trap(); }
template <class T0> void abi3_S(PyObject *, T0 *) { __builtin_trap(); }
template <class T0, class T1> void abi3_S(T0 *, T1 *) { __builtin_trap(); }
#else
void abi3_S(const volatile void *, const volatile void *);
#endif
#define S(p0, p1) abi3_S((p0), (p1))
#endif
#ifdef N
#undef N
#ifdef __cplusplus
int abi3_N(void);
#else
int abi3_N(void);
#endif
#define N() abi3_N()
#endif
#ifdef __cplusplus
}
#endif
#endif
)");
}
