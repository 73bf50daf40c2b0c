// Runs a function for each index on a pool of threads.
#pragma once
#include "llvm/Support/ThreadPool.h"
#include <functional>

namespace abi3ify {

/// Calls work(0) ... work(count - 1), `jobs` at a time; returns when all are
/// done. The calls must not share mutable state.
inline void parallelFor(unsigned jobs, size_t count, const std::function<void(size_t)> &work) {
  if (jobs <= 1 || count <= 1) {
    for (size_t i = 0; i < count; ++i)
      work(i);
    return;
  }
  llvm::DefaultThreadPool pool(llvm::hardware_concurrency(jobs));
  for (size_t i = 0; i < count; ++i)
    pool.async([&work, i] { work(i); });
  pool.wait();
}

} // namespace abi3ify
