#include "abi3ify/stages.h"
#include "llvm/Support/Format.h"
#include "llvm/Support/raw_ostream.h"
#include <cstdlib>
#include <ctime>
#include <map>
#include <mutex>
#include <string>

using namespace llvm;

namespace abi3ify {
namespace {

thread_local Stage *current = nullptr;
thread_local double last = 0; ///< processor time of this thread that is accounted for

std::mutex mutex;
std::map<std::string, double> spent;

bool isAskedFor() {
  static const bool asked = std::getenv("ABI3IFY_STAGES");
  return asked;
}

/// To `name`: what has passed since this was called last.
void account(const char *name) {
  timespec now;
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  double milliseconds = now.tv_sec * 1e3 + now.tv_nsec / 1e6;
  std::lock_guard lock(mutex);
  spent[name] += milliseconds - last;
  last = milliseconds;
}

} // namespace

Stage::Stage(const char *name) : name(name), outer(nullptr) {
  if (!isAskedFor())
    return;
  account(current ? current->name : "start");
  outer = current;
  current = this;
}

Stage::~Stage() {
  if (!isAskedFor())
    return;
  account(name);
  current = outer;
}

Stages::~Stages() {
  if (!isAskedFor())
    return;
  account(rest.name);
  for (const auto &[name, milliseconds] : spent)
    errs() << "stage " << name << ": " << format("%.2f", milliseconds) << " ms\n";
}

} // namespace abi3ify
