// What clang-tidy --load opens: it looks at who opens it, and only then brings
// in the module, which lies beside it. Classes of another LLVM are laid out in
// another way, and the module's tables of functions could not even be linked.
#include <cstdio>
#include <cstdlib>
#include <dlfcn.h>
#include <string>

namespace clang {
std::string getClangFullVersion();
}

namespace {

void say(const std::string &text) { std::fprintf(stderr, "abi3ify: error: %s\n", text.c_str()); }

void load() {
  const std::string major = ABI3IFY_TIDY_MAJOR, running = clang::getClangFullVersion();
  if (running.find("clang version " + major + ".") == std::string::npos)
    return say("this module is for clang-tidy " + major + ", and was loaded by '" + running +
               "'; it offers no checks there. Run clang-tidy-" + major +
               ", or load the abi3ify-tidy module of that version");
  Dl_info own;
  if (!dladdr(reinterpret_cast<void *>(&load), &own))
    return say("the module's folder cannot be found");
  std::string path = own.dli_fname;
  path = path.substr(0, path.rfind('/') + 1) + "abi3ify-tidy-" + major + "-core.so";
  if (!dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL))
    say(std::string("the module cannot be loaded: ") + dlerror());
}

const bool loaded = (load(), true);

} // namespace
