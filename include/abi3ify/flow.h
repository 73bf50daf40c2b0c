// Forward data flow over the control-flow graph of one function.
// In: a function, a state for its entry, what a statement and an edge do to a
// state. Out: the state at the beginning of each block.
#pragma once
#include "clang/Analysis/CFG.h"
#include <deque>
#include <memory>
#include <vector>

namespace abi3ify {

/// The graph with each expression as an element of its own, in the order of
/// evaluation; null if Clang cannot build one.
std::unique_ptr<clang::CFG> buildFlowGraph(const clang::FunctionDecl *function,
                                           clang::ASTContext &context);

/// Runs to the fixed point. `State` has == and join(const State &); a default
/// one stands for "not reached". `transfer(stmt, state)` changes the state,
/// `along(block, edge, state)` what holds only on one way out of a block.
template <class State, class Transfer, class Along>
std::vector<State> forwardFlow(const clang::CFG &cfg, State entry, Transfer transfer, Along along) {
  std::vector<State> in(cfg.getNumBlockIDs());
  in[cfg.getEntry().getBlockID()] = std::move(entry);
  std::deque<const clang::CFGBlock *> queue = {&cfg.getEntry()};
  while (!queue.empty()) {
    const clang::CFGBlock *block = queue.front();
    queue.pop_front();
    State state = in[block->getBlockID()];
    for (const clang::CFGElement &element : *block)
      if (auto statement = element.getAs<clang::CFGStmt>())
        transfer(statement->getStmt(), state);
    unsigned edge = 0;
    for (const clang::CFGBlock *next : block->succs()) {
      unsigned number = edge++;
      if (!next)
        continue;
      State merged = in[next->getBlockID()], out = state;
      along(*block, number, out);
      merged.join(out);
      if (!(merged == in[next->getBlockID()])) {
        in[next->getBlockID()] = std::move(merged);
        queue.push_back(next);
      }
    }
  }
  return in;
}

} // namespace abi3ify
